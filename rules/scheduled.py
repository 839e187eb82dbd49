"""Lets any rule look only in its hours: outside them it starts nothing, and what is open ends.

The rule itself follows its devices all the time. What it holds when its hours begin starts then, and
what is open when they end ends by `schedule`; both at the times of the schedule, so keys repeat.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from model.anomaly import Anomaly, Phase, anomaly_key
from model.calendar import Calendar
from model.entry import Tick

from .book import Book
from .contract import IndexedRule, Observation, Over
from .finding import ended
from .hours import NEVER, Hours
from .kinds import build
from .kinds.gateway_lost import GatewayLostRule
from .kinds.score import ScoreRule
from .kinds.silence import SilenceRule
from .specs import Spec
from .specs.schedule import Schedule
from .states import StateTable

_ROW = "schedule:"
_JITTER_MS = 5_000
"""So much a clock may step back without being set back; our assumption."""
_LONGEST_GAP_MS = 7 * 86_400_000
"""Beginnings that the hub slept through for longer than a week are not told one by one."""


class Gate(msgspec.Struct):
    """What the rule holds about a subject, and what of it is told now."""

    inner: Anomaly
    since: int  # ms; from here on the next begin, or the end, of the hours is looked for
    outer: Anomaly | None = None
    last: int = 0  # start of what was told last, so that no key repeats


class Scheduled:
    """A rule with hours of its own; in every other way the rule that it holds."""

    ticks = True

    def __init__(
        self, rule: IndexedRule, schedule: Schedule, calendar: Calendar, book: Book
    ) -> None:
        """Take the rule, its hours and what they are counted by."""
        self.rule = rule
        self.id, self.hash, self.interest = rule.id, rule.hash, rule.interest
        self._schedule = schedule
        self._book = book
        self._gates = StateTable(Gate)
        self._due = 0  # no gate changes before this time
        self._shut = 0  # no gate was shut by the hours after this time
        self.use(calendar)

    def use(self, calendar: Calendar) -> None:
        """Take a new version of the calendar."""
        self._calendar = calendar
        self._hours = Hours(self._schedule, calendar)
        self._due = 0

    def observe(self, seen: Observation) -> Sequence[Anomaly]:
        """Take a Reading; what it starts is told if the rule looks at the Reading's time."""
        found = self.rule.observe(seen)
        return self._gated(found, seen.reading.received_at) if found else found

    def tick(self, tick: Tick) -> Sequence[Anomaly]:
        """Take the passing of time, and begin or end with the hours."""
        found = self.rule.tick(tick)
        told = self._gated(found, tick.at) if found else []
        if self._shut > tick.at + _JITTER_MS:
            self._reopen(tick.at)
        if not self._gates.rows or tick.at < self._due:
            return told
        self._due = NEVER
        for name in sorted(self._gates.rows):
            told += self._turn(name, self._gates.rows[name], tick.at)
        return told

    def heartbeat(self, gateway: str) -> Sequence[Anomaly]:
        """Take a gateway's word, where the rule wants it."""
        if not isinstance(self.rule, (SilenceRule, GatewayLostRule)):
            return ()
        return self._gated(self.rule.heartbeat(gateway), self._book.now)

    def hear(self, anomalies: Sequence[Anomaly]) -> Sequence[Anomaly]:
        """Take what other rules concluded, where the rule weighs it."""
        if not isinstance(self.rule, ScoreRule):
            return ()
        return self._gated(self.rule.hear(anomalies), self._book.now)

    def test_over(self, over: Over) -> Sequence[Anomaly]:
        """Take the end of a walk test."""
        return self._gated(self.rule.test_over(over), over.at)

    def snapshot(self) -> dict[str, bytes]:
        """Return the changed rows, the rule's own and those of its hours."""
        gates = self._gates.snapshot()
        return self.rule.snapshot() | {_ROW + name: row for name, row in gates.items()}

    def restore(self, subject: str, state: bytes) -> None:
        """Put one row back."""
        if not subject.startswith(_ROW):
            self.rule.restore(subject, state)
            return
        name = subject.removeprefix(_ROW)
        self._gates.restore(name, state)
        gate = self._gates.rows.get(name)
        if gate is not None:
            self._shut = max(self._shut, _shut_at(gate))
        self._due = 0

    def holds(self, device: str) -> bool:
        """Return what the rule holds; its hours hold nothing more."""
        return self.rule.holds(device)

    def open(self) -> Sequence[Anomaly]:
        """Return what is told and has not ended."""
        rows = self._gates.rows
        return [outer for name in sorted(rows) if (outer := rows[name].outer)]

    def subjects(self) -> set[str]:
        """Return every subject that has a row."""
        return self.rule.subjects() | {_ROW + name for name in self._gates.rows}

    def explain(self, subject: str) -> str:
        """Say what the rule says, and whether it looks now."""
        window = self._hours.window(self._book.now)
        until = "ever" if window.until == NEVER else self._local(window.until)
        return f"{self.rule.explain(subject)}; {'' if window.active else 'not '}in its hours until {until}"

    def _local(self, at: int) -> str:
        day = self._calendar.day_of(at)
        minutes = (at - self._calendar.at(day, 0)) // 60_000
        return f"{day} {minutes // 60:02}:{minutes % 60:02}"

    def _gated(self, found: Sequence[Anomaly], at: int) -> list[Anomaly]:
        told: list[Anomaly] = []
        for anomaly in found:
            told += self._gate(anomaly, at)
        return told

    def _gate(self, anomaly: Anomaly, at: int) -> list[Anomaly]:
        name = f"{anomaly.subject} {anomaly.key}"
        gate = self._gates.rows.get(name)
        if anomaly.phase is Phase.ENDED:
            return self._close(name, gate, anomaly)
        if gate is None:
            gate = Gate(anomaly, anomaly.started_at)
            self._gates.put(name, gate)
        said = msgspec.structs.replace(anomaly, phase=Phase.STARTED)
        told = self._turn(name, gate, at)
        gate.inner = said
        self._gates.put(name, gate)
        self._due = 0
        if anomaly.phase is not Phase.CONTINUED or gate.outer is None or told:
            return told
        gate.outer = _in_place_of(gate.outer, said)
        return [msgspec.structs.replace(gate.outer, phase=Phase.CONTINUED)]

    def _close(self, name: str, gate: Gate | None, anomaly: Anomaly) -> list[Anomaly]:
        if gate is None:
            return []
        end = anomaly.ended_at or anomaly.last_at
        told = self._turn(name, gate, end - 1)
        self._gates.drop(name)
        if gate.outer is None:
            return told
        return [*told, _in_place_of(gate.outer, anomaly)]

    def _reopen(self, now: int) -> None:
        """Look anew from `now` where the hours ended in a future that a wrong clock had shown."""
        self._due = self._shut = 0
        for name, gate in self._gates.rows.items():
            if _shut_at(gate) > now + _JITTER_MS:
                gate.since = now
                self._gates.put(name, gate)
            self._shut = max(self._shut, _shut_at(gate))

    def _turn(self, name: str, gate: Gate, now: int) -> list[Anomaly]:
        """Begin and end with the hours, up to `now`; asked twice, it answers once."""
        told: list[Anomaly] = []
        if gate.outer is None and now - gate.since > _LONGEST_GAP_MS:
            gate.since = now - _LONGEST_GAP_MS
        while True:
            window = self._hours.window(gate.since)
            if gate.outer is None:
                begin = gate.since if window.active else window.until
                if begin > now and begin != gate.inner.started_at:
                    break
                begin += begin == gate.last  # the clock was set back before it
                gate.outer, gate.since = _started_at(gate.inner, begin), begin
                gate.last = begin
                told.append(gate.outer)
            else:
                begin = window.until
                if begin > now:
                    break
                told.append(ended(gate.outer, at=begin, by="schedule"))
                gate.outer, gate.since = None, begin
                self._shut = max(self._shut, begin)
        self._due = min(self._due, begin)
        if told:
            self._gates.put(name, gate)
        return told


class LineUp(NamedTuple):
    """Rules in the order in which they are asked."""

    silences: list[SilenceRule]
    ticking: list[IndexedRule]
    hearing: list[tuple[IndexedRule, Callable[[str], Sequence[Anomaly]]]]  # heartbeats
    scores: list[tuple[IndexedRule, Callable[[Sequence[Anomaly]], Sequence[Anomaly]]]]


def line_up(rules: Iterable[IndexedRule]) -> LineUp:
    """Put gateways first, so that their devices are not judged in the tick that finds them lost."""
    ordered = sorted(rules, key=lambda rule: not isinstance(bare(rule), GatewayLostRule))
    silences = [kind for rule in ordered if isinstance(kind := bare(rule), SilenceRule)]
    hearing: list[tuple[IndexedRule, Callable[[str], Sequence[Anomaly]]]] = []
    for rule in ordered:
        kind = bare(rule)
        if isinstance(kind, (GatewayLostRule, SilenceRule)):
            heard = rule.heartbeat if isinstance(rule, Scheduled) else kind.heartbeat
            hearing.append((rule, heard))
    scores: list[tuple[IndexedRule, Callable[[Sequence[Anomaly]], Sequence[Anomaly]]]] = []
    for rule in ordered:
        kind = bare(rule)
        if isinstance(kind, ScoreRule):
            scores.append((rule, rule.hear if isinstance(rule, Scheduled) else kind.hear))
    ticking = [rule for rule in ordered if rule.ticks]
    return LineUp(silences, ticking, hearing, scores)


def built(spec: Spec, book: Book, calendar: Calendar) -> IndexedRule:
    """Return the rule that a text describes, within its hours if it has any."""
    rule = build(spec, book)
    return rule if spec.schedule is None else Scheduled(rule, spec.schedule, calendar, book)


def forget(rule: IndexedRule) -> None:
    """Let a rule that goes take back what it told the book."""
    kind = bare(rule)
    if isinstance(kind, (SilenceRule, GatewayLostRule)):
        kind.forget()


def bare(rule: IndexedRule) -> IndexedRule:
    """Return a rule without its hours."""
    return rule.rule if isinstance(rule, Scheduled) else rule


def _shut_at(gate: Gate) -> int:
    """Return when the hours ended what a gate had told, or 0: it is told, or never was."""
    return gate.since if gate.last and gate.outer is None else 0


def _started_at(inner: Anomaly, begin: int) -> Anomaly:
    if begin == inner.started_at:
        return inner
    return msgspec.structs.replace(
        inner,
        key=anomaly_key(inner.rule, inner.subject, begin),
        started_at=begin,
        last_at=max(begin, inner.last_at),
    )


def _in_place_of(outer: Anomaly, said: Anomaly) -> Anomaly:
    """Return what the rule says now, under the key and start that were told."""
    end = said.ended_at
    return msgspec.structs.replace(
        said,
        key=outer.key,
        started_at=outer.started_at,
        last_at=max(said.last_at, outer.started_at),
        ended_at=None if end is None else max(end, outer.started_at),
    )
