"""Decides what is told aloud when a silence ends, or when nobody has looked for two minutes under it."""

from collections.abc import Collection, Iterator

import msgspec

from model.case import Case, Change, EventClass, Member
from model.silence import SILENCED
from model.walk_test import WALK_TEST

from .dossier import Dossier, Line
from .grouping import ECHO_SCOPES
from .joining import aloud
from .policy import Policy
from .telling import is_elsewhere


def unmuted(
    dossier: Dossier, keys: Collection[str], *, now: int, unseen: bool, policy: Policy
) -> Change | None:
    """Return the change that tells of a case aloud, or None where there is nothing to tell.

    `keys`: anomalies that the silence covers; `unseen`: it goes on, and nobody has looked for a
    while. Told are a case that it kept quiet, and what grew under it since somebody acknowledged.
    """
    case = dossier.case
    grew = any(_unheard(dossier, keys, now=now, unseen=unseen, policy=policy))
    quiet = SILENCED in case.flags
    if dossier.ended or not (grew or (quiet and not (unseen and case.acknowledged_by))):
        return None
    lines: list[Line] = []
    case = aloud(case, lines, "silence_broken" if unseen else "silence_over", now=now)
    case = msgspec.structs.replace(
        case,
        renoticed_at=now,
        notices=case.notices + 1,
        alarmed_at=now if grew else case.alarmed_at,
    )
    return dossier.change(case, lines, now=now, notice="opened" if quiet else "new_alarm")


def _unheard(
    dossier: Dossier, keys: Collection[str], *, now: int, unseen: bool, policy: Policy
) -> Iterator[Member]:
    """Yield what burns on, is covered, and came after somebody acknowledged.

    Once told it is none of them until somebody has acknowledged it, and then it is heard.
    """
    case = dossier.case
    if case.cls is not EventClass.EMERGENCY or case.acknowledged_by is None:
        return
    if WALK_TEST in case.flags or (case.alarmed_at is not None and case.alarmed_at <= now):
        return
    early = unseen and 0 <= now - (case.renoticed_at or 0) < policy.renotice
    for member in dossier.members.values():
        if member.anomaly not in keys or member.ended_at is not None or member.held_by:
            continue
        if not _is_later(case, member, now) or (member.count > 1 and early):
            continue  # what flaps under a silence sounds no more often than without
        if member.count > 1 or _is_more(dossier, member):
            yield member


def _is_later(case: Case, member: Member, now: int) -> bool:
    """Return whether a member came after the newest acknowledgement, by the hub's clock.

    An acknowledgement ahead of `now` was made before the clock was set back: it hides nothing. A
    member ahead of `now` came before that as well: it would sound again after each answer.
    """
    heard = (case.acknowledged_at or 0) if case.heard_at is None else case.heard_at
    return member.joined_at <= now and (heard < member.joined_at or heard > now)


def _is_more(dossier: Dossier, member: Member) -> bool:
    """Return whether a member is one device more: no echo, and no other rule about a known one."""
    if member.scope in ECHO_SCOPES:
        return is_elsewhere(dossier, member)
    return all(
        known.subject != member.subject or known.joined_at >= member.joined_at
        for known in dossier.members.values()
    )
