"""Raises an anomaly when a quantity stays beyond its limit, and ends it when it is well inside again.

The start is the first reading beyond the limit. A reading in which the device itself says one of
`unless` (a fire, for a pre-alarm) starts nothing here and ends nothing; nor does one of which `when`
cannot be said. A reading older than one already seen tells no present value and is passed over. Between
two readings the last value is taken to hold.
"""

import math
from collections.abc import Sequence

import msgspec

from model.anomaly import Anomaly
from model.entry import Tick
from model.reading import Reading
from rules.book import Book
from rules.contract import Interest, Observation, Over
from rules.finding import ended, fits, made_real, of_walk_test, started
from rules.local_time import written
from rules.specs import ThresholdSpec
from rules.states import StateTable


class Beyond(msgspec.Struct):
    """A device beyond the limit: the anomaly that starts (or has started) and its newest value."""

    anomaly: Anomaly
    open: bool
    since_awake: int
    value: float
    at: int


class ThresholdRule:
    """Watches one quantity of each device."""

    def __init__(self, spec: ThresholdSpec, book: Book) -> None:
        self.id = spec.id
        self.hash = spec.hash
        self._spec = spec
        self.ticks = spec.hold > 0
        self._book = book
        self._beyond = StateTable(Beyond)
        self._waiting: set[str] = set()
        limit = spec.above if spec.above is not None else spec.below
        if limit is None:
            raise ValueError(f"rule {spec.id} has no limit")
        self._limit = limit
        self._when = spec.when.test if spec.when else None
        self._clear_at = limit if spec.clear_at is None else spec.clear_at
        sleeps = (-math.inf, limit) if spec.above is not None else (limit, math.inf)
        self.interest = Interest(
            frozenset(spec.devices.kinds), frozenset(), {spec.quantity: sleeps}
        )

    def observe(self, seen: Observation) -> Sequence[Anomaly]:
        """Take a Reading; a value beyond the limit starts the hold time or, after it, the anomaly."""
        reading = seen.reading
        when = self._when(reading.values) if self._when else True
        value = self._value(reading)
        if seen.stale or when is None or value is None:
            return ()
        row = self._beyond.rows.get(reading.device)
        if any(reading.values.get(word) is True for word in self._spec.unless):
            self._book.notice(self.id, "unless")
            if row and not row.open:
                self._forget(reading.device)
            return ()
        if row is None:
            if not when:
                self._book.notice(self.id, "when_false")
            return self._begin(seen, value) if when else ()
        row.value, row.at = value, max(row.at, reading.received_at)
        if not when or self._inside(value, self._clear_at if row.open else self._limit):
            self._forget(reading.device)
            if not row.open:
                self._book.notice(self.id, "held_but_cleared")
                return ()
            return (ended(row.anomaly, at=reading.received_at, by="normal", seen=seen),)
        if row.open and self._inside(value, self._limit):
            self._book.notice(self.id, "hysteresis_kept")
        held = reading.received_at - row.anomaly.started_at >= self._spec.hold
        return self._raise(row) if held and not row.open else self._keep(row)

    def tick(self, tick: Tick) -> Sequence[Anomaly]:
        """Start what has been beyond its limit for the hold time without another word."""
        if not self._waiting:
            return ()
        found: list[Anomaly] = []
        for device in sorted(self._waiting):
            row = self._beyond.rows[device]
            if tick.awake - row.since_awake >= self._spec.hold:
                found += self._raise(row)
        return found

    def snapshot(self) -> dict[str, bytes]:
        """Return the changed rows."""
        return self._beyond.snapshot()

    def restore(self, subject: str, state: bytes) -> None:
        """Put one row back."""
        self._beyond.restore(subject, state)
        row = self._beyond.rows.get(subject)
        if row and not row.open:
            self._waiting.add(subject)

    def holds(self, device: str) -> bool:
        """Return whether the device is beyond the limit."""
        return device in self._beyond.rows

    def open(self) -> Sequence[Anomaly]:
        """Return what has started and not ended."""
        rows = self._beyond.rows
        return [rows[device].anomaly for device in sorted(rows) if rows[device].open]

    def test_over(self, over: Over) -> Sequence[Anomaly]:
        """Say anew, as real, what is still beyond the limit; a hold time goes on as real."""
        found: list[Anomaly] = []
        for device in sorted(self._beyond.rows):
            row = self._beyond.rows[device]
            if not of_walk_test(row.anomaly) or over.tested(device):
                continue
            old, row.anomaly = made_real(row.anomaly, over, mode=over.mode(device))
            self._beyond.put(device, row)
            if row.open:
                found += [old, row.anomaly]
        return found

    def subjects(self) -> set[str]:
        """Return every subject that has a row."""
        return set(self._beyond.rows)

    def explain(self, subject: str) -> str:
        """Say the newest value against the limit, the hold time and the clearing limit."""
        row = self._beyond.rows.get(subject)
        rule = f"{self.id}: {self._text()}"
        if row is None:
            return f"{rule}; {subject} is not beyond it"
        state = "open" if row.open else "waiting for the hold time"
        return (
            f"{rule}; {subject} {state}: {self._spec.quantity}={row.value:g} at {written(row.at)}, "
            f"beyond since {written(row.anomaly.started_at)}"
        )

    def _value(self, reading: Reading) -> float | None:
        value = reading.values.get(self._spec.quantity)
        if isinstance(value, bool):
            return float(value) if self._spec.truth else None
        if value is None or isinstance(value, str) or self._spec.truth:
            return None
        return value if math.isfinite(value) else None

    def _text(self) -> str:
        spec = self._spec
        side = f"above {spec.above:g}" if spec.above is not None else f"below {spec.below:g}"
        hold = f" for {spec.hold / 1000:g} s" if spec.hold else ""
        when = f" when {spec.when}" if spec.when else ""
        return f"{spec.quantity} {side}{when}{hold}, ends at {self._clear_at:g}"

    def _inside(self, value: float, limit: float) -> bool:
        return value <= limit if self._spec.above is not None else value >= limit

    def _begin(self, seen: Observation, value: float) -> Sequence[Anomaly]:
        if self._inside(value, self._limit) or not fits(
            self._spec.devices, seen.reading, seen.role
        ):
            return ()
        facts = f"{self._spec.quantity}={value:g}; {self._text()}"
        anomaly = started(self._spec, seen, facts=facts)
        row = Beyond(
            anomaly, open=False, since_awake=self._book.awake, value=value, at=anomaly.last_at
        )
        return self._raise(row) if self._spec.hold == 0 else self._keep(row)

    def _raise(self, row: Beyond) -> Sequence[Anomaly]:
        row.open = True
        self._waiting.discard(row.anomaly.subject)
        self._beyond.put(row.anomaly.subject, row)
        return (row.anomaly,)

    def _keep(self, row: Beyond) -> Sequence[Anomaly]:
        if not row.open:
            self._waiting.add(row.anomaly.subject)
        self._beyond.put(row.anomaly.subject, row)
        return ()

    def _forget(self, device: str) -> None:
        self._waiting.discard(device)
        self._beyond.drop(device)
