"""Flame 明火 as a hint: fire-coloured spots that flicker in one place, with a hot core.

Colour alone is an orange floor, flicker alone a lamp, both together still a jacket that moves. So a spot must
keep its place for some seconds while most of its pixels change, not all at once, between red and yellow.
"""

import math
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from video.contract import WHOLE, Box, ObservationSettings, Sighting, Zones
from video.view import View, shrunk

from ._blaze import Blaze, Spot

WIDTH = 160  # pixels of the picture looked at
LEAST_GAP_MS = 90  # frames nearer than that are left out: 10 a second tell as much as 30
MOST_GAP_MS = 450  # slower pictures show no flicker at all
MEMORY_S = 1.5
STAY_S = 3.0
MOST_PAUSE_S = 2.0  # after a longer one everything is seen anew
COLOURED = 0.3
LEAST_RED, LEAST_CHROMA = 70, 30  # of 255
SHAKEN = 0.20  # pixels of the small picture; a still camera with a fire in front has 0.15
STILL = 0.05
CHANGED = 0.3  # share of the looks at which a flickering pixel changed
TINTED = 0.15  # share of the looks at which it had the colour of fire
MOST_BLAZES = 8
_NEAR = np.ones((3, 3), np.uint8)

Bits = NDArray[np.uint8]
Levels = NDArray[np.float32]


class FlameSettings(ObservationSettings):
    """How large and how lasting a flame must be; all our assumption."""

    after_s: float = Field(default=1.5, ge=0, le=86_400, description="beyond steady_s")
    off_delay_s: float = Field(default=10.0, ge=0, le=86_400, description="flames hide in smoke")
    least_pct: float = Field(
        default=0.1, gt=0, le=100, description="part of the whole picture that burns, %"
    )
    steady_s: float = Field(
        default=3.0, ge=1, le=60, description="seconds in one place before it may be a flame"
    )


class _Look(NamedTuple):
    """One picture, small: where it has the colour of fire, and how bright red and green are."""

    tinted: NDArray[np.bool_]
    green: Levels
    red: Levels


class Flame:
    """Hints at open flames; a person has to look."""

    name: ClassVar[str] = "flame"
    settings: ClassVar[type[ObservationSettings]] = FlameSettings
    needs_objects: ClassVar[bool] = False
    needs_detector: ClassVar[bool] = False
    always: ClassVar[bool] = False
    learns: ClassVar[bool] = False
    quantities: ClassVar[frozenset[str]] = frozenset(
        {"flame_area_pct", "flicker_hz", "growth_factor"}
    )
    measures: ClassVar[frozenset[str]] = frozenset()
    title: ClassVar[tuple[str, str]] = ("疑似明火", "possible flame")
    limits: ClassVar[tuple[str, str]] = (
        "看不见烛火、被遮挡的火和黑白夜视画面中的火，关键帧模式下无法判断；分不清屏幕里的火",
        "sees no candle, hidden fire, fire in black and white, nor any at key-frame rate; believes a screen",
    )

    def __init__(self, settings: ObservationSettings, zones: Zones) -> None:
        """Take how large and how lasting a flame must be."""
        if not isinstance(settings, FlameSettings):
            raise TypeError(f"flame takes FlameSettings, not {type(settings).__name__}")
        self._least = settings.least_pct / 100
        self._steady_s = settings.steady_s
        self._zones = zones
        self._gap_ms = 0.0
        self._heard_at: int | None = None
        self._looked_at = 0
        self._said: list[Sighting] = []
        self._forget()

    def look(self, view: View) -> Sequence[Sighting]:
        """Return whether something burns in each zone; unknown while pictures come too slowly."""
        if not self._fast_enough(view.at):
            self._forget()
            return self._all(None)
        if self._said and view.at - self._looked_at < LEAST_GAP_MS:
            return self._said
        moving = view.motion
        if self._before is None and moving.settled and not moving.boxes:
            self._looked_at = view.at
            return self._keep(self._all(seen=False))
        return self._keep(self._burning(view))

    def _fast_enough(self, at: int) -> bool:
        """Follow the time between pictures; the mean of some, so that one gap blinds nobody."""
        if self._heard_at is not None:
            gap = min(2_000, max(0, at - self._heard_at))
            self._gap_ms += (gap - self._gap_ms) * (0.25 if self._gap_ms else 1.0)
        self._heard_at = at
        return 0 < self._gap_ms <= MOST_GAP_MS

    def _forget(self) -> None:
        self._before: _Look | None = None
        self._tint: Levels = np.zeros((0, 0), np.float32)
        self._change: Levels = self._tint
        self._stay: Levels = self._tint
        self._window: Levels = self._tint
        self._shift = 0.0
        self._blazes: list[Blaze] = []

    def _keep(self, said: list[Sighting]) -> list[Sighting]:
        self._said = said
        return said

    def _all(self, seen: bool | None) -> list[Sighting]:  # noqa: FBT001 - one word
        return [Sighting(zone, seen) for zone in self._zones.names()]

    def _burning(self, view: View) -> list[Sighting]:
        now = _look_at(view)
        before, self._before = self._before, now
        passed = (view.at - self._looked_at) / 1000
        self._looked_at = view.at
        if before is None or before.tinted.shape != now.tinted.shape or passed > MOST_PAUSE_S:
            self._begin(now)
            return self._all(seen=False)
        spots = self._spots(before, now, passed)
        if not self._blazes and (
            float(self._tint.max()) < TINTED or float(self._change.max()) < STILL
        ):
            self._before = (
                None  # nothing has the colour of fire, or nothing changes: wait for motion
            )
            return self._all(seen=False)
        self._follow(spots, before, now, view.at)
        fiery = self._fiery(view.at)
        if fiery and self._shaken(before, now, passed):
            return self._all(None)
        shape = now.tinted.shape
        return [self._in_zone(zone, fiery, shape) for zone in self._zones.names()]

    def _begin(self, now: _Look) -> None:
        self._tint = now.tinted.astype(np.float32)
        self._change, self._stay = np.zeros_like(self._tint), np.zeros_like(self._tint)
        self._blazes = []
        if not now.tinted.any():
            self._before = None

    def _spots(self, before: _Look, now: _Look, passed: float) -> Bits:
        """Return where the colour of fire flickers, from what was seen over the last seconds."""
        # Green changes most: it makes the difference between red and yellow.
        changed = np.abs(now.green - before.green) > np.maximum(10, 0.12 * now.red)
        share = 1 - math.exp(-passed / MEMORY_S)
        self._tint += share * (now.tinted - self._tint)
        self._change += share * (changed - self._change)
        spots = ((self._tint > TINTED) & (self._change > CHANGED)).astype(np.uint8)
        spots = np.asarray(cv2.morphologyEx(spots, cv2.MORPH_CLOSE, _NEAR), np.uint8)
        self._stay += (1 - math.exp(-passed / STAY_S)) * (spots - self._stay)
        return spots

    def _follow(self, spots: Bits, before: _Look, now: _Look, at: int) -> None:
        """Find the spots that flicker, and carry on with those of the frame before."""
        count, labels, stats, _ = cv2.connectedComponentsWithStats(spots)
        least = max(4, self._least * spots.size / 2)
        found = [i for i in range(1, count) if stats[i][cv2.CC_STAT_AREA] >= least]
        found.sort(key=lambda i: -int(stats[i][cv2.CC_STAT_AREA]))
        for i in found[:MOST_BLAZES]:
            left, top, wide, high, _ = (int(side) for side in stats[i])
            place = (left, top, wide, high)
            blaze = next((b for b in self._blazes if b.meets(place)), None)
            if blaze is None:
                blaze = Blaze(at)
                self._blazes.append(blaze)
            part = np.s_[top : top + high, left : left + wide]
            pixels = labels[part] == i
            coloured = np.count_nonzero(pixels | (self._tint[part] > COLOURED))
            blaze.take(
                at,
                Spot(
                    place, pixels, now.green[part][pixels], now.red[part][pixels],
                    before.green[part][pixels], now.tinted[part][pixels], self._stay[part][pixels],
                    np.count_nonzero(pixels) / coloured,
                ),
            )  # fmt: skip
        self._blazes = [b for b in self._blazes if not b.out(at)][: 2 * MOST_BLAZES]

    def _fiery(self, at: int) -> list[tuple[Blaze, float]]:
        """Return what burns, with its likeness to a flame (0-1), the largest first."""
        steady = [b for b in self._blazes if b.steady(at, self._steady_s)]
        judged = [(blaze, blaze.traits()) for blaze in steady]
        fiery = [(blaze, traits.likeness) for blaze, traits in judged if traits.fiery]
        return sorted(fiery, key=lambda found: -found[0].area)

    def _shaken(self, before: _Look, now: _Look, passed: float) -> bool:
        """Return whether the whole picture shifts to and fro: then edges of warm things flicker too."""
        if self._window.shape != now.green.shape:
            size = now.green.shape[::-1]
            self._window = np.asarray(cv2.createHanningWindow(size, cv2.CV_32F), np.float32)
        # Copies: OpenCV 4.14 multiplies the pictures it is given by the window.
        (x, y), _ = cv2.phaseCorrelate(before.green.copy(), now.green.copy(), self._window)
        share = 1 - math.exp(-passed / MEMORY_S)
        self._shift += share * (min(1.0, math.hypot(x, y)) - self._shift)
        return self._shift > SHAKEN

    def _in_zone(
        self, zone: str, fiery: list[tuple[Blaze, float]], shape: tuple[int, ...]
    ) -> Sighting:
        height, width = shape
        area = None if zone == WHOLE else self._zones.mask(zone, height, width)
        least = self._least * height * width
        for blaze, likeness in fiery:
            if (blaze.area if area is None else blaze.inside(area)) < least:
                continue
            left, top, wide, high = blaze.place
            sides = (left / width, top / height, (left + wide) / width, (top + high) / height)
            return Sighting(
                zone, seen=True, confidence=round(0.4 + 0.6 * likeness, 3),
                box=Box(*(round(side, 3) for side in sides)),
                values={
                    "flame_area_pct": round(100 * blaze.area / (height * width), 2),
                    "flicker_hz": blaze.flicker_hz(),
                    "growth_factor": blaze.growth(),
                },
            )  # fmt: skip
        return Sighting(zone, seen=False)


def _look_at(view: View) -> _Look:
    small = shrunk(view.small, WIDTH)
    blue, green, red = (small[:, :, i].astype(np.float32) for i in range(3))
    # From red to yellow and well saturated; what is over-exposed in the middle is caught by its rim.
    tinted = (
        (red >= LEAST_RED) & (red >= green) & (green >= blue - 10)
        & (red - blue >= LEAST_CHROMA) & (red - blue >= 0.28 * red)
    )  # fmt: skip
    shown = cv2.resize(view.visible, small.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    return _Look(tinted & (shown > 0), green, red)


OBSERVATION = Flame
