"""People count and crowd 人数与聚集: how many persons stand in a zone, and whether they are too many."""

from collections import deque
from collections.abc import Sequence
from statistics import median_high
from typing import ClassVar

from pydantic import Field

from video.contract import Box, ObservationSettings, Sighting, Zones
from video.view import View

from ._labels import Kind, labels_of
from ._stays import Stay, Stays
from ._tracks import Track


class CrowdSettings(ObservationSettings):
    """How many are too many; without a limit persons are only counted."""

    limit: int = Field(default=0, ge=0, le=1000, description="more is a crowd; 0: only count")
    window_s: float = Field(
        default=6.0, ge=0, le=300, description="the count is the median of so long"
    )


class Crowd:
    """Counts persons, not faces: a number, and nothing that tells one from another."""

    name: ClassVar[str] = "crowd"
    settings: ClassVar[type[ObservationSettings]] = CrowdSettings
    needs_objects: ClassVar[bool] = True
    needs_detector: ClassVar[bool] = True
    always: ClassVar[bool] = False
    learns: ClassVar[bool] = False
    quantities: ClassVar[frozenset[str]] = frozenset({"people_count"})
    measures: ClassVar[frozenset[str]] = frozenset({"people_count"})
    title: ClassVar[tuple[str, str]] = ("人数与聚集", "people count and crowd")
    limits: ClassVar[tuple[str, str]] = (
        "相互遮挡的人会少数；密集人群只能给出下限",
        "persons behind each other are missed: of a dense crowd it gives the least number",
    )

    def __init__(self, settings: ObservationSettings, zones: Zones) -> None:
        """Take the limit."""
        if not isinstance(settings, CrowdSettings):
            raise TypeError(f"crowd takes CrowdSettings, not {type(settings).__name__}")
        self._limit, self._window_ms = settings.limit, settings.window_s * 1000
        self._zones = zones
        self._stays = Stays(labels_of((Kind.PERSON,)), zones)
        self._counts: dict[str, deque[tuple[int, int]]] = {zone: deque() for zone in zones.names()}

    def look(self, view: View) -> Sequence[Sighting]:
        """Return each zone's count; without news from the detector nothing is known."""
        stays = self._stays.look(view)
        if stays is None:
            return [Sighting(zone, None) for zone in self._zones.names()]
        return [self._in_zone(zone, stays[zone], view.at) for zone in self._zones.names()]

    def _in_zone(self, zone: str, stays: Sequence[Stay], at: int) -> Sighting:
        inside = [stay.track for stay in stays if stay.track.believed]
        counts = self._counts[zone]
        counts.append((at, len(inside)))
        while at - counts[0][0] > self._window_ms:
            counts.popleft()
        count = median_high(number for _, number in counts)
        crowded = bool(self._limit) and count > self._limit
        sure = min((one.confidence for one in inside), default=0.0) if crowded else 0.0
        return Sighting(
            zone, crowded, sure, _around(inside) if crowded else None,
            {"people_count": float(count)},
        )  # fmt: skip


def _around(inside: Sequence[Track]) -> Box | None:
    if not inside:
        return None
    boxes = [one.box for one in inside]
    return Box(
        min(box.left for box in boxes), min(box.top for box in boxes),
        max(box.right for box in boxes), max(box.bottom for box in boxes),
    )  # fmt: skip


OBSERVATION = Crowd
