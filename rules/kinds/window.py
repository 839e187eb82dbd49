"""Raises an anomaly when an aggregate over a span of time is beyond its limit.

Windows are of data time. A sliding window is judged at each sample, and a count also when the oldest
leaves it; a tumbling one is judged once, when its end and the lateness bound are over.
"""

import math
from collections.abc import Sequence

import msgspec

from model.anomaly import Anomaly, Evidence
from model.reading import Mode
from rules.alarm_words import says
from rules.book import Book
from rules.contract import Interest, Observation
from rules.finding import begun_at, evidence, fits, started
from rules.in_turn import InTurn, Row
from rules.specs import WindowSpec
from rules.specs.window import SAMPLES_MAX
from rules.timeline import Queued

WITNESSES_MAX = 20
"""So many devices are named as evidence: those that spoke last."""


class Samples(Row):
    """The samples of a subject, oldest first; of a tumbling window also when it ends."""

    times: list[int] = msgspec.field(default_factory=list)
    values: list[float] = msgspec.field(default_factory=list)
    mode: Mode = Mode.REAL
    ends: int = 0  # 0: no window is open
    dropped: int = 0  # beyond `SAMPLES_MAX`, oldest first
    last: Observation | None = None
    witnesses: dict[str, Evidence] = msgspec.field(default_factory=dict)


class WindowRule(InTurn[Samples]):
    """Watches an aggregate over the newest samples of a device or a building."""

    def __init__(self, spec: WindowSpec, book: Book) -> None:
        super().__init__(spec, book, Samples, lasts=spec.span)
        self._spec, self._quantity, self._span = spec, spec.quantity, spec.span
        self._building = spec.by == "building"
        self._worded = bool(spec.counts.states or spec.counts.events)
        self._aggregates, self._at_least = spec.aggregate, spec.at_least
        self._counting = spec.aggregate == "count"
        self._tumbling = spec.slides == "tumbling"
        self._limit, self._above = spec.limit, spec.above is not None
        self._clear_at = spec.limit if spec.clear_at is None else spec.clear_at
        self._when = spec.when.test if spec.when else None
        words = spec.counts
        streams = frozenset({spec.quantity} if spec.quantity else ())
        if self._counting and not self._worded and spec.when:
            streams = spec.when.names
        self.interest = Interest(
            frozenset(spec.devices.kinds),
            frozenset(str(event.value) for event in words.events),
            dict.fromkeys(words.states, (0.0, 0.0)),
            streams,
        )

    def observe(self, seen: Observation) -> Sequence[Anomaly]:
        """Take a Reading; it becomes a sample when its turn comes."""
        reading = seen.reading
        value = 1.0 if self._counting else reading.values.get(self._quantity)
        if value.__class__ is not float and value.__class__ is not int:
            return ()
        if not math.isfinite(value) or reading.historical:
            return ()
        if not fits(self._spec.devices, reading, seen.role):
            return ()
        if (self._worded and not says(self._spec.counts, reading)) or (
            self._when and not self._when(reading.values)
        ):
            return ()
        subject = reading.device
        if self._building:
            if seen.place is None or not seen.place.building:
                return ()
            subject = f"place:{seen.place.building}"
        return self._arrive(subject, seen, float(value))

    def explain(self, subject: str) -> str:
        """Say the aggregate against the limit, of how many samples, and when it is judged next."""
        row = self._rows.rows.get(subject)
        rule = f"{self.id}: {self._text()}"
        if row is None:
            return f"{rule}; {subject} has no sample"
        state = "open" if row.active else "not beyond it"
        count = f"{len(row.times)} samples" + (f", {row.dropped} dropped" if row.dropped else "")
        if row.line.missed:
            count += f", {row.line.missed} too late"
        value = self._aggregate(row)
        said = f"not judged: {self._spec.at_least} are needed" if value is None else f"{value:g}"
        next_ = f"; judged at {row.ends}" if row.ends else ""
        return f"{rule}; {subject} {state}: {said} of {count}{next_}"

    def _text(self) -> str:
        spec = self._spec
        of = (
            spec.quantity or ", ".join((*spec.counts.states, *spec.counts.events)) or str(spec.when)
        )
        what = f"quantile {spec.quantile:g}" if spec.quantile else spec.aggregate
        side = "above" if spec.above is not None else "below"
        return (
            f"{what} of {of} over {spec.span / 1000:g} s ({spec.slides}) {side} {self._limit:g}, "
            f"ends at {self._clear_at:g}"
        )

    def _clock_went_back(self, row: Samples, said: Queued) -> Queued | None:
        if self._building or self._counting:
            return super()._clock_went_back(row, said)  # no event is lost, and none for all others
        if row.line.horizon[0] - said.at <= self._spec.span:
            row.line.missed += 1
            return None  # by no more than the span: its samples are of that time already
        row.line.restart()
        self._forget(row)
        return said

    def _tests_over(self, row: Samples) -> None:
        if row.mode is Mode.TEST:
            self._forget(row)

    def _forget(self, row: Samples) -> None:
        row.times, row.values, row.witnesses, row.ends = [], [], {}, 0

    def _timer(self, row: Samples) -> int | None:
        if self._tumbling:
            return row.ends - 1 if row.ends else None
        if not (self._counting and row.active):
            return None
        most = math.floor(self._clear_at)  # it ends when so many are left
        leaves = len(row.times) - most - 1
        return row.times[leaves] + self._spec.span if leaves >= 0 else row.line.horizon[0]

    def _may_end(self, row: Samples, at: int) -> bool:
        return row.last is None or self._proved(row.last.reading.gateway, at)

    def _take(self, subject: str, row: Samples, said: Queued) -> list[Anomaly]:
        reading, at = said.seen.reading, said.turn[0]
        if reading.mode is not row.mode:
            self._forget(row)  # what a test or a drill says is not added to the real thing
            row.mode = reading.mode
        if self._tumbling and not row.ends:
            row.ends = (at // self._span + 1) * self._span
        row.times.append(at)
        row.values.append(said.value)
        row.last = said.seen
        if self._building:
            row.witnesses.pop(reading.device, None)
            row.witnesses[reading.device] = evidence(said.seen)
            if len(row.witnesses) > WITNESSES_MAX:
                del row.witnesses[next(iter(row.witnesses))]
        if len(row.times) > SAMPLES_MAX:
            del row.times[0], row.values[0]
            row.dropped += 1
        if self._tumbling:
            return []
        self._leave(row, at - self._span)
        return self._judge(subject, row, at)

    def _time_over(self, subject: str, row: Samples, at: int) -> list[Anomaly]:
        if not self._tumbling:
            self._leave(row, at - self._spec.span)
            return self._end(row, at=at, by="normal")
        at += 1
        found = self._judge(subject, row, at)
        # An empty window is judged once: nobody counts where nobody speaks. Those after it would say
        # the same, so nothing is awaited until a sample opens its own, however far data time jumps.
        row.ends = at + self._spec.span if row.times else 0
        row.times, row.values, row.witnesses = [], [], {}
        return found

    def _leave(self, row: Samples, until: int) -> None:
        count = 0
        for at in row.times:
            if at > until:
                break
            count += 1
        if count:
            del row.times[:count], row.values[:count]

    def _aggregate(self, row: Samples) -> float | None:
        values = row.values
        if self._counting:
            return float(len(values))
        if len(values) < self._at_least:
            return None
        match self._aggregates:
            case "mean":
                return math.fsum(values) / len(values)
            case "max":
                return max(values)
            case "min":
                return min(values)
            case _:
                return sorted(values)[math.ceil((self._spec.quantile or 0.5) * len(values)) - 1]

    def _beyond(self, value: float, limit: float) -> bool:
        return value > limit if self._above else value < limit

    def _judge(self, subject: str, row: Samples, at: int) -> list[Anomaly]:
        value = self._aggregate(row)
        if value is None:
            self._noticed("too_few_samples")
            return []
        active = row.active
        if active is None and not self._beyond(value, self._limit):
            return []
        if active and row.mode in {Mode.REAL, active.mode}:
            if not self._beyond(value, self._clear_at):
                return self._end(row, at=at, by="normal")
            if not self._beyond(value, self._limit):
                self._noticed("hysteresis_kept")
        if not self._beyond(value, self._limit) or row.last is None:
            return []
        if active and active.mode in {Mode.REAL, row.mode}:
            return []
        facts = f"{value:.6g} of {len(row.values)} samples; {self._text()}"
        anomaly = begun_at(started(self._spec, row.last, facts=facts), at, subject=subject)
        witnesses = tuple(reversed(row.witnesses.values())) or (evidence(row.last),)
        return self._begin(row, msgspec.structs.replace(anomaly, evidence=witnesses))
