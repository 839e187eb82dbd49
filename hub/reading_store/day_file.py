"""One UTC day of Readings in an SQLite file, ordered by device and time."""

import sqlite3
from collections.abc import Sequence
from math import isfinite
from pathlib import Path

import msgspec

from model.reading import Event, Mode, Reading, Value

from .line_protocol import NS_PER_MS, point_time

_TYPES: dict[type, str] = {bool: "yes/no", float: "number", int: "number", str: "text"}
_TABLES = """
CREATE TABLE IF NOT EXISTS names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS types (
    kind TEXT NOT NULL, quantity TEXT NOT NULL, type TEXT NOT NULL,
    PRIMARY KEY (kind, quantity)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS readings (
    device INTEGER NOT NULL, time INTEGER NOT NULL, kind INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (device, time, kind)
) WITHOUT ROWID;
"""
_SELECT = """
SELECT k.name, r.time, r.body FROM readings r JOIN names k ON k.id = r.kind
WHERE r.device = (SELECT id FROM names WHERE name = ?) AND r.time >= ? AND r.time < ?
ORDER BY r.time DESC, k.name DESC LIMIT ?
"""


_SELECT_ALL = """
SELECT d.name, k.name, r.time, r.body FROM readings r
JOIN names k ON k.id = r.kind JOIN names d ON d.id = r.device
WHERE r.time >= ? AND r.time < ? ORDER BY r.time, d.name, k.name
"""


class _Body(msgspec.Struct, array_like=True, frozen=True):
    """What is kept of a Reading beside device, kind and time, as MessagePack."""

    order: int
    values: dict[str, Value]
    event: Event
    observed_at: int | None
    mode: Mode
    quality: tuple[str, ...]
    historical: bool


class DayFile:
    """One day's file."""

    def __init__(self, path: Path) -> None:
        """Open or create it; raises sqlite3.Error."""
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_TABLES)
            self._names = {name: id_ for id_, name in self._db.execute("SELECT * FROM names")}
            self._types: dict[str, dict[str, str]] = {}
            for kind, quantity, name in self._db.execute("SELECT * FROM types"):
                self._types.setdefault(kind, {})[quantity] = name
        except sqlite3.Error:
            self._db.close()
            raise
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(_Body).decode

    def write(self, readings: Sequence[Reading]) -> list[tuple[Reading, str]]:
        """Store all in one transaction; return those that contradict the day's types."""
        rejected, rows = [], []
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for reading in readings:
                conflict = self._conflict(reading)
                if conflict:
                    rejected.append((reading, conflict))
                else:
                    rows.append(self._row(reading))
            # The tree is ordered by device: sorted rows touch each page once.
            rows.sort(key=lambda row: row[:3])
            self._db.executemany("INSERT OR REPLACE INTO readings VALUES (?, ?, ?, ?)", rows)
            self._db.execute("COMMIT")
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        return rejected

    def _row(self, reading: Reading) -> tuple[int, int, int, bytes]:
        values = reading.values
        if not all(isinstance(value, str) or isfinite(value) for value in values.values()):
            values = {k: v for k, v in values.items() if isinstance(v, str) or isfinite(v)}
        body = _Body(
            reading.order,
            values,
            reading.event,
            reading.observed_at,
            reading.mode,
            reading.quality,
            reading.historical,
        )
        names = self._names
        device = names.get(reading.device) or self._name(reading.device)
        kind = names.get(reading.kind) or self._name(reading.kind)
        return device, point_time(reading), kind, self._encode(body)

    def _name(self, name: str) -> int:
        added = self._db.execute("INSERT INTO names (name) VALUES (?)", (name,))
        id_ = self._names[name] = added.lastrowid or 0
        return id_

    def _conflict(self, reading: Reading) -> str:
        """Return why a quantity's type contradicts the day's other Readings; remember new ones."""
        known = self._types.setdefault(reading.kind, {})
        fresh = {}
        for quantity, value in reading.values.items():
            name = _TYPES[type(value)]
            have = known.get(quantity)
            if have is None:
                fresh[quantity] = name
            elif have != name:
                return f"field type conflict: {reading.kind} {quantity} is {name}, was {have}"
        for quantity, name in fresh.items():
            known[quantity] = name
            self._db.execute("INSERT INTO types VALUES (?, ?, ?)", (reading.kind, quantity, name))
        return ""

    def select(self, device: str, span: tuple[int, int, int]) -> list[Reading]:
        """Return a device's Readings of a span (first, last, limit; ms), newest first."""
        first, last, limit = span
        rows = self._db.execute(_SELECT, (device, first * NS_PER_MS, last * NS_PER_MS, limit))
        return [_reading(device, kind, time, self._decode(body)) for kind, time, body in rows]

    def select_all(self, first: int, last: int) -> list[Reading]:
        """Return all devices' Readings of a span in ms, oldest first."""
        rows = self._db.execute(_SELECT_ALL, (first * NS_PER_MS, last * NS_PER_MS))
        return [
            _reading(device, kind, time, self._decode(body)) for device, kind, time, body in rows
        ]

    def sync(self) -> None:
        """Return when what was written survives a power cut."""
        self._db.execute("PRAGMA wal_checkpoint(FULL)")

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _reading(device: str, kind: str, time: int, body: _Body) -> Reading:
    return Reading(
        device=device,
        kind=kind,
        received_at=time // NS_PER_MS,
        order=body.order,
        values=body.values,
        event=body.event,
        observed_at=body.observed_at,
        mode=body.mode,
        quality=body.quality,
        historical=body.historical,
    )
