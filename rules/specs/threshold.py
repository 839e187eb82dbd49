"""The text of a rule of the kind `threshold`."""

from typing import Literal, Self

from pydantic import Field, model_validator

from .base import Condition, Duration, Word
from .spec import BaseSpec


class ThresholdSpec(BaseSpec):
    """A quantity beyond a limit, held for a time, ended beyond `clear_at`."""

    kind: Literal["threshold"]
    quantity: Word
    above: float | None = None
    below: float | None = None
    truth: Literal[True] | None = (
        None  # the quantity is a yes or no, counted as 1 or 0: online below 0.5
    )
    clear_at: float | None = None
    hold: Duration = Field(default=0, alias="for")
    when: Condition | None = None  # also needed on the same Reading; false: as if inside the limit
    unless: tuple[Word, ...] = ()  # a device that says one of these says something worse itself

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("give exactly one of `above` and `below`")
        if self.clear_at is None:
            return self
        if self.above is not None and self.clear_at > self.above:
            raise ValueError(f"clear_at {self.clear_at} must not lie above {self.above}")
        if self.below is not None and self.clear_at < self.below:
            raise ValueError(f"clear_at {self.clear_at} must not lie below {self.below}")
        return self
