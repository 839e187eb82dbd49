"""Motion in a zone 区域移动: something changed there against the learnt background."""

from collections.abc import Sequence
from typing import ClassVar

import cv2
import numpy as np
from pydantic import Field

from video.contract import WHOLE, Box, ObservationSettings, Sighting, Zones
from video.view import View


class MotionSettings(ObservationSettings):
    """How much of a zone must move."""

    least: float = Field(
        default=0.005, gt=0, le=1, description="part of the zone that must move, 0-1"
    )


class ZoneMotion:
    """Says where something moves; what it is, it does not know."""

    name: ClassVar[str] = "motion"
    settings: ClassVar[type[ObservationSettings]] = MotionSettings
    needs_objects: ClassVar[bool] = False
    needs_detector: ClassVar[bool] = False
    always: ClassVar[bool] = False
    learns: ClassVar[bool] = False
    quantities: ClassVar[frozenset[str]] = frozenset({"moving_part"})
    measures: ClassVar[frozenset[str]] = frozenset()
    title: ClassVar[tuple[str, str]] = ("区域移动", "motion in a zone")
    limits: ClassVar[tuple[str, str]] = (
        "不知道移动的是什么；树枝、雨雪、车灯也会移动",
        "does not know what moves; branches, rain and headlights move too",
    )

    def __init__(self, settings: ObservationSettings, zones: Zones) -> None:
        """Take the part of a zone that must move."""
        if not isinstance(settings, MotionSettings):
            raise TypeError(f"motion takes MotionSettings, not {type(settings).__name__}")
        self._least = settings.least
        self._zones = zones

    def look(self, view: View) -> Sequence[Sighting]:
        """Return the moving part of each zone; unknown while the gate learns the scene."""
        return [self._in_zone(view, zone) for zone in self._zones.names()]

    def _in_zone(self, view: View, zone: str) -> Sighting:
        motion = view.motion
        if not motion.settled:
            return Sighting(zone, None)
        if zone == WHOLE:
            part = motion.fraction
        else:
            area = self._zones.mask(zone, *motion.mask.shape[:2])
            part = cv2.countNonZero(cv2.bitwise_and(motion.mask, area)) / max(
                1, int(np.count_nonzero(area))
            )
        box = max(motion.boxes, key=lambda box: box.area, default=None)
        return Sighting(
            zone, part >= self._least, min(1.0, part / self._least / 4), _shown(box),
            {"moving_part": round(part, 4)},
        )  # fmt: skip


def _shown(box: Box | None) -> Box | None:
    return box and Box(*(round(side, 3) for side in box))


OBSERVATION = ZoneMotion
