"""The text of a rule of the kind `window`."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .base import Condition, Span, Word, Words, watched
from .in_turn import InTurnSpec

SAMPLES_MAX = 500
Finite = Annotated[float, Field(allow_inf_nan=False)]


class WindowSpec(InTurnSpec):
    """An aggregate over the Readings of a span of time: count, mean, max, min or quantile."""

    kind: Literal["window"]
    aggregate: Literal["count", "mean", "max", "min", "quantile"]
    quantity: Word = ""
    counts: Words = Words()  # for `count`: the words of which each Reading is one
    quantile: Annotated[float, Field(gt=0, lt=1)] | None = None
    span: Span
    slides: Literal["sliding", "tumbling"] = Field(default="sliding", alias="window")
    by: Literal["device", "building"] = "device"
    above: Finite | None = None
    below: Finite | None = None
    clear_at: Finite | None = None
    at_least: Annotated[int, Field(ge=1, le=SAMPLES_MAX)] = 1
    when: Condition | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("give exactly one of `above` and `below`")
        if self.clear_at is not None:
            side = "above" if self.above is not None else "below"
            if (self.clear_at - self.limit) * (1 if self.above is not None else -1) > 0:
                raise ValueError(f"clear_at {self.clear_at:g} must not lie {side} {self.limit:g}")
        if (self.aggregate == "quantile") != (self.quantile is not None):
            raise ValueError("give `quantile: 0.9` with `aggregate: quantile`, and only there")
        return self

    @model_validator(mode="after")
    def _counts_something(self) -> Self:
        words = self.counts.states or self.counts.events
        if self.aggregate != "count":
            if not self.quantity or words:
                raise ValueError(f"{self.aggregate} needs `quantity`, and no `counts`")
            return self
        if not (words or self.when) or self.quantity:
            raise ValueError("count needs `counts` (states, events) or `when`, and no `quantity`")
        if self.when and not words:
            watched(self.when)
        if not 0 <= self.limit < SAMPLES_MAX:
            raise ValueError(f"a count is limited to 0 … {SAMPLES_MAX - 1}")
        if self.below is not None and self.slides == "sliding":
            raise ValueError("a count `below` a limit needs `window: tumbling`")
        return self

    @property
    def limit(self) -> float:
        """Return the limit of the aggregate."""
        return self.above if self.above is not None else self.below or 0.0
