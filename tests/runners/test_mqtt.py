"""The subscriber against real brokers: nats-server (embedded default) and Mosquitto."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

import aiomqtt
import pytest

from adapters.contract import Adapter
from adapters.nb_iot.adapter import NbIot, NbIotSettings
from adapters.runners import mqtt, mqtt_connection
from adapters.runners.mqtt import MqttSource, subscribe_mqtt
from adapters.runners.mqtt_connection import Access
from adapters.zigbee2mqtt.adapter import Zigbee2Mqtt, Zigbee2MqttSettings
from model.errors import ConfigError
from tests.brokers import Broker, User, start_mosquitto, start_nats

from .memory_sink import MemorySink

USERS: dict[str, User] = {
    "device": ("device-pw", ["iot/#", "zigbee2mqtt/#"], []),
    "gateway": ("gateway-pw", [], ["iot/#", "zigbee2mqtt/#"]),
}
STARTERS = {"nats": start_nats, "mosquitto": start_mosquitto}
WAIT_S = 30.0


@pytest.fixture(params=list(STARTERS))
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    """Run each real broker in turn."""
    with STARTERS[request.param](tmp_path, USERS) as running:
        yield running


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "FIRST_RETRY_S", 0.05)
    monkeypatch.setattr(mqtt, "LAST_RETRY_S", 0.5)
    monkeypatch.setattr(mqtt_connection, "NOT_DURABLE_RETRY_S", 0.05)


def adapters() -> list[tuple[Sequence[str], Adapter]]:
    """Return two families on one connection."""
    families: list[NbIot | Zigbee2Mqtt] = [
        NbIot(NbIotSettings(), b"k" * 32),
        Zigbee2Mqtt(Zigbee2MqttSettings(), b"k" * 32),
    ]
    return [(family.topics(), family) for family in families]


@contextlib.asynccontextmanager
async def subscribed(
    broker: Broker, sink: MemorySink, *, keepalive_s: int = 30
) -> AsyncIterator[MqttSource]:
    """Subscribe as the gateway until the block ends."""
    source = await subscribe_mqtt(
        adapters(),
        sink,
        host="127.0.0.1",
        port=broker.port,
        user="gateway",
        password="gateway-pw",
        client_id="gw-1",
        keepalive_s=keepalive_s,
    )
    try:
        async with asyncio.timeout(WAIT_S):
            await source.ready()
        yield source
    finally:
        await source.close()


def device(broker: Broker) -> aiomqtt.Client:
    """Return a publisher as devices are."""
    return aiomqtt.Client(
        "127.0.0.1", broker.port, username="device", password="device-pw", max_inflight_messages=500
    )


def payload(smoke: int, imei: str = "1") -> bytes:
    """Return a detector's message that is told apart by its smoke value."""
    return b'{"imei":"%s","smoke":%d,"alarm":0}' % (imei.encode(), smoke)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for real processes."""
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.sleep(0.01)


def smokes(sink: MemorySink) -> list[int]:
    """Return the values that tell messages apart."""
    return [round(float(reading.values["smoke_db_m"]) * 100) for reading in sink.readings]


async def publish_many(broker: Broker, numbers: range) -> None:
    """Publish messages of QoS 1, and wait until the broker has them all."""
    async with device(broker) as client, asyncio.TaskGroup() as group:
        for number in numbers:
            group.create_task(client.publish("iot/c1/nb/1/up", payload(number), qos=1))


async def test_5000_messages_are_stored_exactly_once_and_all_acknowledged(broker: Broker) -> None:
    """Nothing is lost, nothing comes twice, and the next connection gets nothing again."""
    sink = MemorySink()
    async with subscribed(broker, sink):
        for start in range(0, 5000, 1000):
            await publish_many(broker, range(start, start + 1000))
        await until(lambda: len(sink.readings) >= 5000)
    assert sorted(smokes(sink)) == list(range(5000))
    again = MemorySink()
    async with subscribed(broker, again):
        await publish_many(broker, range(7, 8))
        await until(lambda: bool(again.readings))
    assert smokes(again) == [7]


async def test_messages_sent_while_the_gateway_is_away_arrive_afterwards(broker: Broker) -> None:
    """The session is the broker's; a gateway that restarts gets what it missed."""
    async with subscribed(broker, MemorySink()):
        pass
    await publish_many(broker, range(200))
    sink = MemorySink()
    async with subscribed(broker, sink):
        await until(lambda: len(sink.readings) >= 200)
    assert sorted(smokes(sink)) == list(range(200))


async def test_what_was_not_acknowledged_comes_again_after_a_reconnect(broker: Broker) -> None:
    """A gateway that dies between reading and storing loses nothing."""
    deaf = MemorySink(answer=None)
    async with subscribed(broker, deaf) as source:
        await publish_many(broker, range(10))
        await until(lambda: len(deaf.readings) >= 10)
        source._intake.unstored = 0  # do not wait on closing: the process is dying
    sink = MemorySink()
    async with subscribed(broker, sink):
        await until(lambda: len(sink.readings) >= 10)
    assert sorted(smokes(sink)) == list(range(10))


async def test_what_was_not_durable_is_asked_for_again(broker: Broker) -> None:
    """While the disk is full the broker keeps the messages; afterwards they are stored."""
    sink = MemorySink(answer=False)
    async with subscribed(broker, sink):
        await publish_many(broker, range(5))
        await until(lambda: sink.counters["connections"] >= 2)
        sink.answer = True
        sink.readings.clear()
        await until(lambda: set(smokes(sink)) == set(range(5)))


async def test_a_broker_that_restarts_in_the_stream_costs_nothing(broker: Broker) -> None:
    """Stopped in good order with persistence: what it acknowledged arrives, at least once."""
    sink = MemorySink()
    async with subscribed(broker, sink) as source:
        await publish_many(broker, range(300))
        await asyncio.to_thread(broker.stop)
        await until(lambda: not source.connected)
        assert source.trouble
        await asyncio.to_thread(broker.start)
        await until(lambda: source.connected)
        await publish_many(broker, range(300, 600))
        await until(lambda: set(smokes(sink)) == set(range(600)))


async def test_a_broker_that_hangs_is_left(broker: Broker) -> None:
    """Its connection stays open and says nothing; the keep-alive finds out."""
    sink = MemorySink()
    async with subscribed(broker, sink, keepalive_s=1) as source:
        broker.suspend()
        await until(lambda: not source.connected)
        assert "no longer answers" in source.trouble
        broker.resume()
        await until(lambda: source.connected)
        await publish_many(broker, range(3))
        await until(lambda: len(sink.readings) >= 3)


async def test_an_idle_connection_is_kept(broker: Broker) -> None:
    """With a keep-alive of 1 s, 3 quiet seconds change nothing."""
    sink = MemorySink()
    async with subscribed(broker, sink, keepalive_s=1):
        await asyncio.sleep(3)
        assert sink.counters["connections"] == 1
        assert sink.counters["disconnections"] == 0


async def test_retained_state_is_historical_and_news_are_not(broker: Broker) -> None:
    """What the broker kept from before the subscription is marked."""
    async with device(broker) as client:
        await client.publish("zigbee2mqtt/烟感一号", b'{"smoke":true}', qos=1, retain=True)
    sink = MemorySink()
    async with subscribed(broker, sink):
        await until(lambda: len(sink.readings) >= 1)
        async with device(broker) as client:
            await client.publish("zigbee2mqtt/烟感一号", b'{"smoke":false}', qos=1)
        await until(lambda: len(sink.readings) >= 2)
    assert [reading.device for reading in sink.readings] == ["z2m-烟感一号"] * 2
    assert [reading.historical for reading in sink.readings] == [True, False]


async def test_large_and_oversize_messages_cost_nobody_else(broker: Broker) -> None:
    """60 KB is read; 100 KB is over the adapters' limit, 300 KB over the packet's; both are told."""
    sink = MemorySink()
    async with subscribed(broker, sink), device(broker) as client:
        for size in (60_000, 100_000, 300_000):
            pad = b" " * size
            await client.publish("iot/c1/nb/1/up", payload(size // 1000) + pad, qos=1)
        await client.publish("iot/c1/nb/1/up", payload(1), qos=0)
        await until(lambda: len(sink.readings) >= 2)
        await until(lambda: len(sink.rejected) >= 2)
        assert sink.counters["connections"] == 1
    assert smokes(sink) == [60, 1]
    assert [reason for _, reason, _, _ in sink.rejected] == ["oversize", "oversize"]


async def test_reading_pauses_while_too_much_is_not_stored(broker: Broker) -> None:
    """A slow disk fills the broker, not our memory."""
    sink = MemorySink(answer=None)
    source = MqttSource(
        adapters(),
        sink,
        Access("127.0.0.1", broker.port, "gateway", "gateway-pw", "gw-1", 30),
        max_unstored=5,
    )
    await source.ready()
    async with device(broker) as client:
        for number in range(100):
            await client.publish("iot/c1/nb/1/up", payload(number), qos=0)
            await asyncio.sleep(0.002)
    await until(lambda: len(sink.readings) > 5)
    held = len(sink.readings)
    assert held < 100
    sink.answer = True
    for store in sink.stores:
        if not store.done():
            store.set_result(True)
    await until(lambda: len(sink.readings) == 100)
    await source.close()


async def test_a_wrong_password_is_told_with_its_remedy(broker: Broker) -> None:
    """The start stops; nobody waits for ever."""
    source = await subscribe_mqtt(
        adapters(), MemorySink(), host="127.0.0.1", port=broker.port,
        user="gateway", password="wrong", client_id="gw-1",
    )  # fmt: skip
    with pytest.raises(ConfigError, match="correct"):
        async with asyncio.timeout(WAIT_S):
            await source.ready()
    await source.close()


async def test_a_forbidden_subscription_is_told_with_its_remedy(tmp_path: Path) -> None:
    """NATS answers 128; the text names the filter and what NATS wants."""
    users: dict[str, User] = {"gateway": ("gateway-pw", [], ["zigbee2mqtt/#"])}
    with start_nats(tmp_path, users) as broker:
        source = await subscribe_mqtt(
            adapters(), MemorySink(), host="127.0.0.1", port=broker.port,
            user="gateway", password="gateway-pw", client_id="gw-1",
        )  # fmt: skip
        with pytest.raises(ConfigError, match=r"'iot/\+/nb/\+/up'; allow it there"):
            async with asyncio.timeout(WAIT_S):
                await source.ready()
        await source.close()


async def test_a_broker_that_starts_later_is_found(tmp_path: Path) -> None:
    """The gateway may be first on its feet; meanwhile it says what it waits for."""
    with start_nats(tmp_path, USERS) as broker:
        broker.stop()
        source = await subscribe_mqtt(
            adapters(), MemorySink(), host="127.0.0.1", port=broker.port,
            user="gateway", password="gateway-pw", client_id="gw-1",
        )  # fmt: skip
        await until(lambda: bool(source.trouble))
        assert f"127.0.0.1:{broker.port}" in source.trouble
        await asyncio.to_thread(broker.start)
        async with asyncio.timeout(WAIT_S):
            await source.ready()
        await source.close()
