"""Cheap first look: does anything move, and where? Everything dearer runs only there.

A small grey picture is held against a learnt background. What differs from it moves, with four exceptions:

* light: the background is first brought to the brightness and contrast of the picture (a fitted gain and
  offset), so dusk and automatic exposure are no motion; what changes nearly everything at once (a lamp, an
  infrared switch, a camera that was turned) makes the gate learn anew;
* what has not stirred for STILL_MS is no longer moving and becomes background, and what was there before
  is remembered, so neither a parked car nor the ghost where one had stood is motion for long;
* what stirs all day (branches, a screen) raises the threshold where it stirs;
* what a privacy mask hides counts nowhere.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from .contract import Box, Picture
from .view import GATE_HEIGHT, Motion, grey_of

THRESHOLD = 30 / 255  # of the scene's own contrast
LEAST_SPAN = 40  # grey levels of contrast at least: below, a flat night picture's noise would move
LOW, HIGH = 4, 96  # percentiles between which a scene's contrast is measured
SPAN_EVERY_MS = 5_000
BACKGROUND_S = 10.0  # time constant of the background where nothing differs
STILL_MS = 10_000  # what did not stir so long is background
BACK_MS = 1_500  # the same where it looks as it did before: what had stood there left
SHORT_S = 0.7  # time constant of the short average that says whether something stirs
RESTLESS_S = 60.0  # time constant of how often a place changes between moving and not
RESTLESS_FROM, RESTLESS_TO = (
    0.1,
    0.4,
)  # changes a second: who walks by makes two, a branch makes one a second
RESTLESS_MOST = 5.0  # times the plain threshold, at RESTLESS_TO
RECALIBRATE = 0.8  # part of the picture that changes only when the light or the camera did
SUDDEN = 0.6  # the same from one frame to the next, before the light is fitted
SETTLE_MS = 1_000
SETTLE_FRAMES = 3
LEAST_PIXELS = 12  # of the small picture; less is noise
MOST_BOXES = 16
MOST_STEP_S = 5.0  # a gap in the stream counts as no more
_NEAR = np.ones((3, 3), np.uint8)  # pixels that touch are one spot

_Floats = NDArray[np.float32]


class MotionGate:
    """Learns the background of one camera and says where it is disturbed."""

    def __init__(self) -> None:
        self._scene: _Scene | None = None

    def look(self, picture: Picture, at: int, visible: NDArray[np.uint8] | None = None) -> Motion:
        """Return what moves at time `at` (ms); `visible` is 255 where no privacy mask lies.

        The picture may be BGR or grey.
        """
        small = _small_grey(picture)
        shown = None if visible is None else _fitted(visible, small)
        scene = self._scene
        if scene is None or scene.shape != small.shape or scene.lit_anew(small, shown):
            self._scene = _Scene(small, at)
            return Motion(0.0, (), np.zeros_like(small), settled=False)
        mask = scene.differs(small, shown)
        seen = mask.size if shown is None else max(1, cv2.countNonZero(shown))
        if cv2.countNonZero(mask) / seen > RECALIBRATE:
            self._scene = _Scene(small, at)
            return Motion(0.0, (), np.zeros_like(small), settled=False)
        scene.learn(small, mask, at)
        if not scene.settled(at):
            return Motion(0.0, (), np.zeros_like(small), settled=False)
        boxes, grown = _spots(mask)
        return Motion(cv2.countNonZero(grown) / seen if boxes else 0.0, boxes, grown)


class _Scene:
    """What the gate remembers of one scene in one light; all maps are in the small picture's size."""

    def __init__(self, small: Picture, at: int) -> None:
        self.shape = small.shape
        self._background: _Floats = small.astype(np.float32)
        self._before: _Floats = self._background.copy()  # what was there before what is there
        self._short: _Floats = self._background.copy()
        self._restless: _Floats = np.zeros_like(self._background)  # changes a second
        self._over = np.zeros(small.shape, np.bool_)  # differs by more than the plain threshold
        self._still_ms: _Floats = np.zeros_like(self._background)
        self._last = small
        self._difference: _Floats = self._restless
        self._level = 0.0  # threshold in grey levels
        self._began = self._at = at
        self._measured_at: int | None = None
        self._frames = 1

    def settled(self, at: int) -> bool:
        """Return whether the background was seen long enough to be one."""
        return at - self._began >= SETTLE_MS and self._frames >= SETTLE_FRAMES

    def lit_anew(self, small: Picture, shown: NDArray[np.uint8] | None) -> bool:
        """Return whether nearly everything changed since the last frame: light or camera, no motion."""
        step = cv2.threshold(cv2.absdiff(small, self._last), 12, 255, cv2.THRESH_BINARY)[1]
        if shown is not None:
            step = cv2.bitwise_and(step, shown)
        seen = step.size if shown is None else max(1, cv2.countNonZero(shown))
        return cv2.countNonZero(step) / seen > SUDDEN

    def differs(self, small: Picture, shown: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
        """Return 255 where the picture is not the background in its present light."""
        now = small.astype(np.float32)
        gain, offset = _light(self._background, now, shown)
        # The light of the picture becomes the background's, or slow dusk would leave it behind.
        self._background *= gain
        self._background += offset
        self._before *= gain
        self._before += offset
        self._difference = _apart(now, self._background)
        if self._measured_at is None or self._at - self._measured_at >= SPAN_EVERY_MS:
            self._measured_at = self._at
            self._level = THRESHOLD * _span(small, shown)
        slope = (RESTLESS_MOST - 1) / (RESTLESS_TO - RESTLESS_FROM)
        times = np.clip(1 + slope * (self._restless - RESTLESS_FROM), 1, RESTLESS_MOST)
        limit = (self._level * times).astype(np.float32)
        mask = np.asarray(cv2.compare(self._difference, limit, cv2.CMP_GT), np.uint8)
        if shown is not None:
            cv2.bitwise_and(mask, shown, dst=mask)
        return mask

    def learn(self, small: Picture, mask: NDArray[np.uint8], at: int) -> None:
        """Take the picture in by the time that passed, not by the number of frames."""
        passed = min(MOST_STEP_S, max(0.0, (at - self._at) / 1000))
        now = small.astype(np.float32)
        stirs = np.abs(now - self._short) > max(6.0, self._level / 2)
        self._still_ms += passed * 1000
        over = self._difference > self._level
        self._still_ms[stirs | ~over] = 0
        cv2.accumulateWeighted(now, self._short, 1 - math.exp(-passed / SHORT_S))
        if self.settled(at):
            changes = (over ^ self._over).astype(np.float32) / np.float32(max(passed, 1e-3))
            cv2.accumulateWeighted(changes, self._restless, 1 - math.exp(-passed / RESTLESS_S))
            share = 1 - math.exp(-passed / BACKGROUND_S)
        else:
            share = 0.5
        cv2.accumulateWeighted(now, self._background, share, mask=cv2.bitwise_not(mask))
        stood = self._still_ms >= BACK_MS
        if stood.any():
            stood &= (self._still_ms >= STILL_MS) | (_apart(now, self._before) <= self._level)
            self._before[stood] = self._background[stood]
            self._background[stood] = now[stood]
            self._still_ms[stood] = 0
        self._last, self._at, self._over = small, at, over
        self._frames += 1


def _apart(now: _Floats, known: _Floats) -> _Floats:
    return np.abs(now - np.clip(known, 0, 255))


def _small_grey(picture: Picture) -> Picture:
    grey = grey_of(picture)
    height, width = grey.shape[:2]
    size = (max(1, round(width * GATE_HEIGHT / height)), GATE_HEIGHT)
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (3, 3), 0), np.uint8)


def _fitted(visible: NDArray[np.uint8], small: Picture) -> NDArray[np.uint8]:
    size = (small.shape[1], small.shape[0])
    return np.asarray(cv2.resize(visible, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def _light(
    background: _Floats, now: _Floats, shown: NDArray[np.uint8] | None
) -> tuple[float, float]:
    """Return gain and offset that bring the background to the picture's light.

    Fitted to every seventh pixel twice, the second time without those that fit worst: a person in
    front of the wall must not change the light of the wall.
    """
    old, new = background.ravel()[::7], now.ravel()[::7]
    if shown is not None:
        keep = shown.ravel()[::7] > 0
        old, new = old[keep], new[keep]
    gain, offset = 1.0, 0.0
    for _ in range(3):
        if old.size < 32:  # noqa: PLR2004 - nothing to fit a line to
            break
        mean_old, mean_new = float(old.mean()), float(new.mean())
        spread = old - mean_old
        variance = float(np.dot(spread, spread)) / old.size
        if variance < 4:  # noqa: PLR2004 - a flat picture tells an offset, no gain
            gain, offset = 1.0, mean_new - mean_old
        else:
            gain = float(np.dot(spread, new - mean_new)) / old.size / variance
            gain = min(8.0, max(0.1, gain))
            offset = mean_new - gain * mean_old
        wrong = np.abs(new - gain * old - offset)
        fits = wrong <= max(2.0, 1.5 * float(wrong.mean()))
        old, new = old[fits], new[fits]
    return gain, offset


def _span(small: Picture, shown: NDArray[np.uint8] | None) -> float:
    seen = small if shown is None else small[shown > 0]
    if not seen.size:
        return 255.0
    low, high = np.percentile(seen, (LOW, HIGH))
    return max(LEAST_SPAN, float(high - low))


def _spots(mask: NDArray[np.uint8]) -> tuple[tuple[Box, ...], NDArray[np.uint8]]:
    """Return the moving spots, largest first, and the mask without specks."""
    clean = np.asarray(cv2.dilate(cv2.medianBlur(mask, 3), _NEAR), np.uint8)
    height, width = mask.shape[:2]
    count, _, stats, _ = cv2.connectedComponentsWithStats(clean)
    spots = [stats[i] for i in range(1, count) if stats[i][cv2.CC_STAT_AREA] >= LEAST_PIXELS]
    spots.sort(key=lambda spot: -int(spot[cv2.CC_STAT_AREA]))
    boxes = tuple(
        Box(x / width, y / height, (x + w) / width, (y + h) / height)
        for x, y, w, h, _ in (map(int, spot) for spot in spots[:MOST_BOXES])
    )
    return boxes, clean if boxes else np.zeros_like(clean)
