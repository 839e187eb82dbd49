"""Camera defocused 画面失焦: the fine structure is gone while the coarse one is still there."""

import math
from collections.abc import Sequence
from typing import ClassVar

import cv2
import numpy as np
from pydantic import Field

from video.contract import ObservationSettings, Picture, Sighting, Zones
from video.detail import COLUMNS, ROWS, Detail, Flags, Floats, by_tile
from video.observations._health import (
    DARK,
    LEARN_FRAMES,
    LEARN_MS,
    LEAST_TEXTURED,
    MOST_STEP_S,
    SLOW_S,
    Light,
    ZoneTiles,
)
from video.view import View

TEXTURE = 1.5  # grey levels a pixel of the coarsest picture
NORMAL = 0.85  # a picture as sharp as this, times usual, may be learnt
NOISE_SLOPE = (
    0.375  # slope energy that noise of variance 1 makes (the squares of a Sobel kernel's parts)
)


class DefocusedSettings(ObservationSettings):
    """How blurred, and for how long: autofocus hunts for some seconds."""

    after_s: float = Field(
        default=10.0, ge=0, le=86_400, description="seconds seen before it counts"
    )
    sharpness: float = Field(
        default=0.7, gt=0, lt=1, description="sharpness below which it counts, times the usual"
    )


class _Usual:
    """The usual sharpness of each tile in one light."""

    def __init__(self) -> None:
        self.ratio: Floats = np.zeros((ROWS, COLUMNS), np.float32)
        self.weight: Floats = np.zeros((ROWS, COLUMNS), np.float32)  # seconds learnt
        self.frames = 0
        self.learnt_ms = 0.0

    @property
    def known(self) -> bool:
        return self.learnt_ms >= LEARN_MS and self.frames >= LEARN_FRAMES

    def learn(self, ratio: Floats, here: Flags, passed: float) -> None:
        self.frames += 1
        self.learnt_ms += passed * 1000
        self.weight[here] += max(passed, 1e-3)
        share = np.maximum(
            1 - math.exp(-passed / SLOW_S), max(passed, 1e-3) / np.maximum(self.weight, 1e-3)
        )
        self.ratio[here] += (share * (ratio - self.ratio))[here]


class Defocused:
    """Notices a lens out of focus, breath or grease on the glass: the whole picture, not one person."""

    name: ClassVar[str] = "defocused"
    settings: ClassVar[type[ObservationSettings]] = DefocusedSettings
    needs_objects: ClassVar[bool] = False
    needs_detector: ClassVar[bool] = False
    always: ClassVar[bool] = True
    learns: ClassVar[bool] = True
    quantities: ClassVar[frozenset[str]] = frozenset({"sharpness"})
    measures: ClassVar[frozenset[str]] = frozenset()
    title: ClassVar[tuple[str, str]] = ("画面失焦", "camera defocused")
    limits: ClassVar[tuple[str, str]] = (
        "一开始就失焦的镜头会被当作正常；画面缺少纹理或过暗时无法判断",
        "a lens that was blurred from the start is its own normal; cannot tell on a plain wall or in the dark",
    )

    def __init__(self, settings: ObservationSettings, zones: Zones) -> None:
        """Take how blurred counts."""
        if not isinstance(settings, DefocusedSettings):
            raise TypeError(f"defocused takes DefocusedSettings, not {type(settings).__name__}")
        self._least = settings.sharpness
        self._tiles = ZoneTiles(zones)
        self._light = Light()
        self._usual = {False: _Usual(), True: _Usual()}
        self._last: Picture | None = None
        self._at: int | None = None
        self._noise: float | None = None
        self._shape: tuple[int, ...] = ()

    def look(self, view: View) -> Sequence[Sighting]:
        """Return how sharp each zone is beside its usual; unknown while it learns or without structure."""
        detail = view.detail
        passed = (
            0.0 if self._at is None else min(MOST_STEP_S, max(0.0, (view.at - self._at) / 1000))
        )
        self._at = view.at
        unknown = [Sighting(zone, None) for zone in self._tiles.names()]
        if detail is None:
            return unknown
        if view.picture.shape != self._shape:  # another stream: its sharpness is another
            self._shape = view.picture.shape
            self._usual = {False: _Usual(), True: _Usual()}
        self._measure_noise(view.small_grey, passed)
        steady = self._light.see(detail, view.at)
        if self._light.mistaken and not self._usual[True].known:
            self._usual[True] = _Usual()
        if not steady:
            return unknown
        usual = self._usual[self._light.grey]
        here = _structured(detail)
        ratio = self._sharpness(detail)
        if not usual.known:
            usual.learn(ratio, here, passed)
            return unknown
        here &= usual.weight > 0
        sharp = np.sqrt(ratio / np.maximum(usual.ratio, 1e-6))
        if here.any() and float(np.median(sharp[here])) >= NORMAL:
            usual.learn(ratio, here, passed)
        return [self._in_zone(zone, sharp, here, usual) for zone in self._tiles.names()]

    def _in_zone(self, zone: str, sharp: Floats, here: Flags, usual: _Usual) -> Sighting:
        tiles = self._tiles.of(zone)
        usually = np.count_nonzero((usual.weight > 0) & tiles)
        structured = here & tiles
        # Where structure went altogether, something covers it: that is another observation's to say.
        enough = max(LEAST_TEXTURED * np.count_nonzero(tiles), 0.35 * usually, 1.0)
        if np.count_nonzero(structured) < enough:
            return Sighting(zone, None)
        middle = float(np.median(sharp[structured]))
        sure = min(1.0, max(0.0, 1.0 - middle))
        return Sighting(
            zone, middle < self._least, sure, values={"sharpness": round(min(9.0, middle), 3)}
        )

    def _sharpness(self, detail: Detail) -> Floats:
        """Return fine slope energy (less that of noise) over the broad one, by tile."""
        own = np.maximum(detail.fine - NOISE_SLOPE * (self._noise or 0.0) ** 2, 0.02 * detail.fine)
        return np.asarray(own / np.maximum(detail.broad, 1e-3), np.float32)

    def _measure_noise(self, small_grey: Picture, passed: float) -> None:
        """Take the noise from what differs between frames in the quietest places.

        It falls at once and rises slowly: a step of the exposure differs everywhere and is no noise.
        """
        if self._last is not None and self._last.shape == small_grey.shape:
            apart = np.asarray(cv2.absdiff(small_grey, self._last), np.float32)
            # The mean of |difference| of two noisy values is 1.128 times the noise of one.
            noise = float(np.percentile(by_tile(apart), 30)) / 1.128
            share = 1.0 if self._noise is None or noise < self._noise else 1 - math.exp(-passed / 5)
            before = self._noise or 0.0
            self._noise = before + share * (noise - before)
        self._last = small_grey


def _structured(detail: Detail) -> Flags:
    return np.asarray(
        detail.usable & (detail.broad >= TEXTURE**2) & (detail.levels >= DARK), np.bool_
    )


OBSERVATION = Defocused
