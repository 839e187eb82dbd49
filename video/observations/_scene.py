"""Learns how a scene looks when nothing is left in it, and marks what stands there now and did not.

Two memories of each pixel, 320 wide: a long one of the empty scene, frozen where something is different,
and a short one that says whether a pixel is at rest. What differs from the long one, is at rest and
keeps its value is marked, with the time since. Light that changes everywhere is taken out first; noise
(leaves, water, a screen) raises the threshold where it is.
"""

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from video.contract import Picture
from video.view import View

Floats = NDArray[np.float32]
Mask = NDArray[np.uint8]

LEAST_STEP_MS = 190  # frames that come faster than five a second teach nothing more
MOST_STEP_MS = 5_000  # a gap in the stream counts as no more
LEARN_MS = 5_000  # the first seconds: everything at rest is the empty scene
LONG_S = 60.0  # how slowly the empty scene follows
SHORT_S = 1.0
NOISE_S = 30.0
LEAST_DIFFERENCE = 16.0  # grey levels
NOISE_TIMES = 4.0
MOST_THRESHOLD = 48.0
RESTING = 9.0  # grey levels from the short memory; more is moving
ANEW = 0.6  # of the picture different at once: the light or the camera changed, not the scene
FADE = 10.0  # a pixel that looks empty again forgets so many times faster than it was marked
_NEAR = np.ones((3, 3), np.uint8)


class Marked(NamedTuple):
    """The scene at one moment, all in the size of `grey`."""

    grey: Floats
    empty: Floats  # how it would look with nothing in it, in today's light
    different: Mask  # 255 where it does not look empty
    moving: Mask  # 255 where something moves
    rest_ms: Floats  # how long what is new has been at rest


class Scene:
    """The memories of one camera's scene."""

    def __init__(self) -> None:
        self._at = 0
        self._began = 0
        self._long: Floats | None = None
        self._short: Floats
        self._noise: Floats
        self._new: Floats  # the value of what is new
        self._rest: Floats

    def look(self, view: View) -> Marked | None:
        """Return what is marked; None while the scene is learnt or when the frame comes too soon."""
        passed = view.at - self._at
        grey = _smooth(view.small_grey)
        if self._long is None or self._long.shape != grey.shape or passed < 0:
            self._anew(grey, view.at)
            return None
        if passed < LEAST_STEP_MS:
            return None
        self._at = view.at
        step = float(min(passed, MOST_STEP_MS))
        self._relight(grey, view.visible)
        marked = self._mark(grey, view.visible, step)
        if marked is None:
            self._anew(grey, view.at)
        return marked if view.at - self._began >= LEARN_MS else None

    def forget(self, place: Mask) -> None:
        """Take what stands in a place (255) for the empty scene from now on."""
        if self._long is not None:
            self._long[place > 0] = self._short[place > 0]
            self._rest[place > 0] = 0

    @property
    def began(self) -> int:
        """When the scene was learnt anew, ms."""
        return self._began

    def _anew(self, grey: Floats, at: int) -> None:
        self._at = self._began = at
        self._long, self._short, self._new = grey.copy(), grey.copy(), grey.copy()
        self._noise = np.full_like(grey, LEAST_DIFFERENCE / NOISE_TIMES / 2)
        self._rest = np.zeros_like(grey)

    def _relight(self, grey: Floats, visible: Mask) -> None:
        """Bring the memories into the light of this frame: most of the scene did not change."""
        assert self._long is not None  # noqa: S101 - look() has made it
        then, now = self._long[::6, ::6], grey[::6, ::6]
        shown = (visible[::6, ::6] > 0) & (then > 12) & (then < 243) & (now < 250)  # noqa: PLR2004
        if np.count_nonzero(shown) < 32:  # noqa: PLR2004 - a black picture says nothing of light
            return
        gain = float(np.median(now[shown] / then[shown]))
        if 0.2 < gain < 5.0 and abs(gain - 1) > 0.002:  # noqa: PLR2004
            for memory in (self._long, self._short, self._new):
                np.multiply(memory, np.float32(gain), out=memory)

    def _mark(self, grey: Floats, visible: Mask, step: float) -> Marked | None:
        assert self._long is not None  # noqa: S101 - look() has made it
        learning = self._at - self._began < LEARN_MS
        away = cv2.absdiff(grey, np.minimum(self._long, 255.0))
        threshold = np.clip(self._noise * NOISE_TIMES, LEAST_DIFFERENCE, MOST_THRESHOLD)
        different = cv2.bitwise_and(_where(away > threshold), visible)
        if cv2.countNonZero(different) > ANEW * max(1, cv2.countNonZero(visible)):
            return None
        moving = _where(cv2.absdiff(grey, self._short) > RESTING)
        cv2.accumulateWeighted(grey, self._short, _share(step, SHORT_S))
        resting = _mask(cv2.bitwise_not(moving))
        if learning:
            cv2.accumulateWeighted(grey, self._long, 0.3, mask=resting)
        else:
            calm = _mask(cv2.bitwise_and(resting, cv2.bitwise_not(different)))
            cv2.accumulateWeighted(grey, self._long, _share(step, LONG_S), mask=calm)
            cv2.accumulateWeighted(away, self._noise, _share(step, NOISE_S), mask=calm)
            self._time(grey, calm, _mask(cv2.bitwise_and(different, resting)), threshold, step)
        return Marked(grey, self._long, _mask(different), moving, self._rest)

    def _time(self, grey: Floats, calm: Mask, new: Mask, threshold: Floats, step: float) -> None:
        """Count how long each pixel has shown the same new thing; what passes in front holds the clock."""
        rest = self._rest
        if cv2.countNonZero(rest) + cv2.countNonZero(new) == 0:
            return
        np.subtract(rest, FADE * step, out=rest, where=calm > 0)
        np.maximum(rest, 0.0, out=rest)
        begins = (new > 0) & ((cv2.absdiff(grey, self._new) > threshold) | (rest == 0))
        np.copyto(self._new, grey, where=begins)
        np.copyto(rest, 0.0, where=begins)
        np.add(rest, step, out=rest, where=new > 0)


def _share(step_ms: float, seconds: float) -> float:
    return 1 - math.exp(-step_ms / 1000 / seconds)


def _smooth(grey: Picture) -> Floats:
    return cv2.GaussianBlur(grey, (3, 3), 0).astype(np.float32)


def _where(true: NDArray[np.bool_]) -> Mask:
    return true.view(np.uint8) * np.uint8(255)


def _mask(where: cv2.typing.MatLike) -> Mask:
    return np.asarray(where, np.uint8)
