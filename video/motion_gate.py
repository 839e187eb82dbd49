"""Cheap first look: does anything move, and where? Everything dearer runs only there.

A small grey picture, its contrast stretched, against a running average of itself. Light that changes
slowly goes into the average; light that changes at once (a lamp, an infrared switch) changes nearly the
whole picture, and then the gate learns anew instead of reporting motion.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from .contract import Box, Picture
from .view import GATE_HEIGHT, Motion

THRESHOLD = 30  # of 255 grey levels, after stretching
AVERAGE_S = 20.0  # what stood still for some times this has become background
RECALIBRATE = 0.8  # part of the picture that changes only when the light or the camera did
SETTLE_MS = 1_000
SETTLE_FRAMES = 3
LEAST_PIXELS = 12  # of the small picture; less is noise
LOW, HIGH = 4, 96  # percentiles that become black and white
LEAST_SPAN = 40  # grey levels: stretching a flat night picture further would only show its noise
MOST_BOXES = 16
_NEAR = np.ones((3, 3), np.uint8)  # pixels that touch are one spot


class MotionGate:
    """Learns the background of one camera and says where it is disturbed."""

    def __init__(self) -> None:
        self._average: NDArray[np.float32] | None = None
        self._at = 0
        self._learnt_from = 0
        self._frames = 0

    def look(self, picture: Picture, at: int, visible: NDArray[np.uint8] | None = None) -> Motion:
        """Return what moves at time `at` (ms); `visible` is 255 where no privacy mask lies."""
        small = _small_grey(picture)
        shown = None if visible is None else _fitted(visible, small)
        stretched = _stretched(small, shown)
        if self._average is None or self._average.shape != stretched.shape:
            return self._anew(stretched, at)
        changed = cv2.absdiff(stretched, self._average.astype(np.uint8))
        mask = cv2.threshold(changed, THRESHOLD, 255, cv2.THRESH_BINARY)[1]
        if shown is not None:
            mask = cv2.bitwise_and(mask, shown)
        seen = mask.size if shown is None else max(1, cv2.countNonZero(shown))
        fraction = cv2.countNonZero(mask) / seen
        if fraction > RECALIBRATE:
            return self._anew(stretched, at)
        self._learn(stretched, at)
        if at - self._learnt_from < SETTLE_MS or self._frames < SETTLE_FRAMES:
            return Motion(0.0, (), np.zeros_like(small), settled=False)
        grown = np.asarray(cv2.dilate(mask, _NEAR), np.uint8)
        boxes = _boxes(grown)
        if not boxes:
            return Motion(0.0, (), np.zeros_like(small))
        return Motion(fraction, boxes, grown)

    def _anew(self, stretched: Picture, at: int) -> Motion:
        self._average = stretched.astype(np.float32)
        self._at = self._learnt_from = at
        self._frames = 1
        return Motion(0.0, (), np.zeros_like(stretched), settled=False)

    def _learn(self, stretched: Picture, at: int) -> None:
        """Let the picture into the average by the time that passed, not by the number of frames."""
        assert self._average is not None  # noqa: S101 - narrows the type
        passed = min(5.0, max(0.0, (at - self._at) / 1000))
        learning = self._frames < SETTLE_FRAMES
        share = 0.5 if learning else 1 - math.exp(-passed / AVERAGE_S)
        cv2.accumulateWeighted(stretched, self._average, share)
        self._at = at
        self._frames += 1


def _small_grey(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    size = (max(1, round(width * GATE_HEIGHT / height)), GATE_HEIGHT)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.asarray(
        cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), (3, 3), 0), np.uint8
    )


def _fitted(visible: NDArray[np.uint8], small: Picture) -> NDArray[np.uint8]:
    size = (small.shape[1], small.shape[0])
    return np.asarray(cv2.resize(visible, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def _stretched(small: Picture, shown: NDArray[np.uint8] | None) -> Picture:
    """Return the picture with its visible range spread over 0-255, so that dusk looks like noon."""
    seen = small if shown is None else small[shown > 0]
    low, high = np.percentile(seen, (LOW, HIGH)) if seen.size else (0.0, 255.0)
    span = max(LEAST_SPAN, high - low)
    return np.clip((small.astype(np.float32) - low) * (255 / span), 0, 255).astype(np.uint8)


def _boxes(mask: NDArray[np.uint8]) -> tuple[Box, ...]:
    """Return the moving spots, largest first."""
    height, width = mask.shape[:2]
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    spots = [stats[i] for i in range(1, count) if stats[i][cv2.CC_STAT_AREA] >= LEAST_PIXELS]
    spots.sort(key=lambda spot: -int(spot[cv2.CC_STAT_AREA]))
    return tuple(
        Box(x / width, y / height, (x + w) / width, (y + h) / height)
        for x, y, w, h, _ in (map(int, spot) for spot in spots[:MOST_BOXES])
    )
