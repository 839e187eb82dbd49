"""Puts the Readings of a camera together to episodes: what was seen where, from when to when."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from model.reading import Reading, Value


class SeenEpisode(NamedTuple):
    """One thing that was seen once; times in ms, `ended_at` None while it goes on or its end is not known.

    One that a blind camera ended may go on: what was told last counts.
    """

    id: str
    device: str
    zone: str
    observation: str
    started_at: int
    ended_at: int | None
    confidence: float  # 0-1, the highest
    ended_by: str = ""
    told_at: int = 0  # the newest that was read of it


def episodes_of(readings: Iterable[Reading], camera: str) -> list[SeenEpisode]:
    """Return the episodes in a camera's and its zones' Readings, newest first; their order does not matter."""
    found: dict[tuple[str, str], SeenEpisode] = {}
    for reading in readings:
        episode = reading.values.get("episode")
        name = _observation(reading.values)
        if not isinstance(episode, str) or not name:
            continue
        key = (reading.device, episode)
        told = _told(reading, camera, episode, name)
        found[key] = _joined(found[key], told) if key in found else told
    return sorted(found.values(), key=lambda one: -one.started_at)


def _observation(values: Mapping[str, Value]) -> str:
    """Return which observation an episode's Reading is of; "" when it is of none, as a heartbeat."""
    named = values.get("observation")  # an end by blindness: the state itself is not known
    if isinstance(named, str):
        return named
    # The observation stands behind its own quantities.
    return next(
        (key for key, value in reversed(list(values.items())) if isinstance(value, bool)), ""
    )


def _told(reading: Reading, camera: str, episode: str, name: str) -> SeenEpisode:
    over = reading.values.get(name) is not True
    confidence, ended_by = reading.values.get("confidence"), reading.values.get("ended_by")
    seen_s = reading.values.get("seen_s")
    at = reading.received_at
    # Where the beginning lies before what was read, the length that was seen says when it was.
    began = at - int(seen_s * 1000) if isinstance(seen_s, float) and not over else at
    zone = "" if reading.device == camera else reading.device.removeprefix(f"{camera}/")
    return SeenEpisode(
        episode, reading.device, zone, name, began, at if over else None,
        confidence if isinstance(confidence, float) else 0.0, str(ended_by or ""), at,
    )  # fmt: skip


def _joined(one: SeenEpisode, other: SeenEpisode) -> SeenEpisode:
    # Of two told in one millisecond the end came second.
    newest = max(one, other, key=lambda told: (told.told_at, told.ended_at is not None))
    return newest._replace(
        started_at=min(one.started_at, other.started_at),
        confidence=max(one.confidence, other.confidence),
    )
