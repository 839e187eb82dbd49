"""What a notice channel still has to tell, a line for each case, the most urgent first.

Only events that carry a notice come here. Several events of one case are told together: the newest
says how it stands, and the words of all say what happened.
"""

from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy import ColumnElement, Engine, and_, case, func, insert, literal, select, update

from model.case import EventClass
from model.reading import Mode

from .outbox import PENDING, OutgoingEvent, delivery_row
from .rows import record
from .tables import cases, channels, deliveries, outgoing

EMERGENCY, URGENT, UPKEEP = 0, 1, 2
"""The three queues that never wait for a lower one: emergencies; impairment and duty; the rest."""

_FIRE = "fire"
_GROUPS = {
    EventClass.EMERGENCY.value: EMERGENCY,
    EventClass.IMPAIRMENT.value: URGENT,
    EventClass.DUTY.value: URGENT,
}


class Waiting(msgspec.Struct, frozen=True):
    """A case that is to be told: its events (oldest first), and how often telling it failed."""

    case: str
    events: tuple[int, ...]
    notices: tuple[str, ...]
    group: int
    fire: bool
    attempts: int
    next_at: int
    created_at: int  # ms, of its oldest event


class _Row(msgspec.Struct, frozen=True):
    id: int
    case_id: str
    notice: str
    created_at: int
    attempts: int
    next_at: int
    grp: int
    fire: int


class NoticeQueue:
    """The pending notices of each channel."""

    def __init__(self, reader: Engine, writer: Engine) -> None:
        self._reader = reader
        self._writer = writer

    def enrol(
        self, channel: str, wanted: Callable[[OutgoingEvent], bool], *, limit: int = 500
    ) -> int:
        """Queue new events that carry a notice and are `wanted`; return how many were looked at."""
        query = (
            select(outgoing, channels.c.cursor)
            .join(channels, outgoing.c.id > channels.c.cursor)
            .where(channels.c.name == channel, channels.c.disabled == "")
            .order_by(outgoing.c.id)
            .limit(limit)
        )
        with self._reader.connect() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        if not rows:
            return 0
        events = [record(OutgoingEvent, {**row, "case": row["case_id"]}) for row in rows]
        told = [
            delivery_row(channel, event=event.id, case=event.case)
            for event in events
            if event.notice and wanted(event)
        ]
        # Nobody else moves this cursor; if somebody did, nothing is queued twice.
        mine = and_(channels.c.name == channel, channels.c.cursor == rows[0]["cursor"])
        with self._writer.begin() as connection:
            moved = connection.execute(
                update(channels).where(mine).values(cursor=events[-1].id)
            ).rowcount
            if moved and told:
                connection.execute(insert(deliveries), told)
        return len(events)

    def waiting(self, channel: str, *, now: int, limit: int = 1000) -> list[Waiting]:
        """Return the cases whose turn has come: fires, other emergencies, urgent matters, upkeep.

        Among equals the real thing comes before drills, then the older one.
        """
        group, fire = _group(), _fire()
        query = (
            select(
                outgoing.c.id, outgoing.c.case_id, outgoing.c.notice, outgoing.c.created_at,
                deliveries.c.attempts, deliveries.c.next_at, group.label("grp"), fire.label("fire"),
            )
            .join(outgoing, outgoing.c.id == deliveries.c.outgoing_id)
            .outerjoin(cases, cases.c.id == deliveries.c.case_id)
            .where(deliveries.c.channel == channel, deliveries.c.state == PENDING)
            .order_by(fire.desc(), group, _unreal(), outgoing.c.id)
            .limit(limit)
        )  # fmt: skip
        found: dict[str, list[_Row]] = {}
        with self._reader.connect() as connection:
            for row in connection.execute(query).mappings():
                found.setdefault(row["case_id"], []).append(record(_Row, dict(row)))
        every = (_waiting(rows) for rows in found.values())
        return [item for item in every if item.next_at <= now]

    def load(self, ids: Sequence[int]) -> dict[int, OutgoingEvent]:
        """Return events by their number."""
        query = select(outgoing).where(outgoing.c.id.in_(ids))
        with self._reader.connect() as connection:
            rows = connection.execute(query).mappings()
            events = [record(OutgoingEvent, {**row, "case": row["case_id"]}) for row in rows]
        return {event.id: event for event in events}

    def count(self, channel: str) -> int:
        """Return how many notices the channel still has to tell."""
        query = select(func.count()).where(
            deliveries.c.channel == channel, deliveries.c.state == PENDING
        )
        with self._reader.connect() as connection:
            return int(connection.execute(query).scalar() or 0)


def _waiting(rows: Sequence[_Row]) -> Waiting:
    """Fold the events of one case: the newest decides when it may be told, it is news."""
    newest = rows[-1]
    return Waiting(
        case=newest.case_id,
        events=tuple(row.id for row in rows),
        notices=tuple(dict.fromkeys(row.notice for row in rows)),
        group=newest.grp,
        fire=bool(newest.fire),
        attempts=newest.attempts,
        next_at=newest.next_at,
        created_at=rows[0].created_at,
    )


def _group() -> ColumnElement[int]:
    return case(_GROUPS, value=cases.c["class"], else_=literal(UPKEEP))


def _fire() -> ColumnElement[int]:
    return case((cases.c.category == _FIRE, 1), else_=0)


def _unreal() -> ColumnElement[int]:
    return case((cases.c.mode == Mode.REAL.value, 0), else_=1)
