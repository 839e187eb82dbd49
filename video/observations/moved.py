"""Camera moved 画面偏移: the camera looks elsewhere than it used to."""

from collections.abc import Sequence
from typing import ClassVar

import cv2
import numpy as np
from pydantic import Field

from video.contract import ObservationSettings, Sighting, Zones
from video.detail import TINY_WIDTH, Detail, Flags, Floats, by_tile
from video.observations._health import LEAST_TEXTURED, TEXTURE, Likeness, Scene, Scenes, ZoneTiles
from video.view import View

KEPT = 0.35  # a tile that keeps less of its structure does not show what it used to
INTACT = 0.7  # a tile that keeps more shows just what it used to: a lorry leaves many of them, a turn few
ELSEWHERE, STAYED = (
    0.5,
    0.25,
)  # so much changed and no more is intact: another view without any shift
SHIFTED = 0.3  # so much changed and a shift explains it
EXPLAINS = 0.5  # of the changed tiles that a shift must bring back
LIKELY = 0.2  # how clear the shift must be, 0-1
NORMAL = 0.25  # with less than this changed the picture may be learnt
STRUCTURE_LEFT = 0.5  # of the learnt number of structured tiles; with less it is covered or dark


class MovedSettings(ObservationSettings):
    """How far, for how long, and when a new view is accepted."""

    after_s: float = Field(
        default=10.0, ge=0, le=86_400, description="seconds seen before it counts"
    )
    least: float = Field(
        default=0.03, gt=0, le=0.5, description="shift that counts, part of the picture's width"
    )
    accept_after_s: float = Field(
        default=86_400.0, ge=0, le=2_592_000,
        description="seconds after which the new view is the usual one; 0: never",
    )  # fmt: skip

    def accepts_after_s(self) -> float:
        """Return the same, for the episode."""
        return self.accept_after_s


class Moved:
    """Notices a camera that was turned, knocked or zoomed."""

    name: ClassVar[str] = "moved"
    settings: ClassVar[type[ObservationSettings]] = MovedSettings
    needs_objects: ClassVar[bool] = False
    needs_detector: ClassVar[bool] = False
    always: ClassVar[bool] = True
    learns: ClassVar[bool] = True
    quantities: ClassVar[frozenset[str]] = frozenset({"changed_part", "shift_part"})
    measures: ClassVar[frozenset[str]] = frozenset()
    title: ClassVar[tuple[str, str]] = ("画面偏移", "camera moved")
    limits: ClassVar[tuple[str, str]] = (
        "云台摄像机请关闭；画面缺少纹理或过暗时无法判断",
        "switch it off for a camera that pans by itself; cannot tell on a plain wall or in the dark",
    )

    def __init__(self, settings: ObservationSettings, zones: Zones) -> None:
        """Take the shift that counts."""
        if not isinstance(settings, MovedSettings):
            raise TypeError(f"moved takes MovedSettings, not {type(settings).__name__}")
        self._least = settings.least
        self._accept_ms = settings.accept_after_s * 1000
        self._tiles = ZoneTiles(zones)
        self._scenes = Scenes()
        self._elsewhere_since: int | None = None

    def look(self, view: View) -> Sequence[Sighting]:
        """Return whether each zone shows something else; unknown while it learns or sees too little."""
        names = self._tiles.names()
        detail = view.detail
        scene = self._scenes.now(detail, view.at) if detail is not None else None
        if detail is None or scene is None:
            return [Sighting(zone, None) for zone in names]
        likeness = scene.compared(detail) if scene.known else None
        if likeness is None:
            scene.learn(detail, view.at)
            return [Sighting(zone, None) for zone in names]
        other = likeness.kept < KEPT * likeness.gain
        shift = self._shift(scene, detail, likeness, other)
        found = [self._in_zone(zone, scene, detail, likeness, shift) for zone in names]
        here = likeness.textured
        if (
            here.any()
            and np.count_nonzero(other & here) < NORMAL * here.sum()
            and shift < self._least / 2
        ):
            scene.learn(detail, view.at)
        else:
            scene.skip(view.at)
        if any(sighting.seen for sighting in found):
            self._accept(view.at)
        elif any(sighting.seen is False for sighting in found):
            self._elsewhere_since = None
        return found

    def _shift(self, scene: Scene, detail: Detail, likeness: Likeness, other: Flags) -> float:
        """Return by what part of the width the picture is shifted; 0 where nothing says so."""
        here = likeness.textured
        changed = np.count_nonzero(other & here)
        if not changed or changed < SHIFTED * here.sum():
            return 0.0
        right, down, clear = _shifted(scene, detail)
        if clear < LIKELY:
            return 0.0
        still_other = _kept_when_shifted(scene, detail, right, down) < KEPT * likeness.gain
        if np.count_nonzero(still_other & other & here) > (1 - EXPLAINS) * changed:
            return 0.0
        return float(np.hypot(right, down)) / TINY_WIDTH

    def _in_zone(
        self, zone: str, scene: Scene, detail: Detail, likeness: Likeness, shift: float
    ) -> Sighting:
        tiles = self._tiles.of(zone)
        here = likeness.textured & tiles
        usual = np.count_nonzero((scene.power >= TEXTURE**2) & tiles)
        now = np.count_nonzero((detail.coarse >= TEXTURE**2 / 2) & tiles)
        enough = max(1.0, LEAST_TEXTURED * np.count_nonzero(tiles))
        if np.count_nonzero(here) < enough or now < STRUCTURE_LEFT * usual:
            return Sighting(zone, None)
        other = np.count_nonzero((likeness.kept < KEPT * likeness.gain) & here)
        part = float(other / np.count_nonzero(here))
        intact = float(np.count_nonzero((likeness.kept > INTACT) & here) / np.count_nonzero(here))
        another = part >= ELSEWHERE and intact < STAYED
        seen = another or (part >= SHIFTED and shift >= self._least)
        return Sighting(
            zone, seen, min(1.0, part),
            values={"changed_part": round(part, 3), "shift_part": round(shift, 3)},
        )  # fmt: skip

    def _accept(self, at: int) -> None:
        if self._elsewhere_since is None:
            self._elsewhere_since = at
        elif self._accept_ms and at - self._elsewhere_since >= self._accept_ms:
            self._scenes.forget()
            self._elsewhere_since = None


def _shifted(scene: Scene, detail: Detail) -> tuple[float, float, float]:
    """Return the shift from the learnt slopes to the picture's, in tiny pixels, and how clear it is."""
    before = cv2.magnitude(scene.across, scene.down)
    now = cv2.magnitude(detail.across, detail.down)
    edge = cv2.createHanningWindow((now.shape[1], now.shape[0]), cv2.CV_32F)
    (right, down), clear = cv2.phaseCorrelate(_even(before), _even(now), edge)
    return float(right), float(down), float(clear)


def _kept_when_shifted(scene: Scene, detail: Detail, right: float, down: float) -> Floats:
    """Return how much of each tile's structure is there once the picture is shifted back."""
    back = np.array([[1, 0, -right], [0, 1, -down]], np.float32)
    size = (detail.tiny.shape[1], detail.tiny.shape[0])
    across = np.asarray(cv2.warpAffine(detail.across, back, size), np.float32)
    down_ = np.asarray(cv2.warpAffine(detail.down, back, size), np.float32)
    kept = by_tile(across * scene.across + down_ * scene.down)
    return (kept / np.maximum(scene.power, 1e-3)).astype(np.float32)


def _even(power: object) -> Floats:
    # Roots, so that one bright edge does not outweigh all others.
    slopes = np.asarray(power, np.float32)
    return np.asarray(np.sqrt(slopes), np.float32)


OBSERVATION = Moved
