"""The shape of what people write: one module for every kind of rule, and `Spec`, any of them."""

from .baseline import BaselineSpec
from .confirm import ConfirmSpec
from .event import EventSpec
from .silence import SilenceSpec
from .threshold import ThresholdSpec

Spec = ThresholdSpec | EventSpec | SilenceSpec | ConfirmSpec | BaselineSpec

__all__ = ["BaselineSpec", "ConfirmSpec", "EventSpec", "SilenceSpec", "Spec", "ThresholdSpec"]
