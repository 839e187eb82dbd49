"""Where the desk keeps its cases (案卷架): by id, by anomaly, by what they join by, and by their next timer."""

import heapq
from collections.abc import Iterator

import msgspec

from model.case import Change, State

from .deadlines import Timer
from .dossier import Dossier
from .grouping import Index

JITTER = 5_000
"""So much (ms) a clock may step back without being set back; our assumption."""


class Shelf:
    """The cases that somebody still has to work on, and those closed not long ago."""

    def __init__(self) -> None:
        self.cases: dict[str, Dossier] = {}
        self.by_anomaly: dict[str, Dossier] = {}
        self.index = Index()
        self._timers: list[tuple[int, str]] = []
        self._closed: list[tuple[int, str]] = []
        self._checked: dict[str, Dossier] = {}  # the hub looks at them by itself

    def open(self) -> Iterator[Dossier]:
        """Return every case that is not closed, in the order of opening."""
        return (d for d in self.cases.values() if d.case.state is not State.CLOSED)

    def hold(self, dossier: Dossier) -> None:
        """Take a case up."""
        self.cases[dossier.case.id] = dossier
        for member in dossier.members.values():
            owner = self.by_anomaly.get(member.anomaly)
            if owner is None or _owns(dossier, owner, (member.rule, member.subject)):
                self.by_anomaly[member.anomaly] = dossier
        self.index.add(dossier)
        self.watch(dossier)

    def watch(self, dossier: Dossier) -> None:
        """Remember when time next does something to the case; once, or a storm would fill memory."""
        case, timer = dossier.case, dossier.timer
        at = None if timer is None else timer.at
        if at is not None and at != dossier.watched_at:
            heapq.heappush(self._timers, (at, case.id))
        dossier.watched_at = at
        if case.check_at is None:
            self._checked.pop(case.id, None)
        else:
            self._checked[case.id] = dossier
        if case.closed_at is not None and not dossier.leaving:
            dossier.leaving = True
            heapq.heappush(self._closed, (case.closed_at, case.id))

    def due(self, now: int) -> Iterator[tuple[Dossier, Timer]]:
        """Yield the cases to which time does something until `now`; watch each again afterwards."""
        while self._timers and self._timers[0][0] <= now:
            at, case_id = heapq.heappop(self._timers)
            dossier = self.cases.get(case_id)
            timer = dossier.timer if dossier else None
            if dossier is None or timer is None or timer.at != at:
                continue
            dossier.watched_at = None
            yield dossier, timer

    def set_back(self, now: int, longest: int) -> list[Change]:
        """Bring forward the looks that a clock set back moved away: none is due later than `longest` (ms).

        Asked at every tick and of the cases alone, so that a restart between changes nothing.
        """
        last = now + longest
        far = [d for d in self._checked.values() if (d.case.check_at or 0) > last + JITTER]
        changes = []
        for dossier in sorted(far, key=lambda dossier: dossier.case.id):
            case = msgspec.structs.replace(dossier.case, check_at=last)
            changes.append(dossier.change(case, [], now=now))
            self.watch(dossier)
        return changes

    def forget(self, before: int) -> None:
        """Give up the cases that were closed before a time (ms)."""
        while self._closed and self._closed[0][0] < before:
            dossier = self.cases.pop(heapq.heappop(self._closed)[1], None)
            if dossier is None:
                continue
            self._checked.pop(dossier.case.id, None)
            self.index.remove(dossier)
            for member in dossier.members.values():
                if self.by_anomaly.get(member.anomaly) is dossier:
                    del self.by_anomaly[member.anomaly]


def _owns(dossier: Dossier, other: Dossier, key: tuple[str, str]) -> bool:
    """Whether an anomaly of both cases is the first one's: it is open there, and so is the case.

    Times do not tell: a clock that was set back opens the later case earlier.
    """
    ours, theirs = _claim(dossier, key), _claim(other, key)
    return ours > theirs or (ours == theirs and other.case.predecessor != dossier.case.id)


def _claim(dossier: Dossier, key: tuple[str, str]) -> tuple[bool, bool]:
    member = dossier.members.get(key)
    holds = member is not None and member.ended_at is None
    return holds and not dossier.ended, holds
