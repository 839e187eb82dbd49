"""The hub's intake: a receipt only for what is on disk; repeats, conflicts and poison."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from gateway.crash import crash_points
from hub.intake import HubIntake
from hub.log.sqlite import SqliteLog
from model.codec import Receipt, Row, Uplink, decode_receipt, encode, row_hash
from model.entry import EntryKind
from model.reading import Event, Lane, Reading
from model.topics import GatewayTopics

TOPICS = GatewayTopics.of("site", "gw-01")


class World:
    """What the intake says to the outside."""

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.letters: list[tuple[str, str]] = []
        self.volatile: list[Reading] = []
        self.logged: list[Reading] = []

    async def publish(self, topic: str, payload: bytes) -> None:
        """Take a receipt."""
        assert topic == TOPICS.receipt
        self.receipts.append(decode_receipt(payload))

    def letter(self, source: str, reason: str, _payload: bytes, _detail: str) -> None:
        """Take a dead letter."""
        self.letters.append((source, reason))


@asynccontextmanager
async def intake_on(log: SqliteLog, world: World) -> AsyncIterator[HubIntake]:
    """Run an intake for a test."""
    intake = HubIntake(
        log,
        site="site",
        publish=world.publish,
        appended=lambda: None,
        dead_letter=world.letter,
        volatile=world.volatile.extend,
        logged=world.logged.extend,
        clock=lambda: 1_800_000_000_000,
        crash=crash_points({}),
    )
    task = asyncio.create_task(intake.run())
    try:
        yield intake
    finally:
        await settle(intake)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def settle(intake: HubIntake) -> None:
    """Wait until everything queued was committed and answered."""
    for _ in range(200):
        await asyncio.sleep(0.005)
        if not (intake._waiting or intake._again or intake._wake.is_set()):
            break
    await asyncio.sleep(0.02)


def row(first: int, *devices: str) -> Row:
    """A row of fire alarms."""
    readings = [
        Reading(device, "smoke_detector", 1_800_000_000_000, event=Event.FIRE_ALARM)
        for device in devices
    ]
    return Row(first, len(readings), msgspec.Raw(encode(readings)))


def uplink(*rows: Row, epoch: str = "e1", low: int = 1, volatile: bool = False) -> bytes:
    """A gateway's message in the alarm lane."""
    return encode(Uplink(1, "gw-01", epoch, Lane.ALARM, low, list(rows), volatile))


def logged(log: SqliteLog) -> list[int]:
    """Return the first numbers of the rows in the log."""
    return [e.row.first for e in log.read(0, 1000) if e.row is not None]


async def test_a_receipt_names_what_is_on_disk(tmp_path: Path) -> None:
    """Each row is receipted by number and content, after it can be read back from the log."""
    log, world = SqliteLog(tmp_path), World()
    async with intake_on(log, world) as intake:
        await intake.message(TOPICS.alarm, uplink(row(1, "a"), row(2, "b", "c")))
    assert logged(log) == [1, 2]
    (receipt,) = world.receipts
    assert [(first, last) for first, last, _ in receipt.rows] == [(1, 1), (2, 3)]
    assert receipt.rows[0][2] == row_hash(bytes(row(1, "a").readings))


async def test_a_repeat_is_receipted_again_and_logged_once(tmp_path: Path) -> None:
    """Also when the hub was restarted in between and the receipt was lost."""
    log, world = SqliteLog(tmp_path), World()
    for _ in range(3):
        async with intake_on(log, world) as intake:
            await intake.message(TOPICS.alarm, uplink(row(1, "a")))
            await intake.message(TOPICS.alarm, uplink(row(1, "a")))
    assert logged(log) == [1]
    assert {r for receipt in world.receipts for r in receipt.rows} == {
        (1, 1, row_hash(bytes(row(1, "a").readings)))
    }
    assert len(world.receipts) >= 3


async def test_five_lost_and_six_to_ten_stored_does_not_hide_five(tmp_path: Path) -> None:
    """Nothing is taken for a repeat because a higher number came first."""
    log, world = SqliteLog(tmp_path), World()
    async with intake_on(log, world) as intake:
        for first in (1, 2, 3, 4, 6, 7, 8, 9, 10):
            await intake.message(TOPICS.alarm, uplink(row(first, f"d{first}"), low=5))
        await settle(intake)
        await intake.message(TOPICS.alarm, uplink(row(5, "d5"), low=5))
    assert sorted(logged(log)) == list(range(1, 11))


async def test_the_same_numbers_with_other_content_are_stored_and_end_the_epoch(
    tmp_path: Path,
) -> None:
    """A cloned SD card loses no alarm, and neither gateway deletes the other's rows."""
    log, world = SqliteLog(tmp_path), World()
    async with intake_on(log, world) as intake:
        await intake.message(TOPICS.alarm, uplink(row(7, "original"), low=7))
        await settle(intake)
        await intake.message(TOPICS.alarm, uplink(row(7, "clone"), low=2))
    assert logged(log) == [7, 7]
    assert any(receipt.new_epoch for receipt in world.receipts)
    hashes = [content for receipt in world.receipts for _, _, content in receipt.rows]
    assert len(set(hashes)) == 2


async def test_one_poisoned_reading_costs_nothing_else(tmp_path: Path) -> None:
    """The rest of its row becomes Readings, and the bad one a dead letter."""
    log, world = SqliteLog(tmp_path), World()
    good = encode(Reading("a", "smoke_detector", 1_800_000_000_000))
    raw = b'[{"device":7,"kind":[]},' + good + b"]"
    async with intake_on(log, world) as intake:
        await intake.message(TOPICS.alarm, uplink(Row(1, 2, msgspec.Raw(raw))))
    (entry,) = [e for e in log.read(0, 9) if e.kind is EntryKind.READINGS]
    assert entry.readings is not None
    assert [reading.device for reading in entry.readings] == ["a"]
    assert world.letters == [("gw-01/alarm", "reading")]
    assert world.receipts


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("smarthub/v1/site/gw-01/alarm", b"not json", "codec"),
        ("smarthub/v1/site/gw-01/alarm", b'{"v":1}', "codec"),
        ("smarthub/v1/other/gw-01/alarm", b"{}", "topic"),
        ("smarthub/v1/site/gw-02/alarm", uplink(row(1, "a")), "identity"),
        ("smarthub/v1/site/gw-01/telemetry", uplink(row(1, "a")), "identity"),
        ("smarthub/v1/site/gw-01/status", b'{"gateway":"x","epoch":"","state":"online"}', "identity"),
        ("smarthub/v1/site/gw-01/other", b"{}", "topic"),
    ],
)  # fmt: skip
async def test_what_is_not_understood_is_a_dead_letter_with_a_reason(
    tmp_path: Path, topic: str, payload: bytes, reason: str
) -> None:
    """Nothing is logged of it, and it is counted."""
    log, world = SqliteLog(tmp_path), World()
    async with intake_on(log, world) as intake:
        await intake.message(topic, payload)
    assert [why for _, why in world.letters] == [reason]
    assert log.end == 0
    assert intake.counters[f"rejected.{reason}"] == 1


async def test_no_receipt_while_the_disk_refuses_and_one_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk: no receipt, the alarm is shown from memory, and it recovers by itself."""
    log, world = SqliteLog(tmp_path), World()
    append = log.append

    def full(*_args: object, **_named: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    async with intake_on(log, world) as intake:
        monkeypatch.setattr("hub.intake.FULL_DISK_PAUSE_S", 0.01)
        monkeypatch.setattr(log, "append", full)
        await intake.message(TOPICS.alarm, uplink(row(1, "a")))
        await settle(intake)
        assert world.receipts == []
        assert intake.full
        assert [reading.device for reading in world.volatile] == ["a"]
        monkeypatch.setattr(log, "append", append)
        await intake.message(TOPICS.alarm, uplink(row(1, "a")))
        await settle(intake)
    assert logged(log) == [1]
    assert not intake.full
    assert len(world.receipts) == 1


async def test_an_alarm_the_gateway_could_not_store_is_shown_and_not_logged(
    tmp_path: Path,
) -> None:
    """Marked "not durable": it is shown at once and becomes a case when it comes again."""
    log, world = SqliteLog(tmp_path), World()
    async with intake_on(log, world) as intake:
        await intake.message(TOPICS.alarm, uplink(row(1, "a"), volatile=True))
        assert log.end == 0
        assert [reading.device for reading in world.volatile] == ["a"]
        assert world.receipts == []
        assert world.logged == []
        await intake.message(TOPICS.alarm, uplink(row(2, "a")))
    assert [reading.device for reading in world.logged] == ["a"], "it is in memory only no longer"
