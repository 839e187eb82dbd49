"""Raises an anomaly when a device says what is unusual for itself, as learned from its own past.

One value in each slot of `every` counts: the first by data time. It is judged when `lateness` has
passed after it, by later Readings or by the hub's waking time, so disorder and repetition change
nothing. What is said in a test or a drill is neither judged nor learned.
"""

import heapq
import math
from collections.abc import Iterable, Sequence

import msgspec

from model.anomaly import Anomaly
from model.entry import Tick
from model.reading import Mode
from rules.book import Book
from rules.checks import BandMemory, Check, DriftMemory, Memory, StuckMemory, Verdict, check_of
from rules.contract import NEVER, Interest, Observation, Over, Sampling
from rules.finding import ended, fits
from rules.heard import Heard, concluded, heard
from rules.specs import BaselineSpec
from rules.states import StateTable
from rules.turns import TICK_MS


class Unusual(msgspec.Struct):
    """An anomaly that starts (or has started) and is not over."""

    anomaly: Anomaly
    open: bool


class Learned(msgspec.Struct):
    """A device: values that wait for their turn, what was learned, and what is unusual now."""

    memory: BandMemory | DriftMemory | StuckMemory
    mode: Mode
    waiting: list[Heard] = []  # by slot
    done: int = -1  # newest slot that was judged
    top: int = 0  # newest data time heard
    value: float = 0.0  # the newest that was judged
    at: int = 0
    unusual: Unusual | None = None


class BaselineRule:
    """Watches one quantity of each device."""

    ticks = True

    def __init__(self, spec: BaselineSpec, book: Book) -> None:
        self.id = spec.id
        self.hash = spec.hash
        self._spec = spec
        self._book = book
        self._rows = StateTable(Learned)
        self._check: Check[Memory] = check_of(spec)
        self._due: list[tuple[int, str]] = []  # a heap of waking times
        self._asleep: dict[str, tuple[int, int]] = {}
        self._nap = 2 * spec.every + spec.lateness
        sampling = Sampling(spec.quantity, self._asleep)
        kinds = frozenset(spec.devices.kinds)
        self.interest = Interest(kinds, frozenset(), {}, sampling=sampling)

    def observe(self, seen: Observation) -> Sequence[Anomaly]:
        """Take a Reading; the first of its slot waits until nothing earlier can come."""
        reading = seen.reading
        value = reading.values.get(self._spec.quantity)
        if value is None or isinstance(value, (bool, str)) or not math.isfinite(value):
            return ()
        begin, until = self._asleep.get(reading.device, NEVER)
        if begin <= reading.received_at < until:
            return ()
        if reading.historical or reading.mode in {Mode.TEST, Mode.DRILL}:
            return ()
        if not fits(self._spec.devices, reading, seen.role):
            return ()
        row = self._rows.rows.get(reading.device)
        found: list[Anomaly] = []
        if row is None or (row.mode is not Mode.REAL and reading.mode is Mode.REAL):
            # Nothing that a simulation taught is true of the device itself.
            found += self._give_up(reading.device, row, at=reading.received_at)
            row = Learned(self._check.begin(), reading.mode)
        elif row.mode is not reading.mode:
            return ()
        if self._takes(row, seen, float(value)):
            self._rows.put(reading.device, row)
            found += self._release(reading.device, row)
            self._sleep(reading.device, row)
        return found

    def tick(self, tick: Tick) -> Sequence[Anomaly]:
        """Judge the values for which nothing earlier can come any more."""
        found: list[Anomaly] = []
        while self._due and self._due[0][0] < tick.awake:
            device = heapq.heappop(self._due)[1]
            row = self._rows.rows.get(device)
            if row and row.waiting:
                found += self._release(device, row)
                self._sleep(device, row)
                if row.waiting:
                    self._wait(device, row)
        return sorted(found, key=lambda anomaly: (anomaly.last_at, anomaly.subject))

    def snapshot(self) -> dict[str, bytes]:
        """Return the changed rows: of devices, and of what the check keeps beside them."""
        return self._rows.snapshot() | self._check.snapshot()

    def restore(self, subject: str, state: bytes) -> None:
        """Put one row back."""
        if self._check.restore(subject, state):
            return
        self._rows.restore(subject, state)
        row = self._rows.rows.get(subject)
        if row is not None:
            self._sleep(subject, row)
            if row.waiting:
                self._wait(subject, row)

    def holds(self, device: str) -> bool:
        """Return False: `interest.sampling` says when the next Reading matters."""
        del device
        return False

    def open(self) -> Sequence[Anomaly]:
        """Return what has started and not ended."""
        rows = self._rows.rows
        unusual = [rows[device].unusual for device in sorted(rows)]
        return [one.anomaly for one in unusual if one and one.open]

    def test_over(self, over: Over) -> Sequence[Anomaly]:
        """A test caused nothing here; the next real value is judged as ever."""
        del over
        return ()

    def subjects(self) -> set[str]:
        """Return every subject that has a row."""
        return set(self._rows.rows) | self._check.subjects()

    def explain(self, subject: str) -> str:
        """Say the newest value, what was expected, how it was learned, and what is missing."""
        row = self._rows.rows.get(subject)
        if row is None:
            return f"{self.id}: {subject} never said {self._spec.quantity}"
        words = [f"{self.id}: {subject}: {self._check.says(row.memory, row.at, row.value)}"]
        if row.unusual:
            since = row.unusual.anomaly.started_at
            left = (self._spec.hold - (row.at - since)) / 1000
            words.append(
                f"open since {since}" if row.unusual.open else f"would fire in {left:g} s more"
            )
        if row.waiting:
            lateness = self._spec.lateness / 1000
            words.append(f"{len(row.waiting)} values wait for earlier ones, {lateness:g} s at most")
        return "; ".join(words)

    def _takes(self, row: Learned, seen: Observation, value: float) -> bool:
        """Put a value into its slot; False if it changes nothing."""
        at, spec = seen.reading.received_at, self._spec
        slot = at // spec.every
        if slot <= row.done:
            if seen.stale or (row.done + 1) * spec.every - self._nap <= at:
                return False
            row.done, row.top, row.waiting = slot - 1, at, []  # the gateway's clock was set back
        row.top = max(row.top, at)
        said = heard(seen, awake=self._book.awake, value=value)
        for number, other in enumerate(row.waiting):
            known = other.at // spec.every
            if known == slot:
                if said.turn < other.turn:
                    row.waiting[number] = said
                    return True
                return at == row.top  # it still moves time on
            if known > slot:
                row.waiting.insert(number, said)
                return True
        row.waiting.append(said)
        if spec.lateness and len(row.waiting) == 1:
            self._wait(seen.reading.device, row)
        return True

    def _sleep(self, device: str, row: Learned) -> None:
        """Sleep while nothing new can come: later values of a slot that has one, or old slots."""
        every = self._spec.every
        if row.waiting:
            last = row.waiting[-1].at
            self._asleep[device] = last + 1, (last // every + 1) * every
        elif row.done >= 0:
            until = (row.done + 1) * every
            self._asleep[device] = until - self._nap, until

    def _wait(self, device: str, row: Learned) -> None:
        due = min(said.awake for said in row.waiting) + self._spec.lateness + TICK_MS
        heapq.heappush(self._due, (due, device))

    def _release(self, device: str, row: Learned) -> list[Anomaly]:
        """Judge what can wait no more, and all before it."""
        lateness, every = self._spec.lateness, self._spec.every
        ready = 0
        for number, said in enumerate(row.waiting, start=1):
            if (
                not lateness
                or row.top - said.at > lateness
                or self._book.awake - said.awake > lateness + TICK_MS
            ):
                ready = number
        if not ready:
            return []
        found: list[Anomaly] = []
        for said in row.waiting[:ready]:
            found += self._judge(device, row, said)
        row.done = row.waiting[ready - 1].at // every
        del row.waiting[:ready]
        self._rows.put(device, row)
        return found

    def _judge(self, device: str, row: Learned, said: Heard) -> Iterable[Anomaly]:
        """Let a value start, go on or end what is unusual, and learn it."""
        memory, check = row.memory, self._check
        verdict = check.judge(device, memory, said.at, said.value)
        found: tuple[Anomaly, ...] = ()
        if verdict is not None:
            found = self._concluded(device, row, said, verdict)
        is_open = row.unusual is not None and row.unusual.open
        check.learn(device, memory, said.at, value=said.value, open_=is_open)
        row.value, row.at = said.value, said.at
        return found

    def _concluded(
        self, device: str, row: Learned, said: Heard, verdict: Verdict
    ) -> tuple[Anomaly, ...]:
        unusual, spec = row.unusual, self._spec
        evidence = (said.evidence(spec.quantity),)
        if unusual is None:
            if not verdict.outside:
                return ()
            facts = self._check.says(row.memory, said.at, said.value)
            row.unusual = unusual = Unusual(
                concluded(spec, said, facts=facts, evidence=evidence), open=False
            )
        elif not unusual.open and not verdict.outside:
            row.unusual = None
            return ()
        lasted = said.at - unusual.anomaly.started_at
        if not unusual.open:
            unusual.open = lasted >= spec.hold
            return (unusual.anomaly,) if unusual.open else ()
        by = "normal" if verdict.inside else ""
        if not by and spec.accept_after is not None and lasted >= spec.accept_after:
            self._check.accept(device, row.memory)
            by = "new_normal"
        if not by:
            return ()
        row.unusual = None
        over = ended(unusual.anomaly, at=said.at, by=by)
        return (msgspec.structs.replace(over, evidence=evidence, late=said.late),)

    def _give_up(self, device: str, row: Learned | None, *, at: int) -> list[Anomaly]:
        self._asleep.pop(device, None)
        if row is None:
            return []
        self._check.forget(device)
        unusual = row.unusual
        return [ended(unusual.anomaly, at=at, by="real_data")] if unusual and unusual.open else []
