"""Bounds how many cases a grid gets a minute: beyond it they gather in one, and each alarm is listed.

So do a gateway's cameras that are all offline, or all black, at once: that is a switch, or the night.

Emergencies, reports of people, lost gateways and what announces or worsens a fire have a lane of
their own: they never count and are never gathered. Nor is anything critical gathered.
"""

from collections import deque
from collections.abc import Iterable

from model.anomaly import Anomaly, Severity
from model.case import Case, EventClass
from model.place import Place
from model.reading import Mode

from .finding import gathered
from .grouping import GATEWAY_LOST, Spot, gateway_of, gateways_of
from .policy import Policy
from .taxonomy import CATEGORIES, STORM, Category

_FREE = frozenset({EventClass.EMERGENCY, EventClass.REPORT, EventClass.DUTY})
_OWN_LANE = frozenset({GATEWAY_LOST, STORM, "fire_pre_alarm", "fire_hint", "doors_not_released"})


class Budget:
    """The newest openings of each grid; built anew from the cases after a restart."""

    def __init__(self, policy: Policy) -> None:
        """Take the figures of the site."""
        self._policy = policy
        self._opened: dict[tuple[Mode, str], deque[int]] = {}
        self._alike: dict[tuple[Mode, str, str], deque[int]] = {}

    def note(self, case: Case) -> None:
        """Count a case that was opened."""
        if not _counts(case.cls, case.category):
            return
        kind = CATEGORIES.get(case.category)
        if kind is not None and kind.together:
            for gateway in {gateway_of(item) for item in case.evidence}:
                key = (case.mode, case.cause, gateway)
                alike = self._alike.setdefault(key, deque(maxlen=self._policy.alike_cases))
                alike.append(case.opened_at)
        grid = case.grid if case.birth_grid is None else case.birth_grid
        opened = self._opened.setdefault((case.mode, grid), deque())
        opened.append(case.opened_at)
        if len(opened) > self._policy.storm_cases:
            opened.popleft()

    def elsewhere(
        self, anomaly: Anomaly, kind: Category, spot: Spot, now: int
    ) -> tuple[Category, Spot] | None:
        """Return under what, and where, an anomaly gathers; None: it gets a case of its own (`now` in ms)."""
        if anomaly.severity is Severity.CRITICAL or not _counts(kind.cls, kind.word):
            return None
        for gateway in sorted(gateways_of(anomaly)) if kind.together else ():
            alike = self._alike.get((anomaly.mode, kind.cause, gateway), ())
            if self._recent(alike, now) >= self._policy.alike_cases:
                return kind, _behind(gateway, spot)
        opened = self._opened.get((anomaly.mode, spot.place.grid), ())
        return gathered(spot) if self._recent(opened, now) >= self._policy.storm_cases else None

    def _recent(self, opened: Iterable[int], now: int) -> int:
        return sum(abs(now - at) < self._policy.storm_window for at in opened)


def _behind(gateway: str, spot: Spot) -> Spot:
    """Return the spot of all that is behind a gateway: in the compound, and in no building of it."""
    place = spot.place
    if place.compound:
        place = Place(place.compound, compound=place.compound, grid=place.grid, name=place.compound)
    return Spot(place, gateway, spot.source)


def _counts(cls: EventClass, word: str) -> bool:
    return cls not in _FREE and word not in _OWN_LANE
