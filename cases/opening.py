"""Opens a case (立案): from an anomaly, or from what a person reports."""

import msgspec

from model.anomaly import Anomaly
from model.case import (
    Case,
    Change,
    ChangeKind,
    EventClass,
    Member,
    State,
    Verification,
)
from model.entry import Report
from model.place import UNREGISTERED, Level, Place
from model.reading import Mode
from model.silence import SILENCED

from . import deadlines
from .chain import described
from .closing import HUB, REPORT_SCOPE, profile
from .dossier import Dossier, Line
from .grouping import BY_ITSELF, Index, Spot, case_id, case_key, newest, precision
from .joining import first_flags, news_of
from .policy import Policy
from .taxonomy import Category

REPORT_RULE = "report"


def opened(
    anomaly: Anomaly,
    kind: Category,
    spot: Spot,
    *,
    ordinal: int,
    now: int,
    policy: Policy,
    predecessor: str,
    report: Report | None,
) -> tuple[Dossier, Change]:
    """Return a new case with its first member, and the change that tells of it."""
    case = _case(anomaly, kind, spot, ordinal=ordinal, now=now)
    case = msgspec.structs.replace(
        case, predecessor=predecessor, evidence=anomaly.evidence[: policy.evidence]
    )
    if report is not None:
        case = msgspec.structs.replace(
            case, text=report.text, reporter=report.reporter, reporter_contact=report.contact
        )
    case = deadlines.opened(case, policy.limits[kind.cls], now)
    dossier = Dossier(case)
    news = news_of(None, anomaly, source=spot.source, now=now, policy=policy)
    if news is not None:
        dossier.put(news.member)
        if news.member.source:
            dossier.sources.add(news.member.source)
    actor = report.reporter or HUB if report is not None else HUB
    detail = {"place": case.place, **(described(news.member) if news else {})}
    if predecessor:
        detail["predecessor"] = predecessor
    line = Line(now, actor, "opened", detail)
    notice = "" if SILENCED in case.flags else "opened"
    return dossier, dossier.change(case, [line], now=now, notice=notice, kind=ChangeKind.CREATE)


def reported(report: Report, kind: Category, now: int) -> Anomaly:
    """Return a person's report as a statement about a place; it never ends by itself."""
    return Anomaly(
        key=f"report:{report.id}",
        rule=REPORT_RULE,
        rule_hash="",
        subject=f"place:{report.place}",
        category=kind.word,
        severity=kind.severity,
        started_at=report.at or now,
        last_at=report.at or now,
        scope=REPORT_SCOPE,
        manual=True,
        explanation=report.text,
    )


def anomaly_of(member: Member, case: Case) -> Anomaly:
    """Return a member of a case as the statement that it was."""
    return Anomaly(
        key=member.anomaly,
        rule=member.rule,
        rule_hash=member.rule_hash,
        subject=member.subject,
        category=member.category,
        severity=member.severity,
        started_at=member.started_at,
        last_at=member.last_at,
        mode=case.mode,
        scope=member.scope,
        source=member.source,
        compound=case.compound,
        explanation=member.explanation,
    )


def last_of_group(index: Index, mode: Mode, cause: str, group: str) -> Dossier | None:
    """Return the newest case of a group that ended not long ago: what alarms now alarmed then."""
    return newest(dossier for dossier in index.group(mode, cause, group) if dossier.ended)


def _case(anomaly: Anomaly, kind: Category, spot: Spot, *, ordinal: int, now: int) -> Case:
    place = spot.place
    key = case_key(place.id, kind.cause, ordinal)
    case = Case(
        id=case_id(kind.cls, key),
        key=key,
        cls=kind.cls,
        category=kind.word,
        severity=anomaly.severity,
        state=State.FILED,
        level=Level.GRID,
        mode=anomaly.mode,
        grid=place.grid,
        place=place.id,
        subject=anomaly.subject,
        rule=anomaly.rule,
        opened_at=now,
        place_name=_told(place, anomaly),
        compound=place.compound or anomaly.compound,
        source=spot.source,
        cause=kind.cause,
        ordinal=ordinal,
        started_at=anomaly.started_at,
        owner=kind.owner,
        verification=_certainty(anomaly, kind),
        flags=first_flags(anomaly, quiet=kind.word == "duress"),
        updated_at=now,
        notices=0 if SILENCED in anomaly.quality else 1,
        birthplace=place.id,
        birth_grid=place.grid,
        group=spot.group,
        located=precision(spot, anomaly.scope) == BY_ITSELF,
    )
    return msgspec.structs.replace(case, closing=profile(case).value)


def _told(place: Place, anomaly: Anomaly) -> str:
    """Return the place's name; which gateway, or which device nobody registered, tells cases apart."""
    if anomaly.scope == "gateway":
        named = f"网关 gateway {anomaly.subject.removeprefix('gateway:')}"
        return named if place.id == UNREGISTERED.id else f"{place.name} · {named}"
    return f"{place.name} · {anomaly.subject}" if place.id == UNREGISTERED.id else place.name


def _certainty(anomaly: Anomaly, kind: Category) -> Verification:
    if kind.cls is not EventClass.EMERGENCY:
        return Verification.NONE
    if anomaly.corroborates:
        return Verification.MACHINE_CORROBORATED
    return Verification.UNCONFIRMED
