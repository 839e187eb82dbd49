"""Bounds how many cases a grid gets a minute: beyond it they gather in one, and each alarm is listed.

Emergencies, reports of people, lost gateways and what announces or worsens a fire have a lane of
their own: they never count and are never gathered. Nor is anything critical gathered.
"""

from collections import deque

from model.anomaly import Anomaly, Severity
from model.case import Case, EventClass
from model.reading import Mode

from .grouping import GATEWAY_LOST
from .policy import Policy
from .taxonomy import STORM, Category

_FREE = frozenset({EventClass.EMERGENCY, EventClass.REPORT, EventClass.DUTY})
_OWN_LANE = frozenset({GATEWAY_LOST, STORM, "fire_pre_alarm", "fire_hint", "doors_not_released"})


class Budget:
    """The newest openings of each grid; built anew from the cases after a restart."""

    def __init__(self, policy: Policy) -> None:
        """Take the figures of the site."""
        self._policy = policy
        self._opened: dict[tuple[Mode, str], deque[int]] = {}

    def note(self, case: Case) -> None:
        """Count a case that was opened."""
        if not _counts(case.cls, case.category):
            return
        grid = case.grid if case.birth_grid is None else case.birth_grid
        opened = self._opened.setdefault((case.mode, grid), deque())
        opened.append(case.opened_at)
        if len(opened) > self._policy.storm_cases:
            opened.popleft()

    def spent(self, anomaly: Anomaly, kind: Category, grid: str, now: int) -> bool:
        """Return whether an anomaly is gathered: its grid has had its cases of this minute (ms)."""
        if anomaly.severity is Severity.CRITICAL or not _counts(kind.cls, kind.word):
            return False
        opened = self._opened.get((anomaly.mode, grid), ())
        recent = sum(abs(now - at) < self._policy.storm_window for at in opened)
        return recent >= self._policy.storm_cases


def _counts(cls: EventClass, word: str) -> bool:
    return cls not in _FREE and word not in _OWN_LANE
