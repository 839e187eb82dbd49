"""Reads a log that a running hub may be writing, or a copy of one; never changes a byte of it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from model.entry import Entry, EntryKind
from model.errors import HubError

from .segment import COLUMNS, entry_of, of_kind

BATCH = 2_000


class _File(NamedTuple):
    path: Path
    first: int
    last: int


class LogView:
    """The segment files of a log folder as they were when it was opened."""

    def __init__(self, folder: Path) -> None:
        """Open it; raises HubError when there is no log, or it is not one of ours."""
        self.folder = folder
        self._files: list[_File] = []
        for path in sorted(folder.glob("[0-9]*.db")):
            with _opened(path) as db:
                first, last = db.execute("SELECT min(pos), max(pos) FROM entries").fetchone()
            if first is not None:
                self._files.append(_File(path, first, last))
        if not self._files:
            raise HubError(
                f"{folder} holds no log entries: name the hub's data folder (`--data`, the one that"
                " `smarthub up` uses), or a copy of its folder `log`"
            )

    @property
    def start(self) -> int:
        """The position of the oldest entry."""
        return self._files[0].first

    @property
    def end(self) -> int:
        """The position of the newest entry."""
        return self._files[-1].last

    def time_of(self, pos: int) -> int:
        """Return when an entry was logged, in ms."""
        for file in self._files:
            if file.first <= pos <= file.last:
                with _opened(file.path) as db:
                    row = db.execute("SELECT logged_at FROM entries WHERE pos=?", (pos,)).fetchone()
                return int(row[0])
        raise HubError(f"the log {self.folder} has no entry {pos}")

    def position_at(self, at: int) -> int:
        """Return the position of the first entry logged at or after a time (ms), or end + 1.

        Found by bisection; where the hub's clock was set back, one of the places that fit.
        """
        low, high = self.start, self.end + 1
        while low < high:
            middle = (low + high) // 2
            if self.time_of(middle) < at:
                low = middle + 1
            else:
                high = middle
        return low

    def newest(self, kind: EntryKind, before: int) -> Entry | None:
        """Return the newest entry of a kind at or before a position."""
        query = of_kind(kind, "pos<=? ORDER BY pos DESC")
        for file in reversed(self._files):
            if file.first <= before:
                with _opened(file.path) as db:
                    row = db.execute(query, (before,)).fetchone()
                if row is not None:
                    return entry_of(row)
        return None

    def oldest(self, kind: EntryKind) -> Entry | None:
        """Return the oldest entry of a kind."""
        query = of_kind(kind, "pos>=? ORDER BY pos")
        for file in self._files:
            with _opened(file.path) as db:
                row = db.execute(query, (file.first,)).fetchone()
            if row is not None:
                return entry_of(row)
        return None

    def entries(self, after: int, last: int | None = None) -> Iterator[Entry]:
        """Yield the entries behind a position, up to `last`, oldest first."""
        until = self.end if last is None else last
        query = f"SELECT {COLUMNS} FROM entries WHERE pos>? AND pos<=? ORDER BY pos"  # noqa: S608 - fixed text
        for file in self._files:
            if file.last <= after or file.first > until:
                continue
            with _opened(file.path) as db:
                cursor = db.execute(query, (after, min(file.last, until)))
                while rows := cursor.fetchmany(BATCH):
                    for row in rows:
                        yield entry_of(row)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file so that nothing can be written into it."""
    uri = f"{path.resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as db:
            yield db
    except sqlite3.Error as error:
        raise HubError(
            f"{path} cannot be read as a file of the log: {error}. A copy needs the files `-wal` and"
            " `-shm` beside it, or a hub that was stopped before"
        ) from error
