"""Silent devices and lost gateways: each by its own contract, and never a storm."""

import msgspec
import pytest

from model.place import Device, Registry

from .town import DAY, HOUR, MINUTE, SECOND, T0, Town, ended, library, registry, started, told

SILENT = library("device-silent", "gateway-lost")


def test_a_week_of_silence_is_one_anomaly() -> None:
    """Started at last heard + contract; nothing more until it is heard again."""
    town = Town(SILENT)
    town.calm()
    found = town.pass_time(7 * DAY, step=MINUTE)
    assert [(a.rule, a.subject, a.started_at) for a in found] == [
        ("device-silent", "nb-1", T0 + 5 * MINUTE)
    ]
    (again,) = town.calm()
    assert (again.ended_by, again.key, again.ended_at) == ("heard_again", found[0].key, town.now)


@pytest.mark.parametrize(
    ("device", "kind", "contract"),
    [
        ("nb-1", "smoke_detector", 300),
        ("gb-1", "fire_transmitter", 100),
        ("ac-1", "door", 26 * 3600),
    ],
)
def test_silence_is_noticed_by_the_contract_of_the_kind(
    device: str, kind: str, contract: int
) -> None:
    """Not before it, and at most 20 s after it (the next heartbeat proves that nothing is held back)."""
    town = Town(SILENT)
    town.says(device, kind=kind)
    step = SECOND if contract < 3600 else 10 * SECOND
    assert started(town.pass_time(contract * SECOND, step=step)) == []
    assert [a.subject for a in town.pass_time(20 * SECOND, step=step)] == [device]


def test_the_registry_s_contract_goes_before_that_of_the_kind() -> None:
    """A device that reports hourly is not late after five minutes."""
    known = registry()
    devices = [msgspec.structs.replace(known.devices["nb-1"], silent_after_s=7200)]
    town = Town(SILENT, Registry(devices=devices, buildings=known.buildings.values()))
    town.calm()
    assert town.pass_time(2 * HOUR, step=10 * SECOND) == []
    assert len(town.pass_time(20 * SECOND)) == 1


def test_a_hub_that_was_suspended_finds_nobody_silent() -> None:
    """Wall time jumps by an hour, waking time by two seconds."""
    town = Town(SILENT)
    town.calm()
    town.pass_time(MINUTE)
    town.now += HOUR
    assert town.pass_time(MINUTE) == []


def test_a_lost_gateway_is_one_anomaly_and_its_devices_are_not_judged() -> None:
    """Four detectors behind it, one hour away."""
    town = Town(SILENT)
    for device in ("nb-1", "nb-2", "nb-3", "nb-4"):
        town.calm(device)
    (lost,) = town.beat(state="lost")
    assert told([lost]) == [("gateway-lost", "started", "gateway:gw")]
    assert lost.scope == "gateway"
    assert town.pass_time(HOUR, beats=False, step=10 * SECOND) == []


def test_after_an_outage_its_backlog_makes_no_storm() -> None:
    """Only the device that the backlog itself shows to be silent is named, once."""
    town = Town(SILENT)
    devices = ("nb-1", "nb-2", "nb-3")
    for device in devices:
        town.calm(device)
    town.pass_time(10 * SECOND)
    town.beat(state="lost")
    town.pass_time(HOUR, beats=False, step=10 * SECOND)
    assert told(town.beat(behind=HOUR)) == [("gateway-lost", "ended", "gateway:gw")]
    found = []
    for minute in range(10):  # the backlog drains for longer than the contract
        for device in devices[:2]:
            town.calm(device, at=T0 + minute * 5 * MINUTE)
        found += town.pass_time(MINUTE, beats=False) + town.beat(behind=HOUR)
    assert [(a.subject, a.started_at) for a in found] == [("nb-3", T0 + 5 * MINUTE)]


def test_a_gateway_that_is_behind_lets_nobody_be_judged() -> None:
    """What it holds back may be the very word that is missed."""
    town = Town(SILENT)
    town.calm()
    for _ in range(30):
        town.pass_time(MINUTE, beats=False, step=10 * SECOND)
        town.beat(behind=town.now - T0 - MINUTE)
    assert town.said == []


def test_a_gateway_without_a_last_will_is_noticed_within_90_s() -> None:
    """Its start is last heard + limit."""
    town = Town(SILENT)
    town.beat()
    (lost,) = town.pass_time(90 * SECOND, beats=False)
    assert (lost.subject, lost.started_at) == ("gateway:gw", T0 + 80 * SECOND)
    assert town.engine.gateways()[0].state == "silent"
    assert [a.ended_by for a in town.beat()] == ["heard_again"]


def test_an_orderly_stop_is_no_anomaly_until_it_lasts() -> None:
    """A restart for an update takes less than the limit."""
    town = Town(SILENT)
    assert town.beat(state="stopped") == []
    assert town.pass_time(MINUTE, beats=False) == []
    assert town.beat() == []


def test_readings_alone_do_not_take_back_a_last_will() -> None:
    """They may have been on their way before the gateway died."""
    town = Town(SILENT)
    town.calm()
    town.beat(state="lost")
    town.calm()
    assert town.pass_time(10 * SECOND, beats=False) == []
    assert [a.subject for a in town.engine.open()] == ["gateway:gw"]


def test_an_active_fire_survives_the_loss_of_its_gateway() -> None:
    """Only the judging of silence is inhibited."""
    town = Town(library("fire-alarm", "gateway-lost", "device-silent"))
    town.fire()
    found = town.beat(state="lost") + town.pass_time(HOUR, beats=False, step=10 * SECOND)
    assert ended(found) == []
    assert {a.category for a in town.engine.open()} == {"fire", "gateway_lost"}


def test_what_is_silent_or_behind_a_lost_gateway_proves_nothing() -> None:
    """The desk asks before it believes a "normal"."""
    town = Town(SILENT)
    assert not town.engine.health("nb-1").heard
    town.calm()
    assert town.engine.health("nb-1").proves
    town.pass_time(6 * MINUTE)
    assert not town.engine.health("nb-1").proves
    town.calm()
    town.beat(state="lost")
    assert not town.engine.health("nb-1").proves


def test_a_device_that_nobody_registered_has_no_contract() -> None:
    """It is listed for registration instead."""
    town = Town(SILENT)
    town.calm("stranger")
    assert town.pass_time(HOUR, step=10 * SECOND) == []
    assert "unregistered" in town.engine.explain("device-silent", "stranger")


def test_a_new_registration_starts_the_contract() -> None:
    """By a reload, without another word of the device."""
    town = Town(SILENT)
    town.calm("stranger")
    known = registry()
    devices = [*known.devices.values(), Device("stranger", "smoke_detector", "b-1", "c-1")]
    wider = Registry(devices=devices, buildings=known.buildings.values())
    assert town.engine.replace(SILENT, wider) == []
    assert [a.subject for a in town.pass_time(6 * MINUTE)] == ["stranger"]
