"""What the review of the receipt chain found at the gateway: each claim failed before its fix."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import aiomqtt
import pytest

from gateway import agent
from gateway.config import Broker, check
from gateway.crash import crash_points
from gateway.outbox import Numbers, Outbox, OutboxRow, make_row
from gateway.uplink import LaneUplink
from gateway.window import LaneWindow, Sent
from model.codec import decode_readings
from model.reading import Lane, Reading
from model.topics import GatewayTopics

from .test_intake import Rows, intake_on, smoke


def lane_of(outbox: Outbox, lane: Lane = Lane.ALARM, broker: Broker | None = None) -> LaneUplink:
    """Make an uplink that is not connected."""
    return LaneUplink(
        lane, outbox,
        broker=broker or Broker(port=1), gateway="gw-01", topics=GatewayTopics.of("site", "gw-01"),
        receipted=lambda _ids: None, new_epoch=lambda _epoch: None, crash=crash_points({}),
        client_id="gw",
    )  # fmt: skip


def stored(outbox: Outbox, first: int, lane: Lane = Lane.ALARM) -> OutboxRow:
    """Put a row into the outbox."""
    epoch = outbox.numbers().epoch
    payload = b'[{"device":"nb-1","kind":"smoke_detector"}]'
    row = make_row(lane, epoch, first=first, readings=1, at=1000 + first, payload=payload)
    return outbox.commit([row], Numbers(epoch, first, dict.fromkeys(Lane, first)))[0]


def full(*_args: object, **_named: object) -> None:
    """Refuse as a full disk does."""
    raise sqlite3.OperationalError("database or disk is full")


async def test_a_hub_that_is_away_for_weeks_does_not_end_the_lane(tmp_path: Path) -> None:
    """After a thousand tries (17 hours) the pause is still a number."""
    outbox = Outbox(tmp_path / "o.db")
    window = LaneWindow(Lane.ALARM, gateway="gw-01", now=0)
    row = stored(outbox, 1)
    window.sent[row.epoch, row.first] = Sent(row, 0, tries=5000)
    window.expire(3600)
    assert [item.first for item in window.queue] == [1]


async def test_a_disk_that_refuses_a_new_epoch_does_not_end_the_intake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The epoch is drawn when the disk takes it; until then Readings are stored under the old one."""
    outbox = Outbox(tmp_path / "o.db")
    async with intake_on(outbox, Rows()) as intake:
        before = intake.epoch
        draw = outbox.draw_epoch
        monkeypatch.setattr(outbox, "draw_epoch", full)
        intake.draw_epoch(before)
        async with asyncio.timeout(5):
            assert await intake.store([smoke("nb-1", fire=True)])
            monkeypatch.setattr(outbox, "draw_epoch", draw)
            assert await intake.store([smoke("nb-1", fire=True)])
        assert intake.epoch != before


async def test_a_conflict_about_an_epoch_we_have_left_draws_no_other(tmp_path: Path) -> None:
    """Each old row of a cloned card conflicts; one new epoch answers them all."""
    async with intake_on(Outbox(tmp_path / "o.db"), Rows()) as intake:
        first = intake.epoch
        intake.draw_epoch(first)
        assert await intake.store([smoke("nb-1", fire=True)])
        second = intake.epoch
        assert second != first
        intake.draw_epoch(first)
        assert await intake.store([smoke("nb-1", fire=True)])
        assert intake.epoch == second


async def test_a_reading_that_cannot_be_encoded_costs_no_other(tmp_path: Path) -> None:
    """An adapter's defect is counted; what came with it is stored and acknowledged."""
    rows = Rows()
    async with intake_on(Outbox(tmp_path / "o.db"), rows) as intake:
        poison = Reading("bad-\ud800", "smoke_detector", 1)
        batch = [smoke("nb-1", fire=False), poison, smoke("nb-2", fire=False)]
        async with asyncio.timeout(5):
            assert await intake.store(batch)
    numbers = [
        (reading.device, row.first + place)
        for row, _ in rows
        for place, reading in enumerate(decode_readings(row.payload, "g", "e"))
    ]
    assert numbers == [("nb-1", 1), ("nb-2", 3)]
    counters = intake.counters
    assert counters["rejected.encode"] == 1
    assert counters["readings_received"] == counters["readings_stored"] + 1


async def test_a_clearing_that_the_disk_refused_is_still_an_alarm_when_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As telemetry it would be given up and acknowledged, and the fire never end."""
    outbox, rows = Outbox(tmp_path / "o.db"), Rows()
    clearing = Reading("nb-1", "smoke_detector", 2, values={"fire": False})
    async with intake_on(outbox, rows) as intake:
        assert await intake.store([smoke("nb-1", fire=True)])
        commit = outbox.commit
        monkeypatch.setattr(outbox, "commit", full)
        for _ in range(3):
            assert not await intake.store([clearing])
        monkeypatch.setattr(outbox, "commit", commit)
        assert await intake.store([clearing])
    assert [(row.lane, durable) for row, durable in rows] == [
        (Lane.ALARM, True), *[(Lane.ALARM, False)] * 3, (Lane.ALARM, True),
    ]  # fmt: skip


async def test_receipts_are_forgotten_also_when_room_was_made_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a receipted row would stay on a full disk until the next restart."""
    outbox, rows = Outbox(tmp_path / "o.db"), Rows()
    async with intake_on(outbox, rows) as intake:
        for n in range(2):
            await intake.store([smoke(f"nb-{n}", fire=False)])
        await intake.store([smoke("nb-9", fire=True)])
        commit, refusals = outbox.commit, [2]

        def refuses_twice(*args: object, **named: object) -> list[OutboxRow]:
            refusals[0] -= 1
            if refusals[0] >= 0:
                full()
            return commit(*args, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(outbox, "commit", refuses_twice)
        intake._receipted.append(rows[-1][0].id)
        assert await intake.store([smoke("nb-8", fire=True)])
    assert outbox.depth()[Lane.ALARM] == 1


async def test_a_row_added_while_the_backlog_is_read_is_not_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The backlog's rows were dropped to make room; the newer row must still be sent."""
    outbox = Outbox(tmp_path / "o.db")
    uplink = lane_of(outbox, Lane.TELEMETRY)
    uplink.window.top_id = stored(outbox, 1, Lane.TELEMETRY).id
    outbox.drop_oldest_telemetry(9)
    read, begun, go_on = outbox.rows, threading.Event(), threading.Event()

    def slow(lane: Lane, *, after: int, limit: int) -> list[OutboxRow]:
        found = read(lane, after=after, limit=limit)
        begun.set()
        go_on.wait(5)
        return found

    monkeypatch.setattr(outbox, "rows", slow)
    refill = asyncio.create_task(uplink._refill())
    await asyncio.to_thread(begun.wait, 5)
    uplink.add(stored(outbox, 2, Lane.TELEMETRY))
    go_on.set()
    await refill
    assert not uplink.window.idle
    await uplink._refill()
    assert [row.first for row in uplink.window.queue] == [2]


async def test_a_lane_with_rows_only_on_disk_is_not_caught_up(tmp_path: Path) -> None:
    """Between two looks at the backlog nothing is in memory, and yet something waits."""
    outbox = Outbox(tmp_path / "o.db")
    uplink = lane_of(outbox)
    uplink.window.top_id = stored(outbox, 1).id
    assert not uplink.window.idle
    assert uplink.window.oldest_at() == 0
    await uplink._refill()
    assert uplink.window.oldest_at() == 1001


async def test_what_waits_for_the_disk_is_not_caught_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A heartbeat during a slow or refused commit says that something is held back."""
    outbox = Outbox(tmp_path / "o.db")
    commit, begun, go_on = outbox.commit, threading.Event(), threading.Event()

    def slow(*args: object, **named: object) -> list[OutboxRow]:
        begun.set()
        go_on.wait(5)
        return commit(*args, **named)  # type: ignore[arg-type]

    async with intake_on(outbox, Rows()) as intake:
        assert intake.oldest_at is None
        monkeypatch.setattr(outbox, "commit", slow)
        answer = intake.store([smoke("nb-1", fire=True)])
        assert intake.oldest_at == 1_800_000_000_000
        await asyncio.to_thread(begun.wait, 5)
        assert intake.oldest_at == 1_800_000_000_000
        go_on.set()
        assert await answer
        assert intake.oldest_at is None
        monkeypatch.setattr(outbox, "commit", full)
        assert not await intake.store([smoke("nb-1", fire=True)])
        assert intake.oldest_at == 1_800_000_000_000


async def test_a_password_file_that_is_away_does_not_end_the_lane(tmp_path: Path) -> None:
    """The lane says what it misses and tries again."""
    broker = Broker(port=1, user="gw-01", password_file=tmp_path / "none")
    uplink = lane_of(Outbox(tmp_path / "o.db"), broker=broker)
    task = asyncio.create_task(uplink.run())
    async with asyncio.timeout(5):
        while not uplink.last_error:
            await asyncio.sleep(0.01)
    assert not task.done()
    assert "password file" in uplink.warning()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_gateway_whose_intake_breaks_ends_loudly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that lives on without its intake would take alarms and never answer them."""
    text = f"""
schema: 1
site: site
gateway: gw-01
data: {tmp_path / "data"}
uplink: {{port: 1}}
sources: [{{adapter: gb26875, listen: "127.0.0.1:0"}}]
"""

    async def broken(_intake: object) -> None:
        raise MemoryError("a defect")

    monkeypatch.setattr("gateway.intake.Intake.run", broken)
    async with asyncio.timeout(10):
        with pytest.raises(MemoryError):
            await agent.run(check(text, "gateway.yaml"))


async def test_a_lane_that_is_told_to_stop_while_a_row_arrives_stops(tmp_path: Path) -> None:
    """A lost cancellation would keep the gateway from ending until it is killed."""
    uplink = lane_of(Outbox(tmp_path / "o.db"))
    never = asyncio.create_task(asyncio.Event().wait())
    client = aiomqtt.Client("127.0.0.1", 1)
    lane = asyncio.create_task(uplink._send_until(client, never))  # type: ignore[arg-type]
    await asyncio.sleep(0.05)
    uplink._wake.set()
    await asyncio.sleep(0)
    lane.cancel()
    done, _ = await asyncio.wait({lane}, timeout=3)
    assert done == {lane}
    assert lane.cancelled()
    never.cancel()
