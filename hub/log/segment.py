"""One file of the durable log; retention removes whole files, so that no commit ever waits for it."""

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

from model.entry import Entry, EntryKind, RowId
from model.reading import Lane

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (
  pos INTEGER PRIMARY KEY, logged_at INTEGER NOT NULL, kind TEXT NOT NULL,
  gateway TEXT, epoch TEXT, lane TEXT, first INTEGER, last INTEGER, low INTEGER, hash TEXT,
  payload BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS rows_by_id ON entries (gateway, epoch, lane, first, last, hash, low)
  WHERE kind = 'readings';
CREATE INDEX IF NOT EXISTS newest_rules ON entries (pos) WHERE kind = 'rules';
CREATE INDEX IF NOT EXISTS newest_registry ON entries (pos) WHERE kind = 'registry';
"""
COLUMNS = "pos, logged_at, kind, gateway, epoch, lane, first, last, low, hash, payload"


class Segment:
    """A file `{first position}.db`; one writer, any number of readers."""

    def __init__(self, path: Path, log_id: str) -> None:
        """Open or create the file; raises ValueError when it belongs to another log."""
        self.path = path
        self.first = int(path.stem)
        # One query at a time: a second one would see the first one's, older, state of the file.
        self._reading = threading.Lock()
        self._db, self._reader, self._finder = (_connect(path) for _ in range(3))
        try:
            self.last = self._open(log_id)
        except Exception:
            self.close()
            raise

    def _open(self, log_id: str) -> int:
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA journal_size_limit=16777216")
        self._db.executescript(_SCHEMA)
        row = self._db.execute("SELECT value FROM meta WHERE key='log'").fetchone()
        if row is None:
            self._db.execute("INSERT INTO meta VALUES ('log', ?)", (log_id,))
        elif row[0] != log_id:
            raise ValueError(f"{self.path} belongs to log {row[0]}, not to {log_id}")
        # There is one for each file: what it keeps in memory has to be little.
        self._finder.execute("PRAGMA cache_size=-128")
        (last,) = self._db.execute("SELECT max(pos) FROM entries").fetchone()
        return int(last) if last is not None else self.first - 1

    @property
    def empty(self) -> bool:
        """Whether no entry was ever written."""
        return self.last < self.first

    def append(self, entries: Sequence[Entry]) -> None:
        """Write entries in one transaction; on disk when it returns."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                f"INSERT INTO entries ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?)",  # noqa: S608 - fixed text
                (_values(entry) for entry in entries),
            )
        self.last = entries[-1].pos

    def read(self, after: int, limit: int) -> list[Entry]:
        """Return up to `limit` entries behind position `after`."""
        query = f"SELECT {COLUMNS} FROM entries WHERE pos > ? ORDER BY pos LIMIT ?"  # noqa: S608 - fixed text
        return self._read(query, after, limit)

    def newest(self, kind: EntryKind, before: int) -> Entry | None:
        """Return the newest entry of a kind at or before a position."""
        found = self._read(of_kind(kind, "pos<=? ORDER BY pos DESC"), before)
        return found[0] if found else None

    def oldest(self, kind: EntryKind) -> Entry | None:
        """Return the oldest entry of a kind in this file."""
        found = self._read(of_kind(kind, "pos>=? ORDER BY pos"), self.first)
        return found[0] if found else None

    def _read(self, query: str, *values: int) -> list[Entry]:
        with self._reading:
            rows = self._reader.execute(query, values).fetchall()
        return [entry_of(row) for row in rows]

    def find(self, row: RowId) -> list[str]:
        """Return the hashes under which a row's first number is known in this file."""
        # Not the reader's connection: this is asked between two messages and cannot wait for it.
        found = self._finder.execute(
            "SELECT hash FROM entries WHERE kind='readings' AND gateway=? AND epoch=? AND lane=?"
            " AND first=?",
            (row.gateway, row.epoch, row.lane, row.first),
        ).fetchall()
        return [item[0] for item in found]

    def size(self) -> int:
        """Return the bytes of the file."""
        return self.path.stat().st_size

    def close(self) -> None:
        """Close the file."""
        for connection in (self._finder, self._reader, self._db):
            connection.close()

    def remove(self) -> None:
        """Delete the file and its companions."""
        self.close()
        remove_files(self.path)


def remove_files(path: Path) -> None:
    """Delete a database file and its companions."""
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def of_kind(kind: EntryKind, which: str) -> str:
    """Return the query for one entry of a kind; `which` says which, with one `?` for a position."""
    # Left to itself SQLite walks over every row, Readings and all.
    versioned = kind in (EntryKind.RULES, EntryKind.REGISTRY)
    index = f"INDEXED BY newest_{kind}" if versioned else ""
    return (
        f"SELECT {COLUMNS} FROM entries {index} WHERE kind='{kind}' AND {which}"  # noqa: S608 - words of ours
        " LIMIT 1"
    )


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)


def _values(entry: Entry) -> tuple[object, ...]:
    row = entry.row or (None,) * 7
    return (entry.pos, entry.logged_at, entry.kind, *row, entry.payload)


def entry_of(row: tuple[object, ...]) -> Entry:
    """Return the entry that a row of `COLUMNS` is."""
    pos, logged_at, kind, gateway, epoch, lane, first, last, low, content, payload = row
    name = None
    if gateway is not None:
        name = RowId(
            str(gateway), str(epoch), Lane(str(lane)),
            int(str(first)), int(str(last)), int(str(low)), str(content),
        )  # fmt: skip
    return Entry(
        int(str(pos)), int(str(logged_at)), EntryKind(str(kind)), bytes(payload), name  # type: ignore[call-overload]
    )  # fmt: skip
