"""The shape of what people write: one module for every kind of rule, and `Spec`, any of them."""

from .baseline import BaselineSpec
from .confirm import ConfirmSpec
from .correlate import CorrelateSpec
from .count import CountSpec
from .event import EventSpec
from .rate import RateSpec
from .release import ReleaseSpec
from .score import ScoreSpec
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
    | BaselineSpec
    | CountSpec
    | ScoreSpec
    | ReleaseSpec
)

__all__ = [
    "BaselineSpec",
    "ConfirmSpec",
    "CorrelateSpec",
    "CountSpec",
    "EventSpec",
    "RateSpec",
    "ReleaseSpec",
    "ScoreSpec",
    "SequenceSpec",
    "SilenceSpec",
    "Spec",
    "ThresholdSpec",
    "WindowSpec",
]
