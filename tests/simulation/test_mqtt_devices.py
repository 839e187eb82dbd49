"""The simulator against a real broker and the real fire port: the whole way, also over an outage."""

import asyncio
import contextlib
import io
import json
from pathlib import Path

import pytest

from hub.simulation.capture import Capture, capture
from hub.simulation.fire_panel import Centre
from hub.simulation.ledger import Ledger
from hub.simulation.messages import DeviceMessage, MqttContent
from hub.simulation.mqtt_devices import Broker, MqttCounts, MqttDevices
from hub.simulation.recording import read_recording
from hub.simulation.replay import Target, replay
from hub.simulation.run import Plan, simulate
from hub.territory.demo_territory import demo_territory
from model.errors import Refused
from model.reading import Event
from tests.brokers import start_nats

from .centre import eventually
from .test_replay import gateway

USERS = {
    "device": ("device-pw", ["iot/#"], ["iot/none"]),
    "bridge": ("bridge-pw", ["zigbee2mqtt/#"], []),
    "capture": ("capture-pw", [], ["iot/#", "zigbee2mqtt/#"]),
}


def as_user(name: str, port: int) -> Broker:
    """Return a user's account at the test broker."""
    return Broker(
        host="127.0.0.1", port=port, user=name, password=USERS[name][0], client_id=f"test-{name}"
    )


def alarm(at: int) -> DeviceMessage:
    """Return a detector's alarm."""
    content = MqttContent("iot/hbw-01/nb/1/up", {"imei": "1", "ts": at, "alarm": 1})
    return DeviceMessage(at, "nb-1", "smoke_detector", Event.FIRE_ALARM, content)


def plan_of(centre: Centre, port: int, ledger: Path) -> Plan:
    """Return a minute of life in 1.5 s."""
    return Plan(
        territory=demo_territory(detectors=60, panels=4, doors=8),
        centre=centre,
        broker=as_user("device", port),
        zigbee=as_user("bridge", port),
        speed=40,
        duration_s=1.5,
        ledger=ledger,
    )


async def test_a_minute_of_life_reaches_both_ports_and_the_ledger_balances(tmp_path: Path) -> None:
    """Every alarm in the ledger was acknowledged; the capture of it replays over MQTT."""
    ledger, recorded = tmp_path / "ledger.jsonl", tmp_path / "capture.jsonl"
    with start_nats(tmp_path, USERS) as broker:
        async with gateway() as (sink, centre):
            order = Capture(
                out=recorded,
                centre=centre,
                broker=as_user("capture", broker.port),
                topics=("iot/#", "zigbee2mqtt/#"),
            )
            said: list[str] = []
            recording = asyncio.create_task(capture(order, say=said.append))
            await eventually(lambda: bool(said))
            outcome = await simulate(plan_of(centre, broker.port, ledger), say=said.append)
            recording.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await recording
        lines = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]
        sent = {(x["at"], x["device"], x["event"]) for x in lines if not x["acked"]}
        acked = {(x["at"], x["device"], x["event"]) for x in lines if x["acked"]}
        assert sent == acked
        assert outcome.ledger.sent == outcome.ledger.acked == len(sent)
        assert {"fire_alarm", "door_forced"} <= {event for _, _, event in sent}
        fires = {(d, e) for _, d, e in sent if d.startswith("gb-") and e == "fire_alarm"}
        assert {(r.device, r.event) for r in sink.readings} >= fires
        records = read_recording(recorded)
        topics = {record.topic for record in records}
        assert any(topic.startswith("zigbee2mqtt/") for topic in topics)
        mine = [record for record in records if record.topic.startswith("iot/")][:20]
        target = Target(centre, as_user("device", broker.port))
        results = await replay(mine, target)
        assert [result.answer for result in results] == ["ack"] * len(mine)
        assert mine


async def test_an_alarm_of_an_outage_is_published_when_the_broker_is_back(tmp_path: Path) -> None:
    """The broker is stopped, a detector alarms, the broker returns: the alarm is acknowledged."""
    text = io.StringIO()
    with start_nats(tmp_path, USERS) as broker:
        counts = MqttCounts()
        devices = MqttDevices(as_user("device", broker.port), counts, ledger=Ledger(text))
        running = asyncio.create_task(devices.run())
        devices.send(alarm(1))
        await eventually(lambda: devices.idle)
        await asyncio.to_thread(broker.kill)
        devices.send(alarm(2))
        await asyncio.sleep(0.3)
        assert not devices.idle
        await asyncio.to_thread(broker.start)
        await eventually(lambda: devices.idle, within_s=20)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    acked = [json.loads(line) for line in text.getvalue().splitlines()]
    assert [line["at"] for line in acked if line["acked"]] == [1, 2]
    assert counts.connections >= 2


async def test_a_capture_that_may_not_read_says_so(tmp_path: Path) -> None:
    """A user without the right to a topic is refused at the start, not left with an empty file."""
    with start_nats(tmp_path, USERS) as broker:
        order = Capture(
            out=tmp_path / "x.jsonl",
            centre=Centre(host="127.0.0.1", port=1),
            broker=as_user("device", broker.port),
            topics=("zigbee2mqtt/#",),
            duration_s=1,
        )
        with pytest.raises(Refused, match="may not read zigbee2mqtt/#"):
            await capture(order, say=lambda _line: None)
