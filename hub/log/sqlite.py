"""The durable log as an SQLite file after another: what the hub has receipted is in here.

Everything that the engines react to is appended here first; a receipt goes out only when the
append has returned. The newest entries stay in memory, decoded, so that the readers of a running
hub touch the disk only when they are behind.
"""

import secrets
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from model.entry import Draft, Entry, EntryKind, RowId
from model.reading import Reading

from .segment import Segment

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
        self._segments = [Segment(path, self._id) for path in sorted(folder.glob("[0-9]*.db"))] or [
            self._new(1)
        ]
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
        start = self.end + 1
        entries = [
            Entry(start + n, now, draft.kind, draft.payload, draft.row)
            for n, draft in enumerate(drafts)
        ]
        segment = self._segments[-1]
        segment.append(entries)
        if decoded:
            entries = [
                entry._replace(readings=readings)
                for entry, readings in zip(entries, decoded, strict=True)
            ]
        self._remember(entries)
        if segment.size() > self._segment_bytes:
            new = self._new(segment.last + 1)
            with self._guard:
                self._segments.append(new)
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
        for segment in reversed(self._segments):
            if segment.first <= before and (found := segment.newest(kind, before)):
                return found
        return None

    def knows(self, row: RowId) -> list[str]:
        """Return the hashes under which this row's first number was logged before."""
        return [found for segment in self._segments for found in segment.find(row)]

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

    def _new(self, first: int) -> Segment:
        return Segment(self._folder / f"{first:020d}.db", self._id)

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
        path.write_text(secrets.token_hex(16), encoding="ascii")
    return path.read_text(encoding="ascii").strip()
