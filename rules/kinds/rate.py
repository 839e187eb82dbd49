"""Raises an anomaly when a quantity changes too fast: a room that heats up, a tank that runs empty.

The slope over the newest `over` is Tukey's resistant line, so that one wrong sample starts nothing.
It is judged at each sample once there are `at_least` of them and they cover half of `over`; between
two samples nothing is concluded. The start is the first sample at which the slope was over the limit.
"""

import math
from collections.abc import Sequence

import msgspec

from model.anomaly import Anomaly
from model.reading import Mode
from rules.book import Book
from rules.contract import Interest, Observation
from rules.finding import fits, started
from rules.in_turn import InTurn, Row
from rules.slope import resistant_rise, shortest_run
from rules.specs import RateSpec
from rules.timeline import Queued

SAMPLES_MAX = 60
"""So many samples make one slope; those nearer than `over` / 60 to the one before are passed over."""


class Slope(Row):
    """The samples of a device, oldest first, and the breach that waits for its hold time."""

    times: list[int] = msgspec.field(default_factory=list)
    values: list[float] = msgspec.field(default_factory=list)
    mode: Mode = Mode.REAL
    breach: Anomaly | None = None
    low: float = -math.inf  # no sample lies below it, nor above `high`; they may lie well between
    high: float = math.inf


class RateRule(InTurn[Slope]):
    """Watches how fast one quantity of each device changes."""

    def __init__(self, spec: RateSpec, book: Book) -> None:
        super().__init__(spec, book, Slope, lasts=spec.over)
        self._spec = spec
        self._quantity, self._devices = spec.quantity, spec.devices
        self._limit, self._per = spec.limit, spec.per
        self._clear_at = spec.limit / 2 if spec.clear_at is None else spec.clear_at
        self._rises = spec.rises is not None
        self._over, self._apart = spec.over, spec.over // SAMPLES_MAX
        self._at_least, self._half = spec.at_least, spec.over // 2
        self._when = spec.when.test if spec.when else None
        self.interest = Interest(
            frozenset(spec.devices.kinds), frozenset(), {}, frozenset({spec.quantity})
        )

    def observe(self, seen: Observation) -> Sequence[Anomaly]:
        """Take a Reading; a number becomes a sample when its turn comes."""
        reading = seen.reading
        value = reading.values.get(self._quantity)
        if value.__class__ is not float and value.__class__ is not int:
            return ()
        if not math.isfinite(value) or reading.historical:
            return ()
        if not fits(self._devices, reading, seen.role):
            return ()
        if self._when and not self._when(reading.values):
            return ()
        return self._arrive(reading.device, seen, float(value))

    def explain(self, subject: str) -> str:
        """Say the slope against the limit, the samples it was made of, and the hold time."""
        row = self._rows.rows.get(subject)
        rule = f"{self.id}: {self._text()}"
        if row is None or not row.times:
            return f"{rule}; {subject} has no sample"
        count = len(row.times)
        samples = f"{count} samples over {(row.times[-1] - row.times[0]) / 1000:g} s"
        if not self._may_judge(row):
            need = f"{self._spec.at_least} over {self._spec.over / 2000:g} s are needed"
            return f"{rule}; {subject}: {samples}, {need}: not judged"
        state = "open" if row.active else "not over it"
        if row.breach:
            left = row.breach.started_at + self._spec.hold - row.times[-1]
            state = f"over it; starts when it is so for {left / 1000:g} s more"
        rate = self._rate(row)
        return f"{rule}; {subject} {state}: {rate:.4g} by {samples}, the newest at {row.times[-1]}"

    def _text(self) -> str:
        spec = self._spec
        word = "rises" if self._rises else "falls"
        hold = f" for {spec.hold / 1000:g} s" if spec.hold else ""
        return (
            f"{spec.quantity} {word} by {self._limit:g} or more in {spec.per / 1000:g} s, seen over "
            f"{spec.over / 1000:g} s{hold}, ends at {self._clear_at:g}"
        )

    def _clock_went_back(self, row: Slope, said: Queued) -> Queued | None:
        if row.line.horizon[0] - said.at <= self._spec.over:
            row.line.missed += 1
            return None  # by no more than the span: its samples are of that time already
        row.line.restart()
        self._forget(row)
        return said

    def _tests_over(self, row: Slope) -> None:
        if row.mode is Mode.TEST:
            self._forget(row)

    def _forget(self, row: Slope) -> None:
        row.times, row.values, row.breach = [], [], None
        row.low, row.high = -math.inf, math.inf

    def _take(self, subject: str, row: Slope, said: Queued) -> list[Anomaly]:
        del subject
        at, mode = said.turn[0], said.seen.reading.mode
        if mode is not row.mode:
            self._forget(row)  # what a test or a drill says is not compared with the real thing
            row.mode = mode
        times, values = row.times, row.values
        if times and at - times[-1] < self._apart:
            return []
        times.append(at)
        values.append(said.value)
        if said.value < row.low:
            row.low = said.value
        elif said.value > row.high:
            row.high = said.value
        oldest = at - self._over
        while times[0] < oldest:
            del times[0], values[0]
        if not self._may_judge(row):
            return []
        calm = row.active is None and row.breach is None and self._calm(row)
        return [] if calm else self._judge(row, said)

    def _may_judge(self, row: Slope) -> bool:
        times = row.times
        return len(times) >= self._at_least and times[-1] - times[0] >= self._half

    def _calm(self, row: Slope) -> bool:
        """Whether no slope can reach the limit: it rises by no more than what its samples differ by."""
        least = self._limit * shortest_run(row.times)
        if (row.high - row.low) * self._per < least:
            return True
        row.low, row.high = min(row.values), max(row.values)
        return (row.high - row.low) * self._per < least

    def _rate(self, row: Slope) -> float:
        values = row.values if self._rises else [-value for value in row.values]
        return resistant_rise(row.times, values) * self._per

    def _judge(self, row: Slope, said: Queued) -> list[Anomaly]:
        active, rate = row.active, self._rate(row)
        if rate < self._limit and row.breach:
            row.breach = None
            self._noticed("held_but_cleared")
        if active and row.mode in {Mode.REAL, active.mode}:
            if rate <= self._clear_at:
                return self._end(row, at=said.at, by="normal", said=said)
            if rate < self._limit:
                self._noticed("hysteresis_kept")
        if rate < self._limit or (active and active.mode in {Mode.REAL, row.mode}):
            return []
        if row.breach is None:
            facts = f"{rate:.4g}, {self._spec.quantity}={said.value:g}; {self._text()}"
            row.breach = started(self._spec, said.seen, facts=facts)
        breach = row.breach
        if said.at - breach.started_at < self._spec.hold:
            return []
        row.breach = None
        return self._begin(row, msgspec.structs.replace(breach, last_at=said.at))
