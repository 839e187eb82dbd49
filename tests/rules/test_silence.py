"""Silent devices and lost gateways: each by its own contract, and never a storm."""

import msgspec
import pytest

from hub.territory.rows import KINDS
from model.anomaly import Anomaly
from model.codec import Heartbeat
from model.place import Device, Registry
from model.yamlfile import ConfigErrors
from rules.rulefile import load_rules
from rules.specs import SilenceSpec

from .town import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    T0,
    Town,
    ended,
    library,
    library_texts,
    registry,
    started,
    told,
)

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


def _alone(kind: str, silent_after_s: int, *, role: str = "") -> Registry:
    known = registry()
    device = Device("x-1", kind, "b-1", "c-1", role=role, silent_after_s=silent_after_s)
    return Registry(devices=[device], buildings=known.buildings.values())


@pytest.mark.parametrize("kind", [*KINDS, "a_kind_of_another_maker"])
def test_the_registry_s_contract_holds_for_every_kind(kind: str) -> None:
    """Whether or not the rule lists the kind: what somebody promised is what is watched."""
    town = Town(SILENT, _alone(kind, 600))
    town.says("x-1", kind=kind, values={"active": False})
    assert town.pass_time(10 * MINUTE) == []
    (silent,) = town.pass_time(20 * SECOND)
    assert (silent.subject, silent.started_at) == ("x-1", T0 + 10 * MINUTE)


def own_rule(silent_after: str, more: str) -> str:
    """Return a site's own silence rule."""
    return (
        "schema: 1\nrules:\n  - {id: mine, kind: silence, category: silent, severity: minor, title:"
        f" {{zh: 失联, en: Silent}}, silent_after: {{{silent_after}}}, {more}}}\n"
    )


NO_CONTRACT = {
    "motion_sensor": "a wired one speaks only when something moves",
    "panic_button": "a wired one speaks only when it is pressed",
    "zigbee_sensor": "nothing is known of it but that it was tampered with",
    "fire_component": "its panel speaks for it, when something changes",
    "fire_system": "its transmission device speaks for it, within 100 s",
    "camera": "it says `online` itself, and ONVIF alone tells events only",
    "camera_zone": "its camera speaks for it",
    "video_server": "it says `online` itself",
    "digital_input": "a contact speaks only when it opens or closes",
    "relay": "a contact speaks only when it opens or closes",
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_contract_or_a_reason_to_have_none(kind: str) -> None:
    """A battery that dies unnoticed is a detector that nobody has; the registry may always give one."""
    (spec,) = library("device-silent").specs
    assert isinstance(spec, SilenceSpec)
    assert isinstance(spec.silent_after, dict)
    assert (kind in spec.silent_after) is not (kind in NO_CONTRACT)


@pytest.mark.parametrize(
    ("devices", "judged"),
    [
        ("{kinds: [camera]}", True),
        ("{kinds: [door]}", False),
        ("{roles: [key_site]}", True),
        ("{except_roles: [key_site]}", False),
    ],
)
def test_a_silence_rule_judges_the_devices_that_it_is_about(devices: str, judged: bool) -> None:  # noqa: FBT001 - a table
    """Two rules share the work by `devices:`; else each with `unlisted_kinds` judges all."""
    text = own_rule("smoke_detector: 300s", f"unlisted_kinds: true, devices: {devices}")
    town = Town(load_rules({"r.yaml": text}), _alone("camera", 600, role="key_site"))
    town.says("x-1", kind="camera", values={"online": True})
    assert bool(town.pass_time(11 * MINUTE)) is judged


def test_a_rule_of_ones_own_beside_the_library_s_tells_of_its_own_kinds_only() -> None:
    """A camera with a contract in the registry is one silence, though two rules look."""
    texts = {
        "r.yaml": own_rule("gas_detector: 2h", "devices: {}"),
        "upkeep.yaml": library_texts()["upkeep.yaml"],
    }
    town = Town(load_rules(texts), _alone("camera", 600))
    town.says("x-1", kind="camera", values={"online": True})
    assert [found.rule for found in town.pass_time(11 * MINUTE)] == ["device-silent"]


def test_a_kind_that_a_rule_lists_keeps_the_registry_s_word() -> None:
    """Its own list goes without `unlisted_kinds`, and the registry goes before it."""
    rules = load_rules({"r.yaml": own_rule("camera: 2h", "devices: {}")})
    town = Town(rules, _alone("camera", 600))
    town.says("x-1", kind="camera", values={"online": True})
    assert [found.rule for found in town.pass_time(11 * MINUTE)] == ["mine"]


def test_a_gateway_has_no_unlisted_kinds() -> None:
    """There it would say nothing, so it is refused."""
    text = own_rule("", "subject: gateway, unlisted_kinds: true").replace("{}", "80s")
    with pytest.raises(ConfigErrors, match="unlisted_kinds: for devices only"):
        load_rules({"r.yaml": text})


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


def near(town: Town, *, contract: int = 300 * SECOND) -> None:
    """Let a detector speak and be quiet until a second before its deadline."""
    town.beat()
    town.calm()
    town.pass_time(contract - SECOND)


def test_a_word_of_the_gateway_at_the_deadline_is_wished_for_and_settles_it_at_once() -> None:
    """Not a tick nor the next heartbeat is waited for: one ms after the deadline it is told."""
    town = Town(SILENT)
    near(town)
    deadline = T0 + 300 * SECOND
    assert town.engine.book.wanted == {"gw": {deadline + 1}}
    town.now = deadline
    assert town.beat() == []
    town.now = deadline + 1
    assert [(a.subject, a.started_at) for a in town.beat()] == [("nb-1", deadline)]
    town.now = deadline + SECOND
    assert town.pass_time(MINUTE) == []
    assert [a.ended_by for a in town.calm()] == ["heard_again"]
    assert [a.subject for a in town.pass_time(301 * SECOND + 10 * SECOND)] == ["nb-1"]


def test_nobody_is_silent_before_the_deadline_though_ticks_are_a_little_long() -> None:
    """A device that spoke shortly before a tick is judged by its own time, not by that of the tick before."""
    town = Town(SILENT)
    town.beat()
    town.now += 900
    town.calm()
    deadline = town.now + 300 * SECOND
    town.now -= 900
    while not town.said:
        town.pass_time(1002, step=1002)
        town.now += 50
        town.beat()
        town.now -= 50
        assert town.now < deadline + 2 * SECOND
    assert town.now + 50 > deadline


def test_who_speaks_near_the_deadline_is_not_silent() -> None:
    """Neither by the word that was asked for nor by a tick."""
    town = Town(SILENT)
    near(town)
    town.calm()
    town.now += SECOND + 1
    assert town.beat() == []
    assert town.pass_time(200 * SECOND) == []


@pytest.mark.parametrize("by", [-2 * HOUR, 2 * HOUR])
def test_a_gateway_whose_clock_was_set_proves_nothing_early(by: int) -> None:
    """Its time is past the deadline, or never comes there: then the waking time decides."""
    town = Town(SILENT)
    near(town)
    before = town.now
    town.now += by
    assert town.beat() == []
    town.now = before
    assert town.pass_time(SECOND) == []
    town.now += by
    assert [a.subject for a in town.pass_time(20 * SECOND)] == ["nb-1"]


def test_near_the_deadline_a_restart_changes_nothing() -> None:
    """The restored run tells it with the same word of the gateway, neither before nor after."""
    town = Town(SILENT)
    near(town)
    rows = town.engine.dirty()
    other = Town(SILENT)
    other.engine.restore(rows)
    other.now = town.now = T0 + 300 * SECOND + 1
    assert town.beat() == other.beat() != []


def test_a_parked_device_that_moves_to_another_gateway_is_watched_again() -> None:
    """Its old gateway may never say a word again."""
    town = Town(SILENT)
    town.beat()
    town.beat(gateway="other")
    town.calm()
    town.pass_time(310 * SECOND, beats=False)
    town.beat(gateway="other")
    town.calm(gateway="other")  # type: ignore[arg-type]
    found = []
    for _ in range(40):
        found += town.pass_time(10 * SECOND, beats=False) + town.beat(gateway="other")
    assert "nb-1" in {a.subject for a in found}


def test_a_gateway_that_holds_back_a_second_has_not_proved_the_deadline() -> None:
    """The word of the last second may be the very one: told only when the proof reaches the deadline."""
    town = Town(SILENT)
    town.beat()
    town.calm()
    town.pass_time(299 * SECOND)
    for _ in range(20):
        town.pass_time(SECOND, beats=False)
        assert town.beat(behind=town.now - T0 - 299 * SECOND) == []
    assert [a.subject for a in town.beat()] == ["nb-1"]


def test_a_gateway_that_lives_a_day_ahead_proves_nothing_by_its_clock() -> None:
    """Its Readings are given the hub's time, so its own says nothing about them; the waking time decides."""
    town = Town(SILENT)

    def beat(behind: int) -> list[Anomaly]:
        ahead = town.now + DAY
        said = Heartbeat("gw", "e1", "online", at=ahead, caught_up_to=ahead - behind)
        return town.engine.heartbeat(said, town.now)

    beat(0)
    town.calm()
    for second in range(400):
        town.pass_time(SECOND, beats=False)
        assert beat(second * SECOND) == []
        assert town.said == []
    found = []
    for _ in range(20):
        found += town.pass_time(SECOND, beats=False) + beat(0)
    assert [a.subject for a in found] == ["nb-1"]


def test_what_a_gateway_may_have_missed_before_it_started_proves_nothing() -> None:
    """The contract counts anew from the start of its process, and the proof must reach that far."""
    town = Town(SILENT)
    town.calm()
    town.pass_time(10 * SECOND)
    town.beat(state="lost")
    town.pass_time(HOUR, beats=False, step=10 * SECOND)
    since = town.now

    def beat(behind: int) -> list[Anomaly]:
        said = Heartbeat(
            "gw", "e1", "online", at=town.now, caught_up_to=town.now - behind, since=since
        )
        return [a for a in town.engine.heartbeat(said, town.now) if a.rule == "device-silent"]

    found = beat(0)
    for second in range(320):
        found += town.pass_time(SECOND, beats=False) + beat(min(second * SECOND, 60 * SECOND))
        assert found == [], second
    assert [a.subject for a in beat(0)] == ["nb-1"]


@pytest.mark.parametrize("at", [0, 50, 299])
def test_a_word_under_a_kind_without_a_contract_loses_no_device(at: int) -> None:
    """As Zigbee2MQTT gives it for a message that says only "tamper": the kind that is registered holds."""
    town = Town(SILENT)
    if at:
        town.calm()
        town.pass_time(at * SECOND)
    town.says("nb-1", kind="zigbee_sensor", values={"x": 1.0})
    found = town.pass_time(HOUR)
    assert [(a.subject, a.started_at) for a in found] == [("nb-1", T0 + (at + 300) * SECOND)]
    assert [a.ended_by for a in town.says("nb-1", kind="zigbee_sensor")] == ["heard_again"]


def test_a_shorter_contract_of_another_kind_counts_at_once() -> None:
    """A device that spoke as a door (26 h) and then as a detector (300 s)."""
    town = Town(SILENT)
    town.says("nb-1", kind="door")
    town.pass_time(MINUTE)
    town.calm()
    assert [a.subject for a in town.pass_time(311 * SECOND)] == ["nb-1"]


def test_a_restart_right_after_a_new_registry_changes_nothing() -> None:
    """Neither run judges by what the other must wait for."""
    town = Town(SILENT)
    town.beat()
    town.calm()
    town.pass_time(310 * SECOND, beats=False)
    assert town.engine.replace(SILENT, registry()) == []
    other = Town(SILENT)
    other.engine.restore(town.engine.dirty())
    other.now, other.awake = town.now, town.awake
    assert town.beat() == other.beat() != []
    assert town.pass_time(MINUTE) == other.pass_time(MINUTE)


def test_a_deadline_that_moves_away_is_waited_for_anew() -> None:
    """The gateway was lost and came back while the device was near its deadline."""
    town = Town(SILENT)
    near(town)
    town.beat(state="lost")
    town.beat()
    other = Town(SILENT)
    other.engine.restore(town.engine.dirty())
    other.now, other.awake = town.now, town.awake
    for one in (town, other):
        one.pass_time(290 * SECOND)
        assert [a for a in one.said if a.rule == "device-silent"] == []
    assert town.pass_time(MINUTE) == other.pass_time(MINUTE) != []
