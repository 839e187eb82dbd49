"""Follows named things from look to look, inside one camera and only while they are in its picture.

A track is a box that moved little since the last look. Nothing of how a thing looks is kept, so whoever
leaves and comes back is somebody new, and nobody can be found again in another camera.

Its clock counts a gap between frames as 5 s at most: a stream that stood still for an hour, or a clock that was
set forward, kept nobody anywhere for an hour.
"""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from video.contract import Box, Detected
from video.rhythm import Rhythm
from video.view import View

from ._labels import kind_of

MOST_STEP_MS = 5_000  # a gap counts as no more, unless the camera's frames are always so far apart
GONE_MS = 3_000  # looked for and not found so long: it left
GONE_AT_EDGE_MS = 1_000  # the same for what was walking at the picture's edge
EDGE = 0.02  # parts of the picture
WALKING_MS = 2_000  # moved within so long
LOOKED = 0.1  # of a box in a region that was looked at: it was looked at
UNSEEN_MS = 10_000  # nobody looked for it so long: nobody knows
STEP = 0.6  # of its own size: so far a box may be from where it was at once …
SPEED = 1.2  # … and so much farther for each second since: a brisk walk
MOST_STEP = 2.5  # sizes; farther apart are two things
STILL = 0.15  # of its own size: less is not moving, for a detector's boxes tremble


@dataclass(slots=True)
class Track:
    """One thing in the picture; times in ms, by the clock of its Tracks."""

    number: int
    label: str
    box: Box
    confidence: float
    first_at: int
    seen_at: int
    looks: int = 1
    misses: int = 0  # how often its place was looked at and it was not found
    missed: bool = False  # the last look at its place did not find it
    still_since: int = 0
    still_box: Box = field(default=Box(0, 0, 0, 0))

    @property
    def believed(self) -> bool:
        """Whether it was found more than once and in most looks: a flicker is nothing."""
        return self.looks > max(1, self.misses)


class Tracks:
    """The things of some labels that are in one camera's picture now."""

    def __init__(self, labels: Collection[str]) -> None:
        self._labels = labels
        self._tracks: list[Track] = []
        self._number = 0
        self._rhythm = Rhythm()
        self.at = 0  # ms

    def look(self, view: View) -> bool:
        """Take what the detector found; return whether it looked at this frame at all."""
        self.at += self._rhythm.step(view.at, MOST_STEP_MS)
        if view.objects is not None:
            found = [one for one in view.objects if one.label in self._labels]
            high, wide = view.picture.shape[:2]
            self._follow(found, view, wide / high)
        self._tracks = [one for one in self._tracks if not _gone(one, self.at)]
        return view.objects is not None

    def __iter__(self) -> Iterator[Track]:
        return iter(self._tracks)

    def _follow(self, found: list[Detected], view: View, aspect: float) -> None:
        pairs = sorted(
            (distance, number, which)
            for number, track in enumerate(self._tracks)
            for which, one in enumerate(found)
            if (distance := _distance(track, one, self.at, aspect)) <= 1
        )
        taken: set[int] = set()
        moved: set[int] = set()
        for _, number, which in pairs:
            if number not in moved and which not in taken:
                moved.add(number)
                taken.add(which)
                _move(self._tracks[number], found[which], self.at, aspect)
        for number, track in enumerate(self._tracks):
            if number not in moved and _looked_at(track, view):
                track.missed = True
                track.misses += 1
        for which, one in enumerate(found):
            if which not in taken:
                self._begin(one, self.at)

    def _begin(self, one: Detected, at: int) -> None:
        self._number += 1
        self._tracks.append(
            Track(
                self._number, one.label, one.box, one.confidence, at, at,
                still_since=at, still_box=one.box,
            )
        )  # fmt: skip


def _distance(track: Track, one: Detected, at: int, aspect: float) -> float:
    """Return how far a found thing is from a track, as part of how far it could have come."""
    if kind_of(track.label) is not kind_of(one.label):  # a van is now a car, now a truck
        return math.inf
    passed = (at - track.seen_at) / 1000
    reach = min(MOST_STEP, STEP + SPEED * passed) * _size(track.box, aspect)
    return _apart(track.box, one.box, aspect) / max(1e-6, reach)


def _apart(one: Box, other: Box, aspect: float) -> float:
    across = (one.left + one.right - other.left - other.right) / 2 * aspect
    along = (one.top + one.bottom - other.top - other.bottom) / 2
    return math.hypot(across, along)


def _size(box: Box, aspect: float) -> float:
    return max((box.right - box.left) * aspect, box.bottom - box.top)


def _move(track: Track, one: Detected, at: int, aspect: float) -> None:
    if _apart(track.still_box, one.box, aspect) > STILL * _size(track.still_box, aspect):
        track.still_since, track.still_box = at, one.box
    track.box, track.confidence, track.seen_at = one.box, one.confidence, at
    track.looks += 1
    track.missed = False


def _looked_at(track: Track, view: View) -> bool:
    """Return whether a detector that looked there would have seen it: it looks around its regions too."""
    box = track.box
    return any(
        Box(
            max(box.left, part.left), max(box.top, part.top),
            min(box.right, part.right), min(box.bottom, part.bottom),
        ).area > LOOKED * box.area
        for part in view.looked
    )  # fmt: skip


def _gone(track: Track, at: int) -> bool:
    unseen = at - track.seen_at
    if not track.missed:
        return unseen > UNSEEN_MS
    walking = track.seen_at - track.still_since < WALKING_MS
    return unseen > (GONE_AT_EDGE_MS if walking and _at_edge(track.box) else GONE_MS)


def _at_edge(box: Box) -> bool:
    return min(box.left, box.top, 1 - box.right, 1 - box.bottom) < EDGE
