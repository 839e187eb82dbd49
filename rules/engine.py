"""Runs all rules over what the log holds: Readings, heartbeats and ticks in, anomalies out.

Pure and restart-exact: `dirty` gives the rows that changed, `restore` puts them back, and replaying
the log from there gives the anomalies of an uninterrupted run.
"""

import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import TypeVar

from model.anomaly import Anomaly, Severity
from model.case import Health
from model.codec import Heartbeat
from model.entry import Tick
from model.place import Registry
from model.reading import Lane, Reading, reading_id
from model.walk_test import WalkTest, WalkTestOrder

from .arrival import EARLIEST, LATE_MS, latest_believed, mended
from .book import CLOCK, DEVICES, GATEWAYS, WALK_TESTS, Book
from .contract import IndexedRule, Observation, Over
from .finding import ended
from .route import Route, route_of
from .rows import DeviceRow
from .rulefile import RuleSet
from .scheduled import Scheduled, built, forget, line_up
from .views import (
    Census,
    DeviceView,
    GatewayView,
    take_census,
    view_device,
    view_gateways,
)

Input = TypeVar("Input")

_BOOK_NAMES = frozenset({DEVICES, GATEWAYS, CLOCK, WALK_TESTS})


class Engine:
    """All rules of one version, their shared book of devices, and the registry they look up."""

    def __init__(self, registry: Registry, rules: RuleSet) -> None:
        self.book = Book(registry)
        self.failures: Counter[str] = Counter()
        self.last_failure = ""
        self.orphans: list[tuple[str, str]] = []  # restored rows that no rule of this version owns
        self._gone: set[tuple[str, str]] = set()
        self._rules: dict[str, IndexedRule] = {}
        self._routes: dict[str, Route] = {}
        self._take({spec.id: built(spec, self.book, rules.calendar) for spec in rules.specs})

    def observe(self, readings: Sequence[Reading], lane: Lane, logged_at: int) -> list[Anomaly]:
        """Take one row of Readings as the log holds it; return what starts, goes on and ends."""
        found: list[Anomaly] = []
        latest = latest_believed(logged_at)
        book, devices, hot = self.book, self.book.devices, self.book.hot
        gateway = None
        for original in readings:
            reading = original
            if not EARLIEST <= reading.received_at <= latest:
                reading = mended(reading, logged_at)
            if reading.gateway is not gateway and reading.gateway:
                gateway = reading.gateway
                book.hear_gateway(gateway, reading.epoch, reading.received_at)
            if reading.historical and not book.is_news(reading):
                continue
            device = reading.device
            row = devices.get(device)
            stale = False
            if row is None:
                row = self._meet(reading)
            elif reading.kind == row.last.kind:
                stale = book.hear(row, reading)
            else:
                stale = self._hear_as(row, reading)
            route = self._routes.get(reading.kind) or self._route(reading.kind)
            if device in hot or reading.historical or route.wakes(reading):
                found += self._run(reading, row, lane, logged_at=logged_at, stale=stale)
            elif wanting := route.wanting(reading):
                seen = self._seen(reading, lane, logged_at=logged_at, stale=stale)
                found += self._asked(wanting, seen)
        return found + self._scored(found) if found else found

    def heartbeat(self, beat: Heartbeat, logged_at: int) -> list[Anomaly]:
        """Take a gateway's sign of life or last will."""
        self.book.heartbeat(beat, logged_at)
        found: list[Anomaly] = []
        # Gateways first: a lost one must be known before its devices are judged.
        for rule, heard in self._hearing:
            found += self._guarded(rule, heard, beat.gateway)
        return self._noted(found)

    def tick(self, tick: Tick) -> list[Anomaly]:
        """Take one tick of the hub's clock."""
        self.book.tick(at=tick.at, awake=tick.awake)
        waking = Tick(tick.at, self.book.awake)
        found: list[Anomaly] = []
        tests = self.book.walk_tests
        if tests.running:
            for test in tests.expire(at=tick.at, awake=self.book.awake):
                found += self._tested(test)
        for rule in self._ticking:
            try:
                found += rule.tick(waking)
            except Exception:  # noqa: BLE001 - as `_guarded`, without the call between
                self._broke(rule)
        return self._noted(found) if found else found

    def walk_test(self, order: WalkTestOrder, logged_at: int) -> list[Anomaly]:
        """Start or stop a walk test; when it stops, what still holds is real. Raises Refused."""
        book = self.book
        if not order.stops:
            book.walk_tests.start(order, book.registry, now=logged_at, awake=book.awake)
            return []
        over = book.walk_tests.stop(order, now=logged_at)
        return [] if over is None else self._noted(self._tested(over))

    def dirty(self) -> list[tuple[str, str, bytes]]:
        """Return the rows (rule, subject, state) that changed since the last call; b"": delete it."""
        rows = [(rule, subject, b"") for rule, subject in sorted(self._gone)]
        self._gone.clear()
        rows += self.book.snapshot()
        for name, rule in self._rules.items():
            rows += [(name, subject, state) for subject, state in rule.snapshot().items()]
        return rows

    def restore(self, rows: Iterable[tuple[str, str, bytes]]) -> None:
        """Put all rows back into a new engine; raises msgspec.DecodeError on a damaged one.

        Rows of a rule that this version does not have are named in `orphans` and given up.
        """
        for name, subject, state in rows:
            if name in _BOOK_NAMES:
                self.book.restore(name, subject, state)
            elif name in self._rules:
                self._rules[name].restore(subject, state)
            else:
                self.orphans.append((name, subject))
                self._gone.add((name, subject))
        self._watch_all()

    def replace(self, rules: RuleSet, registry: Registry) -> list[Anomaly]:
        """Take new rules and registry. Equal rules keep their state; changed ones end what they opened."""
        self.book.register(registry)
        kept: dict[str, IndexedRule] = {}
        for spec in rules.specs:
            old = self._rules.get(spec.id)
            same = old is not None and old.hash == spec.hash
            kept[spec.id] = old if old and same else built(spec, self.book, rules.calendar)
            if isinstance(old, Scheduled):
                old.use(rules.calendar)
        found: list[Anomaly] = []
        for name, old in self._rules.items():
            if kept.get(name) is old:
                continue
            found += [ended(a, at=a.last_at, by="rule_changed") for a in old.open()]
            self._give_up(old)
        self._take(kept)
        self.book.hot.update(self.book.devices)
        self._watch_all()
        # What is open may be new to a score; what it knows already changes nothing.
        return found + self._scored([*found, *self.open()])

    def explain(self, rule: str, subject: str) -> str:
        """Say why a rule holds what it holds about a subject."""
        known = self._rules.get(rule)
        return known.explain(subject) if known else f"no rule of the id {rule!r} is loaded"

    def health(self, device: str) -> Health:
        """Return what a device's "normal" is worth (the desk's HealthView)."""
        return self.book.health(device)

    def open(self) -> list[Anomaly]:
        """Return every anomaly that has started and not ended."""
        return [anomaly for rule in self._rules.values() for anomaly in rule.open()]

    def devices(self, names: Iterable[str] | None = None) -> list[DeviceView]:
        """Return devices by id: those named, else every one that is registered or was heard."""
        alarmed = {a.subject for a in self.open() if a.severity.rank >= Severity.MAJOR.rank}
        if names is None:
            names = self.book.registry.devices.keys() | self.book.devices.keys()
        return [view_device(self.book, name, alarmed) for name in sorted(names)]

    def unregistered(self, limit: int | None = None, *, offset: int = 0) -> list[DeviceView]:
        """Return the devices that were heard and that nobody registered, by id; `limit` from `offset` on."""
        names = sorted(self.book.strangers)[offset:][:limit]
        return [view_device(self.book, name, set()) for name in names]

    def flagged(self, flags: AbstractSet[str]) -> list[DeviceView]:
        """Return the devices that have one of those flags (isolated, testing …), by id."""
        rows = self.book.devices
        names = sorted(name for name, row in rows.items() if not flags.isdisjoint(row.flags))
        return [view_device(self.book, name, set()) for name in names]

    def census(self) -> Census:
        """Return how many devices there are, heard and silent."""
        return take_census(self.book)

    def gateways(self) -> list[GatewayView]:
        """Return every gateway that was heard, by id."""
        return view_gateways(self.book)

    def _take(self, rules: dict[str, IndexedRule]) -> None:
        self._rules = rules
        self._routes.clear()
        self._silences, self._ticking, self._hearing, self._scores = line_up(rules.values())

    def _give_up(self, rule: IndexedRule) -> None:
        rule.snapshot()
        self._gone |= {(rule.id, subject) for subject in rule.subjects()}
        forget(rule)

    def _watch_all(self) -> None:
        for rule in self._silences:
            rule.watch_all()

    def _meet(self, reading: Reading) -> DeviceRow:
        row = self.book.meet(reading)
        for rule in self._silences:
            rule.watch(reading.device)
        return row

    def _hear_as(self, row: DeviceRow, reading: Reading) -> bool:
        """Take a Reading under another kind than the last one: another contract may hold."""
        stale = self.book.hear(row, reading)
        for rule in self._silences:
            rule.watch(reading.device)
        return stale

    def _route(self, kind: str) -> Route:
        route = self._routes[kind] = route_of(kind, self._rules.values())
        return route

    def _run(
        self, reading: Reading, row: DeviceRow, lane: Lane, *, logged_at: int, stale: bool
    ) -> list[Anomaly]:
        book, device = self.book, reading.device
        route = self._routes.get(reading.kind) or self._route(reading.kind)
        if not stale:
            book.note(row, reading)
        seen = self._seen(reading, lane, logged_at=logged_at, stale=stale)
        found = self._asked(route.rules, seen)
        # Any rule: a device that speaks under two kinds is held by those of the other one too.
        if row.flags or any(rule.holds(device) for rule in self._rules.values()):
            book.hot.add(device)
        else:
            book.hot.discard(device)
        return found

    def _asked(self, rules: Sequence[IndexedRule], seen: Observation) -> list[Anomaly]:
        """Let each rule say what a Reading means; as `_guarded`, without the call between."""
        found: list[Anomaly] = []
        for rule in rules:
            try:
                found += rule.observe(seen)
            except Exception:  # noqa: BLE001 - as `_guarded`
                self._broke(rule)
        return found

    def _seen(self, reading: Reading, lane: Lane, *, logged_at: int, stale: bool) -> Observation:
        book = self.book
        place, role = book.place_of(reading)
        if book.walk_tests.running:
            compound = place.compound if place else reading.compound
            reading = book.walk_tests.marked(reading, compound, logged_at)
        return Observation(
            reading=reading,
            id=reading_id(reading, lane),
            place=place,
            role=role,
            logged_at=logged_at,
            stale=stale,
            late=logged_at - reading.received_at > LATE_MS,
        )

    def _tested(self, test: WalkTest) -> list[Anomaly]:
        """Let every rule know that a walk test is over."""
        over = Over(test.ended_at or test.until, self.book.under_test, self.book.own_mode)
        found: list[Anomaly] = []
        for rule in self._rules.values():
            found += self._guarded(rule, rule.test_over, over)
        return found

    def _guarded(
        self, rule: IndexedRule, step: Callable[[Input], Sequence[Anomaly]], given: Input
    ) -> Sequence[Anomaly]:
        """Run one rule; what breaks in it is counted and told, and costs no other rule anything."""
        try:
            return step(given)
        except Exception:  # noqa: BLE001 - any defect of one rule; counted, kept and shown
            self._broke(rule)
            return ()

    def _broke(self, rule: IndexedRule) -> None:
        self.failures[rule.id] += 1
        self.last_failure = traceback.format_exc()

    def _noted(self, found: list[Anomaly]) -> list[Anomaly]:
        self.book.hot.update(anomaly.subject for anomaly in found)
        return found + self._scored(found)

    def _scored(self, found: list[Anomaly]) -> list[Anomaly]:
        """Return what the rules conclude that weigh other rules' anomalies."""
        more: list[Anomaly] = []
        for rule, hear in self._scores if found else ():
            more += self._guarded(rule, hear, [*found, *more])
        return more
