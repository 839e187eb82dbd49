"""Keeps the events that others must be told, until each channel has told them or given up.

An event is written in the transaction of the change that it reports, so neither exists without the
other. Each channel follows at its own pace, and keeps the order of events within a case.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from .channel_records import ChannelRecords
from .letters import plain
from .rows import record
from .tables import channels, deliveries, outgoing

PENDING = "pending"
DELIVERED = "delivered"
DEAD = "dead"


class OutgoingEvent(msgspec.Struct, frozen=True):
    """An event as one channel has to deliver it; `payload` is JSON text, times are in ms."""

    id: int
    case: str
    sequence: int
    kind: str
    notice: str
    quiet_at_compound: bool
    payload: str
    created_at: int
    attempts: int = 0


class Outcome(msgspec.Struct, frozen=True):
    """How one attempt went: delivered, dead, or pending until `next_at` (ms)."""

    event: int
    state: str
    next_at: int = 0
    error: str = ""


class Outbox:
    """The outgoing events and how far each channel is with them."""

    def __init__(self, reader: Engine, writer: Engine) -> None:
        self._reader = reader
        self._writer = writer
        self.records = ChannelRecords(reader, writer)

    def open_channels(self, wanted: Mapping[str, str]) -> None:
        """Make exactly these channels (name → address) known; the others are forgotten.

        A new channel is told what happens from now on, not the past. A channel that was disabled
        stays so until its address changes, or it is left out once.
        """
        with self._writer.begin() as connection:
            known = dict(
                connection.execute(select(channels.c.name, channels.c.address)).tuples().all()
            )
            newest = connection.execute(select(func.max(outgoing.c.id))).scalar() or 0
            for name in known.keys() - wanted.keys():
                connection.execute(delete(channels).where(channels.c.name == name))
                connection.execute(delete(deliveries).where(deliveries.c.channel == name))
                self.records.forget(connection, name)
            for name, address in wanted.items():
                row = {"name": name, "address": address, "cursor": newest, "disabled": ""}
                change = {"address": address, "disabled": ""}
                if name not in known:
                    connection.execute(insert(channels).values(row))
                elif known[name] != address:
                    mine = channels.c.name == name
                    connection.execute(update(channels).where(mine).values(change))

    def enrol(self, channel: str, *, limit: int = 1000) -> int:
        """Queue events that the channel has not seen yet; return how many there were."""
        with self._reader.connect() as connection:
            if not _unseen(connection, channel, limit=1):
                return 0
        with self._writer.begin() as connection:
            rows = _unseen(connection, channel, limit=limit)
            if not rows:
                return 0
            queued = [delivery_row(channel, event=row.id, case=row.case_id) for row in rows]
            connection.execute(insert(deliveries), queued)
            mine = channels.c.name == channel
            connection.execute(update(channels).where(mine).values(cursor=rows[-1].id))
        return len(rows)

    def due(self, channel: str, *, now: int, limit: int) -> list[OutgoingEvent]:
        """Return pending events whose time has come, at most one per case: its oldest."""
        query = (
            select(outgoing, deliveries.c.attempts)
            .join(deliveries, deliveries.c.outgoing_id == outgoing.c.id)
            .where(_head(channel), deliveries.c.next_at <= now)
            .order_by(deliveries.c.attempts, deliveries.c.outgoing_id)
            .limit(limit)
        )
        with self._reader.connect() as connection:
            return [
                record(OutgoingEvent, {**row, "case": row["case_id"]})
                for row in connection.execute(query).mappings()
            ]

    def next_at(self, channel: str) -> int | None:
        """Return the earliest time (ms) at which something is to be tried, or None."""
        query = select(func.min(deliveries.c.next_at)).where(_head(channel))
        with self._reader.connect() as connection:
            return connection.execute(query).scalar()

    def settle(self, channel: str, outcomes: Sequence[Outcome], *, at: int) -> None:
        """Write down, in one transaction, how a round of deliveries went; `at` is now, in ms."""
        with self._writer.begin() as connection:
            self._note(connection, channel, outcomes, at)
            for outcome in outcomes:
                mine = and_(
                    deliveries.c.channel == channel, deliveries.c.outgoing_id == outcome.event
                )
                change = {
                    "state": outcome.state,
                    "attempts": deliveries.c.attempts + 1,
                    "next_at": outcome.next_at,
                    "error": plain(outcome.error)[:500],
                }
                connection.execute(update(deliveries).where(mine).values(change))

    def _note(
        self, connection: Connection, channel: str, outcomes: Sequence[Outcome], at: int
    ) -> None:
        failures = [outcome.error for outcome in outcomes if outcome.state != DELIVERED]
        if failures:
            self.records.write(connection, channel, failed_at=at, failure=failures[-1])
        if any(outcome.state == DELIVERED and not outcome.error for outcome in outcomes):
            self.records.write(connection, channel, succeeded_at=at)

    def disable(self, channel: str, reason: str) -> None:
        """Stop a channel whose receiver wants no more; what is pending for it is given up."""
        with self._writer.begin() as connection:
            mine = channels.c.name == channel
            connection.execute(update(channels).where(mine).values(disabled=plain(reason)[:500]))
            change = {"state": DEAD, "error": plain(reason)[:500]}
            connection.execute(update(deliveries).where(_pending(channel)).values(change))

    def enable(self, channel: str) -> None:
        """Let a disabled channel tell again, from the first event that it missed."""
        with self._writer.begin() as connection:
            mine = channels.c.name == channel
            connection.execute(update(channels).where(mine).values(disabled=""))

    def disabled(self, channel: str) -> str:
        """Return why a channel is disabled, or an empty text."""
        query = select(channels.c.disabled).where(channels.c.name == channel)
        with self._reader.connect() as connection:
            return str(connection.execute(query).scalar() or "")

    def depth(self) -> dict[str, int]:
        """Return how many deliveries there are by `channel.state`, for counters and alarms."""
        query = select(deliveries.c.channel, deliveries.c.state, func.count()).group_by(
            deliveries.c.channel, deliveries.c.state
        )
        with self._reader.connect() as connection:
            return {f"{name}.{state}": n for name, state, n in connection.execute(query)}

    def forget(self, *, before: int) -> int:
        """Delete events older than `before` (ms) that no channel still has to deliver."""
        pending = exists().where(
            deliveries.c.outgoing_id == outgoing.c.id, deliveries.c.state == PENDING
        )
        unseen = exists().where(channels.c.disabled == "", channels.c.cursor < outgoing.c.id)
        with self._writer.begin() as connection:
            old = and_(outgoing.c.created_at < before, ~pending, ~unseen)
            gone = connection.execute(delete(outgoing).where(old)).rowcount
            kept = exists().where(outgoing.c.id == deliveries.c.outgoing_id)
            connection.execute(delete(deliveries).where(~kept))
        return gone


class _Unseen(NamedTuple):
    id: int
    case_id: str


def _unseen(connection: Connection, channel: str, *, limit: int) -> list[_Unseen]:
    query = (
        select(outgoing.c.id, outgoing.c.case_id)
        .join(channels, outgoing.c.id > channels.c.cursor)
        .where(channels.c.name == channel, channels.c.disabled == "")
        .order_by(outgoing.c.id)
        .limit(limit)
    )
    return [_Unseen(row.id, row.case_id) for row in connection.execute(query)]


def _pending(channel: str) -> ColumnElement[bool]:
    return and_(deliveries.c.channel == channel, deliveries.c.state == PENDING)


def _head(channel: str) -> ColumnElement[bool]:
    """Pending, and the oldest of its case: the others wait for it."""
    earlier = deliveries.alias()
    waits = exists().where(
        earlier.c.channel == deliveries.c.channel,
        earlier.c.case_id == deliveries.c.case_id,
        earlier.c.outgoing_id < deliveries.c.outgoing_id,
        earlier.c.state == PENDING,
    )
    return and_(_pending(channel), ~waits)


def delivery_row(channel: str, *, event: int, case: str) -> dict[str, object]:
    """Return the row that says: this channel still has to deliver this event."""
    return {
        "channel": channel,
        "outgoing_id": event,
        "case_id": case,
        "state": PENDING,
        "attempts": 0,
        "next_at": 0,
        "error": "",
    }
