"""What devices say of themselves: fire, reset, isolation, drills, retained and late messages."""

import pytest

from model.anomaly import Phase
from model.reading import Event, Mode

from .town import (
    COMPONENT,
    DAY,
    MINUTE,
    PANEL,
    SECOND,
    T0,
    TRANSMITTER,
    Town,
    ended,
    library,
    started,
    told,
)

FIRE = library("fire-alarm")


def test_a_fire_said_again_continues_under_its_key() -> None:
    """The second word is no second anomaly, but it is told, for its case may be resolved by then."""
    town = Town(FIRE)
    (first,) = town.fire()
    town.pass_time(10 * SECOND)
    (again,) = town.fire()
    assert (first.phase, again.phase) == (Phase.STARTED, Phase.CONTINUED)
    assert again.key == first.key
    assert again.last_at == T0 + 10 * SECOND
    assert again.started_at == T0


def test_the_evidence_names_the_reading_and_what_it_said() -> None:
    """A dispatcher can find the message behind the anomaly."""
    (fire,) = Town(FIRE).fire()
    (evidence,) = fire.evidence
    assert evidence.reading == "gw/e1/alarm/0"
    assert evidence.values == {"fire": True}
    assert "fire_alarm" in fire.explanation
    assert fire.compound == "c-1"


@pytest.mark.parametrize(
    ("device", "kind", "scope"),
    [
        (COMPONENT, "fire_component", "component"),
        (PANEL, "fire_system", "system"),
        (TRANSMITTER, "fire_transmitter", "source"),
        ("nb-1", "smoke_detector", "component"),
    ],
)
def test_the_scope_says_who_spoke(device: str, kind: str, scope: str) -> None:
    """One fire as types 1, 2 and 21 comes from three scopes of one source."""
    town = Town(FIRE)
    (fire,) = town.says(device, event=Event.FIRE_ALARM, kind=kind, source=TRANSMITTER)
    assert (fire.scope, fire.source) == (scope, TRANSMITTER)


def test_a_reset_at_the_transmission_device_ends_every_fire_behind_it() -> None:
    """Component, panel and the device itself; a detector of another source burns on."""
    town = Town(FIRE)
    for device in (COMPONENT, PANEL, TRANSMITTER):
        town.panel(device, event=Event.FIRE_ALARM, values={"fire": True})
    town.fire("nb-1")
    found = town.panel(TRANSMITTER, event=Event.RESET, values={"op_reset": True})
    assert {a.subject for a in ended(found)} == {COMPONENT, PANEL, TRANSMITTER}
    assert {a.ended_by for a in found} == {"reset"}
    assert [a.subject for a in town.engine.open()] == ["nb-1"]


def test_a_reset_of_panel_1_leaves_panel_10_alone() -> None:
    """gb-1-1-1 is a prefix of gb-1-1-10 only as text."""
    town = Town(FIRE)
    town.panel("gb-1-1-10-00000001", event=Event.FIRE_ALARM)
    assert town.panel(PANEL, event=Event.RESET) == []


def test_a_panel_that_says_reset_and_fire_in_one_word_still_burns() -> None:
    """Bit 13 beside bit 1: the fire continues."""
    town = Town(FIRE)
    town.panel(PANEL, event=Event.FIRE_ALARM, values={"fire": True})
    found = town.panel(PANEL, event=Event.FIRE_ALARM, values={"fire": True, "reset": True})
    assert told(found) == [("fire-alarm", "continued", PANEL)]


def test_an_isolated_detector_that_says_no_fire_proves_nothing_until_it_is_back() -> None:
    """Isolation told in a message of its own holds the fire open; its end lets it clear."""
    town = Town(FIRE)
    town.panel(COMPONENT, event=Event.FIRE_ALARM, values={"fire": True})
    town.panel(COMPONENT, event=Event.ISOLATED)
    assert town.panel(COMPONENT, values={"fire": False}) == []
    found = town.panel(COMPONENT, event=Event.ISOLATION_CLEARED, values={"fire": False})
    assert [a.ended_by for a in found] == ["cleared"]


def test_a_drill_never_hides_the_real_thing() -> None:
    """A real fire during a drill of the same device is an anomaly of its own."""
    town = Town(FIRE)
    town.says("nb-1", event=Event.FIRE_ALARM, mode=Mode.DRILL)
    found = town.fire()
    assert told(found) == [("fire-alarm", "ended", "nb-1"), ("fire-alarm", "started", "nb-1")]
    assert [a.mode for a in found] == [Mode.DRILL, Mode.REAL]
    assert found[0].key != found[1].key


def test_the_test_bit_alone_never_makes_a_test() -> None:
    """Two of three public fire frames have bit 0 clear: the fire is real."""
    town = Town(FIRE)
    (fire,) = town.panel(COMPONENT, event=Event.FIRE_ALARM, values={"fire": True, "test_bit": True})
    assert fire.mode is Mode.REAL


def test_a_fire_of_an_unregistered_device_starts_all_the_same() -> None:
    """Nobody has to know a device for it to burn."""
    town = Town(FIRE)
    (fire,) = town.fire("stranger")
    assert fire.phase is Phase.STARTED
    assert [view.id for view in town.engine.unregistered()] == ["stranger"]


def test_an_old_normal_behind_a_fire_cannot_end_it() -> None:
    """The lanes do not wait for each other; `order` says what came first."""
    town = Town(FIRE)
    town.fire(order=10)
    assert town.calm(order=9) == []
    assert [a.ended_by for a in town.calm(order=11)] == ["cleared"]


def test_an_old_fire_that_comes_late_starts_and_is_over() -> None:
    """It was cleared since, and that is known; it is still told, marked late."""
    town = Town(FIRE)
    town.pass_time(5 * MINUTE)
    town.calm(order=10)
    found = town.fire(order=3, at=T0)
    assert [a.phase for a in found] == [Phase.STARTED, Phase.ENDED]
    assert found[0].late
    assert found[0].started_at == T0
    assert found[1].ended_at == T0 + 5 * MINUTE


def test_an_old_fire_that_nothing_took_back_stays_open() -> None:
    """A newer message that says nothing of fire ends nothing."""
    town = Town(FIRE)
    town.says("nb-1", values={"battery_pct": 80.0}, order=10)
    assert [a.phase for a in town.fire(order=3)] == [Phase.STARTED]


def test_a_fire_from_before_the_reset_is_over_by_the_reset() -> None:
    """The reset came first over the other lane."""
    town = Town(FIRE)
    town.says(PANEL, event=Event.RESET, kind="fire_system", source=TRANSMITTER, order=9)
    found = town.says(
        COMPONENT, event=Event.FIRE_ALARM, kind="fire_component", source=TRANSMITTER, order=5
    )
    assert [(a.phase, a.ended_by) for a in found] == [(Phase.STARTED, ""), (Phase.ENDED, "reset")]


def test_a_repeated_message_says_nothing_new() -> None:
    """The same order of the same epoch is the same message."""
    town = Town(FIRE)
    town.fire(order=5)
    assert town.fire(order=5) == []
    town.calm(order=6)
    assert town.fire(order=5) == []


def test_a_reinstalled_gateway_starts_its_numbers_again_and_still_clears() -> None:
    """Order 1 of a new epoch is newer than order 500 of the old one."""
    town = Town(FIRE)
    town.fire(order=500)
    found = town.says("nb-1", values={"fire": False}, order=1, epoch="e2")
    assert [a.ended_by for a in found] == ["cleared"]
    assert town.says("nb-1", values={"fire": False}, order=501, epoch="e1") == []


@pytest.mark.parametrize("repeats", [1, 5])
def test_a_retained_fire_that_was_seen_opens_nothing(repeats: int) -> None:
    """Each re-subscription delivers it again."""
    town = Town(FIRE)
    town.fire()
    town.calm()
    for _ in range(repeats):
        found = town.says("nb-1", event=Event.FIRE_ALARM, values={"fire": True}, historical=True)
        assert found == []


def test_a_retained_fire_of_a_new_device_opens_once() -> None:
    """State that nobody had: told, marked historical, and never again."""
    town = Town(FIRE)
    (fire,) = town.says("nb-1", event=Event.FIRE_ALARM, values={"fire": True}, historical=True)
    assert fire.historical
    again = town.says("nb-1", event=Event.FIRE_ALARM, values={"fire": True}, historical=True)
    assert again == []


@pytest.mark.parametrize(("ahead", "opens"), [(-DAY, 0), (0, 0), (SECOND, 1)])
def test_a_retained_fire_with_a_time_opens_only_when_it_is_newer(ahead: int, opens: int) -> None:
    """The device's own clock tells state from news."""
    town = Town(FIRE)
    town.says("nb-1", values={"fire": False}, observed_at=T0)
    found = town.says("nb-1", values={"fire": True}, historical=True, observed_at=T0 + ahead)
    assert len(started(found)) == opens


def test_duress_ends_by_itself_after_its_time() -> None:
    """No reader takes it back; the next one is a new anomaly."""
    town = Town(library("duress"))
    town.says("ac-1", event=Event.DURESS, kind="door")
    found = town.pass_time(2 * MINUTE)
    assert [(a.ended_by, a.ended_at) for a in found] == [("elapsed", T0 + MINUTE)]
    assert len(started(town.says("ac-1", event=Event.DURESS, kind="door"))) == 1


def test_a_detector_that_flaps_for_ten_minutes_stays_one_place_and_cause() -> None:
    """Each fire starts and ends, all of one subject and category, with no two open at once."""
    town = Town(FIRE)
    for second in range(600):
        town.fire() if second % 2 == 0 else town.calm()
        town.pass_time(SECOND)
        assert len(town.engine.open()) <= 1
    assert len(started(town.said)) == len(ended(town.said)) == 300
    assert {(a.subject, a.category) for a in town.said} == {("nb-1", "fire")}
