"""Decides who hears what: classes, severity, compounds and grids; duress never at the compound."""

from hub.case_store import OutgoingEvent
from model.anomaly import Severity

from .notice import told_of
from .settings import Email, Robot


def wants(item: Robot | Email, event: OutgoingEvent) -> bool:
    """Return whether an event is for the people behind a channel.

    A silent alarm (duress) is never told where people at the compound read along.
    """
    if event.quiet_at_compound and item.reaches_compound:
        return False
    case = told_of(event)
    if item.classes and case.cls not in item.classes:
        return False
    if Severity(case.severity).rank < item.severity.rank:
        return False
    if item.compounds and case.compound not in item.compounds:
        return False
    return case.grid.startswith(item.grid)
