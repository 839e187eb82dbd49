"""Hands a shift over 交接班: how things stand now, and what must be so before it is done."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from model.case import EventClass
from model.errors import Refused
from model.silence import SILENCED

from .access import Access, Principal, Role
from .case_store import CaseStore
from .case_store.handovers import Handover, Snapshot, Turnover
from .urgency import unheard

Json = dict[str, object]
NOTES_MAX = 4_000
LISTED = 100  # of a list in a snapshot; what nobody acknowledged is always whole
FLAGS = ("isolated", "testing", "removed")
"""What keeps a device from being heard as usual: the next shift must know of it."""

_KEPT = (
    "id", "class", "category", "severity", "state", "mode", "place_name", "place", "opened_at",
    "due", "acknowledged_by", "alarmed_at", "assignee",
)  # fmt: skip


class Seen(NamedTuple):
    """What the hub knows at this moment, of one territory; `cases` the most urgent first."""

    cases: Sequence[Json]
    devices: Sequence[Json]  # those with a flag of FLAGS
    gateways: Sequence[Json]
    silent: int
    turnover: Turnover
    since: int  # ms, of the hand-over before; 0 when there was none


def snapshot_of(seen: Seen, now: int) -> Snapshot:
    """Return how things stand, as it will be kept."""
    emergencies = [case for case in seen.cases if case["class"] == EventClass.EMERGENCY]
    others = [case for case in seen.cases if case["class"] != EventClass.EMERGENCY]
    waiting = [case for case in emergencies if unheard(case)]
    taken = [case for case in emergencies if not unheard(case)]
    impaired = [case for case in others if case["class"] == EventClass.IMPAIRMENT]
    overdue = [case for case in seen.cases if _overdue(case, now)]
    return {
        "at": now,
        "since": seen.since,
        "emergencies": [_kept(case) for case in (waiting + taken[:LISTED])],
        "emergencies_total": len(emergencies),
        "impairments": [_kept(case) for case in impaired[:LISTED]],
        "impairments_total": len(impaired),
        "others": {
            cls.value: sum(case["class"] == cls for case in others)
            for cls in EventClass
            if cls is not EventClass.EMERGENCY
        },
        "overdue": [_kept(case) for case in overdue[:LISTED]],
        "overdue_total": len(overdue),
        "devices": list(seen.devices[:LISTED]),
        "devices_total": len(seen.devices),
        "silent_devices": seen.silent,
        "silent_gateways": [str(g["id"]) for g in seen.gateways if g["state"] != "online"],
        "opened": seen.turnover.opened,
        "closed": seen.turnover.closed,
        "false": seen.turnover.false,
    }


def unacknowledged(snapshot: Snapshot) -> list[str]:
    """Return the ids of the emergencies that nobody has acknowledged as they are now."""
    return [str(case["id"]) for case in listed(snapshot, "emergencies") if unheard(case)]


def listed(snapshot: Snapshot, name: str) -> list[Json]:
    """Return a list of a snapshot; empty for one that an older program did not keep."""
    found = snapshot.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


class Given(NamedTuple):
    """What the two people typed: ticks, notes, and the incoming one's name and password."""

    ticked: Iterable[str]
    notes: str
    incoming: str
    password: str


def hand_over(
    store: CaseStore, access: Access, given: Given, *, who: Principal, snapshot: Snapshot
) -> Handover:
    """Keep the hand-over; for worker threads, since a password takes its time.

    Raises Refused naming what is missing, and SignInRefused for the incoming person's password.
    """
    if not who.role.includes(Role.DISPATCH):
        raise Refused("only who dispatches hands a shift over", missing=("role",))
    if open_ids := set(unacknowledged(snapshot)) - set(given.ticked):
        raise Refused("an unacknowledged emergency is not ticked", missing=tuple(sorted(open_ids)))
    if len(given.notes) > NOTES_MAX:
        raise Refused(f"the notes have more than {NOTES_MAX} characters", missing=("notes",))
    incoming = given.incoming.strip()
    if not incoming or incoming == who.name:
        raise Refused("the incoming person is somebody else", missing=("incoming",))
    user = access.check_password(incoming, given.password)
    if not Role(user.role).includes(Role.DISPATCH):
        raise Refused("the incoming person may not dispatch", missing=("incoming_role",))
    if not Principal(user.name, Role(user.role), user.grid).sees(who.grid):
        raise Refused("the incoming person's territory is another", missing=("incoming_grid",))
    kept = {**snapshot, "ticked": sorted(set(unacknowledged(snapshot)))}
    made = Handover(access.clock(), who.grid, who.name, user.name, given.notes.strip(), kept)
    return store.handovers.add(made)


def _overdue(case: Mapping[str, object], now: int) -> bool:
    due = case.get("due")
    return isinstance(due, str) and datetime.fromisoformat(due).timestamp() * 1000 < now


def _kept(case: Mapping[str, object]) -> Json:
    flags = case.get("flags")
    known = flags if isinstance(flags, list | tuple) else ()
    marks = {"quiet": "quiet_at_compound" in known, "silenced": SILENCED in known}
    return {name: case.get(name) for name in _KEPT} | marks
