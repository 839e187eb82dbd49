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
from pathlib import Path
from threading import Lock

import msgspec

from model.errors import Refused, Transient
from model.reading import Reading

from .day_file import DayFile
from .line_protocol import EARLIEST_MS, LATEST_MS, NAME_BYTES_MAX

DAY_MS = 86_400_000
OPEN_FILES_MAX = 4
"""A backlog is written day after day; more open files would only cost memory."""

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_FILE = re.compile(r"readings-(\d{4}-\d\d-\d\d)\.sqlite")


class EmbeddedStore:
    """The reading store in SQLite files; idempotent by (device, kind, time). Threads may share it."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, made if need be. Raises Refused when it cannot be written."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(f"cannot make the folder for readings {folder}: {error}") from error
        self._folder = folder
        self._open: OrderedDict[int, DayFile] = OrderedDict()
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

    def between(self, since: int, until: int) -> list[Reading]:
        """Return all devices' Readings with since <= received_at < until (ms), oldest first."""
        first, last = max(since, EARLIEST_MS), min(until, LATEST_MS)
        found: list[Reading] = []
        with self._lock:
            for day in self._days():
                if day * DAY_MS < last and (day + 1) * DAY_MS > first:
                    try:
                        found += self._segment(day).select_all(first, last)
                    except (sqlite3.Error, msgspec.DecodeError) as error:
                        self._forget(day)
                        message = f"cannot read readings from {self._path(day)}: {error}"
                        raise Transient(message) from error
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

    def _segment(self, day: int) -> DayFile:
        segment = self._open.get(day)
        if segment is None:
            if len(self._open) >= OPEN_FILES_MAX:
                self._forget(next(iter(self._open)))
            segment = self._open[day] = DayFile(self._path(day))
        self._open.move_to_end(day)
        return segment

    def _forget(self, day: int) -> None:
        segment = self._open.pop(day, None)
        if segment is not None:
            segment.close()


def _unfit(reading: Reading) -> str:
    if not reading.device or not reading.kind:
        return "a Reading without kind or device cannot be found again"
    if not EARLIEST_MS <= reading.received_at <= LATEST_MS:
        return f"time outside the store's range: received_at={reading.received_at}"
    longest = max(len(reading.device), len(reading.kind))
    if longest > NAME_BYTES_MAX:
        return f"names longer than {NAME_BYTES_MAX} characters: {reading.device[:60]}…"
    return ""
