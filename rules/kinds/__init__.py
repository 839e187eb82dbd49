"""Makes a rule of the text that describes it: a line for every kind of rule."""

from rules.book import Book
from rules.contract import IndexedRule
from rules.specs import (
    BaselineSpec,
    ConfirmSpec,
    CountSpec,
    EventSpec,
    ScoreSpec,
    SilenceSpec,
    Spec,
)

from .baseline import BaselineRule
from .confirm import ConfirmRule
from .count import CountRule
from .event import EventRule
from .gateway_lost import GatewayLostRule
from .score import ScoreRule
from .silence import SilenceRule
from .threshold import ThresholdRule
from .unseen import UnseenRule


def build(spec: Spec, book: Book) -> IndexedRule:  # noqa: PLR0911 - a line for every kind
    """Return the rule that a text describes."""
    if isinstance(spec, EventSpec):
        return EventRule(spec, book)
    if isinstance(spec, SilenceSpec):
        if spec.subject == "gateway":
            return GatewayLostRule(spec, book)
        return SilenceRule(spec, book)
    if isinstance(spec, ConfirmSpec):
        return ConfirmRule(spec, book)
    if isinstance(spec, BaselineSpec):
        return BaselineRule(spec, book)
    if isinstance(spec, CountSpec):
        return UnseenRule(spec, spec.unseen, book) if spec.unseen else CountRule(spec, book)
    if isinstance(spec, ScoreSpec):
        return ScoreRule(spec, book)
    return ThresholdRule(spec, book)
