"""The uplink against a real broker: nothing is forgotten without its own receipt."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest

from gateway import window
from gateway.config import Broker
from gateway.crash import crash_points
from gateway.intake import Intake
from gateway.outbox import Outbox, OutboxRow
from gateway.uplink import LaneUplink
from hub.broker import BrokerUser, EmbeddedBroker
from model.codec import Receipt, Uplink, decode_uplink, encode, row_hash
from model.reading import Event, Lane, Mode, Reading
from model.topics import GatewayTopics
from tests.trust.stack import free_port

TOPICS = GatewayTopics.of("site", "gw-01")
Answer = Callable[[aiomqtt.Client, Uplink], Awaitable[None]]


class Gateway:
    """Intake, outbox and both lanes on one broker."""

    def __init__(self, folder: Path, port: int, password: str) -> None:
        self.outbox = Outbox(folder / "outbox.db")
        self.lanes: dict[Lane, LaneUplink] = {}
        self.intake = Intake(
            self.outbox, gateway="gw-01", mode=Mode.REAL, max_bytes=1 << 30,
            stored=self._stored, crash=crash_points({}),
        )  # fmt: skip
        file = folder / "password"
        file.write_text(password)
        for lane in Lane:
            self.lanes[lane] = LaneUplink(
                lane, self.outbox,
                broker=Broker(port=port, user="gw-01", password_file=file),
                gateway="gw-01", topics=TOPICS, receipted=self.intake.receipted,
                new_epoch=self.intake.draw_epoch, crash=crash_points({}), client_id="gw",
            )  # fmt: skip

    def _stored(self, rows: list[OutboxRow], durable: bool) -> None:  # noqa: FBT001 - Stored's shape
        for row in rows:
            (self.lanes[row.lane].add if durable else self.lanes[row.lane].add_volatile)(row)

    async def fires(self, *devices: str) -> None:
        """Store one fire each."""
        for device in devices:
            reading = Reading(device, "smoke_detector", 1, event=Event.FIRE_ALARM)
            assert await self.intake.store([reading])

    async def empties(self, seconds: float = 20) -> bool:
        """Wait until the outbox is empty."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not any(self.outbox.depth().values()):
                return True
            await asyncio.sleep(0.05)
        return False


@asynccontextmanager
async def broker(folder: Path) -> AsyncIterator[tuple[int, EmbeddedBroker]]:
    """Run an embedded broker with a hub and a gateway."""
    port = free_port()
    users = [
        BrokerUser("hub", "h", ("smarthub/v1/site/+/receipt",), ("smarthub/v1/site/#",)),
        BrokerUser("gw-01", "g", TOPICS[:3], (TOPICS.receipt,)),
    ]
    server = EmbeddedBroker(folder / "broker", host="127.0.0.1", port=port, users=users)
    await server.start()
    try:
        yield port, server
    finally:
        await server.stop()


@asynccontextmanager
async def hub(port: int, answer: Answer) -> AsyncIterator[list[Uplink]]:
    """Run a hub that answers as the test says."""
    heard: list[Uplink] = []

    async def listen() -> None:
        async with aiomqtt.Client("127.0.0.1", port, username="hub", password="h") as client:
            await client.subscribe([(TOPICS.alarm, 1), (TOPICS.telemetry, 1)])
            ready.set()
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                found = decode_uplink(message.payload)
                heard.append(found)
                await answer(client, found)

    ready = asyncio.Event()
    task = asyncio.create_task(listen())
    await asyncio.wait_for(ready.wait(), 10)
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def gateway(folder: Path, port: int) -> AsyncIterator[Gateway]:
    """Run a gateway's inner parts."""
    parts = Gateway(folder, port, "g")
    for lane in parts.lanes.values():
        lane.load()
    tasks = [asyncio.create_task(parts.intake.run())]
    tasks += [asyncio.create_task(lane.run()) for lane in parts.lanes.values()]
    try:
        yield parts
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        parts.outbox.close()


def receipt_of(message: Uplink) -> Receipt:
    """Receipt a message whole."""
    rows = [
        (row.first, row.first + row.count - 1, row_hash(bytes(row.readings)))
        for row in message.rows
    ]
    return Receipt(message.epoch, message.lane, rows)


async def receipt_all(client: aiomqtt.Client, message: Uplink) -> None:
    """Answer as a hub that is well."""
    await client.publish(TOPICS.receipt, encode(receipt_of(message)))


async def test_receipted_rows_leave_the_outbox(tmp_path: Path) -> None:
    """Alarms and telemetry arrive, are receipted and forgotten."""
    async with (
        broker(tmp_path) as (port, _),
        hub(port, receipt_all) as heard,
        gateway(tmp_path, port) as parts,
    ):
        await parts.fires("a", "b")
        await parts.intake.store([Reading("c", "smoke_detector", 1, values={"fire": False})])
        assert await parts.empties()
    assert {message.lane for message in heard} == set(Lane)


async def test_with_a_third_of_receipts_lost_the_outbox_still_empties(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are sent again, as the same rows, until their receipt arrives."""
    monkeypatch.setattr(window, "RESEND_FIRST_S", 0.3)
    chance = random.Random(3)

    async def forgetful(client: aiomqtt.Client, message: Uplink) -> None:
        if chance.random() > 0.3:
            await receipt_all(client, message)

    async with (
        broker(tmp_path) as (port, _),
        hub(port, forgetful) as heard,
        gateway(tmp_path, port) as parts,
    ):
        await parts.fires(*(f"d{n}" for n in range(40)))
        assert await parts.empties()
    content: dict[int, set[bytes]] = {}
    for message in heard:
        for row in message.rows:
            content.setdefault(row.first, set()).add(bytes(row.readings))
    assert sorted(content) == list(range(1, 41))
    assert all(len(found) == 1 for found in content.values())


async def test_a_receipt_for_other_content_deletes_nothing(tmp_path: Path) -> None:
    """The receipt of a cloned card's row does not make us forget ours."""

    async def for_another(client: aiomqtt.Client, message: Uplink) -> None:
        wrong = [(first, last, "0" * 16) for first, last, _ in receipt_of(message).rows]
        await client.publish(
            TOPICS.receipt, encode(Receipt(message.epoch, message.lane, wrong, new_epoch=True))
        )

    async with (
        broker(tmp_path) as (port, _),
        hub(port, for_another),
        gateway(tmp_path, port) as parts,
    ):
        before = parts.intake.epoch
        await parts.fires("a")
        assert not await parts.empties(1.5)
        assert parts.intake.epoch != before, "the hub asked for a new epoch"
        assert parts.outbox.depth()[Lane.ALARM] == 1


async def test_alarms_wait_out_a_dead_broker_and_come_first_afterwards(tmp_path: Path) -> None:
    """What came while the broker was away is sent when it is back, without a restart."""
    async with broker(tmp_path) as (port, server), gateway(tmp_path, port) as parts:
        await parts.fires("before")
        await server.stop()
        await parts.fires(*(f"during-{n}" for n in range(10)))
        assert parts.outbox.depth()[Lane.ALARM] == 11
        await server.start()
        async with hub(port, receipt_all) as heard:
            assert await parts.empties(30)
    devices = Counter(
        reading["device"]
        for message in heard
        for row in message.rows
        for reading in json.loads(bytes(row.readings))
    )
    assert set(devices) == {"before", *(f"during-{n}" for n in range(10))}


async def test_a_window_full_of_telemetry_does_not_hold_up_an_alarm(tmp_path: Path) -> None:
    """The lanes never wait for each other: telemetry without receipts stops telemetry only."""

    async def alarms_only(client: aiomqtt.Client, message: Uplink) -> None:
        if message.lane is Lane.ALARM:
            await receipt_all(client, message)

    async with (
        broker(tmp_path) as (port, _),
        hub(port, alarms_only),
        gateway(tmp_path, port) as parts,
    ):
        for n in range(window.WINDOW_ROWS * 2):
            await parts.intake.store([Reading(f"t{n}", "smoke_detector", 1)])
        await parts.fires("late")
        until = time.monotonic() + 5
        while parts.outbox.depth()[Lane.ALARM] and time.monotonic() < until:
            await asyncio.sleep(0.05)
        depth = parts.outbox.depth()
        assert depth[Lane.ALARM] == 0
        assert depth[Lane.TELEMETRY] == window.WINDOW_ROWS * 2
