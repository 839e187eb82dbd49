"""Loitering 徘徊: the same person stays in a zone for longer than it takes to pass."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from video.contract import ObservationSettings, Sighting, Zones
from video.view import View

from ._labels import Kind, labels_of
from ._stays import Stay, Stays


class LoiteringSettings(ObservationSettings):
    """How long is too long."""

    seconds: float = Field(default=60.0, ge=1, le=86_400, description="in the zone so long, s")
    what: tuple[Kind, ...] = Field(
        default=(Kind.PERSON,), min_length=1, description="person, vehicle, cycle, animal"
    )


class Loitering:
    """Times each stay by where a person stands; who leaves the zone or the picture begins anew."""

    name: ClassVar[str] = "loitering"
    settings: ClassVar[type[ObservationSettings]] = LoiteringSettings
    needs_objects: ClassVar[bool] = True
    needs_detector: ClassVar[bool] = True
    always: ClassVar[bool] = False
    learns: ClassVar[bool] = False
    quantities: ClassVar[frozenset[str]] = frozenset({"stay_s", "inside"})
    measures: ClassVar[frozenset[str]] = frozenset()
    title: ClassVar[tuple[str, str]] = ("徘徊", "loitering")
    limits: ClassVar[tuple[str, str]] = (
        "不识别人：离开后回来算新的停留；两人交叉走过时可能互换计时",
        "recognises nobody: who leaves and returns begins anew; two who cross may swap their times",
    )

    def __init__(self, settings: ObservationSettings, zones: Zones) -> None:
        """Take how long is too long."""
        if not isinstance(settings, LoiteringSettings):
            raise TypeError(f"loitering takes LoiteringSettings, not {type(settings).__name__}")
        self._least_ms = settings.seconds * 1000
        self._stays = Stays(labels_of(settings.what), zones)

    def look(self, view: View) -> Sequence[Sighting]:
        """Return for each zone whether somebody has been in it too long."""
        return self._stays.sightings(view, self._in_zone)

    def _in_zone(self, zone: str, stays: Sequence[Stay]) -> Sighting:
        long = [one for one in stays if one.ms >= self._least_ms and one.track.believed]
        if not long:
            return Sighting(zone, seen=False)
        shown = [stay for stay in long if not stay.track.missed]
        if not shown:
            return Sighting(zone, None)  # hidden for a moment, or leaving
        longest = shown[0]
        return Sighting(
            zone, seen=True, confidence=longest.track.confidence, box=longest.track.box,
            values={"stay_s": round(longest.ms / 1000, 1), "inside": float(len(long))},
        )  # fmt: skip


OBSERVATION = Loitering
