"""Keeps messages that nobody could understand, and counts what happened."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b

import msgspec
from sqlalchemy import Engine, delete, func, select

from .rows import insert_into, record
from .tables import counters, dead_letters

PAYLOAD_MAX = 4096  # bytes kept of a payload
LETTERS_MAX = 10_000  # rows kept; older ones give way, so that garbage cannot fill the disk


class DeadLetter(msgspec.Struct, frozen=True):
    """A message that was rejected: where, from whom, why, and its first 4 KiB.

    `origin` is `gateway` or `hub`; `at` is the time of the newest of `count` equal ones, in ms.
    """

    at: int
    origin: str
    source: str
    reason: str
    detail: str = ""
    payload: bytes = b""
    count: int = 1
    id: int = 0


class Letters:
    """The dead letters and counters of the case database."""

    def __init__(self, reader: Engine, writer: Engine) -> None:
        self._reader = reader
        self._writer = writer

    def add(self, letters: Sequence[DeadLetter]) -> None:
        """Keep letters; equal ones (same origin, source, reason and payload) are one with a count."""
        if not letters:
            return
        insert = insert_into(self._writer, dead_letters)
        statement = insert.on_conflict_do_update(
            index_elements=["digest"],
            set_={
                "count": dead_letters.c.count + insert.excluded.count,
                "at": insert.excluded.at,
                "detail": insert.excluded.detail,
            },
        )
        with self._writer.begin() as connection:
            for letter in letters:
                connection.execute(statement, _row(letter))
            newest = connection.execute(select(func.max(dead_letters.c.id))).scalar() or 0
            old = dead_letters.c.id <= newest - LETTERS_MAX
            connection.execute(delete(dead_letters).where(old))

    def newest(self, limit: int, reason: str = "") -> list[DeadLetter]:
        """Return up to `limit` letters, newest first; only those of a reason, where one is named."""
        order = (dead_letters.c.at.desc(), dead_letters.c.id.desc())
        with self._reader.connect() as connection:
            query = select(dead_letters).order_by(*order).limit(limit)
            if reason:
                query = query.where(dead_letters.c.reason == reason)
            rows = connection.execute(query)
            return [record(DeadLetter, dict(row)) for row in rows.mappings()]

    def reasons(self, since: int = 0) -> dict[str, int]:
        """Return how many messages were rejected for each reason, of letters not older (ms)."""
        amount = func.sum(dead_letters.c.count)
        query = select(dead_letters.c.reason, amount).where(dead_letters.c.at >= since)
        with self._reader.connect() as connection:
            rows = connection.execute(query.group_by(dead_letters.c.reason)).tuples()
            return {reason: int(number) for reason, number in sorted(rows)}

    def count(self, amounts: Mapping[str, int]) -> None:
        """Add to counters that survive a restart."""
        if not amounts:
            return
        insert = insert_into(self._writer, counters)
        statement = insert.on_conflict_do_update(
            index_elements=["name"], set_={"value": counters.c.value + insert.excluded.value}
        )
        rows = [{"name": name, "value": amount} for name, amount in sorted(amounts.items())]
        with self._writer.begin() as connection:
            connection.execute(statement, rows)

    def counters(self) -> dict[str, int]:
        """Return every counter by name."""
        with self._reader.connect() as connection:
            rows = connection.execute(select(counters.c.name, counters.c.value))
            return dict(rows.tuples().all())


def _row(letter: DeadLetter) -> dict[str, object]:
    payload = letter.payload[:PAYLOAD_MAX]
    names = (plain(letter.origin), plain(letter.source), plain(letter.reason))
    digest = blake2b("\n".join(names).encode() + b"\n" + payload, digest_size=16).hexdigest()
    return {
        "at": letter.at,
        "origin": names[0][:16],
        "source": names[1][:500],
        "reason": names[2][:100],
        "detail": plain(letter.detail)[:1000],
        "payload": payload,
        "digest": digest,
        "count": letter.count,
    }


def plain(text: str) -> str:
    """Return text that every database takes: without NUL and lone surrogates."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
