"""The gateway's memory on disk: what is in here survives a power cut.

SQLite with WAL and `synchronous=FULL`. One commit writes the Readings of all sources that came
together (group commit) as one *row* per lane; a row is the unit of sending, receipt and repeat
check. Numbers: `seq` counts within a lane, `order` over both; `epoch` is born with the file.
Methods block on the disk; those that write are called from one thread.
"""

import secrets
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from model.codec import encode, row_hash
from model.reading import Lane, Reading

FINGERPRINTS_KEPT = 20_000
ROW_READINGS = {Lane.ALARM: 100, Lane.TELEMETRY: 500}
ROW_BYTES = 256 << 10  # a message holds at least one row and must stay below the broker's 1 MiB
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rows (
  id INTEGER PRIMARY KEY AUTOINCREMENT, lane TEXT NOT NULL, epoch TEXT NOT NULL,
  first INTEGER NOT NULL, count INTEGER NOT NULL, at INTEGER NOT NULL,
  hash TEXT NOT NULL, payload BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS fingerprints (id INTEGER PRIMARY KEY AUTOINCREMENT, print TEXT UNIQUE);
CREATE TABLE IF NOT EXISTS expired (device TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
"""


class OutboxRow(NamedTuple):
    """Consecutive Readings of one lane, encoded; `at` is the received_at (ms) of the oldest."""

    id: int
    lane: Lane
    epoch: str
    first: int
    readings: int
    at: int
    hash: str
    payload: bytes

    @property
    def last(self) -> int:
        """The number of the last Reading in the row."""
        return self.first + self.readings - 1


class Numbers(NamedTuple):
    """The counters that must never run backwards within an epoch."""

    epoch: str
    order: int
    seq: dict[Lane, int]


class _Named(msgspec.Struct):
    device: str


_named = msgspec.json.Decoder(list[_Named])


class Outbox:
    """Rows on disk that wait for the hub's receipt."""

    def __init__(self, path: Path) -> None:
        """Open or create the file; a new file draws a new epoch."""
        self.path = path
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # Readers have a connection of their own: they must not see what is not committed yet.
        self._reader = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # One query at a time: a second one would see the first one's, older, state of the file.
        self._reading = threading.Lock()
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA journal_size_limit=8388608")
        self._db.execute("PRAGMA auto_vacuum=INCREMENTAL")
        self._db.executescript(_SCHEMA)
        if not self._meta("epoch"):
            self._db.execute("INSERT INTO meta VALUES ('epoch', ?)", (secrets.token_hex(16),))

    def numbers(self) -> Numbers:
        """Return the epoch and the last numbers given out."""
        seq = {lane: int(self._meta(f"seq.{lane}") or 0) for lane in Lane}
        return Numbers(self._meta("epoch"), int(self._meta("order") or 0), seq)

    def draw_epoch(self) -> str:
        """Start a new epoch with numbers from 1; rows of the old one keep their names."""
        epoch = secrets.token_hex(16)
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("UPDATE meta SET value=? WHERE key='epoch'", (epoch,))
            self._db.execute("DELETE FROM meta WHERE key LIKE 'seq.%'")
        return epoch

    def commit(
        self,
        rows: Sequence[OutboxRow],
        numbers: Numbers,
        *,
        fingerprints: Iterable[str] = (),
        receipted: Iterable[int] = (),
    ) -> list[OutboxRow]:
        """Write rows and forget receipted ones in one transaction; on disk when it returns.

        Raises sqlite3.Error when the disk is full or broken; then nothing has changed.
        """
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            stored = [row._replace(id=self._insert(row)) for row in rows]
            self._db.executemany("DELETE FROM rows WHERE id=?", ((n,) for n in receipted))
            if rows:
                self._put_numbers(numbers)
            self._put_fingerprints(fingerprints)
        return stored

    def rows(self, lane: Lane, *, after: int, limit: int) -> list[OutboxRow]:
        """Return up to `limit` rows of a lane behind row id `after`, oldest first."""
        found = self._read(
            "SELECT id, lane, epoch, first, count, at, hash, payload FROM rows"
            " WHERE lane=? AND id>? ORDER BY id LIMIT ?",
            (lane, after, limit),
        )
        return [OutboxRow(row[0], Lane(row[1]), *row[2:]) for row in found]

    def newest(self, lane: Lane) -> int:
        """Return the id of the newest row of a lane, 0 when there is none."""
        ((value,),) = self._read("SELECT max(id) FROM rows WHERE lane=?", (lane,))
        return int(value or 0)

    def depth(self) -> dict[Lane, int]:
        """Return how many Readings wait in each lane."""
        found = dict(self._read("SELECT lane, sum(count) FROM rows GROUP BY lane"))
        return {lane: int(found.get(lane, 0)) for lane in Lane}

    def size(self) -> int:
        """Return the bytes in use in the file."""
        (pages,) = self._db.execute("PRAGMA page_count").fetchone()
        (free,) = self._db.execute("PRAGMA freelist_count").fetchone()
        (page,) = self._db.execute("PRAGMA page_size").fetchone()
        return int((pages - free) * page)

    def drop_oldest_telemetry(self, rows: int) -> Counter[str]:
        """Delete the oldest telemetry rows to make room; return how many Readings went, by device.

        Alarms are never dropped. What goes is counted in the same transaction.
        """
        devices: Counter[str] = Counter()
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            dropped = self.rows(Lane.TELEMETRY, after=0, limit=rows)
            for row in dropped:
                devices.update(reading.device for reading in _named.decode(row.payload))
            self._db.executemany("DELETE FROM rows WHERE id=?", ((r.id,) for r in dropped))
            self._db.executemany(
                "INSERT INTO expired VALUES (?, ?)"
                " ON CONFLICT (device) DO UPDATE SET count = count + excluded.count",
                devices.items(),
            )
        return devices

    def expired(self) -> dict[str, int]:
        """Return how many Readings of each device were ever dropped unsent."""
        return dict(self._db.execute("SELECT device, count FROM expired"))

    def fingerprints(self) -> list[str]:
        """Return the remembered fingerprints, oldest first."""
        return [row[0] for row in self._db.execute("SELECT print FROM fingerprints ORDER BY id")]

    def close(self) -> None:
        """Close the file."""
        self._reader.close()
        self._db.close()

    def _read(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        with self._reading:
            return self._reader.execute(query, values).fetchall()

    def _meta(self, key: str) -> str:
        row = self._db.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchone()
        return "" if row is None else str(row[0])

    def _insert(self, row: OutboxRow) -> int:
        cursor = self._db.execute(
            "INSERT INTO rows (lane, epoch, first, count, at, hash, payload)"
            " VALUES (?,?,?,?,?,?,?)",
            (row.lane, row.epoch, row.first, row.readings, row.at, row.hash, row.payload),
        )
        return int(cursor.lastrowid or 0)

    def _put_numbers(self, numbers: Numbers) -> None:
        values = [("order", str(numbers.order))]
        if numbers.epoch == self._meta("epoch"):
            values += [(f"seq.{lane}", str(seq)) for lane, seq in numbers.seq.items()]
        self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values)

    def _put_fingerprints(self, fingerprints: Iterable[str]) -> None:
        added = [(item,) for item in fingerprints]
        if not added:
            return
        self._db.executemany("INSERT OR IGNORE INTO fingerprints (print) VALUES (?)", added)
        self._db.execute(
            "DELETE FROM fingerprints WHERE id <= (SELECT max(id) FROM fingerprints) - ?",
            (FINGERPRINTS_KEPT,),
        )


class Waiting(NamedTuple):
    """How many Readings wait in an outbox, and since when the oldest does (ms; 0 for none)."""

    readings: int
    since: int


def waiting(path: Path) -> Waiting:
    """Look into an outbox that another process may hold, changing nothing; raises sqlite3.Error."""
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        (found,) = db.execute("SELECT coalesce(sum(count), 0), coalesce(min(at), 0) FROM rows")
    finally:
        db.close()
    return Waiting(*found)


def make_row(
    lane: Lane, epoch: str, *, first: int, readings: int, at: int, payload: bytes
) -> OutboxRow:
    """Name a row by its content; its id is given when it is stored."""
    return OutboxRow(0, lane, epoch, first, readings, at, row_hash(payload), payload)


def make_rows(lane: Lane, epoch: str, readings: Sequence[Reading]) -> list[OutboxRow]:
    """Make rows of numbered Readings, none of them too large for one message.

    A Reading that cannot be encoded (a defect of its adapter) is left out and costs no other.
    """
    limit = ROW_READINGS[lane]
    parts = (list(readings[start : start + limit]) for start in range(0, len(readings), limit))
    return [row for part in parts for row in _split(lane, epoch, part)]


def _split(lane: Lane, epoch: str, readings: list[Reading]) -> list[OutboxRow]:
    try:
        payload = encode(readings)
    except (TypeError, ValueError, OverflowError):
        payload = b""
    if len(readings) > 1 and not 0 < len(payload) <= ROW_BYTES:
        half = len(readings) // 2
        return _split(lane, epoch, readings[:half]) + _split(lane, epoch, readings[half:])
    if not payload:
        return []
    at = min(reading.received_at for reading in readings)
    first = readings[0].seq
    return [make_row(lane, epoch, first=first, readings=len(readings), at=at, payload=payload)]
