"""Puts the Readings of a camera together to episodes: what was seen where, from when to when."""

from collections.abc import Iterable
from typing import NamedTuple

from model.reading import Reading


class SeenEpisode(NamedTuple):
    """One thing that was seen once; times in ms, `ended_at` None while it goes on or its end is not known."""

    id: str
    device: str
    zone: str
    observation: str
    started_at: int
    ended_at: int | None
    confidence: float  # 0-1, the highest
    ended_by: str = ""


def episodes_of(readings: Iterable[Reading], camera: str) -> list[SeenEpisode]:
    """Return the episodes in a camera's and its zones' Readings, newest first; their order does not matter."""
    found: dict[tuple[str, str], SeenEpisode] = {}
    for reading in readings:
        episode = reading.values.get("episode")
        # The observation stands behind its own quantities; a heartbeat has no episode.
        name = next((k for k, v in reversed(reading.values.items()) if isinstance(v, bool)), "")
        if not isinstance(episode, str) or not name:
            continue
        key = (reading.device, episode)
        told = _told(reading, camera, episode, name)
        found[key] = _joined(found[key], told) if key in found else told
    return sorted(found.values(), key=lambda one: -one.started_at)


def _told(reading: Reading, camera: str, episode: str, name: str) -> SeenEpisode:
    over = reading.values[name] is False
    confidence, ended_by = reading.values.get("confidence"), reading.values.get("ended_by")
    seen_s = reading.values.get("seen_s")
    at = reading.received_at
    # Where the beginning lies before what was read, the length that was seen says when it was.
    began = at - int(seen_s * 1000) if isinstance(seen_s, float) and not over else at
    zone = "" if reading.device == camera else reading.device.removeprefix(f"{camera}/")
    return SeenEpisode(
        episode, reading.device, zone, name, began, at if over else None,
        confidence if isinstance(confidence, float) else 0.0, str(ended_by or ""),
    )  # fmt: skip


def _joined(one: SeenEpisode, other: SeenEpisode) -> SeenEpisode:
    ends = [end for end in (one.ended_at, other.ended_at) if end is not None]
    return one._replace(
        started_at=min(one.started_at, other.started_at),
        ended_at=min(ends) if ends else None,
        confidence=max(one.confidence, other.confidence),
        ended_by=one.ended_by or other.ended_by,
    )
