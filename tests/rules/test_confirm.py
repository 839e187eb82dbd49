"""Two independent detectors, or a detector and a call point, in one place within a time."""

import itertools

import pytest

from model.place import Device, Registry
from model.reading import Event, Mode
from rules.engine import Engine
from rules.rulefile import RuleSet, load_rules

from .town import (
    DAY,
    HOUR,
    MINUTE,
    PANEL,
    SECOND,
    T0,
    TRANSMITTER,
    Town,
    library,
    library_texts,
    registry,
    told,
)

CONFIRM = library("fire-corroborated")


def test_the_second_detector_corroborates() -> None:
    """The place is the subject; the start is the second detector's time."""
    town = Town(CONFIRM)
    assert town.fire("nb-1") == []
    town.pass_time(MINUTE)
    (anomaly,) = town.fire("nb-2")
    assert (anomaly.subject, anomaly.scope, anomaly.corroborates) == ("place:b-1", "place", True)
    assert anomaly.started_at == T0 + MINUTE
    assert anomaly.compound == "c-1"


def test_any_order_of_arrival_gives_the_same_key() -> None:
    """Two detectors, both ways, with their own times."""
    keys = set()
    for order in itertools.permutations([("nb-1", T0), ("nb-2", T0 + MINUTE)]):
        town = Town(CONFIRM)
        town.now = T0 + MINUTE
        found = [anomaly for device, at in order for anomaly in town.fire(device, at=at)]
        keys.add(found[0].key)
    assert len(keys) == 1


def test_the_panel_s_repetition_of_its_detector_confirms_nothing() -> None:
    """One fire said as types 2, 1 and 21 is one device."""
    town = Town(CONFIRM)
    for device in ("gb-1-1-1-0a000200", PANEL, TRANSMITTER):
        assert town.panel(device, event=Event.FIRE_ALARM, values={"fire": True}) == []


def test_without_a_building_the_source_is_the_place() -> None:
    """Unregistered components of one panel still corroborate each other."""
    town = Town(CONFIRM)
    town.panel("gb-1-1-1-000000aa", event=Event.FIRE_ALARM)
    found = town.panel("gb-1-1-1-000000bb", event=Event.FIRE_ALARM)
    assert told(found) == [("fire-corroborated", "started", "place:gb-1")]


def test_a_drill_and_a_real_alarm_do_not_confirm_each_other() -> None:
    """Each mode for itself."""
    town = Town(CONFIRM)
    town.says("nb-1", event=Event.FIRE_ALARM, mode=Mode.DRILL)
    assert town.fire("nb-2") == []


def test_a_detector_that_burns_on_counts_by_its_newest_word() -> None:
    """Ten minutes after its first word, but seconds after its last."""
    town = Town(CONFIRM)
    for _ in range(10):
        town.fire("nb-1")
        town.pass_time(MINUTE)
    assert len(town.fire("nb-2")) == 1


def test_it_ends_when_the_last_takes_it_back() -> None:
    """And then two new words start a new one."""
    town = Town(CONFIRM)
    town.fire("nb-1")
    town.fire("nb-2")
    assert town.calm("nb-1") == []
    assert [a.ended_by for a in town.calm("nb-2")] == ["cleared"]
    town.pass_time(10 * SECOND)
    assert town.fire("nb-1") == []
    assert len(town.fire("nb-2")) == 1


def test_a_detector_that_died_in_an_old_fire_hides_no_new_one() -> None:
    """It never takes back its word; a day later two others agree, and that is said again."""
    town = Town(CONFIRM)
    town.fire("nb-1")
    (old,) = town.fire("nb-2")
    town.calm("nb-2")
    town.now += DAY
    assert town.fire("nb-2") == [], "one device confirms nothing"
    (again,) = town.fire("nb-3")
    assert (again.key, again.phase, again.corroborates) == (old.key, "continued", True)
    assert again.last_at == town.now
    assert town.fire("nb-3") == [], "and not with every message"


def test_a_reset_ends_it() -> None:
    """All its components stand behind the panel."""
    town = Town(CONFIRM)
    for component in ("gb-1-1-1-000000aa", "gb-1-1-1-000000bb"):
        town.panel(component, event=Event.FIRE_ALARM)
    assert [a.ended_by for a in town.panel(PANEL, event=Event.RESET)] == ["reset"]


def _three() -> RuleSet:
    texts = library_texts()
    rules = load_rules({"f": texts["fire.yaml"].replace("at_least: 2", "at_least: 3")})
    specs = tuple(spec for spec in rules.specs if spec.id == "fire-corroborated")
    return rules._replace(specs=specs)


def test_three_of_n_needs_three_or_a_detector_and_a_call_point() -> None:
    """A person who pressed the button weighs more than a second detector."""
    town = Town(_three())
    town.fire("nb-1")
    assert town.fire("nb-2") == []
    assert len(town.fire("nb-3")) == 1

    known = registry()
    button = Device("cp-1", "fire_component", "b-1", "c-1", role="call_point")
    places = Registry(
        devices=[*known.devices.values(), button],
        buildings=known.buildings.values(),
        compounds=known.compounds.values(),
    )
    town = Town(_three(), places)
    assert town.panel("cp-1", event=Event.FIRE_ALARM) == []
    assert len(town.fire("nb-1")) == 1


def _fire_and_calm(town: Town, *, swapped: bool) -> None:
    """Let nb-1 say fire and half a second later calm; the lanes may swap the two."""
    at = town.now
    town.now += SECOND
    if not swapped:
        town.fire("nb-1", at=at, order=11)
    town.calm("nb-1", at=at + 500, order=12)
    if swapped:
        town.fire("nb-1", at=at, order=11)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("other_first", [False, True])
@pytest.mark.parametrize("restarts", [False, True])
def test_a_late_word_that_was_taken_back_holds_nothing_open(
    *, swapped: bool, other_first: bool, restarts: bool
) -> None:
    """It still counts as said, but its device burns no longer."""
    town = Town(CONFIRM)
    town.calm("nb-1", order=1)
    town.calm("nb-2", order=2)
    if other_first:
        town.fire("nb-2", order=3)
        town.calm("nb-2", order=4)
        town.pass_time(5 * SECOND)
    _fire_and_calm(town, swapped=swapped)
    if restarts:
        again = Engine(registry(), CONFIRM)
        again.restore(town.engine.dirty())
        town.engine = again
    if not other_first:
        town.fire("nb-2", order=21)
        town.calm("nb-2", order=22)
    assert [a.phase.value for a in town.said] == ["started", "ended"]
    assert town.engine.open() == []
    assert not any(rule.holds("nb-1") for rule in town.engine._rules.values())


@pytest.mark.parametrize("back", [HOUR, DAY])
def test_a_clock_set_back_between_two_fires_of_a_device_hides_neither(back: int) -> None:
    """The box restarts without time: its numbers go on, its times do not."""
    town = Town(CONFIRM)
    town.fire("nb-1")
    town.pass_time(5 * SECOND)
    town.calm("nb-1")
    town.now -= back
    town.fire("nb-1")
    town.pass_time(5 * SECOND)
    (anomaly,) = town.fire("nb-2")
    assert (anomaly.subject, anomaly.started_at) == ("place:b-1", town.now)


def test_a_clock_set_back_between_the_fires_of_two_devices_hides_nothing() -> None:
    """The second one comes seconds later by the hub's waking time; another half an hour later is none."""
    town = Town(CONFIRM)
    town.fire("nb-1")
    town.pass_time(5 * SECOND)
    town.now -= DAY
    (anomaly,) = town.fire("nb-2")
    assert anomaly.started_at == town.now
    town = Town(CONFIRM)
    town.fire("nb-1")
    town.pass_time(30 * MINUTE)
    town.now -= DAY
    assert town.fire("nb-2") == []


def test_what_is_open_is_said_again_though_the_clock_was_set_back() -> None:
    """A detector that died in an old fire hides no new one then either."""
    town = Town(CONFIRM)
    town.fire("nb-1")
    town.fire("nb-2")
    town.pass_time(MINUTE)
    town.now -= DAY
    town.fire("nb-2")
    assert [a.phase.value for a in town.fire("nb-3")] == []
    assert [a.phase.value for a in town.said] == ["started", "continued"]
