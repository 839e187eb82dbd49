"""Replays a recording on several sides at once and says what each pair of them differs in."""

from collections.abc import Callable, Iterable
from zoneinfo import ZoneInfo

from model.entry import Entry

from .replay import Side, replay
from .result import Result, conclude
from .source import Recording

EVERY = 500
"""So many entries between two words of how far it is."""


def compared(
    recording: Recording,
    sides: list[Side],
    pairs: Iterable[tuple[Side, Side]],
    *,
    span: tuple[int | None, int | None],
    zone: ZoneInfo,
    progress: Callable[[float], None],
) -> list[Result]:
    """Replay all sides, the first as it was recorded; return what each pair's cases differ in.

    `span`: which cases count, by their opening (ms); left out, from the first entry to the last.
    `progress` hears which share (0 to 1) of the recording is done.
    """
    last, taken = recording.begins_at, 0

    def told(entry: Entry) -> None:
        nonlocal taken, last
        taken, last = taken + 1, max(last, entry.logged_at)
        if taken % EVERY == 0:
            progress(min(1.0, taken / max(1, recording.total)))

    replay(recording.entries(), sides, known=recording.known, told=told)
    return [
        conclude(
            pair,
            since=max(span[0] or 0, recording.begins_at),
            until=span[1] or last + 1,
            exact=recording.exact,
            remarks=recording.remarks,
            judged=sides[0].cases.values(),
            zone=zone,
        )
        for pair in pairs
    ]
