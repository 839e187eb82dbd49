"""The text of a rule of the kind `confirm`."""

from typing import Annotated, Literal

from pydantic import Field

from .base import ByHand, Clearing, Span, Words
from .spec import BaseSpec


class ConfirmSpec(BaseSpec):
    """Several devices in one place that say the same within a time."""

    kind: Literal["confirm"]
    onset: Words
    clear: Clearing = Clearing()
    at_least: Annotated[int, Field(ge=2, le=100)] = 2
    within: Span
    detector_and_call_point: bool = True
    call_point: ByHand = ByHand()
    ends_on_reset: bool = True
