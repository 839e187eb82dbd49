"""Runs recorded entries through rules and desk, several versions of the rules side by side.

The entries are what the live hub read, and the engine and desk are the live ones, so the side that
follows the recorded versions of the rules makes the live hub's cases, byte for byte.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from enum import StrEnum

import msgspec

from hub.core import DEAD_LETTER, Core, Step
from hub.log.readings import readings_of
from model.case import Case
from model.entry import Action, Entry, EntryKind, Versioned
from model.reading import Reading

from .source import Recording

RECORDED = "recorded"


class Skipped(StrEnum):
    """Why something that people did then had no effect on a side."""

    NO_CASE = "no_case"  # the side has no such case
    REFUSED = "refused"  # its case did not allow it at that time


def recorded(before: Recording, name: str = RECORDED) -> "Side":
    """Return the side that follows the versions of the rules that were in force."""
    return Side(name, before.rules, before, forced=False)


class Side:
    """One version of the rules with what came of it."""

    def __init__(
        self, name: str, rules: Versioned, before: Recording, *, forced: bool = True
    ) -> None:
        """Begin empty; a `forced` side keeps its rules whatever versions were recorded."""
        self.name = name
        self.core = Core(rules, before.registry, places=before.places)
        self.cases: dict[str, Case] = {}
        self.anomalies: Counter[str] = Counter()
        self.notices: Counter[str] = Counter()
        self.skipped: Counter[Skipped] = Counter()
        self.defects: list[str] = []
        self._forced = forced
        self._of_device: dict[str, list[str]] = defaultdict(list)

    def take(self, entry: Entry) -> Step:
        """Take one entry."""
        if self._forced and entry.kind is EntryKind.RULES:
            return Step([], [])
        step = self.core.step(entry)
        for anomaly in step.anomalies:
            self.anomalies[f"{anomaly.rule} {anomaly.phase.value}"] += 1
        for change in step.changes:
            self._keep(change.case)
            if change.notice:
                self.notices[change.notice] += 1
        self.defects += step.failed
        return step

    def act(self, entry: Entry, then: Case | None) -> None:
        """Do what a person did then, to the case that stands for the one that they worked on."""
        action = msgspec.json.decode(entry.payload, type=Action)
        mine = self._counterpart(action.case, then)
        if mine is None:
            self.skipped[Skipped.NO_CASE] += 1
            return
        if mine != action.case:
            payload = msgspec.json.encode(msgspec.structs.replace(action, case=mine))
            entry = entry._replace(payload=payload)
        if self.take(entry).refused is not None:
            self.skipped[Skipped.REFUSED] += 1

    def _keep(self, case: Case) -> None:
        known = self.cases.get(case.id)
        before = {member.subject for member in known.members} if known else set()
        for member in case.members:
            if member.subject not in before:
                self._of_device[member.subject].append(case.id)
        self.cases[case.id] = case

    def _counterpart(self, wanted: str, then: Case | None) -> str | None:
        """Return the case of this side that stands for a recorded one: devices in common, and the time.

        Ids do not do: the number of a case at its place shifts when an earlier one is gone.
        """
        if then is None:
            return None
        if not then.members:
            return wanted if wanted in self.cases else None
        devices = {member.subject for member in then.members}
        shared: Counter[str] = Counter()
        for device in devices:
            shared.update(self._of_device.get(device, ()))
        fitting = [
            case
            for name in shared
            if (case := self.cases[name]).cause == then.cause and not _apart(case, then)
        ]
        if not fitting:
            return None
        return min(
            fitting,
            key=lambda case: (abs(case.opened_at - then.opened_at), -shared[case.id], case.id),
        ).id


def _apart(case: Case, then: Case) -> bool:
    """Return whether one was over before the other began."""
    return _over(case) < then.opened_at or _over(then) < case.opened_at


def _over(case: Case) -> float:
    return float("inf") if case.closed_at is None else case.closed_at


Told = Callable[[Entry], None]


def replay(
    entries: Iterable[Entry],
    sides: list[Side],
    *,
    known: Callable[[str], Case | None] | None = None,
    told: Told | None = None,
) -> None:
    """Take all entries on all sides; the first side is what people worked on then.

    `known` looks up live cases by id, for a replay that does not begin with the log: its own ids are
    others. `told` hears of every entry, for a progress bar.
    """
    recorded_side, others = sides[0], sides[1:]
    for entry in entries:
        if entry.kind is EntryKind.READINGS and entry.readings is None:
            entry = entry._replace(readings=_live(entry))  # noqa: PLW2901 - decoded once for all
        if entry.kind is EntryKind.ACTION:
            action = msgspec.json.decode(entry.payload, type=Action)
            then = known(action.case) if known else recorded_side.cases.get(action.case)
            if known is None:
                recorded_side.take(entry)
            for side in sides if known else others:
                side.act(entry, then)
        else:
            for side in sides:
                side.take(entry)
        if told is not None:
            told(entry)


def _live(entry: Entry) -> list[Reading]:
    return [reading for reading in readings_of(entry) if reading.kind != DEAD_LETTER]
