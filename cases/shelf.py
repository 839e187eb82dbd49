"""Where the desk keeps its cases (案卷架): by id, by anomaly, by what they join by, and by their next timer."""

import heapq
from collections.abc import Iterator

from model.case import State

from .deadlines import Timer
from .dossier import Dossier
from .grouping import Index


class Shelf:
    """The cases that somebody still has to work on, and those closed not long ago."""

    def __init__(self) -> None:
        self.cases: dict[str, Dossier] = {}
        self.by_anomaly: dict[str, Dossier] = {}
        self.index = Index()
        self._timers: list[tuple[int, str]] = []
        self._closed: list[tuple[int, str]] = []

    def open(self) -> Iterator[Dossier]:
        """Return every case that is not closed, in the order of opening."""
        return (d for d in self.cases.values() if d.case.state is not State.CLOSED)

    def hold(self, dossier: Dossier) -> None:
        """Take a case up."""
        self.cases[dossier.case.id] = dossier
        for member in dossier.members.values():
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

    def forget(self, before: int) -> None:
        """Give up the cases that were closed before a time (ms)."""
        while self._closed and self._closed[0][0] < before:
            dossier = self.cases.pop(heapq.heappop(self._closed)[1], None)
            if dossier is None:
                continue
            self.index.remove(dossier)
            for member in dossier.members.values():
                if self.by_anomaly.get(member.anomaly) is dossier:
                    del self.by_anomaly[member.anomaly]
