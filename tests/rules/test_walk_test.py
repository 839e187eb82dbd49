"""A walk test makes what its devices say a test, covers nothing else, and ends by itself."""

import pytest

from model.anomaly import Anomaly, anomaly_key
from model.errors import Refused
from model.reading import Event, Mode
from model.walk_test import LASTS_MS, LONGEST_MS, WALK_TEST, Scope, WalkTestOrder
from rules.engine import Engine

from .town import (
    COMPONENT,
    HOUR,
    MINUTE,
    PANEL,
    SECOND,
    T0,
    TRANSMITTER,
    Town,
    library,
    registry,
    started,
    told,
)


def order(
    subject: str = "nb-1",
    *,
    test: str = "t1",
    reason: str = "monthly test",
    stops: bool = False,
    scope: Scope = Scope.DEVICE,
    lasts_ms: int = LASTS_MS,
) -> WalkTestOrder:
    """A walk test of a detector, unless told otherwise."""
    return WalkTestOrder(test, "li", stops, scope, subject, reason, lasts_ms)


def compound(*, stops: bool = False) -> WalkTestOrder:
    """A walk test of the whole compound."""
    return order("c-1", scope=Scope.COMPOUND, stops=stops)


def starts(town: Town, wanted: WalkTestOrder) -> list[Anomaly]:
    """Let an order be logged now."""
    return town._keep(town.engine.walk_test(wanted, town.now))


def test_a_fire_in_a_walk_test_is_a_test_and_says_so() -> None:
    """Of the device alone: its neighbour's fire is real."""
    town = Town()
    starts(town, order("nb-1"))
    (tried,) = started(town.fire("nb-1"), "fire-alarm")
    (real,) = started(town.fire("nb-2"), "fire-alarm")
    assert (tried.mode, WALK_TEST in tried.quality) == (Mode.TEST, True)
    assert (real.mode, real.quality) == (Mode.REAL, ())


def test_a_compound_under_test_covers_its_registered_devices() -> None:
    """And nobody else's."""
    town = Town()
    starts(town, compound())
    assert started(town.fire("nb-4"))[0].mode is Mode.TEST
    assert started(town.says("stranger", event=Event.FIRE_ALARM))[0].mode is Mode.REAL


def test_a_transmission_device_under_test_covers_all_that_it_fronts() -> None:
    """A panel repeats the fire of its detector: all of it is one test."""
    town = Town()
    starts(town, order(TRANSMITTER))
    for device in (COMPONENT, PANEL, TRANSMITTER):
        (found,) = started(
            town.panel(device, event=Event.FIRE_ALARM, values={"fire": True}), "fire-alarm"
        )
        assert found.mode is Mode.TEST, device


def test_what_was_taken_back_in_the_test_leaves_nothing_behind() -> None:
    """The next fire after the test is real."""
    town = Town()
    starts(town, order())
    town.fire()
    town.calm()
    later = town.pass_time(2 * HOUR, step=10 * SECOND)
    assert not [a for a in later if a.rule == "fire-alarm"]
    assert started(town.fire(), "fire-alarm")[0].mode is Mode.REAL


def test_a_test_ends_by_itself_and_what_still_burns_is_real_from_then_on() -> None:
    """Its start is the end of the test, so a late engine makes the same key."""
    town = Town()
    starts(town, order(lasts_ms=10 * MINUTE))
    town.fire()
    found = [a for a in town.pass_time(11 * MINUTE) if a.rule == "fire-alarm"]
    assert told(found) == [("fire-alarm", "ended", "nb-1"), ("fire-alarm", "started", "nb-1")]
    old, new = found
    assert (old.mode, old.ended_by) == (Mode.TEST, "walk_test_over")
    assert (new.mode, new.quality) == (Mode.REAL, ())
    assert new.started_at == T0 + 10 * MINUTE
    assert new.key == anomaly_key("fire-alarm", "nb-1", T0 + 10 * MINUTE)
    cleared = [a for a in town.calm() if a.rule == "fire-alarm"]
    assert [a.key for a in cleared] == [new.key], "its clearing ends the real one"


def test_stopping_by_hand_makes_what_burns_real_at_once() -> None:
    """So that it can be handed over: nobody waits for the test to run out."""
    town = Town()
    starts(town, compound())
    town.fire("nb-1")
    town.fire("nb-2")
    town.pass_time(MINUTE)
    real = {a.rule: a for a in started(starts(town, compound(stops=True)))}
    assert set(real) == {"fire-alarm", "fire-corroborated"}
    assert all(a.mode is Mode.REAL for a in real.values())
    assert real["fire-corroborated"].corroborates


def test_a_real_fire_stays_real_when_a_test_begins() -> None:
    """Its repetitions in the test are no test, and a second device corroborates it as real."""
    town = Town()
    town.fire("nb-1")
    town.pass_time(10 * SECOND)
    starts(town, order("nb-1"))
    (again,) = town.fire("nb-1")
    assert (again.phase, again.mode) == ("continued", Mode.REAL)
    assert started(town.fire("nb-2"), "fire-corroborated")[0].mode is Mode.REAL


def test_a_corroborated_test_does_not_hide_a_corroborated_fire_beside_it() -> None:
    """Two detectors under test and two that burn, in one building."""
    town = Town()
    starts(town, order("nb-1"))
    starts(town, order("nb-2", test="t2"))
    town.fire("nb-1")
    assert started(town.fire("nb-2"), "fire-corroborated")[0].mode is Mode.TEST
    town.fire("nb-3")
    found = town.panel(COMPONENT, event=Event.FIRE_ALARM, values={"fire": True})
    assert started(found, "fire-corroborated")[0].mode is Mode.REAL


def test_what_the_gateway_heard_before_the_test_is_real() -> None:
    """A backlog that arrives in a test is no test; nor is what is logged after its end."""
    town = Town()
    town.now += MINUTE
    starts(town, order(lasts_ms=MINUTE))
    assert started(town.fire("nb-1", at=T0 + 30 * SECOND))[0].mode is Mode.REAL
    town.calm("nb-1")
    town.now += MINUTE  # not yet ticked: the log's time counts
    assert started(town.fire("nb-1"), "fire-alarm")[0].mode is Mode.REAL


def test_a_hold_time_that_began_in_a_test_goes_on_as_real() -> None:
    """Smoke that nobody cleared away is no test any more."""
    town = Town(library("smoke-pre-alarm"))
    starts(town, order(lasts_ms=20 * SECOND))
    town.says("nb-1", values={"smoke_db_m": 0.2})
    (found,) = town.pass_time(MINUTE)
    assert (found.mode, found.quality, found.phase) == (Mode.REAL, (), "started")


def test_who_falls_silent_in_a_test_is_silent_for_real_after_it() -> None:
    """A detector that was taken down and not put back."""
    town = Town()
    town.calm("nb-1")
    starts(town, order(lasts_ms=HOUR))
    silent = [a for a in town.pass_time(30 * MINUTE) if a.rule == "device-silent"]
    assert [a.mode for a in silent] == [Mode.TEST]
    after = [a for a in town.pass_time(40 * MINUTE) if a.rule == "device-silent"]
    assert [(a.phase, a.mode) for a in after] == [("ended", Mode.TEST), ("started", Mode.REAL)]


def test_a_moment_that_nobody_takes_back_ends_with_its_test() -> None:
    """A pressed panic button does not become real when nobody pressed again."""
    town = Town(library("duress"))
    starts(town, order("ac-1", lasts_ms=MINUTE))
    (pressed,) = town.says("ac-1", event=Event.DURESS, kind="door")
    (over,) = town.pass_time(2 * MINUTE)
    assert (pressed.mode, over.ended_by, over.phase) == (Mode.TEST, "walk_test_over", "ended")


def test_a_test_ends_after_its_time_even_when_the_clock_was_set_back() -> None:
    """Otherwise a clock a day back would prolong it by a day."""
    town = Town()
    town.pass_time(SECOND)
    starts(town, order(lasts_ms=10 * MINUTE))
    town.now -= 24 * HOUR
    town.pass_time(9 * MINUTE)
    assert town.engine.book.walk_tests.running
    town.pass_time(2 * MINUTE)
    assert not town.engine.book.walk_tests.running


def test_a_restart_in_a_test_goes_on_with_it() -> None:
    """With who alarmed, and with the same end."""
    town = Town()
    starts(town, order(lasts_ms=10 * MINUTE))
    town.fire()
    engine = Engine(registry(), library())
    engine.restore(town.engine.dirty())
    town.engine = engine
    assert engine.book.walk_tests.running["t1"].alarmed == {"nb-1": T0}
    found = [a for a in town.pass_time(11 * MINUTE) if a.rule == "fire-alarm"]
    assert [a.phase for a in found] == ["ended", "started"]
    (test,) = engine.book.walk_tests.table.rows.values()
    assert (test.ended_at, test.ended_by) == (T0 + 10 * MINUTE, "hub")


def test_devices_under_test_are_shown_and_prove_nothing() -> None:
    """What a device says that people try on purpose closes no case."""
    town = Town()
    town.calm("nb-1")
    starts(town, compound())
    views = {view.id: view.walk_test for view in town.engine.devices()}
    assert views["nb-1"]
    assert views["nb-4"], "never heard, and in the compound"
    assert not town.engine.health("nb-1").proves


def test_the_same_order_again_changes_nothing() -> None:
    """A request that is repeated after a timeout."""
    town = Town()
    starts(town, order())
    town.pass_time(MINUTE)
    starts(town, order())
    assert town.engine.book.walk_tests.running["t1"].started_at == T0
    starts(town, order(stops=True))
    assert starts(town, order(stops=True)) == []


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (order(test="t2"), "already"),
        (order("nb-2", test="t2", lasts_ms=LONGEST_MS + 1), "8 hours"),
        (order("nb-2", test="t2", lasts_ms=0), "8 hours"),
        (order("nb-2", test="t2", reason=" "), "reason"),
        (order("c-2", test="t2", scope=Scope.COMPOUND), "no compound c-2"),
        (order(test="t3", stops=True), "no walk test t3"),
    ],
)
def test_what_cannot_be_is_refused(wrong: WalkTestOrder, word: str) -> None:
    """And says why."""
    town = Town()
    starts(town, order())
    with pytest.raises(Refused, match=word):
        starts(town, wrong)
