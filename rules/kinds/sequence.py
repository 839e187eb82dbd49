"""Raises an anomaly when one thing follows another within a time, or does not follow.

Forced door, then motion; denied three times, then granted; held open and not shut. What belongs
together is of one device, one building or compound, or has the same value of a quantity (a card).
"""

from collections.abc import Sequence

import msgspec

from model.anomaly import Anomaly
from model.reading import Mode
from rules.book import Book
from rules.contract import Interest, Observation
from rules.finding import begun_at, continued, evidence, fits, started, stated
from rules.in_turn import InTurn, Row
from rules.specs import SequenceSpec
from rules.specs.sequence import Part
from rules.timeline import Queued


class Steps(Row):
    """What was said first and is not answered, oldest first; at most `count` of them."""

    firsts: list[Queued] = msgspec.field(default_factory=list)
    mode: Mode = Mode.REAL
    device: str = ""  # that spoke last


class SequenceRule(InTurn[Steps]):
    """Watches what follows what."""

    def __init__(self, spec: SequenceSpec, book: Book) -> None:
        super().__init__(spec, book, Steps, lasts=spec.within)
        self._spec, self._ends_after = spec, spec.lasts
        parts = [part for part in (spec.first, spec.then, spec.without, spec.broken_by) if part]
        self._parts = parts
        self.interest = self._interest(parts)

    def observe(self, seen: Observation) -> Sequence[Anomaly]:
        """Take a Reading that says one of the parts."""
        if seen.reading.historical or not any(self._says(part, seen) for part in self._parts):
            return ()
        subject = self._together(seen)
        return self._arrive(subject, seen) if subject else ()

    def explain(self, subject: str) -> str:
        """Say what was said first, how often, and how long is left for what follows."""
        rule = f"{self.id}: {self._text()}"
        for key, row in sorted(self._rows.rows.items()):
            if subject not in {key, row.device}:
                continue
            if row.active:
                return f"{rule}; {subject} open since {row.active.started_at}; {row.active.explanation}"
            if not row.firsts:
                break
            since = row.firsts[0].at
            end = (row.firsts[-1].at if self._spec.without else since) + self._spec.within
            return (
                f"{rule}; {subject} said it {len(row.firsts)} times of {self._spec.count}, first at "
                f"{since}; {'would start' if self._spec.without else 'forgotten'} at {end}"
            )
        return f"{rule}; {subject} has not begun it"

    def _text(self) -> str:
        spec = self._spec
        times = f"{spec.count} × " if spec.count > 1 else ""
        word, part = ("then", spec.then) if spec.then else ("without", spec.without)
        answer = _named(part) if part else ""
        return f"{times}{_named(spec.first)}, {word} {answer} within {spec.within / 1000:g} s"

    def _interest(self, parts: list[Part]) -> Interest:
        named = [(part.devices or self._spec.devices).kinds for part in parts]
        kinds = frozenset(kind for some in named for kind in some) if all(named) else frozenset()
        streams = frozenset(name for part in parts for name in part.states_false)
        for part in parts:
            if part.when and not part.worded:
                streams |= part.when.names
        return Interest(
            kinds,
            frozenset(str(event.value) for part in parts for event in part.events),
            {state: (0.0, 0.0) for part in parts for state in part.states},
            streams,
        )

    def _says(self, part: Part | None, seen: Observation) -> bool:
        if part is None:
            return False
        reading = seen.reading
        values = reading.values
        if part.when and part.when.test(values) is not True:
            return False
        if part.worded and not (
            reading.event in part.events
            or any(values.get(state) is True for state in part.states)
            or any(values.get(state) is False for state in part.states_false)
        ):
            return False
        return fits(part.devices or self._spec.devices, reading, seen.role)

    def _together(self, seen: Observation) -> str:
        """Return what the parts of one sequence have in common, or nothing."""
        by, reading, place = self._spec.by, seen.reading, seen.place
        if by == "device":
            return reading.device
        if by == "building":
            return f"place:{place.building}" if place and place.building else ""
        if by == "compound":
            compound = place.compound if place else reading.compound
            return f"place:{compound}" if compound else ""
        value = reading.values.get(by)
        return "" if value is None else f"{by}={value}"

    def _tests_over(self, row: Steps) -> None:
        if row.mode is Mode.TEST:
            row.firsts = []

    def _deadline(self, row: Steps) -> int | None:
        """Return when what does not follow is missed."""
        if self._spec.without is None or len(row.firsts) < self._spec.count:
            return None
        return row.firsts[-1].at + self._spec.within

    def _timer(self, row: Steps) -> int | None:
        deadline, lasts = self._deadline(row), self._ends_after
        ends = row.active.last_at + lasts if row.active and lasts is not None else None
        if deadline is None or ends is None:
            return ends if deadline is None else deadline
        return min(deadline, ends)

    def _may_end(self, row: Steps, at: int) -> bool:
        # What did not follow may be on its way behind an outage.
        if at != self._deadline(row):
            return True
        return self._proved(row.firsts[-1].seen.reading.gateway, at)

    def _time_over(self, subject: str, row: Steps, at: int) -> list[Anomaly]:
        if at != self._deadline(row):
            return self._end(row, at=at, by="elapsed")
        firsts, row.firsts = row.firsts, []
        return self._conclude(subject, row, firsts, at=at)

    def _take(self, subject: str, row: Steps, said: Queued) -> list[Anomaly]:
        spec, reading = self._spec, said.seen.reading
        if reading.mode is not row.mode:
            row.firsts, row.mode = [], reading.mode  # a drill begins nothing real
        row.device = reading.device
        found: list[Anomaly] = []
        if spec.broken_by and self._says(spec.broken_by, said.seen) and row.firsts:
            row.firsts = []
            self._noticed("broken")
        if spec.without is None:
            row.firsts = [first for first in row.firsts if first.at >= said.at - spec.within]
        if self._says(spec.then, said.seen) and len(row.firsts) == spec.count:
            firsts, row.firsts = [*row.firsts, said], []
            found = self._conclude(subject, row, firsts, at=said.at)
        elif self._says(spec.without, said.seen):
            if len(row.firsts) == spec.count:
                self._noticed("followed")
            row.firsts = []
            if row.active and row.mode in {Mode.REAL, row.active.mode}:
                found = self._end(row, at=said.at, by="cleared", said=said)
        if self._says(spec.first, said.seen):
            self._first(row, said)
        return found

    def _first(self, row: Steps, said: Queued) -> None:
        count, within = self._spec.count, self._spec.within
        if self._spec.without:
            if len(row.firsts) == count:
                return  # it waits already; to say it again gives no more time
            row.firsts = [first for first in row.firsts if first.at >= said.at - within]
        row.firsts = [*row.firsts[-count + 1 :], said] if count > 1 else [said]

    def _conclude(self, subject: str, row: Steps, said: list[Queued], *, at: int) -> list[Anomaly]:
        last = said[-1].seen
        active = row.active
        if active and active.mode is row.mode:
            again = continued(active, last)
            row.active = msgspec.structs.replace(active, last_at=max(active.last_at, at))
            return [msgspec.structs.replace(again, last_at=row.active.last_at)]
        words = [
            f"{_told(item)} by {item.seen.reading.device} at {item.seen.reading.received_at}"
            for item in said
        ]
        anomaly = started(self._spec, last, facts=f"{'; '.join(words)}; {self._text()}")
        about = subject if subject.startswith("place:") else last.reading.device
        anomaly = begun_at(anomaly, at, subject=about)
        proof = tuple(evidence(item.seen) for item in reversed(said))
        return self._begin(row, msgspec.structs.replace(anomaly, evidence=proof))


def _named(part: Part) -> str:
    words = [*part.events, *part.states, *(f"not {state}" for state in part.states_false)]
    return " or ".join(words) + (f" when {part.when}" if part.when else "")


def _told(said: Queued) -> str:
    reading = said.seen.reading
    words = tuple(name for name, value in reading.values.items() if isinstance(value, bool))
    return stated(reading.values, words, reading.event) or "said"
