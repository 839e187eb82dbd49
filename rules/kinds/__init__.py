"""Makes a rule of the text that describes it: a line for every kind of rule."""

from rules.book import Book
from rules.contract import IndexedRule
from rules.specs import ConfirmSpec, EventSpec, ReleaseSpec, SilenceSpec, Spec

from .confirm import ConfirmRule
from .event import EventRule
from .gateway_lost import GatewayLostRule
from .release import ReleaseRule
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
    if isinstance(spec, ReleaseSpec):
        return ReleaseRule(spec, book)
    return ThresholdRule(spec, book)
