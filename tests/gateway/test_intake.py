"""The gateway's intake numbers, groups and commits; nothing is acknowledged before the disk."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.crash import crash_points
from gateway.intake import Intake
from gateway.outbox import Outbox, OutboxRow
from model.codec import decode_readings
from model.reading import Event, Lane, Mode, Reading, Value


class Rows(list[tuple[OutboxRow, bool]]):
    """What the uplink would have been told."""

    def told(self, rows: list[OutboxRow], durable: bool) -> None:  # noqa: FBT001 - Stored's shape
        """Take rows as the uplink does."""
        self.extend((row, durable) for row in rows)


@asynccontextmanager
async def intake_on(outbox: Outbox, rows: Rows, max_bytes: int = 1 << 30) -> AsyncIterator[Intake]:
    """Run an intake for a test."""
    intake = Intake(
        outbox,
        gateway="gw-01",
        mode=Mode.REAL,
        max_bytes=max_bytes,
        stored=rows.told,
        crash=crash_points({}),
        clock=lambda: 1_800_000_000.0,
    )
    task = asyncio.create_task(intake.run())
    await asyncio.sleep(0)
    try:
        yield intake
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def smoke(device: str, *, fire: bool, at: int = 1) -> Reading:
    """A detector's message."""
    event = Event.FIRE_ALARM if fire else Event.NONE
    return Reading(device, "smoke_detector", at, values={"fire": fire}, event=event)


async def test_a_flow_switch_goes_in_the_alarm_lane_both_ways(tmp_path: Path) -> None:
    """Feedback is all it says; among telemetry a full outbox would drop it first."""
    rows = Rows()
    async with intake_on(Outbox(tmp_path / "o.db"), rows) as intake:
        for flows in (False, True, False, False):
            values: dict[str, Value] = {"feedback": flows, "component_type": 96.0}
            assert await intake.store([Reading("gb-1", "fire_component", 1, values=values)])
    lanes = [row.lane for row, _ in rows]
    assert lanes == [Lane.TELEMETRY, Lane.ALARM, Lane.ALARM, Lane.TELEMETRY]


async def test_onset_and_clearing_go_in_the_alarm_lane(tmp_path: Path) -> None:
    """A plain "no fire" is telemetry; the one that ends a fire is alarm-lane news."""
    rows = Rows()
    outbox = Outbox(tmp_path / "o.db")
    async with intake_on(outbox, rows) as intake:
        for fire in (False, True, True, False, False):
            assert await intake.store([smoke("nb-1", fire=fire)])
    lanes = [row.lane for row, _ in rows]
    assert lanes == [Lane.TELEMETRY, Lane.ALARM, Lane.ALARM, Lane.ALARM, Lane.TELEMETRY]
    orders = [decode_readings(row.payload, "g", "e")[0].order for row, _ in rows]
    assert orders == [1, 2, 3, 4, 5]


async def test_what_waits_together_is_committed_together(tmp_path: Path) -> None:
    """A thousand Readings that came at once need few commits and keep their order."""
    rows = Rows()
    async with intake_on(Outbox(tmp_path / "o.db"), rows) as intake:
        answers = [intake.store([smoke(f"nb-{n}", fire=False)]) for n in range(1000)]
        assert all(await asyncio.gather(*answers))
    assert len(rows) == 2  # rows hold at most 500 Readings
    numbers = [r.seq for row, _ in rows for r in decode_readings(row.payload, "g", "e")]
    assert numbers == list(range(1, 1001))
    assert intake.counters["readings_received"] == intake.counters["readings_stored"] == 1000


async def test_a_refused_disk_is_not_acknowledged_but_the_alarm_is_forwarded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An alarm that cannot be stored still goes out, from memory, and the device will repeat it."""
    rows = Rows()
    outbox = Outbox(tmp_path / "o.db")
    commit = outbox.commit
    async with intake_on(outbox, rows) as intake:

        def full(*_args: object, **_named: object) -> list[OutboxRow]:
            raise sqlite3.OperationalError("database or disk is full")

        monkeypatch.setattr(outbox, "commit", full)
        stored = await intake.store([smoke("nb-1", fire=True)], fingerprints=["f1"])
        assert stored is False
        assert intake.full
        assert not intake.seen("f1")
        assert [(row.lane, durable) for row, durable in rows] == [(Lane.ALARM, False)]
        monkeypatch.setattr(outbox, "commit", commit)
        assert await intake.store([smoke("nb-1", fire=True)], fingerprints=["f1"])
        assert not intake.full
    assert outbox.depth()[Lane.ALARM] == 1


async def test_a_full_outbox_drops_telemetry_and_counts_it_by_device(tmp_path: Path) -> None:
    """Beyond the limit the oldest telemetry goes; alarms stay."""
    outbox = Outbox(tmp_path / "o.db")
    async with intake_on(outbox, Rows(), max_bytes=0) as intake:
        await intake.store([smoke("nb-1", fire=True)])
        for n in range(5):
            await intake.store([smoke(f"nb-{n}", fire=False)])
        assert intake.counters["readings_expired.outbox_full"] > 0
    assert outbox.depth()[Lane.ALARM] >= 1
    assert sum(outbox.expired().values()) == intake.counters["readings_expired.outbox_full"]


async def test_a_flood_of_garbage_is_counted_whole_and_kept_in_samples(tmp_path: Path) -> None:
    """Dead letters cannot fill the outbox: 20 a second are kept."""
    outbox = Outbox(tmp_path / "o.db")
    async with intake_on(outbox, Rows()) as intake:
        for _ in range(500):
            intake.reject("tcp 1.2.3.4", "checksum", b"\x00\xff", "stated 01, computed 02")
    assert intake.counters["rejected.checksum"] == 500
    assert outbox.depth()[Lane.TELEMETRY] == 20
    assert intake.counters["dead_letters_not_kept"] == 480


async def test_the_gateways_mode_marks_every_reading(tmp_path: Path) -> None:
    """A simulated site can never look real."""
    rows = Rows()
    outbox = Outbox(tmp_path / "o.db")
    async with intake_on(outbox, rows) as intake:
        intake._mode = Mode.SIMULATED
        await intake.store([smoke("nb-1", fire=True)])
    assert decode_readings(rows[0][0].payload, "g", "e")[0].mode is Mode.SIMULATED


async def test_no_row_is_too_large_for_the_broker(tmp_path: Path) -> None:
    """Frames with a hundred alarms each are split: a payload over 1 MiB would end the connection."""
    rows = Rows()
    frame = "40" * 1054
    async with intake_on(Outbox(tmp_path / "o.db"), rows) as intake:
        readings = [
            Reading(f"gb-1-1-1-{n:08x}", "fire_component", 1, values={"fire": True}, raw=frame)
            for n in range(1000)
        ]
        assert await intake.store(readings)
    assert all(len(row.payload) <= 256 << 10 for row, _ in rows)
    assert [r.seq for row, _ in rows for r in decode_readings(row.payload, "g", "e")] == list(
        range(1, 1001)
    )


async def test_the_same_bytes_are_a_repeat_for_minutes_and_then_a_new_alarm(tmp_path: Path) -> None:
    """A panel with a stopped clock and a constant serial number burns twice in the same bytes."""
    now = [1_800_000_000.0]
    outbox = Outbox(tmp_path / "o.db")
    intake = Intake(
        outbox, gateway="gw-01", mode=Mode.REAL, max_bytes=1 << 30, stored=Rows().told,
        crash=crash_points({}), clock=lambda: now[0],
    )  # fmt: skip
    task = asyncio.create_task(intake.run())
    assert await intake.store([smoke("gb-1", fire=True)], fingerprints=["frame"])
    now[0] += 60
    assert intake.seen("frame")
    now[0] += 600
    assert not intake.seen("frame")
    now[0] -= 3_600  # a clock set back remembers nothing it cannot judge
    assert not intake.seen("frame")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_repeat_is_known_after_a_restart(tmp_path: Path) -> None:
    """The acknowledgement was lost with the process; the device sends the frame again."""
    path = tmp_path / "o.db"
    async with intake_on(Outbox(path), Rows()) as intake:
        assert await intake.store([smoke("gb-1", fire=True)], fingerprints=["frame"])
    async with intake_on(Outbox(path), Rows()) as again:
        assert again.seen("frame")
        assert not again.seen("another")
