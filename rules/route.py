"""Which rules a Reading wakes, by its device's kind: plain telemetry wakes none."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from model.reading import ALARM_EVENTS, ALARM_STATES, Mode, Reading

from .book import FLAGS
from .contract import NEVER, IndexedRule, Sampling


class Route(NamedTuple):
    """The rules for one kind of device, and all that wakes any of them."""

    rules: tuple[IndexedRule, ...]
    events: frozenset[str]
    limits: dict[str, tuple[float, float]]  # name -> closed range in which all rules sleep
    streams: frozenset[str] = frozenset()
    streaming: tuple[IndexedRule, ...] = ()  # the rules that want every value of one of `streams`
    samplings: tuple[tuple[Sampling, IndexedRule], ...] = ()

    def wakes(self, reading: Reading) -> bool:
        """Whether a Reading of a device without state says anything that a rule looks at."""
        if reading.event in self.events or reading.mode is Mode.TEST:
            return True
        limits = self.limits
        try:
            for name, value in reading.values.items():
                sleeps = limits.get(name)
                if sleeps is not None and not sleeps[0] <= value <= sleeps[1]:  # type: ignore[operator]
                    return True
        except TypeError:  # a text where a number is watched: let the rules say what it is
            return True
        return False

    def wanting(self, reading: Reading) -> Sequence[IndexedRule]:
        """Return the rules that want a Reading which wakes no other: every value, or one in a while."""
        values = reading.values
        found = () if self.streams.isdisjoint(values) else self.streaming
        for (quantity, asleep), rule in self.samplings:
            if quantity in values:
                begin, until = asleep.get(reading.device, NEVER)
                if not begin <= reading.received_at < until:
                    found = (*found, rule)
        return found


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
    streaming = tuple(rule for rule in chosen if rule.interest.streams)
    streams = frozenset[str]().union(*(rule.interest.streams for rule in streaming))
    samplings = tuple((s, rule) for rule in chosen if (s := rule.interest.sampling))
    return Route(chosen, events, limits, streams, streaming, samplings)
