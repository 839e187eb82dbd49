"""The text of a rule of the kind `event`."""

from typing import Literal, Self

from pydantic import model_validator

from .base import ByHand, Clearing, Condition, Span, Words
from .spec import BaseSpec


class EventSpec(BaseSpec):
    """What a device says of itself: fire, forced, tamper, fault."""

    kind: Literal["event"]
    onset: Words
    when: Condition | None = None  # also needed on the Reading of the onset
    clear: Clearing = Clearing()
    ends_on_reset: bool = False
    ends_after: Span | None = None  # for words that no device ever takes back
    manual: ByHand = ByHand()

    @model_validator(mode="after")
    def _has_onset(self) -> Self:
        if not (self.onset.states or self.onset.events):
            raise ValueError("onset needs `states` or `events`")
        return self
