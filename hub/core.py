"""One step of the hub: a log entry in, changes of cases out. No clock, no disk, no network.

The same entries in the same order give the same changes, live, after a restart and in a replay.
"""

import traceback
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

import msgspec

from cases.desk import Desk
from cases.muting import patrol
from cases.silences import SILENCES, Silences, Turn
from model.anomaly import Anomaly, Phase
from model.case import Change
from model.codec import decode_heartbeat
from model.entry import Action, Entry, EntryKind, Report, Tick, Versioned
from model.errors import HubError, Refused
from model.place import Registry
from model.reading import Reading
from model.silence import Silence, SilenceOrder
from model.walk_test import WalkTestOrder
from rules.engine import Engine
from rules.rulefile import load_rules

from .log.readings import readings_of
from .territory.registry_files import load_registry

DEAD_LETTER = "dead_letter"


class Step(NamedTuple):
    """What came of one entry."""

    anomalies: list[Anomaly]
    changes: list[Change]
    refused: HubError | None = None
    dead_letters: tuple[Reading, ...] = ()
    failed: tuple[str, ...] = ()  # traces of what broke in the desk; it cost nothing else
    request: str = ""  # the action's or report's id, for who waits for its answer


class Core:
    """Rules and desk together, fed with log entries."""

    def __init__(
        self, rules: Versioned, registry: Versioned, *, places: Registry | None = None
    ) -> None:
        """Start from versions that were logged; raises ConfigError when they cannot be read.

        `places`: the registry of that version, where somebody has read it already.
        """
        self.registry: Registry = places or load_registry(registry.documents)
        self.engine = Engine(self.registry, load_rules(rules.documents))
        self.desk = Desk(self.registry, self.engine.book)
        self.silences = Silences()
        self._rules = rules
        self._registry = registry

    @property
    def registry_version(self) -> Versioned:
        """The version of the registry in force, with its texts."""
        return self._registry

    @property
    def rules(self) -> Versioned:
        """The version of the rules in force."""
        return self._rules

    def dirty(self) -> list[tuple[str, str, bytes]]:
        """Return the rows of rules and silences that changed since the last call."""
        return [*self.engine.dirty(), *self.silences.dirty()]

    def restore(self, rows: Iterable[tuple[str, str, bytes]]) -> None:
        """Put the rows of rules and silences back; raises msgspec.DecodeError on a damaged one."""
        others = []
        for name, subject, state in rows:
            if name == SILENCES:
                self.silences.restore(subject, state)
            else:
                others.append((name, subject, state))
        self.engine.restore(others)

    def step(self, entry: Entry, *, desk: bool = True) -> Step:
        """Take one entry; with `desk=False` only the rules move (their state lags the desk's)."""
        if entry.kind is EntryKind.READINGS:
            return self._readings(entry, desk=desk)
        if entry.kind is EntryKind.TICK:
            tick = msgspec.json.decode(entry.payload, type=Tick)
            step = self._receive(self.engine.tick(tick), entry, desk=desk, tick=True)
            turn = self.silences.tick(at=tick.at, awake=self.engine.book.awake)
            return self._turned(turn, entry, step) if desk else step
        if entry.kind is EntryKind.HEARTBEAT:
            beat = decode_heartbeat(entry.payload)
            return self._receive(self.engine.heartbeat(beat, entry.logged_at), entry, desk=desk)
        if entry.kind in (EntryKind.RULES, EntryKind.REGISTRY):
            return self._receive(self._replace(entry), entry, desk=desk)
        ordered = {EntryKind.WALK_TEST: self._walk_test, EntryKind.SILENCE: self._silence}
        if entry.kind in ordered:
            return ordered[entry.kind](entry, desk=desk)
        return self._person(entry) if desk else Step([], [])

    def _readings(self, entry: Entry, *, desk: bool) -> Step:
        assert entry.row is not None  # noqa: S101 - entries of this kind have one
        readings = readings_of(entry)
        letters: tuple[Reading, ...] = ()
        if any(reading.kind == DEAD_LETTER for reading in readings):
            letters = tuple(r for r in readings if r.kind == DEAD_LETTER)
            readings = [r for r in readings if r.kind != DEAD_LETTER]
        found = self.engine.observe(readings, entry.row.lane, entry.logged_at)
        step = self._receive(found, entry, desk=desk)
        return step._replace(dead_letters=letters) if letters and desk else step

    def _receive(
        self, anomalies: list[Anomaly], entry: Entry, *, desk: bool, tick: bool = False
    ) -> Step:
        told = self.silences.sift(anomalies, self.registry, awake=self.engine.book.awake)
        if not desk:
            return Step([], [])
        changes: list[Change] = []
        failed: list[str] = []
        for anomaly in told:
            changes += _tried(partial(self.desk.receive, anomaly, entry.logged_at), failed)
        if len(told) < len(anomalies):  # a silence holds no word that a fire's case needs
            passed = {anomaly.key for anomaly in told}
            for anomaly in anomalies:
                if anomaly.key not in passed:
                    changes += _tried(partial(self.desk.beside, anomaly, entry.logged_at), failed)
        if tick:
            changes += _tried(partial(self.desk.tick, entry.logged_at), failed)
        return Step(anomalies, changes, failed=tuple(failed))

    def _walk_test(self, entry: Entry, *, desk: bool) -> Step:
        """Start or stop a walk test; the rules need it also while their state lags the desk's."""
        order = msgspec.json.decode(entry.payload, type=WalkTestOrder)
        try:
            found = self.engine.walk_test(order, entry.logged_at)
        except Refused as error:
            return Step([], [], error, request=order.request)
        return self._receive(found, entry, desk=desk)._replace(request=order.request)

    def _silence(self, entry: Entry, *, desk: bool) -> Step:
        """Create, approve or end a silence; like a walk test it moves also while the desk is ahead."""
        order = msgspec.json.decode(entry.payload, type=SilenceOrder)
        try:
            turn = self.silences.order(
                order, self.registry, now=entry.logged_at, awake=self.engine.book.awake
            )
        except Refused as error:
            return Step([], [], error, request=order.request)
        step = Step([], [], request=order.request)
        return self._turned(turn, entry, step) if desk else step

    def _turned(self, turn: Turn, entry: Entry, step: Step) -> Step:
        """Open at once what still holds when a silence ends, and begin and end the rounds."""
        now, released = entry.logged_at, turn.released | self.silences.unhidden()
        work: list[Callable[[], list[Change]]] = [
            partial(self.desk.receive, anomaly, now)
            for anomaly in (self.engine.open() if released else ())
            if anomaly.key in released
        ]
        if turn.aloud:
            work.append(partial(self.desk.silence_over, turn.aloud, now))
        if turn.unheard:
            work.append(partial(self.desk.silence_over, turn.unheard, now, unseen=True))
        work += [partial(_patrolled, self.desk, s, now) for s in turn.began if s.emergencies]
        work += [
            partial(self.desk.receive, patrol(silence, phase=Phase.ENDED, at=now), now)
            for silence in turn.over
            if silence.emergencies
        ]
        failed = list(step.failed)
        changes = [*step.changes, *(change for do in work for change in _tried(do, failed))]
        return step._replace(changes=changes, failed=tuple(failed))

    def _person(self, entry: Entry) -> Step:
        asked: Report | Action
        if entry.kind is EntryKind.REPORT:
            asked = msgspec.json.decode(entry.payload, type=Report)
            work = partial(self.desk.report, asked, entry.logged_at)
        else:
            asked = msgspec.json.decode(entry.payload, type=Action)
            work = partial(self.desk.act, asked, entry.logged_at)
        failed: list[str] = []
        try:
            changes = _tried(work, failed)
        except Refused as error:
            return Step([], [], error, request=asked.id)
        refused = HubError("the desk broke on this request; see the hub's log") if failed else None
        return Step([], changes, refused, failed=tuple(failed), request=asked.id)

    def _replace(self, entry: Entry) -> list[Anomaly]:
        version = msgspec.json.decode(entry.payload, type=Versioned)
        if version.hash in (self._rules.hash, self._registry.hash):
            return []  # in force already: a start logs what it finds
        if entry.kind is EntryKind.RULES:
            self._rules = version
        else:
            self._registry = version
            self.registry = load_registry(version.documents)
            self.desk.replace_registry(self.registry)
        return self.engine.replace(load_rules(self._rules.documents), self.registry)


def _patrolled(desk: Desk, silence: Silence, now: int) -> list[Change]:
    """Open the round of a silence and give it to whom its author named."""
    changes = desk.receive(patrol(silence, phase=Phase.STARTED, at=now), now)
    if not changes:
        return []
    assign = Action(
        case=changes[0].case.id, name="assign", actor=silence.approved_by, at=now,
        fields={"to": silence.patrol}, level="district", id=f"silence/{silence.id}",
    )  # fmt: skip
    return [*changes, *desk.act(assign, now)]


def _tried(work: Callable[[], list[Change]], failed: list[str]) -> list[Change]:
    """Do one piece of the desk's work; a defect is kept in `failed` and does not stop the desk.

    The entry stays in the log, so a desk that it stops would stop there for ever.
    """
    try:
        return work()
    except Refused:
        raise
    except Exception:  # noqa: BLE001 - any defect; told, counted, and on
        failed.append(traceback.format_exc())
        return []
