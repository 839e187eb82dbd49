"""The shape of what people write: one module for every kind of rule, and `Spec`, any of them."""

from .baseline import BaselineSpec
from .confirm import ConfirmSpec
from .count import CountSpec
from .event import EventSpec
from .silence import SilenceSpec
from .threshold import ThresholdSpec

Spec = ThresholdSpec | EventSpec | SilenceSpec | ConfirmSpec | BaselineSpec | CountSpec

__all__ = [
    "BaselineSpec",
    "ConfirmSpec",
    "CountSpec",
    "EventSpec",
    "SilenceSpec",
    "Spec",
    "ThresholdSpec",
]
