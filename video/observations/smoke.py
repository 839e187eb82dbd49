"""Smoke 烟雾 as a hint: the scene shows through, paler and softer than it was, behind something that drifts.

What lies behind smoke keeps its outlines and loses contrast; what lies behind a person is gone. A shadow takes
contrast too but adds no light of its own. Fog and dusk do it to the whole picture at once. It never alarms
alone. That smoke rises could not be measured at five pictures a second, so it is not asked.
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

Levels = NDArray[np.float32]
Cells = NDArray[np.bool_]

WIDTH = 160  # pixels of the picture looked at
CELL = 8  # pixels of it in a cell, each way
LEAST_GAP_MS = 180
LEARN_S = 4.0
FORGET_S = 90.0  # what stays so long becomes the scene
MOST_PAUSE_S = 30.0
TEXTURE = 40.0  # mean squared slope a cell must have: a white wall shows no veil
ALIKE = 0.72  # correlation of the outlines with those of the scene
OPAQUE = 0.4  # below it something stands before the scene
PALER = 0.80  # of the scene's contrast is left, at most
LEFT = 0.12  # and at least; thicker smoke hides everything
AIRLIGHT = 95.0  # grey level of the veil itself; a shadow adds none
WHITE = 330.0  # lamps and reflections add more than smoke can
STIRS = 2.5  # mean grey levels from look to look: smoke drifts, a smear or a person's rim does not
MOST_STIR = 25.0  # one cut or passing person must not count for long
LEAST_CELLS = 4
MEMORY_S = 2.0
OFTEN = 0.25  # share of the looks with a veil: real smoke comes in gusts


class SmokeSettings(ObservationSettings):
    """How much of the picture must be veiled, and how long; all our assumption."""

    after_s: float = Field(default=4.0, ge=0, le=86_400)
    off_delay_s: float = Field(default=15.0, ge=0, le=86_400)
    least_pct: float = Field(default=1.5, gt=0, le=100, description="veiled part of the picture, %")


class _Scene(NamedTuple):
    """One picture's slopes and levels by cell."""

    across: Levels
    down: Levels
    grey: Levels  # mean of each cell
    whole: Levels  # the small grey picture, the newest one


class Smoke:
    """Hints at smoke; only beside a sensor's word does it count."""

    name: ClassVar[str] = "smoke"
    settings: ClassVar[type[ObservationSettings]] = SmokeSettings
    needs_objects: ClassVar[bool] = False
    needs_detector: ClassVar[bool] = False
    always: ClassVar[bool] = False
    learns: ClassVar[bool] = False
    quantities: ClassVar[frozenset[str]] = frozenset({"veil_pct", "contrast_left_pct"})
    measures: ClassVar[frozenset[str]] = frozenset()
    title: ClassVar[tuple[str, str]] = ("疑似烟雾", "possible smoke")
    limits: ClassVar[tuple[str, str]] = (
        "蒸汽、灰尘与烟无法区分；看不见黑烟、素色墙前的烟和开机前已有的烟；不单独报警",
        "takes steam and dust for smoke; sees none that is black or before a plain wall; never alarms alone",
    )

    def __init__(self, settings: ObservationSettings, zones: Zones) -> None:
        """Take how much must be veiled."""
        if not isinstance(settings, SmokeSettings):
            raise TypeError(f"smoke takes SmokeSettings, not {type(settings).__name__}")
        self._least = settings.least_pct / 100
        self._zones = zones
        self._scene: _Scene | None = None
        self._veil: Levels = np.zeros((0, 0), np.float32)
        self._at = 0
        self._learnt_s = 0.0
        self._stir = self._veil
        self._said: list[Sighting] = []

    def look(self, view: View) -> Sequence[Sighting]:
        """Return whether each zone is veiled; unknown while the scene is learnt."""
        passed = (view.at - self._at) / 1000
        if self._said and 0 <= passed < LEAST_GAP_MS / 1000:
            return self._said
        self._at = view.at
        now = _scene(view)
        if (
            self._scene is None
            or self._scene.across.shape != now.across.shape
            or passed > MOST_PAUSE_S
        ):
            self._scene, self._learnt_s = now, 0.0
            self._veil, self._stir = np.zeros_like(now.grey), np.zeros_like(now.grey)
            self._said = [Sighting(zone, None) for zone in self._zones.names()]
            return self._said
        self._said = self._judged(self._scene, now, passed)
        return self._said

    def _judged(self, scene: _Scene, now: _Scene, passed: float) -> list[Sighting]:
        self._learnt_s += min(passed, 1.0)
        if self._learnt_s < LEARN_S:
            self._scene = _mixed(scene, now, 0.3, np.ones_like(now.grey))
            return [Sighting(zone, None) for zone in self._zones.names()]
        veiled, left = _veiled(scene, now)
        share = 1 - math.exp(-passed / MEMORY_S)
        self._veil += share * (veiled - self._veil)
        stirred = _cells(np.abs(now.whole - scene.whole))
        self._stir += share * (np.minimum(stirred, MOST_STIR) - self._stir)
        calm = np.where(self._veil > OFTEN, 0.1, 1.0).astype(np.float32)
        self._scene = _mixed(scene, now, 1 - math.exp(-passed / FORGET_S), calm)
        return [self._in_zone(zone, left) for zone in self._zones.names()]

    def _in_zone(self, zone: str, left: Levels) -> Sighting:
        height, width = self._veil.shape
        lasting = (self._veil > OFTEN) & (self._stir > STIRS)
        if zone != WHOLE:
            lasting &= self._zones.mask(zone, height, width) > 0
        count, labels, stats, _ = cv2.connectedComponentsWithStats(lasting.astype(np.uint8))
        sizes = [int(stats[i][cv2.CC_STAT_AREA]) for i in range(1, count)]
        largest = max(sizes, default=0)
        part = largest / self._veil.size
        if largest < LEAST_CELLS or part < self._least:
            return Sighting(zone, seen=False)
        i = 1 + sizes.index(largest)
        x, y, w, h = (int(side) for side in stats[i][:4])
        box = Box(x / width, y / height, (x + w) / width, (y + h) / height)
        contrast = float(np.median(left[labels == i]))
        return Sighting(
            zone,
            seen=True,
            confidence=round(min(0.6, 0.2 + 4 * part), 3),  # never sure: it is a hint
            box=Box(*(round(side, 3) for side in box)),
            values={
                "veil_pct": round(100 * part, 1),
                "contrast_left_pct": round(100 * min(1.0, max(0.0, contrast)), 0),
            },
        )


def _scene(view: View) -> _Scene:
    small = shrunk(view.small_grey, WIDTH)
    whole = cv2.GaussianBlur(small, (3, 3), 0).astype(np.float32)
    shown = cv2.resize(view.visible, small.shape[1::-1], interpolation=cv2.INTER_NEAREST) > 0
    across = np.asarray(cv2.Sobel(whole, cv2.CV_32F, 1, 0), np.float32) * shown
    down = np.asarray(cv2.Sobel(whole, cv2.CV_32F, 0, 1), np.float32) * shown
    return _Scene(across, down, _cells(whole), whole)


def _cells(levels: Levels) -> Levels:
    height, width = levels.shape
    size = (max(1, width // CELL), max(1, height // CELL))
    return np.asarray(cv2.resize(levels, size, interpolation=cv2.INTER_AREA), np.float32)


def _mixed(scene: _Scene, now: _Scene, share: float, calm: Levels) -> _Scene:
    """Let the picture into the scene, little where it is veiled."""
    shares = share * calm
    fine = np.asarray(
        cv2.resize(shares, now.across.shape[::-1], interpolation=cv2.INTER_NEAREST), np.float32
    )
    return _Scene(
        scene.across + fine * (now.across - scene.across),
        scene.down + fine * (now.down - scene.down),
        scene.grey + shares * (now.grey - scene.grey),
        now.whole,
    )


def _veiled(scene: _Scene, now: _Scene) -> tuple[Cells, Levels]:
    """Return the cells in which the scene shows through a veil, and how much of its contrast is left."""
    own = _cells(now.across**2 + now.down**2)
    learnt = _cells(scene.across**2 + scene.down**2)
    common = _cells(now.across * scene.across + now.down * scene.down)
    textured = learnt > TEXTURE
    left = common / np.maximum(learnt, 1)
    alike = common / np.sqrt(np.maximum(learnt, 1) * np.maximum(own, 1))
    if textured.sum() < LEAST_CELLS:
        return np.zeros_like(textured), left.astype(np.float32)
    # Dusk, fog and exposure change the whole picture: only what is paler than the rest counts.
    left = left / max(0.3, float(np.median(left[textured])))
    veil = textured & (alike > ALIKE) & (left < PALER) & (left > LEFT)
    light = (now.grey - left * scene.grey) / np.maximum(0.05, 1 - left)
    veil &= (light > AIRLIGHT) & (light < WHITE)
    opaque = (textured & (alike < OPAQUE)).astype(np.uint8)
    near = cv2.dilate(opaque, np.ones((3, 3), np.uint8)) > 0
    return veil & ~near, left.astype(np.float32)


OBSERVATION = Smoke
