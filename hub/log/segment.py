"""One file of the durable log; retention removes whole files, so that no commit ever waits for it."""

import sqlite3
from collections.abc import Iterable
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
_COLUMNS = "pos, logged_at, kind, gateway, epoch, lane, first, last, low, hash, payload"


class Segment:
    """A file `{first position}.db`; one writer, any number of readers."""

    def __init__(self, path: Path, log_id: str) -> None:
        """Open or create the file; raises ValueError when it belongs to another log."""
        self.path = path
        self.first = int(path.stem)
        self._db = _connect(path)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA journal_size_limit=16777216")
        self._db.executescript(_SCHEMA)
        row = self._db.execute("SELECT value FROM meta WHERE key='log'").fetchone()
        if row is None:
            self._db.execute("INSERT INTO meta VALUES ('log', ?)", (log_id,))
        elif row[0] != log_id:
            raise ValueError(f"{path} belongs to log {row[0]}, not to {log_id}")
        self._reader = _connect(path)
        (last,) = self._db.execute("SELECT max(pos) FROM entries").fetchone()
        self.last = int(last) if last is not None else self.first - 1

    def append(self, entries: Iterable[Entry]) -> None:
        """Write entries in one transaction; on disk when it returns."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                f"INSERT INTO entries ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?)",  # noqa: S608 - fixed text
                (_values(entry) for entry in entries),
            )
        (last,) = self._db.execute("SELECT max(pos) FROM entries").fetchone()
        self.last = int(last)

    def read(self, after: int, limit: int) -> list[Entry]:
        """Return up to `limit` entries behind position `after`."""
        rows = self._reader.execute(
            f"SELECT {_COLUMNS} FROM entries WHERE pos > ? ORDER BY pos LIMIT ?",  # noqa: S608 - fixed text
            (after, limit),
        )
        return [_entry(row) for row in rows]

    def newest(self, kind: EntryKind, before: int) -> Entry | None:
        """Return the newest entry of a kind at or before a position."""
        # Left to itself SQLite walks back over every row, Readings and all.
        versioned = kind in (EntryKind.RULES, EntryKind.REGISTRY)
        index = f"INDEXED BY newest_{kind}" if versioned else ""
        query = (
            f"SELECT {_COLUMNS} FROM entries {index} WHERE kind='{kind}' AND pos<=?"  # noqa: S608 - words of ours
            " ORDER BY pos DESC LIMIT 1"
        )
        row = self._reader.execute(query, (before,)).fetchone()
        return _entry(row) if row else None

    def find(self, row: RowId) -> list[str]:
        """Return the hashes under which a row's first number is known in this file."""
        found = self._reader.execute(
            "SELECT hash FROM entries WHERE kind='readings' AND gateway=? AND epoch=? AND lane=?"
            " AND first=?",
            (row.gateway, row.epoch, row.lane, row.first),
        )
        return [item[0] for item in found]

    def size(self) -> int:
        """Return the bytes of the file."""
        return self.path.stat().st_size

    def close(self) -> None:
        """Close the file."""
        self._reader.close()
        self._db.close()

    def remove(self) -> None:
        """Delete the file and its companions."""
        self.close()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)


def _values(entry: Entry) -> tuple[object, ...]:
    row = entry.row or (None,) * 7
    return (entry.pos, entry.logged_at, entry.kind, *row, entry.payload)


def _entry(row: tuple[object, ...]) -> Entry:
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
