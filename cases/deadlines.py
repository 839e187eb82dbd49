"""Knows until when somebody must have done something, and what happens when nobody has (时限).

All times are hub time in ms; limits count in clock hours (working hours and days come with the
calendar, in a later issue).
"""

from typing import NamedTuple

import msgspec

from model.case import ENDED_STATES, Case, State, Verification
from model.place import Level

from .policy import Limits

LEVELS = (Level.GRID, Level.COMMUNITY, Level.STREET, Level.DISTRICT)
UNDECIDED = frozenset({Verification.UNCONFIRMED, Verification.MACHINE_CORROBORATED})
"""Nobody has said yet whether the emergency is real."""

SUSPENSION, CHECK = "suspension", "check"
_UNACCEPTED = frozenset({State.FILED, State.DISPATCHED, State.REWORK})


class Timer(NamedTuple):
    """The next thing that time does to a case."""

    at: int
    word: str  # acknowledge, confirm, accept, resolve; suspension (ends); check (the hub looks)


def opened(case: Case, limits: Limits, now: int) -> Case:
    """Return the case with its deadlines set, counted from `now`."""
    undecided = case.verification in UNDECIDED
    return msgspec.structs.replace(
        case,
        acknowledge_due=_after(now, limits.acknowledge),
        confirm_due=_after(now, limits.confirm) if undecided else None,
        accept_due=_after(now, limits.accept),
        resolve_due=_after(now, limits.resolve),
    )


def dispatched(case: Case, limits: Limits, now: int) -> Case:
    """Return the case with a fresh limit for whoever it was given to now."""
    missed = tuple(word for word in case.missed if word != "accept")
    return msgspec.structs.replace(case, accept_due=_after(now, limits.accept), missed=missed)


def reworked(case: Case, limits: Limits, now: int) -> Case:
    """Return the case with fresh limits for accepting and resolving: the work begins again."""
    missed = tuple(word for word in case.missed if word not in {"accept", "resolve"})
    return msgspec.structs.replace(
        case,
        accept_due=_after(now, limits.accept),
        resolve_due=_after(now, limits.resolve),
        missed=missed,
    )


def resumed(case: Case, now: int) -> Case:
    """Return the case after a suspension, its last limit later by the time it was suspended."""
    slept = max(0, now - (case.suspended_at or now))
    return msgspec.structs.replace(
        case,
        suspended_at=None,
        suspended_until=None,
        resolve_due=None if case.resolve_due is None else case.resolve_due + slept,
    )


def due(case: Case) -> int | None:
    """Return the earliest limit that is still to be kept (in the past: overdue), or None."""
    return min((timer.at for timer in _pending(case)), default=None)


def next_timer(case: Case) -> Timer | None:
    """Return what time does next to a case, or None; a missed deadline escalates only once."""
    timers = [timer for timer in _pending(case) if timer.word not in case.missed]
    if case.state is State.SUSPENDED and case.suspended_until is not None:
        timers.append(Timer(case.suspended_until, SUSPENSION))
    if case.check_at is not None:
        timers.append(Timer(case.check_at, CHECK))
    return min(timers, default=None)


def level_up(level: Level) -> Level:
    """Return the next level (网格 → 社区 → 街道 → 区); the district stays the district."""
    return LEVELS[min(LEVELS.index(level) + 1, len(LEVELS) - 1)]


def _pending(case: Case) -> list[Timer]:
    if case.state in ENDED_STATES or case.state is State.SUSPENDED:
        return []
    found = []
    if case.acknowledge_due is not None and case.acknowledged_by is None:
        found.append(Timer(case.acknowledge_due, "acknowledge"))
    if case.confirm_due is not None and case.verification in UNDECIDED:
        found.append(Timer(case.confirm_due, "confirm"))
    if case.accept_due is not None and case.state in _UNACCEPTED:
        found.append(Timer(case.accept_due, "accept"))
    if case.resolve_due is not None:
        found.append(Timer(case.resolve_due, "resolve"))
    return found


def _after(now: int, limit: int | None) -> int | None:
    return None if limit is None else now + limit
