"""Keeps Readings in SQLite files, one per UTC day, for a hub on one machine without InfluxDB.

Retention removes whole files, so no page ever waits for a big delete. The durable log stays the
truth: files are written with `synchronous=NORMAL`, which survives `kill -9`; a power cut may take
the last seconds, unless `sync` was called before the reader's position was saved.
"""

import re
import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import date
from math import isfinite
from pathlib import Path
from threading import Lock

import msgspec

from model.errors import Refused, Transient
from model.reading import Event, Mode, Reading, Value

from .line_protocol import EARLIEST_MS, LATEST_MS, NAME_BYTES_MAX, NS_PER_MS, point_time

DAY_MS = 86_400_000
OPEN_FILES_MAX = 4
"""A backlog is written day after day; more open files would only cost memory."""

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_FILE = re.compile(r"readings-(\d{4}-\d\d-\d\d)\.sqlite")
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


class _Body(msgspec.Struct, array_like=True, frozen=True):
    """What is kept of a Reading beside device, kind and time, as MessagePack."""

    order: int
    values: dict[str, Value]
    event: Event
    observed_at: int | None
    mode: Mode
    quality: tuple[str, ...]
    historical: bool


class EmbeddedStore:
    """The reading store in SQLite files; idempotent by (device, kind, time). Threads may share it."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, made if need be. Raises Refused when it cannot be written."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(f"cannot make the folder for readings {folder}: {error}") from error
        self._folder = folder
        self._open: OrderedDict[int, _Segment] = OrderedDict()
        self._lock = Lock()

    def write(self, readings: Iterable[Reading]) -> list[tuple[Reading, str]]:
        """Store all in one transaction a day; return those that cannot be stored, with reasons.

        A quantity keeps its type (number, text, yes/no) for a day and a kind, as in InfluxDB, so a
        wrong adapter shows here too. Raises Transient when the disk is full or a file is locked.
        """
        rejected: list[tuple[Reading, str]] = []
        days: dict[int, list[Reading]] = {}
        for reading in readings:
            reason = _unfit(reading)
            if reason:
                rejected.append((reading, reason))
            else:
                days.setdefault(reading.received_at // DAY_MS, []).append(reading)
        with self._lock:
            for day, of_day in sorted(days.items()):
                rejected += self._write_day(day, of_day)
        return rejected

    def _write_day(self, day: int, readings: Sequence[Reading]) -> list[tuple[Reading, str]]:
        try:
            return self._segment(day).write(readings)
        except sqlite3.Error as error:
            # What the segment remembers may have been rolled back: read it anew next time.
            self._forget(day)
            raise Transient(
                f"cannot write readings to {self._path(day)}: {error}; free the disk, or move the "
                "file away if it is broken; Readings wait in the log"
            ) from error

    def query(self, device: str, since: int, until: int, limit: int) -> list[Reading]:
        """Return a device's Readings with since <= received_at < until (ms), newest first.

        Holds what the store keeps: not `seq`, `epoch`, `gateway`, `source` and `raw`.
        """
        first, last = max(since, EARLIEST_MS), min(until, LATEST_MS)
        found: list[Reading] = []
        with self._lock:
            for day in reversed(self._days()):
                if len(found) >= limit or (day + 1) * DAY_MS <= first:
                    break
                if day * DAY_MS < last:
                    found += self._read_day(day, device, (first, last, limit - len(found)))
        return found

    def _read_day(self, day: int, device: str, span: tuple[int, int, int]) -> list[Reading]:
        try:
            return self._segment(day).select(device, span)
        except (sqlite3.Error, msgspec.DecodeError) as error:
            self._forget(day)
            raise Transient(f"cannot read readings from {self._path(day)}: {error}") from error

    def retention(self, days: int, *, now: int) -> list[str]:
        """Remove the files of days that ended more than `days` days before `now` (ms); name them."""
        removed = []
        with self._lock:
            for day in self._days():
                if (day + 1) * DAY_MS > now - days * DAY_MS:
                    continue
                self._forget(day)
                path = self._path(day)
                for suffix in ("-wal", "-shm", ""):
                    path.with_name(path.name + suffix).unlink(missing_ok=True)
                removed.append(path.name)
        return removed

    def sync(self) -> None:
        """Return when everything written so far would survive a power cut."""
        with self._lock:
            for day, segment in self._open.items():
                try:
                    segment.sync()
                except sqlite3.Error as error:
                    raise Transient(f"cannot sync {self._path(day)}: {error}") from error

    def close(self) -> None:
        """Close all files."""
        with self._lock:
            for day in list(self._open):
                self._forget(day)

    def _path(self, day: int) -> Path:
        return self._folder / f"readings-{date.fromordinal(_EPOCH_DAY + day)}.sqlite"

    def _days(self) -> list[int]:
        names = (_FILE.fullmatch(path.name) for path in self._folder.iterdir())
        return sorted(
            date.fromisoformat(found[1]).toordinal() - _EPOCH_DAY for found in names if found
        )

    def _segment(self, day: int) -> "_Segment":
        segment = self._open.get(day)
        if segment is None:
            if len(self._open) >= OPEN_FILES_MAX:
                self._forget(next(iter(self._open)))
            segment = self._open[day] = _Segment(self._path(day))
        self._open.move_to_end(day)
        return segment

    def _forget(self, day: int) -> None:
        segment = self._open.pop(day, None)
        if segment is not None:
            segment.close()


class _Segment:
    """One day's file."""

    def __init__(self, path: Path) -> None:
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
        first, last, limit = span
        rows = self._db.execute(_SELECT, (device, first * NS_PER_MS, last * NS_PER_MS, limit))
        return [_reading(device, kind, time, self._decode(body)) for kind, time, body in rows]

    def sync(self) -> None:
        self._db.execute("PRAGMA wal_checkpoint(FULL)")

    def close(self) -> None:
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


def _unfit(reading: Reading) -> str:
    if not reading.device or not reading.kind:
        return "a Reading without kind or device cannot be found again"
    if not EARLIEST_MS <= reading.received_at <= LATEST_MS:
        return f"time outside the store's range: received_at={reading.received_at}"
    longest = max(len(reading.device), len(reading.kind))
    if longest > NAME_BYTES_MAX:
        return f"names longer than {NAME_BYTES_MAX} characters: {reading.device[:60]}…"
    return ""
