"""The durable log: positions without gaps, whole segments removed, foreign files refused."""

from pathlib import Path

import pytest

from hub.log.readings import readings_of
from hub.log.sqlite import SqliteLog
from model.codec import encode, row_hash
from model.entry import Draft, Entry, EntryKind, RowId
from model.reading import Lane, Reading


def tick(n: int) -> Draft:
    """A tick's draft."""
    return Draft(EntryKind.TICK, b'{"at":%d,"awake":%d}' % (n, n))


def row(first: int, readings: list[Reading], *, epoch: str = "e1") -> Draft:
    """A row's draft."""
    payload = encode(readings)
    last = first + len(readings) - 1
    name = RowId("gw-01", epoch, Lane.ALARM, first, last, first, row_hash(payload))
    return Draft(EntryKind.READINGS, payload, name)


def test_positions_count_from_one_without_gaps_over_segments_and_restarts(tmp_path: Path) -> None:
    """A reader that goes from position to position misses nothing."""
    log = SqliteLog(tmp_path, segment_bytes=1)
    for n in range(5):
        log.append([tick(n), tick(n)], now=n)
    log.close()
    again = SqliteLog(tmp_path, segment_bytes=1)
    again.append([tick(9)], now=9)
    found: list[Entry] = []
    while more := again.read(found[-1].pos if found else 0, 3):
        found += more
    assert [entry.pos for entry in found] == list(range(1, 12))
    assert again.id == log.id
    assert len(list(tmp_path.glob("*.db"))) > 3


def test_a_row_is_found_again_by_its_number_and_content(tmp_path: Path) -> None:
    """The repeat check survives a restart: it asks the log itself."""
    log = SqliteLog(tmp_path)
    draft = row(5, [Reading("nb-1", "smoke_detector", 1_700_000_000_000)])
    log.append([draft], now=1)
    assert draft.row is not None
    assert log.knows(draft.row) == [draft.row.hash]
    assert log.knows(draft.row._replace(first=6)) == []
    assert log.knows(draft.row._replace(epoch="other")) == []


def test_retention_removes_only_whole_segments_that_nobody_needs(tmp_path: Path) -> None:
    """What a reader still has to read is never removed."""
    log = SqliteLog(tmp_path, segment_bytes=1)
    for n in range(6):
        log.append([tick(n)], now=n)
    assert log.retain(needed=3, keep_bytes=0) == 2
    assert log.start == 3
    assert [entry.pos for entry in log.read(2, 10)] == [3, 4, 5, 6]
    assert log.retain(needed=99, keep_bytes=1 << 40) == 0


def test_a_segment_of_another_log_stops_the_start(tmp_path: Path) -> None:
    """Two installations' files cannot be mixed unnoticed."""
    first, second = SqliteLog(tmp_path / "a"), SqliteLog(tmp_path / "b")
    first.append([tick(1)], now=1)
    first.close()
    second.close()
    (tmp_path / "b" / "ID").write_text(first.id)
    with pytest.raises(ValueError, match="belongs to log"):
        SqliteLog(tmp_path / "b")
    (tmp_path / "a" / "ID").unlink()
    with pytest.raises(ValueError, match="missing"):
        SqliteLog(tmp_path / "a")


def test_a_clock_that_boots_in_1970_is_put_right_by_the_logs_own_time(tmp_path: Path) -> None:
    """An implausible received_at is replaced and flagged, the same way at every reading."""
    log = SqliteLog(tmp_path)
    now = 1_800_000_000_000
    times = [0, now, now + 3 * 86_400_000]
    log.append([row(1, [Reading("nb-1", "smoke_detector", at) for at in times])], now=now)
    readings = readings_of(log.read(0, 1)[0])
    assert [reading.received_at for reading in readings] == [now, now, now]
    assert [reading.quality for reading in readings] == [
        ("gateway_clock",), (), ("gateway_clock",),
    ]  # fmt: skip
    assert readings[0].gateway == "gw-01"


def test_the_newest_version_before_a_position_is_found(tmp_path: Path) -> None:
    """A replay from a position uses the rules that held there."""
    log = SqliteLog(tmp_path, segment_bytes=1)
    log.append([Draft(EntryKind.RULES, b"1"), tick(1)], now=1)
    log.append([Draft(EntryKind.RULES, b"2"), tick(2)], now=2)
    newest = log.newest(EntryKind.RULES)
    older = log.newest(EntryKind.RULES, 2)
    assert newest is not None
    assert older is not None
    assert (newest.payload, older.payload) == (b"2", b"1")
    assert log.newest(EntryKind.REPORT) is None
