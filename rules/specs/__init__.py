"""The shape of what people write: one module for every kind of rule, and `Spec`, any of them."""

from .confirm import ConfirmSpec
from .event import EventSpec
from .release import ReleaseSpec
from .silence import SilenceSpec
from .threshold import ThresholdSpec

Spec = ThresholdSpec | EventSpec | SilenceSpec | ConfirmSpec | ReleaseSpec

__all__ = ["ConfirmSpec", "EventSpec", "ReleaseSpec", "SilenceSpec", "Spec", "ThresholdSpec"]
