"""The shape of what people write: one module for every kind of rule, and `Spec`, any of them."""

from .baseline import BaselineSpec
from .confirm import ConfirmSpec
from .count import CountSpec
from .event import EventSpec
from .score import ScoreSpec
from .silence import SilenceSpec
from .threshold import ThresholdSpec

Spec = ThresholdSpec | EventSpec | SilenceSpec | ConfirmSpec | BaselineSpec | CountSpec | ScoreSpec

__all__ = [
    "BaselineSpec",
    "ConfirmSpec",
    "CountSpec",
    "EventSpec",
    "ScoreSpec",
    "SilenceSpec",
    "Spec",
    "ThresholdSpec",
]
