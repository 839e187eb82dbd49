"""Fire lane occupied 消防通道占用: a vehicle, or anything as large as one, stands where none may.

Two ways lead to the same answer, for each is blind where the other sees: what the detector names a
vehicle and does not move, and what came, is as large as a vehicle and is at rest.
"""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from video.contract import ObservationSettings, Sighting, Zones
from video.view import View

from ._labels import Kind, labels_of
from ._stays import Stays
from ._things import Things
from .object_left import standing_in, told


class LaneSettings(ObservationSettings):
    """How long a lane may be occupied, and from which size on."""

    hold_s: float = Field(default=120.0, ge=3, le=86_400, description="stands there so long, s")
    least: float = Field(
        default=0.01, ge=0.001, le=1, description="smallest thing, part of the picture, 0-1"
    )
    off_delay_s: float = Field(
        default=10.0, ge=0, le=86_400, description="seconds unseen before it ends"
    )


class LaneOccupied:
    """One episode as long as the lane is occupied, however many pass in front of what stands there."""

    name: ClassVar[str] = "lane_occupied"
    settings: ClassVar[type[ObservationSettings]] = LaneSettings
    needs_objects: ClassVar[bool] = True
    needs_detector: ClassVar[bool] = False
    always: ClassVar[bool] = False
    learns: ClassVar[bool] = True
    quantities: ClassVar[frozenset[str]] = frozenset(
        {"by", "label", "left_s", "things", "picture_part"}
    )
    measures: ClassVar[frozenset[str]] = frozenset()
    title: ClassVar[tuple[str, str]] = ("消防通道占用", "fire lane occupied")
    limits: ClassVar[tuple[str, str]] = (
        "无检测模型时，启动前已停的车看不出；黑夜无照明时看不出",
        "without a detector a vehicle that stood there at the start is not seen; nothing is in the dark",
    )

    def __init__(self, settings: ObservationSettings, zones: Zones) -> None:
        """Take how long and how large."""
        if not isinstance(settings, LaneSettings):
            raise TypeError(f"lane_occupied takes LaneSettings, not {type(settings).__name__}")
        self._hold_ms = settings.hold_s * 1000
        self._zones = zones
        self._things = Things(settings.least)
        self._vehicles = Stays(labels_of((Kind.VEHICLE,)), zones)

    def look(self, view: View) -> Sequence[Sighting]:
        """Return for each zone whether something as large as a vehicle stands in it."""
        self._vehicles.look(view)
        known = self._things.look(view)
        sightings = []
        for zone in self._zones.names():
            named = self._named(zone)
            if named is not None:
                sightings.append(named)
            elif known:
                sightings.append(self._at_rest(zone, self._things.at))
            else:
                sightings.append(Sighting(zone, None))
        return sightings

    def _named(self, zone: str) -> Sighting | None:
        """Return the vehicle that has stood in the zone long enough, by its name."""
        standing = [
            stay
            for stay in self._vehicles.in_zone(zone)
            if stay.track.believed
            and min(stay.ms, stay.track.seen_at - stay.track.still_since) >= self._hold_ms
        ]
        if not standing:
            return None
        stay = standing[0]
        return Sighting(
            zone, seen=True, confidence=stay.track.confidence, box=stay.track.box,
            values={
                "by": "detector", "label": stay.track.label,
                "left_s": round(stay.ms / 1000, 1), "things": float(len(standing)),
            },
        )  # fmt: skip

    def _at_rest(self, zone: str, at: int) -> Sighting:
        large = [
            thing
            for thing in standing_in(self._things, self._zones, zone)
            if at - thing.since >= self._hold_ms
        ]
        sighting = told(zone, large, at)
        if not sighting.seen:
            return sighting
        return sighting._replace(values={**sighting.values, "by": "motion"})


OBSERVATION = LaneOccupied
