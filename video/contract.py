"""What every part of the video story passes on: pictures, boxes, sightings, settings.

All of it is pure: a picture and its time come in, what was seen goes out. Only `sources/`, `worker/`
and `evidence/` touch network, disk and clock.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from model.reading import Value

Picture: TypeAlias = NDArray[np.uint8]
"""Height x width x 3, BGR, 0-255; grey pictures and masks are height x width."""

WHOLE = ""
"""The zone that is the whole picture."""


class Point(NamedTuple):
    """A place in the picture as parts of its width and height: (0, 0) top left, (1, 1) bottom right."""

    x: float
    y: float


class Size(NamedTuple):
    """A picture's width and height in pixels."""

    width: int
    height: int


class Box(NamedTuple):
    """A rectangle in parts of the picture's width and height."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        """Its part of the picture, 0-1."""
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)

    @property
    def foot(self) -> Point:
        """Where an upright thing stands: the middle of its lower edge."""
        return Point((self.left + self.right) / 2, self.bottom)


class Frame(NamedTuple):
    """One picture; `at` is the gateway's clock in ms when it was decoded."""

    at: int
    picture: Picture


class Detected(NamedTuple):
    """A thing that the detector named; labels are COCO's (person, bicycle, motorcycle, car …)."""

    label: str
    confidence: float  # 0-1
    box: Box


class Detector(Protocol):
    """Names things in a picture; `detect` is repeatable and keeps nothing."""

    def detect(self, picture: Picture, regions: Sequence[Box]) -> list[Detected]:
        """Return what is in the regions (parts of the picture), boxes in parts of the whole."""


class Sighting(NamedTuple):
    """What one observation says of one zone in one frame; `seen` None means: cannot tell."""

    zone: str
    seen: bool | None
    confidence: float = 0.0  # 0-1
    box: Box | None = None
    values: Mapping[str, Value] = {}  # quantities with their unit in the name: people_count …


class ObservationSettings(BaseModel):
    """What people may set of an observation; each observation adds its own keys.

    `zones` empty means the whole picture. An episode begins when a thing was seen for `after_s` and
    ends when it was not for `off_delay_s`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    zones: tuple[str, ...] = ()
    after_s: float = Field(
        default=0.0, ge=0, le=86_400, description="seconds seen before it counts"
    )
    off_delay_s: float = Field(
        default=5.0, ge=0, le=86_400, description="seconds unseen before it ends"
    )

    def accepts_after_s(self) -> float:
        """Return after how many seconds what is seen has become the usual; 0: never."""
        return 0.0


class Zones(Protocol):
    """The zones of one camera, drawn over its picture."""

    def names(self) -> tuple[str, ...]:
        """Return the zones an observation looks at: those it names, or the whole picture."""

    def holds(self, zone: str, point: Point) -> bool:
        """Return whether a point lies in the zone (its edge included)."""

    def mask(self, zone: str, height: int, width: int) -> NDArray[np.uint8]:
        """Return height x width, 255 inside the zone and 0 outside; the same array each time."""
