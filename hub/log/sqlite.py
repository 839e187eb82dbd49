"""The durable log as an SQLite file after another: what the hub has receipted is in here.

Everything that the engines react to is appended here first; a receipt goes out only when the
append has returned. The newest entries stay in memory, decoded, so that the readers of a running
hub touch the disk only when they are behind.
"""

import secrets
import sqlite3
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import structlog

from gateway.durable_file import write_durably
from model.entry import Draft, Entry, EntryKind, RowId
from model.reading import Reading

from .segment import Segment, remove_files

log = structlog.get_logger()
SEGMENT_BYTES = 128 << 20
TAIL_ENTRIES = 2_000
TAIL_BYTES = 6 << 20


class SqliteLog:
    """Segment files in a folder; one thread appends, any thread reads."""

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        """Open or create the log; raises OSError, sqlite3.Error, or ValueError on foreign files."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._id = _log_id(folder / "ID")
        self._segments = self._opened() or [self._new(1)]
        self._crowded = False  # a new file was due and could not be made
        self._tail: deque[Entry] = deque()
        self._tail_bytes = 0
        self._guard = threading.Lock()

    @property
    def id(self) -> str:
        """A random id born with the log."""
        return self._id

    @property
    def end(self) -> int:
        """The position of the newest entry, 0 when empty."""
        return self._segments[-1].last

    @property
    def start(self) -> int:
        """The position of the oldest entry still kept."""
        return self._segments[0].first

    def append(
        self,
        drafts: Sequence[Draft],
        now: int,
        decoded: Sequence[list[Reading] | None] = (),
    ) -> list[Entry]:
        """Write all drafts in one transaction; `now` is hub time in ms.

        `decoded` may carry the Readings of each draft, for the readers in this process.
        """
        self._begin_file_when_due()
        start = self.end + 1
        entries = [
            Entry(start + n, now, draft.kind, draft.payload, draft.row)
            for n, draft in enumerate(drafts)
        ]
        self._segments[-1].append(entries)
        if decoded:
            entries = [
                entry._replace(readings=readings)
                for entry, readings in zip(entries, decoded, strict=True)
            ]
        self._remember(entries)
        return entries

    def read(self, after: int, limit: int) -> list[Entry]:
        """Return up to `limit` entries behind position `after`, oldest first."""
        with self._guard:
            if self._tail and self._tail[0].pos <= after + 1:
                skip = after + 1 - self._tail[0].pos
                size = len(self._tail)
                return [self._tail[n] for n in range(skip, min(skip + limit, size))]
            segments = list(self._segments)
        for segment in segments:
            if segment.last > after:
                return segment.read(after, limit)
        return []

    def newest(self, kind: EntryKind, before: int | None = None) -> Entry | None:
        """Return the newest entry of a kind, at or before a position."""
        before = self.end if before is None else before
        with self._guard:
            for segment in reversed(self._segments):
                if segment.first <= before and (found := segment.newest(kind, before)):
                    return found
        return None

    def oldest(self, kind: EntryKind) -> Entry | None:
        """Return the oldest entry of a kind that is still kept."""
        with self._guard:
            for segment in self._segments:
                if found := segment.oldest(kind):
                    return found
        return None

    def knows(self, row: RowId) -> list[str]:
        """Return the hashes under which this row's first number was logged before."""
        with self._guard:  # retention must not take a file away meanwhile
            return [found for segment in self._segments for found in segment.find(row)]

    def in_oldest_file(self, pos: int) -> bool:
        """Return whether an entry is in a file that is complete and the next to be removed."""
        with self._guard:
            return len(self._segments) > 1 and pos < self._segments[1].first

    def retain(self, *, needed: int, keep_bytes: int) -> int:
        """Remove the oldest files that no reader needs, while the log is over `keep_bytes`.

        `needed` is the lowest position a reader still has to read from. Returns files removed.
        """
        removed = 0
        while len(self._segments) > 1 and self._segments[1].first <= needed:
            if sum(segment.size() for segment in self._segments) <= keep_bytes:
                break
            with self._guard:
                oldest = self._segments.pop(0)
            oldest.remove()
            removed += 1
        return removed

    def close(self) -> None:
        """Close all files."""
        for segment in self._segments:
            segment.close()

    def _opened(self) -> list[Segment]:
        """Open the files there are; one that was begun on a full disk and overtaken is removed."""
        segments: list[Segment] = []
        for path in sorted(self._folder.glob("[0-9]*.db")):
            segment = Segment(path, self._id)
            if not segments or segment.first == segments[-1].last + 1:
                segments.append(segment)
            elif segment.empty:
                segment.remove()
            else:
                raise ValueError(f"{path} does not follow on entry {segments[-1].last}")
        return segments

    def _begin_file_when_due(self) -> None:
        """Begin a new file; where the disk does not take one, the old file goes on."""
        segment = self._segments[-1]
        if segment.empty or segment.size() <= self._segment_bytes:
            return
        try:
            new = self._new(segment.last + 1)
        except (sqlite3.Error, OSError) as error:
            if not self._crowded:
                log.error(
                    "log_file_not_begun", why=str(error), remedy="free space on the data disk"
                )
            self._crowded = True
            return
        self._crowded = False
        with self._guard:
            self._segments.append(new)

    def _new(self, first: int) -> Segment:
        path = self._folder / f"{first:020d}.db"
        try:
            return Segment(path, self._id)
        except (sqlite3.Error, OSError):
            remove_files(path)
            raise

    def _remember(self, entries: list[Entry]) -> None:
        with self._guard:
            self._tail.extend(entries)
            self._tail_bytes += sum(len(entry.payload) for entry in entries)
            while len(self._tail) > TAIL_ENTRIES or self._tail_bytes > TAIL_BYTES:
                if len(self._tail) == 1:
                    break
                self._tail_bytes -= len(self._tail.popleft().payload)


def _log_id(path: Path) -> str:
    if not path.exists():
        if any(path.parent.glob("[0-9]*.db")):
            raise ValueError(f"{path} is missing beside its segment files; restore it")
        write_durably(path, secrets.token_hex(16).encode())
    return path.read_text(encoding="ascii").strip()
