"""The shape of what people write: one module for every kind of rule, and `Spec`, any of them."""

from .confirm import ConfirmSpec
from .correlate import CorrelateSpec
from .event import EventSpec
from .rate import RateSpec
from .sequence import SequenceSpec
from .silence import SilenceSpec
from .threshold import ThresholdSpec
from .window import WindowSpec

Spec = (
    ThresholdSpec
    | EventSpec
    | SilenceSpec
    | ConfirmSpec
    | RateSpec
    | WindowSpec
    | SequenceSpec
    | CorrelateSpec
)

__all__ = [
    "ConfirmSpec",
    "CorrelateSpec",
    "EventSpec",
    "RateSpec",
    "SequenceSpec",
    "SilenceSpec",
    "Spec",
    "ThresholdSpec",
    "WindowSpec",
]
