"""Makes a rule of the text that describes it: a line for every kind of rule."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from rules.book import Book
from rules.contract import IndexedRule
from rules.specs import (
    ConfirmSpec,
    CorrelateSpec,
    EventSpec,
    RateSpec,
    SequenceSpec,
    SilenceSpec,
    Spec,
    ThresholdSpec,
    WindowSpec,
)

from .confirm import ConfirmRule
from .correlate import CorrelateRule
from .event import EventRule
from .gateway_lost import GatewayLostRule
from .rate import RateRule
from .sequence import SequenceRule
from .silence import SilenceRule
from .threshold import ThresholdRule
from .window import WindowRule

_KINDS: Mapping[type[Spec], Callable[[Any, Book], IndexedRule]] = MappingProxyType(
    {
        ConfirmSpec: ConfirmRule,
        CorrelateSpec: CorrelateRule,
        EventSpec: EventRule,
        RateSpec: RateRule,
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
    return _KINDS[type(spec)](spec, book)
