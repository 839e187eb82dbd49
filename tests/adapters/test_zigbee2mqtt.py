"""Zigbee2MQTT: smoke detectors, door contacts, and what is not for us."""

import json

import pytest

from adapters.contract import Received
from adapters.zigbee2mqtt.adapter import Zigbee2Mqtt, Zigbee2MqttSettings
from model.errors import FrameError
from model.reading import Event, Reading
from tests.shared_data import shared

AT = 1_764_000_000_000
BRIDGE = Zigbee2Mqtt(Zigbee2MqttSettings(compound="c1"), b"")


def read(payload: str, name: str = "x") -> list[Reading]:
    """Decode the state of one device."""
    return list(BRIDGE.decode(Received(payload.encode(), AT, f"zigbee2mqtt/{name}")))


def test_two_bridges_keep_equal_names_apart() -> None:
    """`hall` behind b1 is not `hall` behind b2."""
    devices = []
    for bridge in ("b1", "b2", ""):
        adapter = Zigbee2Mqtt(Zigbee2MqttSettings(bridge=bridge), b"")
        [reading] = adapter.decode(Received(b'{"smoke":false}', AT, "zigbee2mqtt/hall"))
        devices.append(reading.device)
    assert devices == ["z2m-b1-hall", "z2m-b2-hall", "z2m-hall"]


def test_fire_wins_over_tamper_and_both_states_are_told() -> None:
    """One message, one event: the worse one."""
    [reading] = read('{"tamper":true,"smoke":true}')
    assert reading.event is Event.FIRE_ALARM
    assert reading.values == {"fire": True, "tamper": True}


def test_an_unreadable_alarm_beside_a_readable_one_does_not_cost_it() -> None:
    """Smoke is told though tamper makes no sense, and the other way round."""
    [reading] = read('{"tamper":"?","smoke":true}')
    assert (reading.event, reading.quality) == (Event.FIRE_ALARM, ("field:tamper",))
    [reading] = read('{"tamper":true,"smoke":3}')
    assert (reading.event, reading.quality) == (Event.TAMPER, ("field:smoke",))
    with pytest.raises(FrameError, match="tamper"):
        read('{"tamper":"?","smoke":false}')


@pytest.mark.parametrize(
    ("name", "expected"),
    [("烟感 3 号", "z2m-烟感 3 号"), ("a/b", "z2m-a/b"), ("a\x00\u202eb", "z2m-a__b")],
)
def test_names_stay_readable_and_become_harmless(name: str, expected: str) -> None:
    """Chinese, spaces and levels stay; control characters do not."""
    [reading] = read('{"contact":true}', name)
    assert reading.device == expected


@pytest.mark.parametrize("name", ["bridge/state", "bridge/logging", "x/availability", "x/set"])
def test_what_the_bridge_says_of_itself_is_ignored(name: str) -> None:
    """These are no devices' states, and need not even be JSON."""
    assert read("online", name) == []


def test_a_name_that_cannot_be_one_is_refused() -> None:
    """Blank or over-long names, and topics of nobody."""
    for name, reason in ((" ", "identity"), ("x" * 129, "identity"), ("", "topic")):
        with pytest.raises(FrameError) as error:
            read('{"smoke":true}', name)
        assert error.value.reason == reason


def test_states_of_a_real_log_are_read() -> None:
    """The collected samples of real bridges decode, and say what they say."""
    file = shared("data/payloads/other_samples.json")
    for sample in json.loads(file.read_text(encoding="utf-8"))["zigbee2mqtt"]:
        payload = json.dumps(sample["payload"]).encode()
        [reading] = BRIDGE.decode(Received(payload, AT, sample["topic"]))
        assert reading.values.get("fire") == sample["payload"].get("smoke")
        assert reading.quality == ()
