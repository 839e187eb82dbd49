"""The text of a rule of the kind `rate`."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .base import Condition, Duration, Span, Word
from .in_turn import InTurnSpec

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class RateSpec(InTurnSpec):
    """A quantity that rises, or falls, faster than so much `per` a time."""

    kind: Literal["rate"]
    quantity: Word
    rises: Positive | None = None
    falls: Positive | None = None
    per: Span
    over: Span  # samples up to this old make the slope
    at_least: Annotated[int, Field(ge=3, le=60)] = 3
    clear_at: Annotated[float, Field(allow_inf_nan=False)] | None = None  # left out: half the limit
    hold: Duration = Field(default=0, alias="for")
    when: Condition | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.rises is None) == (self.falls is None):
            raise ValueError("give exactly one of `rises` and `falls`")
        if self.clear_at is not None and self.clear_at > self.limit:
            raise ValueError(f"clear_at {self.clear_at:g} must not lie above {self.limit:g}")
        return self

    @property
    def limit(self) -> float:
        """Return the rate, in quantity `per` time, at which it starts."""
        return self.rises or self.falls or 0.0
