"""E-bike in a lift or hall 电动自行车进电梯或入户: a two-wheeler where none may be.

COCO has bicycles and motorcycles and no e-bikes: both count here, and
a push bicycle is told with the same words.
"""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from video.contract import ObservationSettings, Sighting, Zones
from video.view import View

from ._stays import Stay, Stays, surest


class EbikeSettings(ObservationSettings):
    """Which two-wheelers count, and how long one must be seen."""

    labels: tuple[Literal["bicycle", "motorcycle"], ...] = Field(
        default=("bicycle", "motorcycle"), min_length=1, description="what the detector may call it"
    )
    inertia_ms: int = Field(default=1_000, ge=0, le=60_000, description="in the zone so long, ms")


class Ebike:
    """Believes in a two-wheeler that was named in at least two looks and did not vanish between."""

    name: ClassVar[str] = "ebike"
    settings: ClassVar[type[ObservationSettings]] = EbikeSettings
    needs_objects: ClassVar[bool] = True
    needs_detector: ClassVar[bool] = True
    always: ClassVar[bool] = False
    learns: ClassVar[bool] = False
    quantities: ClassVar[frozenset[str]] = frozenset({"label"})
    measures: ClassVar[frozenset[str]] = frozenset()
    title: ClassVar[tuple[str, str]] = ("电动自行车", "e-bike in a lift or hall")
    limits: ClassVar[tuple[str, str]] = (
        "分不清电动车与普通自行车；正上方俯视、贴近镜头或被人挡住时看不出",
        "no e-bike is told from a push bicycle; one seen from above, very near or hidden is missed",
    )

    def __init__(self, settings: ObservationSettings, zones: Zones) -> None:
        """Take what counts."""
        if not isinstance(settings, EbikeSettings):
            raise TypeError(f"ebike takes EbikeSettings, not {type(settings).__name__}")
        self._least_ms = settings.inertia_ms
        self._stays = Stays(frozenset(settings.labels), zones)

    def look(self, view: View) -> Sequence[Sighting]:
        """Return for each zone whether a two-wheeler stands or rolls in it."""
        return self._stays.sightings(view, self._in_zone)

    def _in_zone(self, zone: str, stays: Sequence[Stay]) -> Sighting:
        if not stays:
            return Sighting(zone, seen=False)
        track = surest(stays, self._least_ms)
        if track is None:
            return Sighting(zone, None)
        return Sighting(
            zone,
            seen=True,
            confidence=track.confidence,
            box=track.box,
            values={"label": track.label},
        )


OBSERVATION = Ebike
