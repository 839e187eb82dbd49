"""Gives words a place in time when the clock that stamped them was set back.

A word that its gateway numbered after another cannot be older, whatever its clock says. Each word of a
gateway that was set back is moved by as much as brings the first of them to the present of the place;
until the clock is right again. When the hub's own clock says that a place lives in the future, the place
is brought back to the hub's time instead.
"""

from typing import Protocol

import msgspec

from .arrival import AHEAD_MS, EARLIEST
from .heard import Heard

STREAMS_MAX = 20
"""So many gateways of one place are followed; beyond it the one met first goes."""


class Stream(msgspec.Struct, omit_defaults=True):
    """What one gateway numbers: its newest word, and how far its clock is behind since which order."""

    at: int
    order: int
    behind: int = 0  # ms
    since: int = 0  # words with a higher order are behind


def stream_of(said: Heard) -> str:
    """Return gateway/epoch, within which orders can be compared; nothing for a word without order."""
    return said.id.rsplit("/", 2)[0] if said.order and said.id.count("/") > 1 else ""


def placed(streams: dict[str, Stream], said: Heard, *, present: int) -> Heard:
    """Return a word with the data time at which it counts; `present` is that of its place."""
    name = stream_of(said)
    stream = streams.get(name)
    if not name:
        return said
    if stream is None:
        streams[name] = Stream(said.at, said.order)
        if len(streams) > STREAMS_MAX:
            del streams[next(iter(streams))]
        return said
    at = said.at
    if said.order <= stream.order:
        at = min(at + (stream.behind if said.order > stream.since else 0), stream.at)
    else:
        if at >= stream.at:
            stream.behind = 0  # it is right, or right again
        elif at + stream.behind < stream.at:
            stream.behind, stream.since = max(present, stream.at) - at, stream.order
        at += stream.behind
        stream.at, stream.order = at, said.order
    return said if at == said.at else msgspec.structs.replace(said, at=at)


class Place(Protocol):
    """What a rule knows of a place, judged up to a data time that was reached at a waking time."""

    at: int
    awake: int
    streams: dict[str, Stream]

    def bring_back(self, by: int) -> None:
        """Move all to an earlier time."""


def in_time(place: Place, said: Heard, *, hub: int) -> Heard:
    """Return a word with the time at which it counts, in a place that lives in the hub's time."""
    present = place.at + said.awake - place.awake if place.at else said.at
    if (by := ahead(present, hub)) and place.at:
        place.bring_back(by)
        present -= by
    return placed(place.streams, said, present=present)


def ahead(present: int, hub: int) -> int:
    """Return how far (ms) a place lives in the future of the hub's clock, where that can be believed."""
    return present - hub if hub >= EARLIEST and present - hub > 2 * AHEAD_MS else 0


def bring_back(streams: dict[str, Stream], by: int) -> None:
    """Move what is known of the gateways to an earlier time."""
    for stream in streams.values():
        stream.at -= by
        stream.behind = max(0, stream.behind - by)
