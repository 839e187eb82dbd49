"""Things that were not in the scene and stand in it now: found once, kept by their own picture.

A thing stays the same thing while its place shows the picture that was kept of it; what passes in front
changes nothing. It is gone when its place looks empty again. No thing are: light (the ground's own
texture shows through), the ghost where something left, and what stirs by itself (persons, animals).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from video.contract import Box
from video.rhythm import Rhythm
from video.view import View

from ._judge import is_ghost, is_light, likeness
from ._scene import Floats, Marked, Scene

LONG_AGO_MS = 1_000_000  # more than anything is remembered; the clock begins here
MOST_STEP_MS = 5_000  # a gap counts as no more, unless the camera's frames are always so far apart
SEARCH_MS = 500  # between searches for what is new
SETTLE_MS = 2_000.0  # at rest so long, a region is looked at
MARGIN = 3  # pixels around a thing that belong to its picture
RING = 6  # pixels beyond: what moves there too came from outside
ALIKE = 0.8  # likeness (correlation, 1 = the same) to the kept picture
HIDDEN = 0.35  # part of a thing that moves: something is in front of it
STIRS = 0.04  # part that moves while nothing moves around: it stirs by itself
ALIVE = 0.12  # part of its time that it stirred: a person
AT_REST = 0.7  # part of a spot that is at rest
EMPTY = 0.4  # part that differs from the empty scene; less: its place is empty
GROWS_MS = 10_000  # a car drives in and a heap grows no longer than this
GONE_MS = 600
CHANGED_MS = 20_000  # looks otherwise so long: it is another thing
HIDDEN_MS = 300_000  # hidden so long: nobody knows
PERSON_MS = 10_000  # a person was named there so recently
COVERED = 0.5
MOST_THINGS = 24
_CLOSE = np.ones((5, 5), np.uint8)

Mask = NDArray[np.uint8]


class Place(NamedTuple):
    """A rectangle in pixels of the small picture."""

    left: int
    top: int
    right: int
    bottom: int

    def of(self, whole: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return this part of a picture or mask."""
        return whole[self.top : self.bottom, self.left : self.right]


@dataclass(slots=True)
class Thing:
    """One thing that stands there; times in ms, by the clock of its Things."""

    place: Place  # with its margin
    mask: Mask  # 255 where it is, in the size of its place
    picture: Floats
    since: int
    seen_at: int
    area: float  # part of the picture
    box: Box
    stirred_ms: float = 0.0
    watched_ms: float = 0.0
    unlike_ms: float = 0.0
    empty_ms: float = 0.0
    person_at: int | None = None
    learnt: bool = (
        False  # the scene was learnt anew with it: how its place looks empty is not known
    )

    @property
    def alive(self) -> bool:
        """Whether it stirs too much for a thing."""
        return self.stirred_ms > ALIVE * max(1.0, self.watched_ms)


class Things:
    """The things of one camera that are at least so large (part of the picture)."""

    def __init__(self, least: float) -> None:
        self._least = least
        self._scene = Scene()
        self._things: list[Thing] = []
        self._rhythm = Rhythm()
        self._told_at = 0
        self._began = 0
        self._searched_at = 0
        self.at = LONG_AGO_MS  # ms; gaps between frames are no part of it

    def __iter__(self) -> Iterator[Thing]:
        return iter(self._things)

    def look(self, view: View) -> bool:
        """Take one frame; return whether anything could be said of it."""
        self.at += self._rhythm.step(view.at, MOST_STEP_MS)
        at = self.at
        self._spare_persons(view)
        marked = self._scene.look(view)
        if self._scene.began != self._began:
            self._light_changed(view)
        if marked is None:
            return False
        step = float(min(5_000, at - self._told_at)) if self._told_at else 0.0
        self._told_at = at
        self._things = [thing for thing in self._things if self._kept(thing, marked, at, step)]
        if at - self._searched_at >= SEARCH_MS:
            self._searched_at = at
            self._find(marked, at)
        return True

    def _spare_persons(self, view: View) -> None:
        for one in view.objects or ():
            if one.label != "person":
                continue
            for thing in self._things:
                if _covered(thing.box, one.box) > COVERED:
                    thing.person_at = self.at

    def _light_changed(self, view: View) -> None:
        """The scene was learnt anew, with all that stands in it: each thing keeps its new look."""
        self._began = self._scene.began
        grey = view.small_grey.astype(np.float32)
        for thing in self._things:
            if thing.place.bottom <= grey.shape[0] and thing.place.right <= grey.shape[1]:
                thing.picture = _floats(thing.place.of(grey)).copy()
                thing.learnt = True
            else:
                thing.seen_at = 0  # the picture has another size

    def _kept(self, thing: Thing, marked: Marked, at: int, step: float) -> bool:
        """Hold a thing against the frame; return whether it is still there, as far as one can see."""
        if at - thing.seen_at > HIDDEN_MS:
            return False
        now = _floats(thing.place.of(marked.grey))
        alike = likeness(now, thing.picture)
        if self._looks_empty(thing, marked, alike):
            thing.empty_ms += step
            return thing.empty_ms < GONE_MS
        thing.empty_ms = 0.0
        inside = max(1, cv2.countNonZero(thing.mask))
        moving = cv2.countNonZero(cv2.bitwise_and(_mask(thing.place.of(marked.moving)), thing.mask))
        if moving > HIDDEN * inside:
            return True
        thing.watched_ms += step
        if moving > STIRS * inside and not _moves_around(thing.place, marked.moving):
            thing.stirred_ms += step
        if alike >= ALIKE:
            thing.seen_at, thing.unlike_ms = at, 0.0
            cv2.accumulateWeighted(now, thing.picture, 0.02)
            return True
        thing.unlike_ms += step
        return thing.unlike_ms < (GONE_MS if thing.learnt else CHANGED_MS)

    def _looks_empty(self, thing: Thing, marked: Marked, alike: float) -> bool:
        if thing.learnt:
            return False
        differs = cv2.bitwise_and(_mask(thing.place.of(marked.different)), thing.mask)
        if cv2.countNonZero(differs) >= EMPTY * cv2.countNonZero(thing.mask):
            return False
        now, empty = (_floats(thing.place.of(one)) for one in (marked.grey, marked.empty))
        return likeness(now, empty) >= alike - 0.05

    def _find(self, marked: Marked, at: int) -> None:
        """Look at each spot that is not empty: it is a thing when nearly all of it is at rest.

        A person who stands still is at rest in parts; what a person stands at is not left.
        """
        if cv2.minMaxLoc(marked.rest_ms)[1] < SETTLE_MS:
            return
        closed = cv2.morphologyEx(marked.different, cv2.MORPH_CLOSE, _CLOSE)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(closed)
        least = self._least * closed.size
        large = [n for n in range(1, count) if stats[n][cv2.CC_STAT_AREA] >= least]
        for number in sorted(large, key=lambda n: -int(stats[n][cv2.CC_STAT_AREA]))[:MOST_THINGS]:
            left, top, wide, high, area = (int(value) for value in stats[number])
            place = _place(left, top, wide, high, marked.grey.shape)
            inside = place.of(labels) == number
            resting = np.count_nonzero(_floats(place.of(marked.rest_ms))[inside] >= SETTLE_MS)
            if resting >= AT_REST * area:
                self._found(place, inside.view(np.uint8) * np.uint8(255), marked, at)

    def _found(self, place: Place, mask: Mask, marked: Marked, at: int) -> None:
        same = [thing for thing in self._things if _same_place(thing.place, place)]
        if any(at - thing.since > GROWS_MS or not _grown(thing, mask) for thing in same):
            return
        now, empty = _floats(place.of(marked.grey)), _floats(place.of(marked.empty))
        if is_light(now, empty, mask) or is_ghost(now, empty, mask):
            whole = np.zeros(marked.grey.shape, np.uint8)
            place.of(whole)[...] = cv2.dilate(mask, np.ones((3, 3), np.uint8))
            self._scene.forget(whole)
            return
        rest = float(np.median(_floats(place.of(marked.rest_ms))[mask > 0]))  # of most of it
        since = min([at - round(rest), *(thing.since for thing in same)])
        self._things = [thing for thing in self._things if thing not in same]
        high, wide = marked.grey.shape
        self._things.append(
            Thing(
                place, mask, now.copy(), since, at, cv2.countNonZero(mask) / (high * wide),
                _box(mask, place, wide, high),
            )
        )  # fmt: skip


def _place(left: int, top: int, wide: int, high: int, shape: tuple[int, ...]) -> Place:
    return Place(
        max(0, left - MARGIN), max(0, top - MARGIN),
        min(shape[1], left + wide + MARGIN), min(shape[0], top + high + MARGIN),
    )  # fmt: skip


def _box(mask: Mask, place: Place, wide: int, high: int) -> Box:
    x, y, w, h = cv2.boundingRect(mask)
    left, top = place.left + x, place.top + y
    return Box(left / wide, top / high, (left + w) / wide, (top + h) / high)


def _same_place(one: Place, other: Place) -> bool:
    wide = min(one.right, other.right) - max(one.left, other.left)
    high = min(one.bottom, other.bottom) - max(one.top, other.top)
    smaller = min(
        (one.right - one.left) * (one.bottom - one.top),
        (other.right - other.left) * (other.bottom - other.top),
    )
    return wide > 0 and high > 0 and wide * high > 0.5 * smaller


def _grown(thing: Thing, mask: Mask) -> bool:
    return cv2.countNonZero(mask) > 1.3 * cv2.countNonZero(thing.mask)


def _moves_around(place: Place, moving: Mask) -> bool:
    """Return whether something moves in the ring around a place: then what moves in it came from there."""
    high, wide = moving.shape
    outer = moving[
        max(0, place.top - RING) : min(high, place.bottom + RING),
        max(0, place.left - RING) : min(wide, place.right + RING),
    ]
    inner = _mask(place.of(moving))
    ring = cv2.countNonZero(outer) - cv2.countNonZero(inner)
    return ring > 0.02 * max(1, outer.size - inner.size)


def _covered(thing: Box, person: Box) -> float:
    shared = Box(
        max(thing.left, person.left), max(thing.top, person.top),
        min(thing.right, person.right), min(thing.bottom, person.bottom),
    )  # fmt: skip
    return shared.area / max(1e-9, thing.area)


def _floats(part: NDArray[np.generic]) -> Floats:
    return np.asarray(part, np.float32)


def _mask(part: NDArray[np.generic]) -> Mask:
    return np.asarray(part, np.uint8)
