"""Decides when an emergency that somebody acknowledged sounds again 又报警.

Modelled on EN 54-2 (each new alarm sounds again, however often the sound was silenced) and ISA-18.2
(what was acknowledged and grows worse is a new alarm). A building that burns gives one sound until
somebody acknowledges again, and one device more waits `policy.rearm` after that (our assumption).
"""

import msgspec

from model.anomaly import Anomaly
from model.case import ENDED_STATES, Case, EventClass, Member
from model.silence import SILENCED

from .dossier import Dossier
from .grouping import ECHO_SCOPES
from .policy import Policy

LOUD = frozenset({"new_alarm", "corroborated", "manual_alarm", "severity_raised"})
"""Notices that sound at once, also where somebody has acknowledged."""


def further(dossier: Dossier, member: Member) -> bool:
    """Return whether an alarm is of one device more: it is no echo, and nothing explains it.

    The dossier does not hold `member` yet.
    """
    case = dossier.case
    if case.cls is not EventClass.EMERGENCY or case.acknowledged_by is None:
        return False
    if member.ended_at is not None or member.held_by or member.scope in ECHO_SCOPES:
        return False
    return all(known.subject != member.subject for known in dossier.members.values())


def rearmed(
    case: Case, anomaly: Anomaly, *, notice: str, more: bool, now: int, policy: Policy
) -> Case:
    """Return the case with the time (ms) from which it sounds again, if its news are to be heard.

    `notice`: why people are told; `more`: it is one device more. What a silence covers makes no
    case loud again by itself.
    """
    known = case.cls is EventClass.EMERGENCY and case.acknowledged_by is not None
    if not known or case.state in ENDED_STATES:
        return case
    at_once = notice in LOUD or (more and anomaly.manual)
    if not at_once and (not more or SILENCED in anomaly.quality):
        return case
    at = now if at_once else _after_a_rest(case, now, policy.rearm)
    if case.alarmed_at is not None:
        at = min(at, case.alarmed_at)
    return msgspec.structs.replace(case, alarmed_at=at)


def heard_again(case: Case, now: int) -> Case:
    """Return the case quiet again: somebody has acknowledged what is new."""
    if case.alarmed_at is None:
        return case
    return msgspec.structs.replace(case, alarmed_at=None, heard_at=now)


def _after_a_rest(case: Case, now: int, rest: int) -> int:
    """Return when the rest after the newest acknowledgement is over; a clock set back makes none longer."""
    heard = max(case.acknowledged_at or 0, case.heard_at or 0)
    return min(max(now, heard + rest), now + rest)
