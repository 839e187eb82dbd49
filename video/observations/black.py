"""Camera black 画面全黑: no light in the picture and nothing to make out."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from pydantic import Field

from video.contract import ObservationSettings, Sighting, Zones
from video.observations._health import ZoneTiles
from video.view import View

UNEVEN = (
    3.0  # grey levels between tiles (standard deviation): noise stays below, a night scene does not
)
LAMP = (
    40.0  # grey levels that one tile may be brighter than the rest: a lamp in the dark is a scene
)


class BlackSettings(ObservationSettings):
    """How dark is black, and for how long."""

    after_s: float = Field(
        default=5.0, ge=0, le=86_400, description="seconds seen before it counts"
    )
    level: float = Field(
        default=24.0, ge=1, le=128, description="mean grey level up to which it is black, 0-255"
    )


class Black:
    """Notices a lens cap, a dead sensor or a dark room; it cannot tell which of them."""

    name: ClassVar[str] = "black"
    settings: ClassVar[type[ObservationSettings]] = BlackSettings
    needs_objects: ClassVar[bool] = False
    needs_detector: ClassVar[bool] = False
    always: ClassVar[bool] = True
    learns: ClassVar[bool] = False
    quantities: ClassVar[frozenset[str]] = frozenset({"grey_level"})
    measures: ClassVar[frozenset[str]] = frozenset()
    title: ClassVar[tuple[str, str]] = ("画面全黑", "camera black")
    limits: ClassVar[tuple[str, str]] = (
        "无法区分镜头盖、传感器故障与没有灯光的夜晚",
        "cannot tell a lens cap from a dead sensor or a night without any light",
    )

    def __init__(self, settings: ObservationSettings, zones: Zones) -> None:
        """Take how dark is black."""
        if not isinstance(settings, BlackSettings):
            raise TypeError(f"black takes BlackSettings, not {type(settings).__name__}")
        self._level = settings.level
        self._tiles = ZoneTiles(zones)

    def look(self, view: View) -> Sequence[Sighting]:
        """Return whether each zone is black; it need not learn anything."""
        detail = view.detail
        found = []
        for zone in self._tiles.names():
            here = None if detail is None else self._tiles.of(zone) & detail.usable
            if detail is None or here is None or not here.any():
                found.append(Sighting(zone, None))
                continue
            levels = detail.levels[here]
            mean = float(levels.mean())
            nothing = float(levels.std()) < UNEVEN and float(np.max(levels)) < mean + LAMP
            seen = mean <= self._level and nothing
            found.append(
                Sighting(zone, seen, 1.0 if seen else 0.0, values={"grey_level": round(mean, 1)})
            )
        return found


OBSERVATION = Black
