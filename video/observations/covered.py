"""Camera covered 镜头遮挡: what the camera usually sees is gone, and nothing to see has come instead."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from pydantic import Field

from video.contract import ObservationSettings, Sighting, Zones
from video.detail import Detail, Flags
from video.observations._health import LEAST_TEXTURED, Likeness, Scenes, ZoneTiles
from video.view import View

KEPT = 0.3  # a tile that keeps less of its structure lost it
ENERGY = 0.5  # and if it has less slope energy than so many times its own, nothing came instead
NORMAL = 0.3  # with less than this lost, the picture is a normal one and may be learnt


class CoveredSettings(ObservationSettings):
    """How much of the picture must be hidden, and for how long."""

    after_s: float = Field(
        default=5.0, ge=0, le=86_400, description="seconds seen before it counts"
    )
    least: float = Field(
        default=0.4, gt=0, le=1, description="part of the structured picture that is hidden, 0-1"
    )


class Covered:
    """Notices a hand, tape, paint or a bag over the lens."""

    name: ClassVar[str] = "covered"
    settings: ClassVar[type[ObservationSettings]] = CoveredSettings
    needs_objects: ClassVar[bool] = False
    needs_detector: ClassVar[bool] = False
    always: ClassVar[bool] = True
    learns: ClassVar[bool] = True
    quantities: ClassVar[frozenset[str]] = frozenset({"covered_part"})
    measures: ClassVar[frozenset[str]] = frozenset()
    title: ClassVar[tuple[str, str]] = ("镜头遮挡", "camera covered")
    limits: ClassVar[tuple[str, str]] = (
        "画面缺少纹理或过暗时无法判断；长时间停在镜头前的大面积光滑物体等同遮挡",
        "cannot tell on a plain wall or in the dark; a large plain thing that stays before the lens is a cover",
    )

    def __init__(self, settings: ObservationSettings, zones: Zones) -> None:
        """Take the part that must be hidden."""
        if not isinstance(settings, CoveredSettings):
            raise TypeError(f"covered takes CoveredSettings, not {type(settings).__name__}")
        self._least = settings.least
        self._tiles = ZoneTiles(zones)
        self._scenes = Scenes()

    def look(self, view: View) -> Sequence[Sighting]:
        """Return how much of each zone is hidden; unknown while it learns, without structure or in the dark."""
        detail = view.detail
        likeness = self._likeness(detail, view.at) if detail is not None else None
        if likeness is None:
            return [Sighting(zone, None) for zone in self._tiles.names()]
        lost = _lost(likeness)
        return [self._in_zone(zone, likeness, lost) for zone in self._tiles.names()]

    def _likeness(self, detail: Detail, at: int) -> Likeness | None:
        """Compare with the learnt scene, and learn from the picture if it is a normal one."""
        scene = self._scenes.now(detail, at)
        if scene is None:
            return None
        likeness = scene.compared(detail) if scene.known else None
        if likeness is None:
            scene.learn(detail, at)
            return None
        here = likeness.textured
        if here.any() and np.count_nonzero(_lost(likeness) & here) < NORMAL * here.sum():
            scene.learn(detail, at)
        else:
            scene.skip(at)
        return likeness

    def _in_zone(self, zone: str, likeness: Likeness, lost: Flags) -> Sighting:
        tiles = self._tiles.of(zone)
        here = likeness.textured & tiles
        enough = max(1.0, LEAST_TEXTURED * np.count_nonzero(tiles))
        if np.count_nonzero(here) < enough:
            return Sighting(zone, None)
        part = float(np.count_nonzero(lost & here) / np.count_nonzero(here))
        return Sighting(
            zone, part >= self._least, min(1.0, part), values={"covered_part": round(part, 3)}
        )


def _lost(likeness: Likeness) -> Flags:
    limit = KEPT * likeness.gain
    empty = likeness.energy < ENERGY * likeness.gain**2
    return np.asarray((likeness.kept < limit) & empty, np.bool_)


OBSERVATION = Covered
