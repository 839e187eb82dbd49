"""Keeps the hand-overs of shifts 交接班: written once, chained, never changed."""

from hashlib import blake2b

import msgspec
from sqlalchemy import ColumnElement, Engine, and_, func, insert, select

from model.case import Case, State, Verification

from .tables import cases, handovers

Snapshot = dict[str, object]
_snapshot = msgspec.json.Decoder(Snapshot)
_case = msgspec.json.Decoder(Case)


class Handover(msgspec.Struct, frozen=True):
    """One hand-over: who gave the shift to whom, and how things stood; `at` in ms.

    `hash` covers this one and the hash of the one before it.
    """

    at: int
    grid: str  # the territory of who handed over; empty: everywhere
    outgoing: str
    incoming: str
    notes: str
    snapshot: Snapshot
    id: int = 0
    hash: str = ""


class Turnover(msgspec.Struct, frozen=True):
    """How many cases were opened and closed in a time, and how many of the closed were false."""

    opened: int = 0
    closed: int = 0
    false: int = 0


class Handovers:
    """The table of hand-overs; there is no way to change or remove one."""

    def __init__(self, reader: Engine, writer: Engine) -> None:
        self._reader = reader
        self._writer = writer

    def add(self, made: Handover) -> Handover:
        """Keep a hand-over; return it with its number and hash."""
        values = {
            "at": made.at, "grid": made.grid, "outgoing": made.outgoing,
            "incoming": made.incoming, "notes": made.notes,
            "snapshot": msgspec.json.encode(made.snapshot).decode(),
        }  # fmt: skip
        with self._writer.begin() as connection:
            newest = select(handovers.c.hash).order_by(handovers.c.id.desc()).limit(1)
            previous = connection.execute(newest).scalar() or ""
            values["hash"] = _hash(previous, values)
            done = connection.execute(insert(handovers).values(values))
        key = done.inserted_primary_key
        return msgspec.structs.replace(made, id=int(key[0]) if key else 0, hash=values["hash"])

    def get(self, number: int) -> Handover | None:
        """Return one hand-over, or None."""
        found = self._read(handovers.c.id == number, limit=1)
        return found[0] if found else None

    def newest(self, grid: str = "", *, limit: int = 20) -> list[Handover]:
        """Return the newest hand-overs of a territory and all within it, newest first."""
        return self._read(handovers.c.grid.startswith(grid, autoescape=True), limit=limit)

    def newest_number(self, grid: str = "") -> int:
        """Return the number of the newest of a territory and all within it, 0 when there is none.

        As long as it stays, `newest` says the same: nothing here is ever changed or removed.
        """
        here = handovers.c.grid.startswith(grid, autoescape=True)
        with self._reader.connect() as connection:
            return connection.execute(select(func.max(handovers.c.id)).where(here)).scalar() or 0

    def last(self, grid: str) -> Handover | None:
        """Return the last hand-over of exactly that territory, or None."""
        found = self._read(handovers.c.grid == grid, limit=1)
        return found[0] if found else None

    def intact(self, number: int) -> bool:
        """Return whether a hand-over is as it was written, by its hash and the one before it."""
        with self._reader.connect() as connection:
            order = handovers.c.id.desc()
            query = select(handovers).where(handovers.c.id <= number).order_by(order).limit(2)
            rows = connection.execute(query).mappings().all()
        if not rows or rows[0]["id"] != number:
            return False
        values = {name: rows[0][name] for name in _HASHED}
        previous = str(rows[1]["hash"]) if len(rows) > 1 else ""
        return _hash(previous, values) == str(rows[0]["hash"])

    def turnover(self, since: int, grid: str = "") -> Turnover:
        """Count the cases of a territory that were opened or closed since then (ms)."""
        here = cases.c.grid.startswith(grid, autoescape=True) if grid else cases.c.id.is_not(None)
        ended = and_(here, cases.c.state == State.CLOSED.value, cases.c.closed_at >= since)
        # The verdict stands inside the document only; a text search leaves few to be decoded.
        doubted = and_(ended, cases.c.doc.contains(f'"{Verification.FALSE.value}"'))
        with self._reader.connect() as connection:

            def count(*wanted: ColumnElement[bool]) -> int:
                query = select(func.count()).select_from(cases).where(*wanted)
                return connection.execute(query).scalar() or 0

            docs = connection.execute(select(cases.c.doc).where(doubted)).scalars()
            false = sum(_case.decode(doc).verification is Verification.FALSE for doc in docs)
            return Turnover(count(here, cases.c.opened_at >= since), count(ended), false)

    def _read(self, where: ColumnElement[bool], *, limit: int) -> list[Handover]:
        query = select(handovers).where(where).order_by(handovers.c.id.desc()).limit(limit)
        with self._reader.connect() as connection:
            return [_handover(dict(row)) for row in connection.execute(query).mappings()]


_HASHED = ("at", "grid", "outgoing", "incoming", "notes", "snapshot")


def _hash(previous: str, values: dict[str, object]) -> str:
    content = msgspec.json.encode([previous, *(values[name] for name in _HASHED)])
    return blake2b(content, digest_size=16).hexdigest()


def _handover(row: dict[str, object]) -> Handover:
    values = {str(name): value for name, value in row.items()}
    values["snapshot"] = _snapshot.decode(str(values["snapshot"]))
    return msgspec.convert(values, Handover)
