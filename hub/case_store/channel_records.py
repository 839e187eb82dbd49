"""Remembers how each outgoing channel fares, over restarts: what people ask when nothing arrives."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, Engine, delete, select

from .letters import plain
from .rows import insert_into, record
from .tables import channel_records

FAILURE_MAX = 500  # characters kept of a reason


class ChannelRecord(msgspec.Struct, frozen=True):
    """When a channel last got through and last failed (ms, None: never), and why it failed."""

    name: str
    succeeded_at: int | None = None
    failed_at: int | None = None
    failure: str = ""
    sent: str = ""

    @property
    def recent(self) -> list[int]:
        """Return when its newest messages were sent (ms): what its limit for a minute counts."""
        return [int(part) for part in self.sent.split()]


class ChannelRecords:
    """The records of all channels."""

    def __init__(self, reader: Engine, writer: Engine) -> None:
        self._reader = reader
        self._writer = writer

    def all(self) -> dict[str, ChannelRecord]:
        """Return the record of each channel that ever sent."""
        with self._reader.connect() as connection:
            rows = connection.execute(select(channel_records)).mappings()
            return {str(row["name"]): record(ChannelRecord, dict(row)) for row in rows}

    def of(self, name: str) -> ChannelRecord:
        """Return the record of one channel; an empty one when it never sent."""
        query = select(channel_records).where(channel_records.c.name == name)
        with self._reader.connect() as connection:
            row = connection.execute(query).mappings().first()
        return ChannelRecord(name) if row is None else record(ChannelRecord, dict(row))

    def reserve(self, name: str, sent: Sequence[int]) -> None:
        """Keep the times of the newest messages; before sending, so that a kill forgets none."""
        with self._writer.begin() as connection:
            self.write(connection, name, sent=" ".join(str(at) for at in sent))

    def succeeded(self, name: str, at: int) -> None:
        """Write down that the channel got through."""
        with self._writer.begin() as connection:
            self.write(connection, name, succeeded_at=at)

    def failed(self, name: str, at: int, reason: str) -> None:
        """Write down that the channel failed, and why."""
        with self._writer.begin() as connection:
            self.write(connection, name, failed_at=at, failure=reason)

    def write(self, connection: Connection, name: str, **changed: int | str) -> None:
        """Change some columns of a channel's record, within an open transaction."""
        if "failure" in changed:
            changed["failure"] = plain(str(changed["failure"]))[:FAILURE_MAX]
        row = {"name": name, "failure": "", "sent": "", **changed}
        statement = insert_into(self._writer, channel_records).on_conflict_do_update(
            index_elements=["name"], set_=changed
        )
        connection.execute(statement, row)

    @staticmethod
    def forget(connection: Connection, name: str) -> None:
        """Forget a channel that the file no longer names, within an open transaction."""
        connection.execute(delete(channel_records).where(channel_records.c.name == name))
