"""What people must know of a case, drawn from its event: how it stands, and what is to be done."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from cases.taxonomy import category
from hub.case_store import OutgoingEvent
from model.anomaly import Severity
from model.case import ChangeKind, State, Verification

from .words import (
    ACCEPT,
    ACKNOWLEDGE,
    CONFIRM,
    NOTHING,
    RESOLVE,
    STAND_DOWN,
    SUSPENDED,
    VERIFY,
    Words,
)

_UNDECIDED = frozenset({Verification.UNCONFIRMED, Verification.MACHINE_CORROBORATED})
_UNSET = datetime(1970, 1, 2, tzinfo=UTC)
_UNACCEPTED = frozenset({State.FILED, State.DISPATCHED, State.REWORK})
_RESTING: Mapping[str, Words] = MappingProxyType(
    {
        State.RESOLVED: VERIFY,
        State.VERIFYING: VERIFY,
        State.SUSPENDED: SUSPENDED,
        State.CLOSED: NOTHING,
    }
)


class Told(msgspec.Struct, frozen=True, rename={"cls": "class"}):
    """The part of a case's JSON (see `cases.events`) that notices are made of."""

    id: str
    cls: str
    category: str
    severity: str
    state: str
    mode: str
    opened_at: datetime
    started_at: datetime | None = None
    verification: str = ""
    place: str = ""
    place_name: str = ""
    compound: str = ""
    grid: str = ""
    acknowledged_by: str | None = None
    acknowledge_due: datetime | None = None
    confirm_due: datetime | None = None
    accept_due: datetime | None = None
    resolve_due: datetime | None = None


class _Data(msgspec.Struct, frozen=True):
    case: Told


class _Event(msgspec.Struct, frozen=True):
    data: _Data


class Next(NamedTuple):
    """What somebody must do now, and by when (local time, or empty)."""

    words: Words
    by: str = ""


class Notice(NamedTuple):
    """One case as it is told; names in it are as they came, see `inert`."""

    case: Told
    words: Words  # the category's
    since: str
    next: Next
    reasons: tuple[str, ...]
    link: str
    quiet: bool
    cancelled: bool
    identity: str  # the newest event's id, so that a repeat can be known


_decoder = msgspec.json.Decoder(_Event)


def told_of(event: OutgoingEvent) -> Told:
    """Return the case as an event tells it."""
    return _decoder.decode(event.payload).data.case


def notice_of(
    event: OutgoingEvent, reasons: Sequence[str], *, public_url: str, zone: tzinfo
) -> Notice:
    """Return what to tell of the newest event of a case; `reasons` are the words of all of them."""
    case = told_of(event)
    row = category(case.category, Severity(case.severity))
    cancelled = event.kind == ChangeKind.CANCEL
    return Notice(
        case=case,
        words=Words(row.zh, row.en),
        since=_local(_since(case), zone),
        next=Next(STAND_DOWN) if cancelled else _next(case, zone),
        reasons=tuple(reasons),
        link=link_to(case.id, public_url),
        quiet=event.quiet_at_compound,
        cancelled=cancelled,
        identity=f"{event.case}/{event.sequence}",
    )


def _since(case: Told) -> datetime:
    """Return when it began by the data, or when it was opened if no device said."""
    started = case.started_at
    return started if started is not None and started > _UNSET else case.opened_at


def link_to(case: str, public_url: str) -> str:
    """Return the address of a case's page."""
    return f"{public_url}/cases/{quote(case, safe='')}"


def _next(case: Told, zone: tzinfo) -> Next:
    """Return the first duty that nobody has done yet, in the order of design §7."""
    if words := _RESTING.get(case.state):
        return Next(words)
    if case.acknowledged_by is None and case.acknowledge_due is not None:
        return Next(ACKNOWLEDGE, _local(case.acknowledge_due, zone))
    if case.confirm_due is not None and case.verification in _UNDECIDED:
        return Next(CONFIRM, _local(case.confirm_due, zone))
    if case.state in _UNACCEPTED:
        return Next(ACCEPT, _local(case.accept_due, zone))
    return Next(RESOLVE, _local(case.resolve_due, zone))


def _local(at: datetime | None, zone: tzinfo) -> str:
    """Return month, day and time on the clocks of the site."""
    if at is None:
        return ""
    try:
        return at.astimezone(zone).strftime("%m-%d %H:%M")
    except (OverflowError, ValueError):  # a broken clock's year 9999: shown as it is, in UTC
        return at.strftime("%m-%d %H:%M")
