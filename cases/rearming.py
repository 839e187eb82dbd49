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
from .telling import Word

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
    case: Case, anomaly: Anomaly, word: Word, *, notice: str, more: bool, now: int, policy: Policy
) -> Case:
    """Return the case with the time (ms) from which it sounds again, if its news are to be heard.

    `word`: what its alarm by itself is to people; `notice`: why they are told; `more`: it is one
    device more. What came back too early to be told again sounds when it might be told; what a
    silence covers, when nobody has looked for a while or the silence ends (`unmuting`).
    """
    known = case.cls is EventClass.EMERGENCY and case.acknowledged_by is not None
    if not known or case.state in ENDED_STATES or SILENCED in anomaly.quality:
        return case
    times = [case.alarmed_at, word.sounds_at]
    if more:
        times.append(_after_a_rest(case, now, policy.rearm))
    waits = notice == word.notice and word.sounds_at is not None
    if (notice in LOUD and not waits) or (more and anomaly.manual):
        times.append(now)
    at = min((at for at in times if at is not None), default=None)
    return msgspec.structs.replace(case, alarmed_at=at)


def calmed(dossier: Dossier, case: Case, *, now: int, policy: Policy) -> Case:
    """Return the case without a sound that had to wait for what came back, once all has ended.

    A device more waits no longer than the rest: that sound stays.
    """
    at = case.alarmed_at
    if at is None or at <= max(now, _heard(case) + policy.rearm):
        return case
    if any(m.ended_at is None and not m.held_by for m in dossier.members.values()):
        return case
    return msgspec.structs.replace(case, alarmed_at=None)


def heard_again(case: Case, now: int) -> Case:
    """Return the case quiet again: somebody has acknowledged what is new."""
    if case.alarmed_at is None:
        return case
    return msgspec.structs.replace(case, alarmed_at=None, heard_at=now)


def _after_a_rest(case: Case, now: int, rest: int) -> int:
    """Return when the rest after the newest acknowledgement is over; a clock set back makes none longer."""
    return min(max(now, _heard(case) + rest), now + rest)


def _heard(case: Case) -> int:
    return max(case.acknowledged_at or 0, case.heard_at or 0)
