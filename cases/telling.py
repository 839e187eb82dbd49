"""Decides whether people are told of an alarm that joins a case they know already (再次提醒)."""

from typing import NamedTuple

from model.case import Case, EventClass, Member

from .dossier import Dossier
from .policy import Policy
from .taxonomy import category

CHATTERING = "chattering"
MANUAL = "manual"


class Word(NamedTuple):
    """Whether people are told of an alarm; times in ms of the hub's clock."""

    notice: str = ""  # new_alarm: it is news to people; manual_alarm: a pressed button
    since: int | None = None  # the next word has to wait as if this one had been given then
    sounds_at: int | None = None  # it has to wait with its sound until then


def alarm_notice(
    dossier: Dossier, before: Member | None, member: Member, *, now: int, policy: Policy
) -> Word:
    """Return whether people are told of an alarm now, and when it sounds if it has to wait.

    News is an emergency that came back, and a device more in a case whose people were told long
    ago: an old alarm that nobody reset must not hide the next one. `before`: what the case knew of
    the same rule and device; the dossier does not hold `member` yet.
    """
    case = dossier.case
    if case.cls is not EventClass.EMERGENCY or member.ended_at is not None or member.held_by:
        return Word()
    if member.manual and MANUAL not in case.flags:
        return Word("manual_alarm")
    came_back = before if before and before.ended_at else dossier.last_ended
    if came_back is None and before is not None:
        return Word()
    at_once = came_back is not None or is_elsewhere(dossier, member)
    told_at = case.renoticed_at if at_once else max(case.opened_at, case.renoticed_at or 0)
    gap = policy.renotice
    reset = came_back is not None and came_back.ended_by == "reset"
    if reset and CHATTERING not in case.flags and member.burst < policy.burst_starts:
        gap = policy.renotice_after_reset
    if told_at is None:
        return Word("new_alarm", now)
    if now - told_at < gap:
        return Word(sounds_at=min(told_at + gap, now + gap) if at_once else None)
    return _after_a_late_sound(case, came_back, told_at, gap, now) or Word("new_alarm", now)


def _after_a_late_sound(
    case: Case, came_back: Member | None, told_at: int, gap: int, now: int
) -> Word | None:
    """Return the word on what comes back soon after its sound had to wait, and was acknowledged.

    That sound was not told: the gap counts from it, or it would sound twice for each word.
    """
    sounded = told_at + gap
    if came_back is None or came_back.joined_at <= told_at or (case.heard_at or 0) < sounded:
        return None
    return Word("new_alarm", sounded, sounded + gap) if now < sounded + gap else None


def is_elsewhere(dossier: Dossier, member: Member) -> bool:
    """Return whether a new member is another scene than the case's: a second door, a second panel."""
    case: Case = dossier.case
    if category(case.category, case.severity).tells_each:
        return True
    if member.scope != "system":
        return False
    panels = {
        _panel(known)
        for known in dossier.members.values()
        if known.source == member.source and known.anomaly != member.anomaly
    }
    return bool(panels - {""}) and member.subject not in panels


def _panel(member: Member) -> str:
    """Return the panel that a member is, or stands behind by its id; empty where that is not known."""
    if member.scope == "system":
        return member.subject
    panel = member.subject.rpartition("-")[0]
    return panel if panel.startswith(f"{member.source}-") else ""
