"""How cases are told to the outside: as JSON for the API, and as events for other systems.

The events are modelled on CloudEvents 1.0; their schema is `schema/case-event.schema.json`, with
samples beside it.
"""

from datetime import UTC, datetime, timedelta

import msgspec

from model.anomaly import Evidence
from model.case import Case, Change, Member

Json = dict[str, object]

TYPE = "smarthub.case"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = "9999-12-31T23:59:59.999Z"


def outgoing_event(change: Change, site: str) -> Json:
    """Return the event that tells other systems of a change: create, update or cancel.

    `sequence` counts a case's events from 1: drop what is not newer than what you have. With
    `quiet_at_compound` (duress) no channel that reaches the compound may make a sound.
    """
    case = change.case
    return {
        "specversion": "1.0",
        "id": f"{case.id}/{case.sequence}",
        "source": f"/smarthub/{site}",
        "type": f"{TYPE}.{change.kind.value}",
        "time": rfc3339(case.updated_at),
        "subject": case.id,
        "datacontenttype": "application/json",
        "data": {
            "case": case_json(case),
            "sequence": case.sequence,
            "external_ref": case.external_ref,
            "notice": change.notice,
            "quiet_at_compound": change.quiet_at_compound,
        },
    }


def case_json(case: Case) -> Json:
    """Return a case as the API and events show it; times are RFC 3339 text in UTC, or null.

    The reporter's telephone stays inside.
    """
    return {
        "id": case.id,
        "key": case.key,
        "class": case.cls.value,
        "category": case.category,
        "cause": case.cause,
        "severity": case.severity.value,
        "state": case.state.value,
        "level": case.level.value,
        "mode": case.mode.value,
        "verification": case.verification.value,
        "grid": case.grid,
        "compound": case.compound,
        "place": case.place,
        "place_name": case.place_name,
        "subject": case.subject,
        "source": case.source,
        "rule": case.rule,
        "ordinal": case.ordinal,
        "predecessor": case.predecessor,
        **_times(case),
        "owner": case.owner,
        "assignee": case.assignee,
        "handler": case.handler,
        "acknowledged_by": case.acknowledged_by,
        "flags": list(case.flags),
        "missed": list(case.missed),
        "escalations": case.escalations,
        "notices": case.notices,
        "active_members": case.active,
        "members": [_member(member) for member in case.members],
        "evidence": [_evidence(item) for item in case.evidence],
        "attachments": list(case.attachments),
        "proof": dict(case.proof),
        "closing": case.closing,
        "text": case.text,
        "reporter": case.reporter,
        "external_ref": case.external_ref,
        "sequence": case.sequence,
        "history_length": case.history_length,
        "history_hash": case.history_hash,
    }


def rfc3339(at: int) -> str:
    """Return a time (ms since 1970) as RFC 3339 text in UTC; what no calendar holds is cut."""
    try:
        moment = _EPOCH + timedelta(milliseconds=at)
    except OverflowError:
        return _LATEST if at > 0 else "0001-01-01T00:00:00.000Z"
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _times(case: Case) -> Json:
    times = {
        "opened_at": case.opened_at,
        "started_at": case.started_at,
        "due": case.due,
        "acknowledge_due": case.acknowledge_due,
        "confirm_due": case.confirm_due,
        "accept_due": case.accept_due,
        "resolve_due": case.resolve_due,
        "acknowledged_at": case.acknowledged_at,
        "alarmed_at": case.alarmed_at,
        "suspended_until": case.suspended_until,
        "resolved_at": case.resolved_at,
        "closed_at": case.closed_at,
        "updated_at": case.updated_at,
    }
    return {name: None if at is None else rfc3339(at) for name, at in times.items()}


def _member(member: Member) -> Json:
    return {
        "anomaly": member.anomaly,
        "rule": member.rule,
        "rule_hash": member.rule_hash,
        "subject": member.subject,
        "category": member.category,
        "severity": member.severity.value,
        "scope": member.scope,
        "source": member.source,
        "started_at": rfc3339(member.started_at),
        "last_at": rfc3339(member.last_at),
        "ended_at": None if member.ended_at is None else rfc3339(member.ended_at),
        "ended_by": member.ended_by,
        "count": member.count,
        "manual": member.manual,
        "explanation": member.explanation,
        "reading": member.reading,
    }


def _evidence(item: Evidence) -> Json:
    found: Json = msgspec.to_builtins(item)
    return {**found, "at": rfc3339(item.at)}
