"""Makes a rule of the text that describes it: a line for every kind of rule."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from rules.book import Book
from rules.contract import IndexedRule
from rules.specs import (
    BaselineSpec,
    ConfirmSpec,
    CorrelateSpec,
    CountSpec,
    EventSpec,
    RateSpec,
    ReleaseSpec,
    ScoreSpec,
    SequenceSpec,
    SilenceSpec,
    Spec,
    ThresholdSpec,
    WindowSpec,
)

from .baseline import BaselineRule
from .confirm import ConfirmRule
from .correlate import CorrelateRule
from .count import CountRule
from .event import EventRule
from .gateway_lost import GatewayLostRule
from .rate import RateRule
from .release import ReleaseRule
from .score import ScoreRule
from .sequence import SequenceRule
from .silence import SilenceRule
from .threshold import ThresholdRule
from .unseen import UnseenRule
from .window import WindowRule

_KINDS: Mapping[type[Spec], Callable[[Any, Book], IndexedRule]] = MappingProxyType(
    {
        BaselineSpec: BaselineRule,
        ConfirmSpec: ConfirmRule,
        CorrelateSpec: CorrelateRule,
        CountSpec: CountRule,
        EventSpec: EventRule,
        RateSpec: RateRule,
        ReleaseSpec: ReleaseRule,
        ScoreSpec: ScoreRule,
        SequenceSpec: SequenceRule,
        SilenceSpec: SilenceRule,
        ThresholdSpec: ThresholdRule,
        WindowSpec: WindowRule,
    }
)


def build(spec: Spec, book: Book) -> IndexedRule:
    """Return the rule that a text describes."""
    if isinstance(spec, SilenceSpec) and spec.subject == "gateway":
        return GatewayLostRule(spec, book)
    if isinstance(spec, CountSpec) and spec.unseen:
        return UnseenRule(spec, spec.unseen, book)
    return _KINDS[type(spec)](spec, book)
