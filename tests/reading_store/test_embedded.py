"""What the embedded store does beyond the contract: files by day, retention, trouble with the disk."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from hub.reading_store.embedded import OPEN_FILES_MAX, EmbeddedStore
from model.errors import Refused, Transient
from model.reading import Reading

DAY = 86_400_000
FIRST = 20_000 * DAY  # 2024-10-04

WRITER = """
import os, signal, sys
from pathlib import Path
from hub.reading_store.embedded import EmbeddedStore
from model.reading import Reading
store = EmbeddedStore(Path(sys.argv[1]))
store.write([Reading("d", "k", 20_000 * 86_400_000 + n, order=n) for n in range(500)])
os.kill(os.getpid(), signal.SIGKILL)
"""


def daily(days: int) -> list[Reading]:
    """Return one Reading a day."""
    return [Reading("d", "k", FIRST + n * DAY, values={"x": float(n)}) for n in range(days)]


def files(folder: Path) -> list[str]:
    """Return the names of the day files."""
    return sorted(path.name for path in folder.glob("*.sqlite"))


def test_every_utc_day_is_a_file_and_few_are_open(tmp_path: Path) -> None:
    """A backlog over many days does not open a file for each."""
    store = EmbeddedStore(tmp_path)
    assert store.write(daily(OPEN_FILES_MAX + 5)) == []
    assert files(tmp_path)[:2] == ["readings-2024-10-04.sqlite", "readings-2024-10-05.sqlite"]
    assert len(store._open) == OPEN_FILES_MAX
    assert len(store.query("d", 0, 2**50, 100)) == OPEN_FILES_MAX + 5
    store.close()


def test_retention_removes_whole_days_and_nothing_younger(tmp_path: Path) -> None:
    """Three days are kept in full; the file of a day that is partly younger stays."""
    store = EmbeddedStore(tmp_path)
    store.write(daily(10))
    (tmp_path / "readings-notes.txt").write_text("not ours")
    removed = store.retention(3, now=FIRST + 9 * DAY + DAY // 2)
    assert len(removed) == 6
    assert [reading.values["x"] for reading in store.query("d", 0, 2**50, 100)] == [9, 8, 7, 6]
    assert len(list(tmp_path.glob("readings-2024-10-0[4-9]*"))) == 0
    assert store.retention(3, now=FIRST + 9 * DAY + DAY // 2) == []
    assert store.write(daily(1)) == []
    store.close()


def test_a_killed_process_loses_nothing_that_write_returned(tmp_path: Path) -> None:
    """`kill -9` right after the write: all 500 are there, and types and names still hold."""
    killed = subprocess.run([sys.executable, "-c", WRITER, str(tmp_path)], check=False)
    assert killed.returncode == -9
    store = EmbeddedStore(tmp_path)
    assert len(store.query("d", 0, 2**50, 1000)) == 500
    assert store.write([Reading("d", "k", FIRST + 9_000)]) == []
    assert len(store.query("d", 0, 2**50, 1000)) == 501
    store.close()


def test_types_are_remembered_across_a_restart(tmp_path: Path) -> None:
    """A conflict is a conflict tomorrow too, within the day's file."""
    first = EmbeddedStore(tmp_path)
    first.write(daily(1))
    first.close()
    second = EmbeddedStore(tmp_path)
    wrong = Reading("other", "k", FIRST + 5, values={"x": "text"})
    assert [reading for reading, _ in second.write([wrong])] == [wrong]
    second.close()


def test_a_full_disk_is_transient_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    """SQLite's own limit on pages stands for the disk; with space again the same call succeeds."""
    store = EmbeddedStore(tmp_path)
    readings = [
        Reading(f"device {n}", "k", FIRST + n, values={"text": "x" * 200}) for n in range(5_000)
    ]
    store.write(readings[:1])
    segment = store._open[FIRST // DAY]
    segment._db.execute("PRAGMA max_page_count = 20")
    with pytest.raises(Transient, match="full"):
        store.write(readings)
    assert len(store.query("device 0", 0, 2**50, 10)) == 1
    assert store.query("device 4999", 0, 2**50, 10) == []
    assert store.write(readings) == []
    assert len(store.query("device 4999", 0, 2**50, 10)) == 1
    store.close()


def test_a_broken_file_is_transient_and_named(tmp_path: Path) -> None:
    """The message says which file to move away; other days go on."""
    (tmp_path / "readings-2024-10-04.sqlite").write_bytes(b"not a database" * 1000)
    store = EmbeddedStore(tmp_path)
    with pytest.raises(Transient, match=r"2024-10-04\.sqlite.*move the file away"):
        store.write(daily(1))
    assert store.write(daily(2)[1:]) == []
    store.close()


def test_sync_moves_everything_into_the_day_file(tmp_path: Path) -> None:
    """After `sync` the file alone, without its write-ahead log, holds every Reading."""
    store = EmbeddedStore(tmp_path)
    store.write(daily(1))
    store.sync()
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes((tmp_path / "readings-2024-10-04.sqlite").read_bytes())
    assert sqlite3.connect(copy).execute("SELECT count(*) FROM readings").fetchone() == (1,)
    store.close()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """A file in the way stops the start with one clear line."""
    (tmp_path / "readings").write_text("in the way")
    with pytest.raises(Refused, match="cannot make the folder"):
        EmbeddedStore(tmp_path / "readings")
