"""The text of a rule of the kind `baseline`."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .base import Duration, Span, Word, Written, Zone
from .spec import BaseSpec

Direction = Literal["above", "below", "both"]


class BandCheck(Written):
    """A value outside what this hour of the week usually brings."""

    min_band: Annotated[float, Field(gt=0)]  # in the quantity's unit: less is never unusual
    accept_after: Span  # a new level that lasts so long is normal from then on
    season: Literal["week", "day"] = "week"
    weeks: Annotated[int, Field(ge=1, le=26)] = 8  # how many are remembered
    width: Annotated[float, Field(gt=0, le=100)] = 4  # half the band, in robust standard deviations
    clear: Annotated[float, Field(gt=0, le=1)] = 0.75  # share of the band that is normal again
    around: Annotated[int, Field(ge=0, le=3)] = 0  # hours before and after that count as well
    half_life: Span = 86_400_000  # of the moving average that stands in for an hour without values
    fallback: bool = True


class DriftCheck(Written):
    """A level that moves away slowly from where it was when the device was new."""

    change: Annotated[float, Field(gt=0)]  # in the quantity's unit
    clear_change: float | None = None  # left out: half of `change`
    reference: Annotated[int, Field(ge=1, le=60)] = 14  # days
    recent: Annotated[int, Field(ge=1, le=60)] = 7  # days
    accept_after: Span | None = None  # left out: never

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.clear_change is not None and not 0 <= self.clear_change <= self.change:
            raise ValueError(f"clear_change must lie between 0 and change {self.change:g}")
        return self


class StuckCheck(Written):
    """A value that does not move although it used to."""

    after: Span  # never sooner
    factor: Annotated[float, Field(ge=1, le=100)] = 3  # times the longest rest it used to have
    tolerance: Annotated[float, Field(ge=0)] = 0  # less is no movement
    accept_after: Span | None = None  # left out: never


class BaselineSpec(BaseSpec):
    """What is unusual for this very device, as learned from itself."""

    kind: Literal["baseline"]
    quantity: Word
    band: BandCheck | None = None
    drift: DriftCheck | None = None
    stuck: StuckCheck | None = None
    direction: Direction = "both"
    every: Annotated[Span, Field(ge=1_000, le=3_600_000)] = 600_000  # one value in so long
    lateness: Duration = 60_000
    learn: Span = 14 * 86_400_000  # nothing is judged before
    min_samples: Annotated[int, Field(ge=2, le=1_000)] = 6
    hold: Duration = Field(default=0, alias="for")
    timezone: Zone = "Asia/Shanghai"

    @model_validator(mode="after")
    def _one_check(self) -> Self:
        if sum(check is not None for check in (self.band, self.drift, self.stuck)) != 1:
            raise ValueError("give exactly one of `band`, `drift` and `stuck`")
        if 3_600_000 % self.every:
            raise ValueError("every: must divide an hour (1m, 5m, 10m, 15m, 30m, 1h)")
        return self

    @property
    def accept_after(self) -> int | None:
        """After how long (ms) what lasts is taken for normal; None: never."""
        check = self.band or self.drift or self.stuck
        return check.accept_after if check else None
