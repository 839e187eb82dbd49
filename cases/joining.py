"""What an anomaly does to the case it joins: members, flags, certainty, and whether people are told."""

from typing import NamedTuple

import msgspec

from model.anomaly import Anomaly, Evidence, Phase
from model.case import Case, Change, EventClass, Member, Verification
from model.reading import Mode
from model.silence import SILENCED
from model.walk_test import WALK_TEST

from .chain import Detail, described
from .closing import HUB
from .dossier import QUIET, Dossier, Line
from .grouping import BY_ITSELF, Spot, precision
from .policy import Policy
from .rearming import calmed, further, rearmed
from .telling import CHATTERING, MANUAL, Word, alarm_notice

RESET_BEFORE_CHECK = "reset_before_check"


class News(NamedTuple):
    """How a statement compares with what the case knew of the same rule and subject."""

    kind: str  # joined, again (a new anomaly of a known device), continued, ended
    member: Member


def heard_at(anomaly: Anomaly) -> int:
    """Return the data time (ms) of the newest Reading that a statement rests on."""
    newest = max((item.at for item in anomaly.evidence), default=0)
    return max(anomaly.started_at, anomaly.last_at, anomaly.ended_at or 0, newest)


def said_later(before: Member, anomaly: Anomaly) -> bool:
    """Return whether a statement is newer than a member by its gateway's count, whatever clocks say.

    What rests on no Reading (a silence) comes from the hub's own ticks, which are never disordered.
    """
    if not anomaly.evidence:
        return anomaly.phase is Phase.STARTED
    stream, _, number = anomaly.evidence[-1].reading.rpartition("/")
    known, _, last = before.reading.rpartition("/")
    counted = stream == known and number.isdecimal() and last.isdecimal()
    return counted and int(number) > int(last)


def news_of(
    before: Member | None, anomaly: Anomaly, *, source: str, now: int, policy: Policy
) -> News | None:
    """Return what is new in a statement, or None for a repeat or old news.

    Old news: an anomaly that had ended does not start again, a newer start of the same device is
    known already, or nothing newer was heard. So order and repetition change no member, and a
    clock that was set back hides no alarm.
    """
    fresh = _member(anomaly, source=source, now=now)
    if before is None:
        return News("joined", fresh)
    if anomaly.key == before.anomaly:
        return _same(before, fresh, anomaly)
    if anomaly.started_at <= before.started_at and not said_later(before, anomaly):
        return None
    return News("again", _succeeding(before, fresh, policy))


def _same(before: Member, fresh: Member, anomaly: Anomaly) -> News | None:
    if before.ended_at is not None:
        return None
    if anomaly.phase is Phase.ENDED:
        return News("ended", _updated(before, fresh, explanation=before.explanation))
    if fresh.last_at <= before.last_at and not _worse(anomaly, before):
        return None
    return News("continued", _updated(before, fresh, explanation=fresh.explanation))


def join(
    dossier: Dossier,
    anomaly: Anomaly,
    news: News,
    *,
    moves_to: Spot | None,
    now: int,
    policy: Policy,
) -> Change:
    """Take the news into the case and return the change; people are told only what is new to them.

    `moves_to`: where the case turns out to be, when its first members did not know.
    """
    case, member = dossier.case, news.member
    before = dossier.members.get((member.rule, member.subject))
    lines = _lines(news, now, policy)
    word = Word()
    if news.kind in {"joined", "again"}:
        word = alarm_notice(dossier, before, member, now=now, policy=policy)
    more = news.kind == "joined" and further(dossier, member)
    dossier.put(member)
    case, flagged = _flagged(case, anomaly, news, policy)
    lines += [Line(now, HUB, "flagged", {"flag": flag}) for flag in flagged]
    case, notice = _raised(case, anomaly, lines, notice=word.notice, now=now)
    if moves_to is not None:
        lines.append(Line(now, HUB, "located", {"from": case.place, "to": moves_to.place.id}))
        case, notice = moved(case, moves_to, anomaly), notice or "located"
    case, notice = _corroborated(case, anomaly, lines, notice=notice, now=now)
    case, notice = _hushed(case, anomaly, lines, news, notice=notice, now=now)
    case = calmed(dossier, case, now=now, policy=policy)
    if not of_walk_test(anomaly):
        case = rearmed(case, anomaly, word, notice=notice, more=more, now=now, policy=policy)
    if news.kind in {"joined", "again"} or anomaly.corroborates:
        case = msgspec.structs.replace(
            case, evidence=_evidence(case.evidence, anomaly.evidence, policy.evidence)
        )
    if notice:
        told_at = now if notice == "new_alarm" else case.renoticed_at
        told_at = told_at if word.since is None else word.since
        case = msgspec.structs.replace(case, notices=case.notices + 1, renoticed_at=told_at)
    return dossier.change(case, lines, now=now, notice=notice)


def first_flags(anomaly: Anomaly, *, quiet: bool) -> tuple[str, ...]:
    """Return the flags with which a case is born."""
    found = {
        QUIET: quiet,
        "late": anomaly.late,
        "historical": anomaly.historical,
        MANUAL: anomaly.manual,
        WALK_TEST: of_walk_test(anomaly),
        SILENCED: SILENCED in anomaly.quality,
    }
    return tuple(name for name, holds in found.items() if holds)


def of_walk_test(anomaly: Anomaly) -> bool:
    """Return whether people caused it on purpose, in a walk test 巡检测试."""
    return anomaly.mode is Mode.TEST and WALK_TEST in anomaly.quality


def moved(case: Case, spot: Spot, anomaly: Anomaly) -> Case:
    """Return the case at the place it turned out to be at; its key and id stay."""
    place = spot.place
    return msgspec.structs.replace(
        case,
        place=place.id,
        place_name=place.name,
        compound=place.compound or case.compound,
        grid=place.grid or case.grid,
        group=spot.group,
        located=precision(spot, anomaly.scope) == BY_ITSELF,
        subject=anomaly.subject,
    )


def _member(anomaly: Anomaly, *, source: str, now: int) -> Member:
    ended = anomaly.phase is Phase.ENDED
    return Member(
        anomaly=anomaly.key,
        rule=anomaly.rule,
        rule_hash=anomaly.rule_hash,
        subject=anomaly.subject,
        started_at=anomaly.started_at,
        last_at=heard_at(anomaly),
        scope=anomaly.scope,
        ended_at=(anomaly.ended_at or heard_at(anomaly)) if ended else None,
        ended_by=anomaly.ended_by if ended else "",
        manual=anomaly.manual,
        explanation=anomaly.explanation,
        joined_at=now,
        category=anomaly.category,
        severity=anomaly.severity,
        source=source,
        corroborates=anomaly.corroborates,
        reading=anomaly.evidence[-1].reading if anomaly.evidence else "",
        burst_at=anomaly.started_at,
    )


def _succeeding(before: Member, fresh: Member, policy: Policy) -> Member:
    same_burst = fresh.started_at - before.burst_at <= policy.burst_window
    return msgspec.structs.replace(
        fresh,
        manual=before.manual or fresh.manual,
        count=before.count + 1,
        burst_at=before.burst_at if same_burst else fresh.started_at,
        burst=before.burst + 1 if same_burst else 1,
    )


def _updated(before: Member, fresh: Member, *, explanation: str) -> Member:
    return msgspec.structs.replace(
        before,
        last_at=max(before.last_at, fresh.last_at),
        ended_at=fresh.ended_at,
        ended_by=fresh.ended_by,
        manual=before.manual or fresh.manual,
        corroborates=before.corroborates or fresh.corroborates,
        explanation=explanation or fresh.explanation or before.explanation,
        severity=max(before.severity, fresh.severity, key=lambda severity: severity.rank),
        reading=fresh.reading or before.reading,
    )


def _worse(anomaly: Anomaly, before: Member) -> bool:
    corroborates = anomaly.corroborates and not before.corroborates
    return corroborates or anomaly.severity.rank > before.severity.rank


def _lines(news: News, now: int, policy: Policy) -> list[Line]:
    """A member's first comings and goings are written down; then it is said that the rest is only counted."""
    if news.kind == "continued":
        return []
    over = news.member.count - policy.lines_per_member
    if news.kind != "joined" and over > 0:
        told = news.kind == "again" and over == 1
        return [Line(now, HUB, "only_counted", described(news.member))] if told else []
    return [Line(now, HUB, news.kind, described(news.member))]


def _flagged(case: Case, anomaly: Anomaly, news: News, policy: Policy) -> tuple[Case, list[str]]:
    unseen = case.cls is EventClass.EMERGENCY and case.acknowledged_by is None
    wanted = {
        "late": anomaly.late,
        "historical": anomaly.historical,
        MANUAL: anomaly.manual,
        WALK_TEST: of_walk_test(anomaly),
        CHATTERING: news.member.burst >= policy.burst_starts,
        RESET_BEFORE_CHECK: news.kind == "ended" and news.member.ended_by == "reset" and unseen,
    }
    added = [flag for flag, holds in wanted.items() if holds and flag not in case.flags]
    if added:
        case = msgspec.structs.replace(case, flags=(*case.flags, *added))
    return case, added


def _raised(
    case: Case, anomaly: Anomaly, lines: list[Line], *, notice: str, now: int
) -> tuple[Case, str]:
    """Severity rises with its members and never falls by itself."""
    if anomaly.severity.rank <= case.severity.rank:
        return case, notice
    detail: Detail = {"from": case.severity.value, "to": anomaly.severity.value}
    lines.append(Line(now, HUB, "severity_raised", detail))
    return msgspec.structs.replace(case, severity=anomaly.severity), notice or "severity_raised"


def _corroborated(
    case: Case, anomaly: Anomaly, lines: list[Line], *, notice: str, now: int
) -> tuple[Case, str]:
    if not anomaly.corroborates or case.verification is not Verification.UNCONFIRMED:
        return case, notice
    lines.append(Line(now, HUB, "corroborated", {"explanation": anomaly.explanation}))
    case = msgspec.structs.replace(case, verification=Verification.MACHINE_CORROBORATED)
    return case, "corroborated"


def _hushed(
    case: Case, anomaly: Anomaly, lines: list[Line], news: News, *, notice: str, now: int
) -> tuple[Case, str]:
    """Keep quiet what a silence covers; whatever it does not cover makes the case loud.

    Only a quiet case that nobody acknowledged becomes loud later; any other would never tell of it.
    """
    if SILENCED not in case.flags:
        return case, notice
    covered = SILENCED in anomaly.quality
    if covered and case.acknowledged_by is None:
        return case, ""
    if not (notice or (not covered and news.kind in {"joined", "again"})):
        return case, notice
    return aloud(case, lines, "silence_broken", now=now), notice or "new_alarm"


def aloud(case: Case, lines: list[Line], why: str, *, now: int) -> Case:
    """Return a case that no silence keeps quiet any more."""
    lines.append(Line(now, HUB, why, {}))
    flags = tuple(flag for flag in case.flags if flag != SILENCED)
    return msgspec.structs.replace(case, flags=flags)


def _evidence(
    known: tuple[Evidence, ...], new: tuple[Evidence, ...], limit: int
) -> tuple[Evidence, ...]:
    """Keep the first half and the newest half: how it began, and how it is."""
    have = {item.reading for item in known}
    found = (*known, *(item for item in new if item.reading not in have))
    if len(found) <= limit:
        return found
    first = limit // 2
    return (*found[:first], *found[first - limit :])
