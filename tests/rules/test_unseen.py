"""A resident living alone whom nobody saw for long: only with the consent of the household."""

import pytest
from msgspec.structs import replace

from model.place import Registry
from model.reading import Mode

from .test_count import UNSEEN, Hall, places, rule
from .town import DAY, HOUR, MINUTE, SECOND, T0, library


def test_nobody_seen_for_a_day_is_told_from_the_last_sign_on() -> None:
    """With the household's consent; the evidence names the device and no content."""
    hall = Hall(rule(UNSEEN))
    hall.moves()
    assert hall.wait(24 * HOUR, step=10 * SECOND) == []
    assert "0.0 h left" in hall.why("place:h-301")
    (unseen,) = hall.wait(MINUTE)
    assert (unseen.subject, unseen.started_at) == ("place:h-301", T0 + 24 * HOUR)
    assert [(e.device, e.values, e.event) for e in unseen.evidence] == [("pir", {}, "")]
    assert [a.ended_by for a in hall.moves()] == ["seen"]
    assert hall.town.engine.book.registry.place("h-301").name == "Compound Hall 301"  # type: ignore[union-attr]


def test_no_motion_is_no_sign_of_anybody() -> None:
    """A sensor that says that nothing moves is alive, and nobody was seen."""
    hall = Hall(rule(UNSEEN))
    hall.moves()
    for _ in range(25):
        hall.wait(HOUR, step=10 * SECOND)
        hall.moves(motion=False)
    assert len(hall.town.engine.open()) == 1


def test_without_consent_nothing_is_watched_or_kept() -> None:
    """Not even when somebody was seen."""
    hall = Hall(rule(UNSEEN), places(consent=False))
    hall.moves()
    hall.wait(30 * HOUR, step=10 * SECOND)
    assert hall.town.said == []
    assert not [row for row in hall.town.engine.dirty() if row[0] == "many"]
    assert "未获住户同意" in hall.why("place:h-301")


def test_a_consent_taken_back_is_forgotten_at_once() -> None:
    """What is open ends; a new consent begins from nothing."""
    hall = Hall(rule(UNSEEN))
    hall.moves()
    hall.wait(25 * HOUR, step=10 * SECOND)
    hall.town.engine.dirty()
    hall.town.engine.replace(rule(UNSEEN), places(consent=False))
    assert [a.ended_by for a in hall.wait(SECOND)] == ["consent_withdrawn"]
    assert ("many", "place:h-301", b"") in hall.town.engine.dirty()
    hall.town.engine.replace(rule(UNSEEN), places())
    assert hall.wait(30 * HOUR, step=10 * SECOND) == []


def test_a_sensor_or_gateway_that_is_gone_is_no_absent_person() -> None:
    """Nothing is judged until the gateway is back and caught up."""
    hall = Hall(rule(UNSEEN))
    hall.moves()
    hall.wait(HOUR, step=10 * SECOND)
    hall.town.beat(state="lost")
    assert hall.wait(30 * HOUR, step=10 * SECOND, beats=False) == []
    assert "not judged: pir is not heard" in hall.why("place:h-301")
    hall.town.beat()
    assert [a.phase.value for a in hall.wait(2 * MINUTE)] == ["started"]


def test_a_sensor_that_died_is_no_absent_person() -> None:
    """It is late by the contract that the registry gives it, though no kind's list names it."""
    known = places()
    known.devices["pir"] = replace(known.devices["pir"], silent_after_s=7200)
    both = rule(UNSEEN)
    both = both._replace(specs=(*both.specs, *library("device-silent").specs))
    hall = Hall(both, known)
    hall.moves()
    found = hall.wait(30 * HOUR, step=10 * SECOND)
    assert [(a.rule, a.subject) for a in found] == [("device-silent", "pir")]
    assert "not judged: pir is not heard" in hall.why("place:h-301")


def _two_sensors() -> Registry:
    known = places()
    more = replace(known.devices["pir"], id="pir-2")
    return Registry(
        compounds=known.compounds.values(),
        buildings=known.buildings.values(),
        households=known.households.values(),
        devices=[*known.devices.values(), more],
    )


def test_a_sensor_taken_out_of_the_registry_blinds_nobody() -> None:
    """It is dead and nobody awaits it; with the last one gone, nobody can be seen or missed."""
    hall = Hall(rule(UNSEEN), _two_sensors())
    hall.moves()
    hall.town.says("pir-2", values={"motion": True}, kind="motion")
    hall.town.engine.book.silent.add("pir-2")
    assert hall.wait(25 * HOUR, step=10 * SECOND) == []
    assert "not judged: pir-2 is not heard" in hall.why("place:h-301")
    hall.town.engine.replace(rule(UNSEEN), places())
    assert [a.phase.value for a in hall.wait(2 * MINUTE)] == ["started"]
    assert [a.ended_by for a in hall.moves()] == ["seen"]
    none = places()
    none.devices.pop("pir")
    hall.town.engine.replace(rule(UNSEEN), none)
    assert hall.wait(25 * HOUR, step=10 * SECOND) == []
    assert "not judged: any device is not heard" in hall.why("place:h-301")


@pytest.mark.parametrize("back", [HOUR, DAY])
def test_a_sign_after_the_clock_was_set_back_is_a_sign(back: int) -> None:
    """By the gateway's order it is the newer one; what begins later lies in nobody's future."""
    hall = Hall(rule(UNSEEN))
    hall.moves()
    hall.wait(10 * SECOND)
    hall.town.now -= back
    for _ in range(10):
        hall.moves()
        assert hall.wait(3 * HOUR, step=10 * SECOND) == []
    assert hall.wait(20 * HOUR, step=10 * SECOND) == []
    (unseen,) = hall.wait(2 * HOUR, step=10 * SECOND)
    assert unseen.started_at == T0 + 10 * SECOND - back + 51 * HOUR


def test_no_absence_begins_in_the_future() -> None:
    """Nobody was seen since the hub's and the gateway's clock were set back by a day."""
    hall = Hall(rule(UNSEEN))
    hall.moves()
    hall.wait(10 * SECOND)
    hall.town.now -= DAY
    (unseen,) = hall.wait(24 * HOUR + MINUTE, step=10 * SECOND)
    assert T0 - MINUTE < unseen.started_at <= hall.town.now


def test_a_test_sees_nobody() -> None:
    """The electrician's walk test does not show that the resident is well."""
    hall = Hall(rule(UNSEEN))
    hall.moves()
    hall.wait(23 * HOUR, step=10 * SECOND)
    hall.moves(mode=Mode.TEST)
    found = hall.wait(2 * HOUR, step=10 * SECOND)
    assert [a.started_at for a in found] == [T0 + 24 * HOUR]
