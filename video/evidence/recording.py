"""What is remembered of one episode until its clip can be made. Pure: times come from pictures."""

from collections.abc import Sequence
from typing import NamedTuple

from video.episodes import Episode

from .ring import Kept, Ring

SURER = 0.05
"""A later picture is a better snapshot when the observation became so much more certain."""


class Best(NamedTuple):
    """The picture of the most certain moment."""

    kept: Kept
    confidence: float


class Recording:
    """The pictures of one episode, from `before_ms` before its moment to `after_ms` after it.

    The moment is the episode's start where that is still in the ring, else when it was told: a thing
    that counts only after minutes is shown as it was then.
    """

    def __init__(self, episode: Episode, told_at: int, ring: Ring, *, before_ms: int, after_ms: int, most_bytes: int) -> None:  # fmt: skip
        self.episode = episode
        oldest = ring.since(0)[:1]
        in_ring = bool(oldest) and episode.started_at >= oldest[0].at
        self.moment = episode.started_at if in_ring else told_at
        self.until = self.moment + after_ms
        pictures = ring.since(self.moment - before_ms)
        newest = ring.newest()
        if not pictures and newest is not None:  # the camera stopped: what it saw last
            pictures = [newest]
        self.pictures = [kept for kept in pictures if kept.at <= self.until] or pictures[-1:]
        self.first = Best(newest, episode.confidence) if newest is not None else None
        self.best = self.first
        self._room = most_bytes - sum(len(kept.jpeg) for kept in self.pictures)
        self.cut = False  # there was no memory for all of its pictures

    def put(self, kept: Kept, confidence: float | None) -> None:
        """Take a picture; `confidence` is the episode's now (0-1), None where nobody says."""
        if kept.at > self.until:
            return
        if self._room < len(kept.jpeg):
            self.cut = True
        elif not self.pictures or kept.at > self.pictures[-1].at:
            self.pictures.append(kept)
            self._room -= len(kept.jpeg)
        if confidence is not None and (self.best is None or confidence > self.best.confidence):
            self.best = Best(kept, confidence)

    def better(self) -> Best | None:
        """Return a picture that is a better snapshot than the first one, None when none is."""
        if self.best is None or self.first is None or self.best is self.first:
            return None
        return self.best if self.best.confidence >= self.first.confidence + SURER else None


def span(pictures: Sequence[Kept]) -> tuple[int, int]:
    """Return the times (ms) of the first and the last picture."""
    return pictures[0].at, pictures[-1].at
