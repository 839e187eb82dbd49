"""Heartbeats at the moments for which the hub asks: as soon as nothing is held back, and never instead of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest

from gateway import config
from gateway.agent import running
from gateway.heartbeats import AHEAD_MS, ASKED_KEPT, PATIENCE_MS, Asked, logged_as
from hub.broker import BrokerUser, EmbeddedBroker
from model.codec import Ask, Heartbeat, decode_heartbeat, encode
from model.topics import GatewayTopics
from tests.trust.stack import free_port

NOW = 1_800_000_000_000
TOPICS = GatewayTopics.of("site", "gw-01")


def test_what_is_asked_for_is_due_when_its_time_has_come() -> None:
    """Not before; one word settles all that it proves."""
    asked = Asked()
    asked.ask([NOW + 300, NOW + 200, NOW + 900], NOW)
    assert asked.due(NOW) == 200
    assert asked.due(NOW + 250) == 0
    assert not asked.proved(NOW + 199)
    assert asked.proved(NOW + 200)
    asked.settled(NOW + 310)
    assert asked.due(NOW + 310) == 590


def test_only_a_lane_s_trouble_is_logged_as_the_uplink_s() -> None:
    """A camera's file that is not made yet keeps nothing from the hub."""
    assert logged_as("alarm: broker away (timed out)") == "uplink_stuck"
    assert (
        logged_as("telemetry: sent but not receipted for 31 s; likely the hub is away")
        == "uplink_stuck"
    )
    assert logged_as("camera demo-1: no such file clip.mp4") == "trouble_noticed"
    assert (
        logged_as("the data disk is full: alarms are forwarded from memory only")
        == "trouble_noticed"
    )


def test_what_cannot_be_proved_is_given_up_after_a_while() -> None:
    """The regular heartbeat is there for that."""
    asked = Asked()
    asked.ask([NOW], NOW)
    assert asked.due(NOW + PATIENCE_MS) == 0
    assert asked.due(NOW + PATIENCE_MS + 1) is None
    asked.ask([NOW - 3_600_000], NOW)
    assert asked.due(NOW) == 0, "what is long past can be proved at once"


def test_a_hub_that_asks_without_end_costs_no_more_than_one_that_asks_much() -> None:
    """The first ones are kept; heartbeats are there for the rest."""
    asked = Asked()
    for number in range(1_000):
        asked.ask(range(NOW - 100_000 - number * 100, NOW - 100_000 - number * 100 + 100), NOW)
    assert len(asked._times) == ASKED_KEPT
    assert asked.due(NOW + PATIENCE_MS + 1) is None


def test_a_time_of_another_clock_is_left_alone() -> None:
    """Neither an hour ahead, nor one from which the clock was set back meanwhile, is waited for."""
    asked = Asked()
    asked.ask([NOW + AHEAD_MS + 1], NOW)
    assert asked.due(NOW) is None
    asked.ask([NOW + 10], NOW)
    assert asked.due(NOW - 3_600_000) is None


async def listen(hub: aiomqtt.Client, heard: list[Heartbeat]) -> None:
    """Keep every heartbeat that comes."""
    async for message in hub.messages:
        assert isinstance(message.payload, bytes)
        heard.append(decode_heartbeat(message.payload))


async def heard_after(messages: list[Heartbeat], count: int, *, within_s: float) -> bool:
    """Wait until so many heartbeats have come."""
    until = asyncio.get_running_loop().time() + within_s
    while len(messages) < count and asyncio.get_running_loop().time() < until:
        await asyncio.sleep(0.01)
    return len(messages) >= count


def users_of(*readable: str) -> list[BrokerUser]:
    """Return the hub and a gateway that may read those topics."""
    return [
        BrokerUser("hub", "h", (TOPICS.ask, TOPICS.receipt), (TOPICS.status,)),
        BrokerUser("gw-01", "g", TOPICS[:3], readable),
    ]


def gateway_file(folder: Path, port: int) -> config.GatewayConfig:
    """Return a gateway that by itself says a word a minute."""
    (folder / "password").write_text("g")
    text = f"""\
site: site
gateway: gw-01
data: {folder / "data"}
heartbeat_s: 60
uplink: {{port: {port}, user: gw-01, password_file: {folder / "password"}}}
sources: [{{adapter: gb26875, listen: "127.0.0.1:0"}}]
"""
    return config.check(text, "gateway.yaml")


@asynccontextmanager
async def listening(port: int) -> AsyncIterator[tuple[aiomqtt.Client, list[Heartbeat]]]:
    """Be the hub: hear every heartbeat."""
    heard: list[Heartbeat] = []
    async with aiomqtt.Client("127.0.0.1", port, username="hub", password="h") as hub:
        await hub.subscribe(TOPICS.status)
        task = asyncio.create_task(listen(hub, heard))
        yield hub, heard
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.real
@pytest.mark.parametrize("rights", [True, False], ids=["asked", "old-rights"])
async def test_a_gateway_answers_at_the_time_it_is_asked_for(
    tmp_path: Path, *, rights: bool
) -> None:
    """A word that proves that time, long before its next heartbeat; a broker that forbids asking costs only that."""
    port = free_port()
    users = users_of(TOPICS.receipt, *([TOPICS.ask] if rights else []))
    broker = EmbeddedBroker(tmp_path / "broker", host="127.0.0.1", port=port, users=users)
    await broker.start()
    try:
        async with listening(port) as (hub, heard):
            async with running(gateway_file(tmp_path, port)):
                assert await heard_after(heard, 1, within_s=10)
                await asyncio.sleep(0.5)  # it subscribes after its first word
                await hub.publish(TOPICS.ask, b"nonsense")
                at = heard[0].at + 1_500
                await hub.publish(TOPICS.ask, encode(Ask([at])))
                came = await heard_after(heard, 2, within_s=4)
            assert await heard_after(heard, 3 if came else 2, within_s=5)
    finally:
        await broker.stop()
    assert came is rights
    assert heard[-1].state == "stopped"
    assert heard[0].since <= heard[0].at
    if rights:
        assert heard[1].state == "online"
        assert heard[1].caught_up_to >= at


@pytest.mark.real
async def test_a_broker_that_hangs_up_is_noticed_at_once(tmp_path: Path) -> None:
    """Not at the next heartbeat, a minute later."""
    port = free_port()
    broker, again = (
        EmbeddedBroker(
            tmp_path / "broker",
            host="127.0.0.1",
            port=port,
            users=users_of(TOPICS.receipt, TOPICS.ask),
        )
        for _ in range(2)
    )
    await broker.start()
    try:
        async with running(gateway_file(tmp_path, port)):
            await asyncio.sleep(1)
            await broker.stop()
            await again.start()
            async with listening(port) as (_, heard):
                assert await heard_after(heard, 1, within_s=15)
    finally:
        await broker.stop()
        await again.stop()
