"""Object left 遗留物: something stands where nothing stood, and nobody takes it away."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from video.contract import WHOLE, ObservationSettings, Sighting, Zones
from video.view import View

from ._things import PERSON_MS, Thing, Things

IN_ZONE = 0.3  # of a thing's width at its foot: it stands in the zone
KNOWN_MS = 2_000  # seen so recently: it is there; longer ago: something is in front


class LeftSettings(ObservationSettings):
    """How long, and how large."""

    hold_s: float = Field(default=60.0, ge=3, le=86_400, description="stands there so long, s")
    least: float = Field(
        default=0.001, ge=0.0003, le=1, description="smallest thing, part of the picture, 0-1"
    )
    most: float = Field(default=0.05, gt=0, le=1, description="largest thing, the same unit")


class ObjectLeft:
    """Finds what is at rest, was not there, and has no person in it."""

    name: ClassVar[str] = "object_left"
    settings: ClassVar[type[ObservationSettings]] = LeftSettings
    needs_objects: ClassVar[bool] = True
    needs_detector: ClassVar[bool] = False
    always: ClassVar[bool] = False
    learns: ClassVar[bool] = True
    quantities: ClassVar[frozenset[str]] = frozenset({"left_s", "things", "picture_part"})
    measures: ClassVar[frozenset[str]] = frozenset()
    title: ClassVar[tuple[str, str]] = ("遗留物", "object left")
    limits: ClassVar[tuple[str, str]] = (
        "启动前已在的物体算作背景；无检测模型时，久站不动的人可能被当作物体",
        "what stood there at the start is background; without a detector a frozen person may count",
    )

    def __init__(self, settings: ObservationSettings, zones: Zones) -> None:
        """Take how long and how large."""
        if not isinstance(settings, LeftSettings):
            raise TypeError(f"object_left takes LeftSettings, not {type(settings).__name__}")
        self._settings, self._zones = settings, zones
        self._things = Things(settings.least)

    def look(self, view: View) -> Sequence[Sighting]:
        """Return for each zone whether something was left in it."""
        known = self._things.look(view)
        if not known:
            return [Sighting(zone, None) for zone in self._zones.names()]
        return [self._in_zone(zone, self._things.at) for zone in self._zones.names()]

    def _in_zone(self, zone: str, at: int) -> Sighting:
        settings = self._settings
        left = [
            thing
            for thing in standing_in(self._things, self._zones, zone)
            if thing.area <= settings.most and at - thing.since >= settings.hold_s * 1000
        ]
        return told(zone, left, at)


def standing_in(things: Things, zones: Zones, zone: str) -> list[Thing]:
    """Return what stands in a zone (its lower edge, at three points) and is no person."""
    return [
        thing
        for thing in things
        if not thing.alive and (zone == WHOLE or _stands(thing, zones, zone))
    ]


def told(zone: str, left: Sequence[Thing], at: int) -> Sighting:
    """Return what to say of things that stood long enough."""
    left = [thing for thing in left if not _was_person(thing, at)]
    if not left:
        return Sighting(zone, seen=False)
    shown = [thing for thing in left if at - thing.seen_at <= KNOWN_MS]
    if not shown:
        return Sighting(zone, None)
    longest = min(shown, key=lambda thing: thing.since)
    return Sighting(
        zone, seen=True, confidence=0.7, box=longest.box,
        values={
            "left_s": round((at - longest.since) / 1000, 1), "things": float(len(left)),
            "picture_part": round(longest.area, 4),
        },
    )  # fmt: skip


def _was_person(thing: Thing, at: int) -> bool:
    return thing.person_at is not None and at - thing.person_at <= PERSON_MS


def _stands(thing: Thing, zones: Zones, zone: str) -> bool:
    box = thing.box
    third = (box.right - box.left) / 3
    low = min(box.bottom, 0.999)
    return any(
        zones.holds(zone, box.foot._replace(x=box.foot.x + shift, y=low))
        for shift in (-third, 0.0, third)
    )


OBSERVATION = ObjectLeft
