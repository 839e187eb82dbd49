"""Makes a rule of the text that describes it: a line for every kind of rule."""

from .book import Book
from .confirm import ConfirmRule
from .contract import IndexedRule
from .event import EventRule
from .gateway_lost import GatewayLostRule
from .rulefile import ConfirmSpec, EventSpec, SilenceSpec, Spec
from .silence import SilenceRule
from .threshold import ThresholdRule


def build(spec: Spec, book: Book) -> IndexedRule:
    """Return the rule that a text describes."""
    if isinstance(spec, EventSpec):
        return EventRule(spec, book)
    if isinstance(spec, SilenceSpec):
        if spec.subject == "gateway":
            return GatewayLostRule(spec, book)
        return SilenceRule(spec, book)
    if isinstance(spec, ConfirmSpec):
        return ConfirmRule(spec, book)
    return ThresholdRule(spec, book)
