"""Intrusion into a zone 区域入侵: somebody's feet are where nobody may be at this hour."""

from collections.abc import Sequence
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from video.contract import Box, ObservationSettings, Sighting, Zones
from video.view import View

from ._hours import Day, Hours
from ._labels import Kind, labels_of
from ._stays import Stay, Stays, on_ground, surest

NO_DETECTOR_MS = 10_000  # no detector looked for so long: go by motion
MOST = 0.5  # of the picture: what moves in more than that is light
GAP_MS = 1_000  # motion that pauses so long begins anew


class IntrusionSettings(ObservationSettings):
    """Who may not be there, when, and how long he must be seen."""

    what: tuple[Kind, ...] = Field(
        default=(Kind.PERSON, Kind.VEHICLE, Kind.CYCLE),
        min_length=1,
        description="person, vehicle, cycle, animal; without a detector anything that moves",
    )
    inertia_ms: int = Field(default=600, ge=0, le=60_000, description="in the zone so long, ms")
    least: float = Field(
        default=0.004, gt=0, le=0.5, description="without a detector: part of the picture, 0-1"
    )
    hours: str = Field(default="", description="22:00-06:00; empty: always")
    days: tuple[Day, ...] = Field(default=(), description="mon … sun; empty: every day")
    timezone: str = "Asia/Shanghai"

    @field_validator("hours")
    @classmethod
    def _readable(cls, text: str) -> str:
        if text:
            Hours.read(text)
        return text

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{name!r} is no time zone; write one like Asia/Shanghai") from None
        return name


class Intrusion:
    """Goes by the detector where there is one, else by what moves; `by` says which."""

    name: ClassVar[str] = "intrusion"
    settings: ClassVar[type[ObservationSettings]] = IntrusionSettings
    needs_objects: ClassVar[bool] = True
    needs_detector: ClassVar[bool] = False
    always: ClassVar[bool] = False
    learns: ClassVar[bool] = False
    quantities: ClassVar[frozenset[str]] = frozenset({"by", "label", "inside"})
    measures: ClassVar[frozenset[str]] = frozenset()
    title: ClassVar[tuple[str, str]] = ("区域入侵", "intrusion into a zone")
    limits: ClassVar[tuple[str, str]] = (
        "无检测模型时，任何移动的物体（含车灯、树影）都算；看不出此人是否有权进入",
        "without a detector all that moves counts, headlights too; cannot tell who may be there",
    )

    def __init__(self, settings: ObservationSettings, zones: Zones) -> None:
        """Take who may not be there and when."""
        if not isinstance(settings, IntrusionSettings):
            raise TypeError(f"intrusion takes IntrusionSettings, not {type(settings).__name__}")
        self._settings, self._zones = settings, zones
        self._hours = Hours.read(settings.hours) if settings.hours else Hours(0, 1_440)
        self._zone = ZoneInfo(settings.timezone)
        self._stays = Stays(labels_of(settings.what), zones)
        self._detector_at: int | None = None
        self._moving_since: dict[str, int] = {}
        self._moved_at: dict[str, int] = {}

    def look(self, view: View) -> Sequence[Sighting]:
        """Return for each zone whether somebody is in it; outside the hours nobody is looked for."""
        stays = self._stays.look(view)
        if stays is not None:
            self._detector_at = view.at
        names = self._zones.names()
        if not self._hours.within(view.at, self._settings.days, self._zone):
            return [Sighting(zone, seen=False) for zone in names]
        if self._detector_at is None or view.at - self._detector_at > NO_DETECTOR_MS:
            return [self._by_motion(view, zone) for zone in names]
        if stays is None:
            return [Sighting(zone, None) for zone in names]
        return [self._by_detector(zone, stays[zone]) for zone in names]

    def _by_detector(self, zone: str, stays: Sequence[Stay]) -> Sighting:
        if not stays:
            return Sighting(zone, seen=False)
        track = surest(stays, self._settings.inertia_ms)
        if track is None:
            return Sighting(zone, None)  # not yet, or hidden for a moment
        return Sighting(
            zone, seen=True, confidence=track.confidence, box=track.box,
            values={"by": "detector", "label": track.label, "inside": float(len(stays))},
        )  # fmt: skip

    def _by_motion(self, view: View, zone: str) -> Sighting:
        if not view.motion.settled:
            return Sighting(zone, None)
        inside = [box for box in view.motion.boxes if self._intrudes(zone, box)]
        if not inside:
            return Sighting(zone, seen=False)
        if view.at - self._moved_at.get(zone, -GAP_MS) > GAP_MS:
            self._moving_since[zone] = view.at
        self._moved_at[zone] = view.at
        if view.at - self._moving_since[zone] < self._settings.inertia_ms:
            return Sighting(zone, None)
        largest = max(inside, key=lambda box: box.area)
        sure = min(0.6, 0.3 + 0.1 * largest.area / self._settings.least)  # never as sure as a name
        return Sighting(
            zone,
            seen=True,
            confidence=sure,
            box=largest,
            values={"by": "motion", "inside": float(len(inside))},
        )

    def _intrudes(self, zone: str, box: Box) -> bool:
        large = self._settings.least <= box.area <= MOST
        return large and self._zones.holds(zone, on_ground(box))


OBSERVATION = Intrusion
