"""Finds the case that an anomaly belongs to, if there is one."""

from model.anomaly import Anomaly, Phase
from model.case import Case, EventClass, State
from model.place import UNREGISTERED, Place

from .dossier import ISOLATED, Dossier
from .grouping import (
    BY_ITSELF,
    FROM_ABOVE,
    NOT_KNOWN,
    Index,
    Spot,
    case_precision,
    newest,
    precision,
)
from .joining import heard_at, said_later
from .taxonomy import CATEGORIES, STORM, Category

FAULT = "fault_during_fire"
_FAULTS = frozenset({"device_fault", "panel_fault", "mains_fault", "line_fault"})
_LOOKED_AT = frozenset({State.RESOLVED, State.VERIFYING})


def starts_anew(dossier: Dossier, anomaly: Anomaly) -> bool:
    """Return whether a statement about a known anomaly is a new alarm, because its case has ended.

    A fire that is said again after its case was resolved is a new alarm, at once and however soon:
    a lost fire is the worst defect. Only data that the case had not seen counts, by its own time or
    its gateway's count, so a repeat opens nothing. What is not an emergency stays with its case until that is closed:
    "still so" then means that the work is not done, and its proof fails.
    """
    member = dossier.members.get((anomaly.rule, anomaly.subject))
    if not dossier.ended or member is None or member.anomaly != anomaly.key:
        return False
    if anomaly.phase is Phase.ENDED or member.ended_at is not None:
        return False
    if dossier.case.cls is not EventClass.EMERGENCY and dossier.case.state in _LOOKED_AT:
        return False
    return heard_at(anomaly) > member.last_at or said_later(member, anomaly)


def find(
    index: Index,
    anomaly: Anomaly,
    kind: Category,
    *,
    spot: Spot,
    window: int,
) -> Dossier | None:
    """Return the newest case that the anomaly may join, or None: then it opens one.

    `window`: how long (ms) after its last member ended an emergency still takes in alarms; work
    that is no emergency takes them in for as long as it is open (our assumption: it is one job).
    """
    until = window if kind.cls is EventClass.EMERGENCY else None
    here = newest(
        dossier
        for dossier in index.group(anomaly.mode, kind.cause, spot.group)
        if dossier.joinable(anomaly.started_at, until)
    )
    if here is None and kind.together:
        # What gathered with others stays there while that job is open, however often it comes back.
        same = index.subject(anomaly.mode, kind.cause, anomaly.subject)
        here = newest(d for d in same if d.joinable(anomaly.started_at, until))
    if not kind.echoes:
        return here
    same_source = [
        dossier
        for dossier in index.source(anomaly.mode, kind.cause, spot.source)
        if dossier.joinable(anomaly.started_at, until)
    ]
    if precision(spot, anomaly.scope) != BY_ITSELF:
        return newest(same_source) or here
    vague = [d for d in same_source if case_precision(d.case) <= FROM_ABOVE]
    return here or newest(vague)


def finer(case: Case, anomaly: Anomaly, cause: str, spot: Spot) -> bool:
    """Return whether an anomaly knows better than its case where it is."""
    if case.cause != cause:
        return False  # a silent device in the case of its gateway
    known = precision(spot, anomaly.scope)
    return known != NOT_KNOWN and known > case_precision(case)


def noted_beside(index: Index, anomaly: Anomaly) -> list[tuple[Dossier, str]]:
    """Return the open fires that an isolation or a fault concerns, with the flag it sets there.

    Isolation during a fire keeps it open; a fault after a fire is never taken for a false alarm.
    """
    if anomaly.phase is Phase.ENDED:
        return []
    flag = ISOLATED if anomaly.category == "isolation" else FAULT
    if flag == FAULT and anomaly.category not in _FAULTS:
        return []
    concerned = list(index.subject(anomaly.mode, "fire", anomaly.subject))
    if anomaly.scope in {"system", "source"}:
        concerned += index.source(anomaly.mode, "fire", anomaly.source or anomaly.subject)
    found = {d.case.id: d for d in concerned if not d.ended and flag not in d.case.flags}
    return [(dossier, flag) for dossier in found.values()]


def gathered(spot: Spot) -> tuple[Category, Spot]:
    """Return under what, and where, the alarms of a grid gather that had its cases of this minute."""
    grid = spot.place.grid
    place = Place(id=grid or UNREGISTERED.id, compound=spot.place.compound, grid=grid, name=grid)
    return CATEGORIES[STORM], Spot(place, f"storm:{grid}", spot.source)


def gathering(
    index: Index, anomaly: Anomaly, cause: str, spot: Spot, at_most: int
) -> Dossier | None:
    """Return the open case in which a grid's or a gateway's alarms gather, while there is room in it."""
    return newest(
        dossier
        for dossier in index.group(anomaly.mode, cause, spot.group)
        if not dossier.ended and len(dossier.members) < at_most
    )
