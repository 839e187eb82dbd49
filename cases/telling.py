"""Decides whether people are told of an alarm that joins a case they know already (再次提醒)."""

from model.case import Case, EventClass, Member

from .dossier import Dossier
from .policy import Policy
from .taxonomy import category

CHATTERING = "chattering"
MANUAL = "manual"


def alarm_notice(
    dossier: Dossier, before: Member | None, member: Member, *, now: int, policy: Policy
) -> str:
    """Return `new_alarm` when an alarm is news to people, `manual_alarm` when it is a pressed button.

    News is an emergency that came back, and a device more in a case whose people were told long
    ago: an old alarm that nobody reset must not hide the next one. `before`: what the case knew of
    the same rule and device; the dossier does not hold `member` yet.
    """
    case = dossier.case
    if case.cls is not EventClass.EMERGENCY or member.ended_at is not None or member.held_by:
        return ""
    if member.manual and MANUAL not in case.flags:
        return "manual_alarm"
    came_back = before if before and before.ended_at else dossier.last_ended
    if came_back is None and before is not None:
        return ""
    at_once = came_back is not None or _is_elsewhere(dossier, member)
    told_at = case.renoticed_at if at_once else max(case.opened_at, case.renoticed_at or 0)
    gap = policy.renotice
    reset = came_back is not None and came_back.ended_by == "reset"
    if reset and CHATTERING not in case.flags and member.burst < policy.burst_starts:
        gap = policy.renotice_after_reset
    return "new_alarm" if told_at is None or now - told_at >= gap else ""


def _is_elsewhere(dossier: Dossier, member: Member) -> bool:
    """Return whether a new member is another scene than the case's: a second door, a second panel."""
    case: Case = dossier.case
    if category(case.category, case.severity).tells_each:
        return True
    if member.scope != "system":
        return False
    panels = {_panel(known) for known in dossier.members.values() if known.source == member.source}
    return bool(panels - {""}) and member.subject not in panels


def _panel(member: Member) -> str:
    """Return the panel that a member is, or stands behind by its id; empty where that is not known."""
    if member.scope == "system":
        return member.subject
    panel = member.subject.rpartition("-")[0]
    return panel if panel.startswith(f"{member.source}-") else ""
