"""The false-alarm ledger 误报台账 of each territory, counted anew only when a case has changed.

It is made of up to 20,000 cases: to read them at each opening would cost the hub a second.
"""

import threading
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cases.ledger import Line, ledger
from hub.api.ledger import DAY_MS, looked_at
from hub.api.services import Services

from .board import Board

DAYS = 30
KEPT_MS = 60_000  # no longer even when nothing changes: the thirty days move on


class Counted(NamedTuple):
    """What people found in the last days, as of a moment (ms); `version` is the board's then."""

    at: int
    version: int
    lines: dict[str, Line]  # by rule
    complete: bool


class Ledgers:
    """One ledger for each territory that somebody looks at."""

    def __init__(self, hub: Services, board: Board, zone: ZoneInfo) -> None:
        """Take the hub and the board that hears of every change of a case."""
        self._hub, self._board, self._zone = hub, board, zone
        self._kept: dict[str, Counted] = {}
        self._counting = threading.Lock()  # those who come meanwhile wait for the same count

    def of(self, grid: str) -> Counted:
        """Return the ledger of a territory; for worker threads, since it may read the disk."""
        with self._counting:
            kept = self._kept.get(grid)
            if kept is None or not self._holds(kept):
                kept = self._count(grid)
                self._kept = {name: c for name, c in self._kept.items() if self._holds(c)}
                self._kept[grid] = kept
            return kept

    def _holds(self, counted: Counted) -> bool:
        age = self._hub.now() - counted.at
        return counted.version == self._board.version and 0 <= age < KEPT_MS

    def _count(self, grid: str) -> Counted:
        # The version before the cases: what changes while they are read makes the count an old one.
        version, now = self._board.version, self._hub.now()
        found, complete = looked_at(self._hub, since=now - DAYS * DAY_MS, grid=grid)
        lines = {line.rule: line for line in ledger(found, self._zone)}
        return Counted(now, version, lines, complete)
