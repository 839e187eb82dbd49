"""Alarms that only memory holds: none is lost by a broken connection, and what has no room is counted."""

import asyncio
import time
from pathlib import Path

import aiomqtt
import pytest

from gateway import agent, config, heartbeats
from gateway.outbox import OutboxRow, make_row
from gateway.window import QUEUE_ROWS, LaneWindow
from model.codec import Uplink
from model.reading import Lane
from tests.trust.stack import free_port

from .test_uplink import Gateway, broker, hub, receipt_all


def _row(first: int) -> OutboxRow:
    return make_row(Lane.ALARM, "e", first=first, readings=1, at=first, payload=b"[]")


def _window() -> LaneWindow:
    return LaneWindow(Lane.ALARM, gateway="gw-01", now=0.0)


def _first(message: Uplink | None) -> int | None:
    return message.rows[0].first if message else None


def test_a_message_that_was_not_published_is_the_next_one_again() -> None:
    """Until it is; then the next one follows, and each comes once."""
    window = _window()
    for first in (1, 2):
        window.add_volatile(_row(first))
    assert [_first(window.next_message(0.0)) for _ in range(3)] == [1, 1, 1]
    window.reconnected()
    assert _first(window.next_message(0.0)) == 1
    window.published()
    window.published()
    assert _first(window.next_message(0.0)) == 2
    window.published()
    assert window.next_message(0.0) is None


def test_a_stored_row_that_is_published_costs_no_volatile_one() -> None:
    """What comes while a stored row is on its way still waits for its own message."""
    window = _window()
    window.add(_row(1)._replace(id=1))
    assert _first(window.next_message(0.0)) == 1
    window.add_volatile(_row(2))
    window.published()
    assert _first(window.next_message(0.0)) == 2


def test_what_finds_no_room_is_the_newest_and_is_counted() -> None:
    """The alarms that came first tell most."""
    window = _window()
    for first in range(1, QUEUE_ROWS + 45):
        window.add_volatile(_row(first))
    sent = []
    while (message := window.next_message(0.0)) is not None:
        sent.append(_first(message))
        window.published()
    assert sent == list(range(1, QUEUE_ROWS + 1))
    assert window.refused == 44


async def test_sessions_that_break_while_publishing_lose_no_alarm(tmp_path: Path) -> None:
    """Three connections that are gone when the alarm is published, then one that works."""
    async with broker(tmp_path) as (port, _), hub(port, receipt_all) as heard:
        parts = Gateway(tmp_path, port, "g")
        lane = parts.lanes[Lane.ALARM]
        for first in (1, 2, 3):
            lane.add_volatile(_row(first))
        for _ in range(3):
            gone = aiomqtt.Client("127.0.0.1", free_port())
            receipts = asyncio.create_task(asyncio.sleep(60))
            with pytest.raises(aiomqtt.MqttError):
                await lane._send_until(gone, receipts)
            receipts.cancel()
        running = asyncio.create_task(lane.run())
        until = time.monotonic() + 10
        while len(heard) < 3 and time.monotonic() < until:
            await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        parts.outbox.close()
    assert [(_first(message), message.not_durable) for message in heard] == [
        (1, True), (2, True), (3, True),
    ]  # fmt: skip


async def test_the_heartbeat_says_how_many_found_no_room(tmp_path: Path) -> None:
    """Counted, and in words while the disk is full."""
    text = f"""\
site: site
gateway: gw-01
data: {tmp_path}
uplink: {{}}
sources: [{{adapter: zigbee2mqtt}}]
"""
    checked = config.check(text, "gateway.yaml")
    parts = agent._parts(checked)
    beat = await heartbeats.heartbeat(checked, parts, "online")
    assert heartbeats.REFUSED not in beat.counters
    for first in range(QUEUE_ROWS + 2):
        parts.lanes[Lane.ALARM].add_volatile(_row(first))
    parts.intake.full = True
    beat = await heartbeats.heartbeat(checked, parts, "online")
    assert beat.counters[heartbeats.REFUSED] == 2
    assert any("2 Readings found no room" in warning for warning in beat.warnings)
    parts.outbox.close()
