"""Which rules a Reading wakes, by its device's kind: plain telemetry wakes none."""

from collections.abc import Iterable
from typing import NamedTuple

from model.reading import ALARM_EVENTS, ALARM_STATES

from .book import FLAGS
from .contract import IndexedRule


class Route(NamedTuple):
    """The rules for one kind of device, and all that wakes any of them."""

    rules: tuple[IndexedRule, ...]
    events: frozenset[str]
    limits: dict[str, tuple[float, float]]  # name -> closed range in which all rules sleep


def route_of(kind: str, rules: Iterable[IndexedRule]) -> Route:
    """Join the interests of the rules that watch a kind; the book itself wants every alarm."""
    chosen = tuple(rule for rule in rules if not rule.interest.kinds or kind in rule.interest.kinds)
    events = frozenset(str(event.value) for event in ALARM_EVENTS)
    limits: dict[str, tuple[float, float]] = dict.fromkeys(FLAGS | ALARM_STATES, (0.0, 0.0))
    for rule in chosen:
        events |= rule.interest.events
        for name, (low, high) in rule.interest.limits.items():
            known = limits.get(name, (low, high))
            limits[name] = (max(low, known[0]), min(high, known[1]))
    return Route(chosen, events, limits)
