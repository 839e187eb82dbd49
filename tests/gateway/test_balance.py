"""What a gateway received is stored, rejected or expired; otherwise it says so itself."""

import sqlite3
from pathlib import Path

import pytest

from gateway import balance
from gateway.outbox import Outbox, OutboxRow
from model.reading import Reading

from .test_intake import Rows, intake_on, smoke


async def test_the_counters_add_up_whatever_the_disk_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stored, refused by a full disk, taken again, rejected, not encodable: all accounted for."""
    outbox = Outbox(tmp_path / "o.db")
    commit = outbox.commit

    def full(*_args: object, **_named: object) -> list[OutboxRow]:
        raise sqlite3.OperationalError("database or disk is full")

    async with intake_on(outbox, Rows()) as intake:
        for disk in (commit, full, commit):
            monkeypatch.setattr(outbox, "commit", disk)
            await intake.store([smoke("nb-1", fire=True), smoke("nb-2", fire=False)])
            await intake.store([smoke("nb-3", fire=False)])
        intake.reject("tcp 1.2.3.4", "checksum", b"\x00", "")
        broken = Reading("nb-4", "smoke_detector", 1, values={"x": object()})  # type: ignore[dict-item]
        await intake.store([smoke("nb-2", fire=False), broken])
        assert intake.oldest_at is None
        assert intake.counters["rejected.encode"] == 1
        assert intake.counters["readings_not_durable"] >= 1
        assert balance.warning(intake.counters) == ""


def test_what_is_missing_is_said_with_its_number() -> None:
    """Two of ten are nowhere."""
    said = balance.warning({"readings_received": 10, "readings_stored": 8})
    assert "2 of 10" in said
