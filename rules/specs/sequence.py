"""The text of a rule of the kind `sequence`."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from model.reading import Event

from .base import Condition, Devices, Span, Word, Written, watched
from .in_turn import InTurnSpec


class Part(Written):
    """One part of a sequence: words of which a Reading says one, and a condition on the same Reading."""

    states: tuple[Word, ...] = ()
    states_false: tuple[Word, ...] = ()
    events: tuple[Event, ...] = ()
    when: Condition | None = None
    devices: Devices | None = None  # left out: those of the rule

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.worded or self.when):
            raise ValueError("needs `states`, `states_false`, `events` or `when`")
        if self.when and not self.worded:
            watched(self.when)
        return self

    @property
    def worded(self) -> bool:
        """Return whether a word is needed."""
        return bool(self.states or self.states_false or self.events)


class SequenceSpec(InTurnSpec):
    """One thing, perhaps several times, and then another within a time, or without it."""

    kind: Literal["sequence"]
    first: Part
    count: Annotated[int, Field(ge=1, le=20)] = 1
    then: Part | None = None
    without: Part | None = None
    broken_by: Part | None = None  # takes back what was said first
    within: Span
    by: Word = "device"  # device, building, compound, or a quantity whose value is the same
    ends_after: Span | None = None  # left out: `within`; with `without`: when that comes after all

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.then is None) == (self.without is None):
            raise ValueError("give exactly one of `then` and `without`")
        return self

    @property
    def lasts(self) -> int | None:
        """Return how long (ms) it stays open after its newest word; None: until it is taken back."""
        return self.within if self.ends_after is None and self.then else self.ends_after
