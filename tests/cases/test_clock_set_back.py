"""A hub clock that is set back, and a restart after it: nothing waits for a day, nothing changes hands."""

import pytest

from cases.desk import Desk
from cases.policy import Policy
from model.anomaly import Severity
from model.place import Building, Compound, Device, Registry

from .world import GRID, HOUR, MINUTE, REGISTRY, SECOND, T0, HealthBook, Story, again, alarm, ended

DAY = 24 * HOUR


def restarted(story: Story) -> None:
    """Put another desk in the place of the story's, made from its cases."""
    desk = Desk(REGISTRY, story.health)
    desk.restore([dossier.snapshot() for dossier in story.desk._shelf.cases.values()])
    story.desk = desk


@pytest.mark.parametrize("restart", [False, True])
def test_a_forced_door_held_by_a_fire_waits_no_day(*, restart: bool) -> None:
    """The clock goes back a day while the door is held: it is a case after the grace, not a day later."""
    story = Story()
    fire = alarm("uitd1/a", DAY)
    story.receive(fire)
    story.receive(alarm("door1", DAY + MINUTE, category="door_forced", severity=Severity.MAJOR))
    story.receive(ended(fire, DAY + 2 * MINUTE))
    story.tick(SECOND)
    for minute in range(1, 10):
        if restart:
            restarted(story)
        story.tick(minute * MINUTE)
        assert [case.category for case in story.desk.open_cases()] == ["fire"]
    story.tick(10 * MINUTE + SECOND)
    assert "door_forced" in [case.category for case in story.desk.open_cases()]
    assert story.notices.count("opened") == 2


def test_a_clock_that_steps_back_a_little_brings_nothing_forward() -> None:
    """Time is corrected by a second now and then."""
    story = Story()
    fire = alarm("uitd1/a")
    (opened,) = story.receive(fire)
    story.receive(alarm("door1", MINUTE, category="door_forced", severity=Severity.MAJOR))
    story.receive(ended(fire, 2 * MINUTE))
    before = story.now(opened.case).check_at
    assert story.tick(2 * MINUTE - 2 * SECOND) == []
    assert story.now(opened.case).check_at == before == T0 + 12 * MINUTE


def resolved(story: Story, case_at: int, resolve_at: int) -> None:
    """Let people confirm the one open case and resolve it."""
    (case,) = story.desk.open_cases()
    story.act(case, "acknowledge", case_at + SECOND)
    story.act(case, "confirm", case_at + 2 * SECOND, outcome="real")
    story.act(case, "start", case_at + 3 * SECOND)
    story.act(case, "resolve", resolve_at, result="ok", cause="x")


@pytest.mark.parametrize("restart", [False, True])
def test_a_fire_said_again_stays_with_its_new_case(*, restart: bool) -> None:
    """The later case was opened earlier by the clock; the end goes to it all the same."""
    story = Story()
    fire = alarm("uitd1/a", 2 * DAY)
    story.receive(fire)
    resolved(story, 2 * DAY, 2 * DAY + MINUTE)
    story.receive(again(fire, 2 * DAY + 2 * MINUTE), DAY)
    if restart:
        restarted(story)
    changes = story.receive(ended(fire, 2 * DAY + 4 * MINUTE), DAY + 2 * MINUTE)
    assert [(change.case.ordinal, change.case.active) for change in changes] == [(2, 0), (1, 0)]


@pytest.mark.parametrize("restart", [False, True])
def test_a_door_let_go_by_its_fire_stays_with_its_own_case(*, restart: bool) -> None:
    """What the fire's case only held before ends in the case that it has now."""
    story = Story()
    story.receive(alarm("uitd1/a", 2 * DAY))
    door = alarm("door1", 2 * DAY + MINUTE, category="door_forced", severity=Severity.MAJOR)
    story.receive(door)
    resolved(story, 2 * DAY + MINUTE, DAY)
    story.tick(DAY + SECOND)
    if restart:
        restarted(story)
    (change,) = story.receive(ended(door, 2 * DAY + 5 * MINUTE), DAY + 2 * MINUTE)
    assert (change.case.category, change.case.active) == ("door_forced", 0)


@pytest.mark.parametrize("restart", [False, True])
def test_a_case_that_moved_counts_where_it_was_born(*, restart: bool) -> None:
    """Three alarms of unknown devices, registered afterwards, spend no budget of their grid."""
    devices = [Device(f"p{n}", "x", building=f"b{n}", compound="c1") for n in range(6)]
    compounds = [Compound("c1", "c", GRID)]
    buildings = [Building(f"b{n}", f"b{n}", "c1", GRID) for n in range(6)]
    whole = Registry(compounds=compounds, buildings=buildings, devices=devices)
    part = Registry(compounds=compounds, buildings=buildings, devices=devices[3:])
    policy = Policy(storm_cases=3)
    desk = Desk(part, HealthBook(), policy)
    found = [
        alarm(f"p{n}", n * SECOND, category="low_pressure", severity=Severity.MAJOR, compound="")
        for n in range(6)
    ]
    for each in found[:3]:
        desk.receive(each, each.started_at)
    desk.replace_registry(whole)
    for number, each in enumerate(found[:3]):
        desk.receive(again(each, (number + 5) * SECOND), T0 + (number + 5) * SECOND)
    assert {case.grid for case in desk.open_cases()} == {GRID}
    if restart:
        cases = list(desk.open_cases())
        desk = Desk(whole, HealthBook(), policy)
        desk.restore(cases)
    (change,) = desk.receive(found[5], T0 + 10 * SECOND)
    assert (change.kind, change.case.category) == ("create", "low_pressure")
