"""The shape of what people write: one module for every kind of rule, and `Spec`, any of them."""

from .confirm import ConfirmSpec
from .event import EventSpec
from .rate import RateSpec
from .silence import SilenceSpec
from .threshold import ThresholdSpec
from .window import WindowSpec

Spec = ThresholdSpec | EventSpec | SilenceSpec | ConfirmSpec | RateSpec | WindowSpec

__all__ = [
    "ConfirmSpec",
    "EventSpec",
    "RateSpec",
    "SilenceSpec",
    "Spec",
    "ThresholdSpec",
    "WindowSpec",
]
