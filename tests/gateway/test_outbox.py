"""The outbox keeps what it took, and forgets only what was receipted."""

from collections import Counter
from pathlib import Path

import pytest

from gateway.outbox import Numbers, Outbox, OutboxRow, make_row
from model.reading import Lane


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    """An outbox of its own for each test."""
    return Outbox(tmp_path / "outbox.db")


def row(outbox: Outbox, first: int, *, lane: Lane = Lane.TELEMETRY, at: int = 1000) -> OutboxRow:
    """Make a row with one Reading."""
    payload = b'[{"device":"nb-%d","kind":"smoke_detector"}]' % first
    return make_row(lane, outbox.numbers().epoch, first=first, readings=1, at=at, payload=payload)


def numbers(outbox: Outbox, order: int) -> Numbers:
    """Return counters that stand at `order` in both lanes."""
    return Numbers(outbox.numbers().epoch, order, dict.fromkeys(Lane, order))


def test_a_row_survives_closing_and_keeps_its_number(outbox: Outbox) -> None:
    """What was committed is there after a restart, under the same name."""
    outbox.commit([row(outbox, 1), row(outbox, 2)], numbers(outbox, 2))
    epoch = outbox.numbers().epoch
    outbox.close()
    again = Outbox(outbox.path)
    assert [found.first for found in again.rows(Lane.TELEMETRY, after=0, limit=9)] == [1, 2]
    assert again.numbers() == Numbers(epoch, 2, dict.fromkeys(Lane, 2))


def test_receipted_rows_are_gone_and_their_numbers_never_return(outbox: Outbox) -> None:
    """Deleting the last row does not let its number be given out again."""
    stored = outbox.commit([row(outbox, 1)], numbers(outbox, 1))
    outbox.commit([], numbers(outbox, 1), receipted=[stored[0].id])
    assert outbox.rows(Lane.TELEMETRY, after=0, limit=9) == []
    outbox.close()
    assert Outbox(outbox.path).numbers().order == 1


def test_a_new_file_is_a_new_epoch(tmp_path: Path) -> None:
    """A reinstalled gateway can never be mistaken for the one before."""
    first, second = Outbox(tmp_path / "a.db"), Outbox(tmp_path / "b.db")
    assert first.numbers().epoch != second.numbers().epoch


def test_drawing_an_epoch_starts_numbers_anew_and_keeps_old_rows(outbox: Outbox) -> None:
    """Rows of the old epoch are still sent under their old name; `order` goes on."""
    outbox.commit([row(outbox, 1)], numbers(outbox, 1))
    old = outbox.numbers().epoch
    new = outbox.draw_epoch()
    assert new != old
    assert outbox.numbers() == Numbers(new, 1, dict.fromkeys(Lane, 0))
    assert outbox.rows(Lane.TELEMETRY, after=0, limit=9)[0].epoch == old


def test_room_is_made_from_the_oldest_telemetry_and_never_from_alarms(outbox: Outbox) -> None:
    """Alarms are kept while the disk lasts; what goes is counted by device."""
    rows = [row(outbox, 1, lane=Lane.ALARM), row(outbox, 1), row(outbox, 2)]
    outbox.commit(rows, numbers(outbox, 2))
    assert outbox.drop_oldest_telemetry(1) == Counter({"nb-1": 1})
    assert [item.first for item in outbox.rows(Lane.TELEMETRY, after=0, limit=9)] == [2]
    assert outbox.drop_oldest_telemetry(10) == Counter({"nb-2": 1})
    assert outbox.depth() == {Lane.ALARM: 1, Lane.TELEMETRY: 0}
    outbox.commit([row(outbox, 1)], numbers(outbox, 3))
    outbox.drop_oldest_telemetry(10)
    assert outbox.expired() == {"nb-1": 2, "nb-2": 1}


def test_fingerprints_are_remembered_across_a_restart(outbox: Outbox) -> None:
    """A panel that repeats a frame after our restart is still recognised."""
    outbox.commit([row(outbox, 1)], numbers(outbox, 1), fingerprints=["a", "b", "a"])
    outbox.close()
    assert Outbox(outbox.path).fingerprints() == ["a", "b"]


def test_readers_do_not_see_what_is_not_committed(outbox: Outbox) -> None:
    """A row that may yet be rolled back is never sent."""
    outbox._db.execute("BEGIN IMMEDIATE")
    outbox._insert(row(outbox, 1))
    assert outbox.rows(Lane.TELEMETRY, after=0, limit=9) == []
    outbox._db.execute("COMMIT")
    assert len(outbox.rows(Lane.TELEMETRY, after=0, limit=9)) == 1
