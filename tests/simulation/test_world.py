"""The simulated life is the same for the same seed, at its pace, with its incidents in it."""

from collections import Counter
from collections.abc import Iterator
from itertools import takewhile

import msgspec
import pytest

from adapters.access_control.adapter import AccessControl, AccessControlSettings
from adapters.contract import Received
from adapters.gb26875.adapter import FirePanels, FirePanelSettings
from adapters.gb26875.frame import Command, encode
from adapters.gb26875.times import to_label
from adapters.nb_iot.adapter import NbIot, NbIotSettings
from adapters.zigbee2mqtt.adapter import Zigbee2Mqtt, Zigbee2MqttSettings
from hub.simulation.messages import DeviceMessage, FireContent, MqttContent
from hub.simulation.stories import dry_hydrant, plant
from hub.simulation.world import ZONE, World
from hub.territory.demo_territory import demo_documents, demo_territory
from hub.territory.registry_files import load_registry
from model.reading import Event, Reading

START = 1_790_000_000_000  # a morning of 2026 in Haibowan
SECRET = bytes(32)


def life(
    seconds: float,
    *,
    seed: int = 1,
    speed: float = 1.0,
    incidents: bool = True,
    detectors: int = 400,
) -> list[DeviceMessage]:
    """Return what is said in the first seconds."""
    territory = demo_territory(detectors=detectors)
    world = World(territory, seed=seed, start=START, speed=speed)
    if incidents:
        plant(world)
    messages: Iterator[DeviceMessage] = world.messages()
    return list(takewhile(lambda message: message.at < START + seconds * 1000, messages))


def decoded(message: DeviceMessage) -> list[Reading]:
    """Return what the real adapters make of a message."""
    content = message.content
    if isinstance(content, FireContent):
        frame = encode(
            serial=1,
            command=Command.SEND,
            source=content.source,
            destination=1,
            label=to_label(message.at, ZONE),
            adu=content.adu,
        )
        return list(FirePanels(FirePanelSettings(), SECRET).decode(Received(frame, message.at)))
    received = Received(msgspec.json.encode(content.body), message.at, content.topic)
    if "/nb/" in content.topic:
        return list(NbIot(NbIotSettings(), SECRET).decode(received))
    if "/ac/" in content.topic:
        return list(AccessControl(AccessControlSettings(), SECRET).decode(received))
    return list(Zigbee2Mqtt(Zigbee2MqttSettings(), SECRET).decode(received))


def test_the_same_seed_lives_the_same_life() -> None:
    """Two worlds of one seed say the same in the same order; another seed says something else."""
    assert life(120, seed=5) == life(120, seed=5)
    assert life(120, seed=5) != life(120, seed=6)


def test_messages_come_in_order_of_time() -> None:
    """Nothing is said before what was said earlier."""
    times = [message.at for message in life(300)]
    assert times == sorted(times)


@pytest.mark.parametrize("seed", range(8))
def test_every_seed_plants_a_fire_within_fifteen_seconds(seed: int) -> None:
    """A detector and the panel of the same building say fire; the panel says it three times."""
    registry = load_registry(demo_documents())
    fires = [m for m in life(15.5, seed=seed) if m.event is Event.FIRE_ALARM]
    assert Counter(m.kind for m in fires) == {
        "smoke_detector": 1,
        "fire_component": 1,
        "fire_system": 1,
        "fire_transmitter": 1,
    }
    assert len({registry.devices[m.device].building for m in fires}) == 1


def test_the_first_minutes_show_every_kind_of_incident() -> None:
    """Fire, forced door, duress, mains fault and a flapping detector happen in three minutes."""
    events = Counter(message.event for message in life(200))
    assert events[Event.DOOR_FORCED] == events[Event.DURESS] == 1
    assert events[Event.MAINS_FAULT] == 2, "panel and transmission device lose mains"
    assert events[Event.SILENCED] == events[Event.RESET] == 1
    flaps = Counter(m.device for m in life(200) if m.event is Event.FIRE_ALARM)
    assert max(flaps.values()) == 15


def test_a_detector_falls_silent_for_good() -> None:
    """Of all detectors that reported in the first round, exactly one is missing from the third."""
    messages = [m for m in life(480) if m.kind == "smoke_detector"]
    first = {m.device for m in messages if m.at <= START + 120_000}
    third = {m.device for m in messages if m.at > START + 250_000}
    assert len(first) == 400
    assert len(first - third) == 1


def test_without_incidents_nothing_alarms() -> None:
    """Normal life has no alarm in it, for the simulator or for the adapters."""
    messages = life(400, incidents=False)
    assert not any(message.event for message in messages)
    said = {reading.event for message in messages for reading in decoded(message)}
    assert said <= {
        Event.NONE, Event.NORMAL, Event.HEARTBEAT, Event.CONFIGURATION,
        Event.ACCESS_GRANTED, Event.ACCESS_DENIED,
    }  # fmt: skip


def test_the_real_adapters_understand_every_message_and_the_registry_every_device() -> None:
    """No message is refused, each alarm is read as what it is, nobody is unregistered."""
    registry = load_registry(demo_documents())
    for message in life(260):
        readings = decoded(message)
        assert readings, message
        for reading in readings:
            assert reading.device in registry.devices, reading.device
            assert registry.devices[reading.device].kind == reading.kind
            assert "test_bit" not in reading.quality
        if message.event in {Event.FIRE_ALARM, Event.DOOR_FORCED, Event.DURESS, Event.RESET}:
            assert message.event in {reading.event for reading in readings}
            assert message.device in {reading.device for reading in readings}


def test_speed_squeezes_time_and_loses_no_event() -> None:
    """Ten times as fast says in 20 s what takes 200 s; what rules wait for: see test_stories."""
    slow = Counter(message.event for message in life(200, speed=1) if message.event)
    fast = Counter(message.event for message in life(20, speed=10) if message.event)
    assert slow == fast


def test_the_idle_load_is_flat() -> None:
    """2,000 detectors at one report in 120 s never speak more than 25 times in a second."""
    reports = Counter(
        m.at // 1000 for m in life(60, incidents=False, detectors=2_000) if "/nb/" in _topic(m)
    )
    assert 700 < sum(reports.values()) < 1_200
    assert max(reports.values()) <= 25


def _topic(message: DeviceMessage) -> str:
    return message.content.topic if isinstance(message.content, MqttContent) else ""


def test_a_hydrant_that_runs_dry_stays_below_the_limit_for_minutes() -> None:
    """The pump is isolated first, the pressure falls step by step and is repaired in the end."""
    world = World(demo_territory(detectors=10), seed=1, start=START)
    dry_hydrant(world, START)
    said = takewhile(lambda message: message.at < START + 500_000, world.messages())
    readings = [reading for message in said for reading in decoded(message)]
    isolated = [r for r in readings if r.values.get("isolated") is True]
    assert isolated[0].received_at == START
    hydrant = isolated[0].source + "-11-1-01000200"
    pressures = [
        (r.received_at - START, float(r.values["pressure_kpa"]))
        for r in readings
        if r.device == hydrant and "pressure_kpa" in r.values
    ]
    low = [at for at, kpa in pressures if kpa < 70]
    assert low[-1] - low[0] > 120_000
    assert pressures[-1][1] > 80
