"""The text of a rule of the kind `correlate`."""

from typing import Annotated, Literal

from pydantic import Field

from .base import Devices, Duration, Span, Watched, Word, Written
from .in_turn import InTurnSpec


class Member(Written):
    """One of the conditions that must hold together, and whose."""

    devices: Devices
    when: Watched
    fresh_for: Span | None = None  # left out: the rule's, else the device's contract, else 10 min


class CorrelateSpec(InTurnSpec):
    """Conditions over several devices of one place that hold at the same time."""

    kind: Literal["correlate"]
    members: Annotated[dict[Word, Member], Field(min_length=2, max_length=8)]
    by: Literal["building", "compound", "floor"] = "building"
    fresh_for: Span | None = None
    hold: Duration = Field(default=0, alias="for")
    corroborates: Literal[True] | None = None  # independent machines agree: `machine_corroborated`
