"""Silences and fires: an older case, a clock, isolation or duress under one; nothing is hidden."""

import msgspec
import pytest

from model.case import Case
from model.codec import encode
from model.entry import Action, EntryKind, RowId
from model.reading import Event, Lane, Reading
from model.silence import SILENCED, Deed, Scope, SilenceOrder

from .log_story import MINUTE, Story, replayed
from .test_silences import HOUR, create, faults, over_fires, silence


def fire_of(story: Story) -> Case:
    """Return the open case of the fire."""
    return next(case for case in story.cases if case.category == "fire")


def acts(story: Story, name: str, **fields: str) -> None:
    """Let li do something to the fire's case."""
    action = Action(fire_of(story).id, name, "li", at=story.at, fields=dict(fields), id=name)
    story.logs(EntryKind.ACTION, msgspec.json.encode(action))


def goes_out(story: Story) -> None:
    """The fire is acknowledged and confirmed, and its detector says that it is over."""
    acts(story, "acknowledge")
    acts(story, "confirm", outcome="real")
    story.waits(12)
    story.says(story.devices[0].id, Event.ALARM_CLEARED, fire=False)
    story.waits(5)


@pytest.mark.parametrize("before", [False, True])
def test_what_burns_again_in_an_acknowledged_case_is_told(*, before: bool) -> None:
    """No deadline of that case would ever make it loud: it is told at once, silence or not."""
    story = Story()
    detector = story.devices[0].id
    if not before:
        over_fires(story)
    story.says(detector, Event.FIRE_ALARM, fire=True)
    goes_out(story)
    if before:
        over_fires(story)
    step = story.says(detector, Event.FIRE_ALARM, fire=True)
    assert [(c.case.category, c.notice) for c in step.changes] == [("fire", "new_alarm")]
    assert SILENCED not in fire_of(story).flags


def test_what_nobody_was_told_of_does_not_put_off_the_next_notice() -> None:
    """A hushed alarm is no reminder: the gap to the next one starts with what people heard."""
    story = Story()
    detector = story.devices[0].id
    over_fires(story)
    story.says(detector, Event.FIRE_ALARM, fire=True)
    story.says(detector, Event.ALARM_CLEARED, fire=False)
    story.at += 1000
    hushed = story.says(detector, Event.FIRE_ALARM, fire=True)
    assert [change.notice for change in hushed.changes] == [""]
    assert fire_of(story).renoticed_at is None


def test_a_clock_set_back_keeps_no_fire_quiet() -> None:
    """Its deadline is a day away by that clock; after two minutes of waking time it is told."""
    story = Story()
    over_fires(story)
    story.says(story.devices[0].id, Event.FIRE_ALARM, fire=True)
    story.says(story.devices[0].id, Event.ALARM_CLEARED, fire=False)
    story.at -= 24 * HOUR
    for awake in (1, 2):
        story.waits(1, awake=awake * MINUTE)
    assert SILENCED in fire_of(story).flags
    story.waits(1, awake=3 * MINUTE)
    assert (fire_of(story).flags.count(SILENCED), fire_of(story).notices) == (0, 1)
    whole = sorted(story.cases, key=lambda case: case.key)
    for cut, core in replayed(story.entries):
        again = sorted(core.desk.open_cases(), key=lambda case: case.key)
        assert again == whole, f"cut at {cut}"


def test_a_fire_that_somebody_acknowledged_stays_quiet() -> None:
    """A person knows of it: waking time makes it no louder."""
    story = Story()
    over_fires(story)
    story.says(story.devices[0].id, Event.FIRE_ALARM, fire=True)
    acts(story, "acknowledge")
    acts(story, "confirm", outcome="real")
    story.waits(6)
    assert SILENCED in fire_of(story).flags


def test_a_clock_that_ran_ahead_starts_no_planned_silence() -> None:
    """One tick of tomorrow: what began is planned again, and a fire of today sounds."""
    story = Story()
    scope = Scope(compound=story.devices[0].compound)
    tomorrow = story.at + 20 * HOUR
    create(
        story, scope=scope, emergencies=True, patrol="wang", starts_at=tomorrow,
        ends_at=tomorrow + HOUR,
    )  # fmt: skip
    story.orders(SilenceOrder("s1", "zhao", Deed.APPROVE))
    story.at += 20 * HOUR
    story.waits(1, awake=MINUTE)
    assert silence(story).state == "active"
    story.says(story.devices[1].id, Event.FAULT, fault=True)
    assert faults(story) == []
    story.at -= 20 * HOUR
    story.waits(1, awake=2 * MINUTE)
    assert silence(story).state == "planned"
    assert faults(story) == [story.devices[1].id], "what it held is told"
    step = story.says(story.devices[0].id, Event.FIRE_ALARM, fire=True)
    assert "opened" in [change.notice for change in step.changes]
    story.at = tomorrow
    story.waits(1, awake=3 * MINUTE)
    assert silence(story).state == "active", "its own time comes"


def test_isolation_and_fault_of_a_burning_detector_stand_in_the_fires_case() -> None:
    """Maintenance silences the detector; nobody closes its fire as if it had never been isolated."""
    story = Story()
    one = story.devices[0]
    create(story)
    story.says(one.id, Event.FIRE_ALARM, fire=True)
    story.says(one.id, Event.ISOLATED, isolated=True)
    story.says(one.id, Event.FAULT, fault=True)
    assert [case.category for case in story.cases] == ["fire"], "the silence holds their own cases"
    assert {"isolated_during_fire", "fault_during_fire"} <= set(fire_of(story).flags)


def test_who_is_under_duress_is_never_kept_quiet() -> None:
    """A person asks for help at a door of the compound."""
    story = Story()
    compound = story.devices[0].compound
    create(story, scope=Scope(compound=compound), emergencies=True, patrol="wang")
    story.orders(SilenceOrder("s1", "zhao", Deed.APPROVE))
    known = story.core.registry.devices.values()
    door = next(d for d in known if (d.kind, d.compound) == ("door", compound))
    reading = Reading(
        device=door.id, kind="door", received_at=story.at, order=1, seq=1,
        values={"duress": True}, event=Event.DURESS,
    )  # fmt: skip
    row = RowId("gw", "e", Lane.ALARM, 1, 1, 1, "1")
    step = story.logs(EntryKind.READINGS, encode([reading]), row)
    assert [(c.case.category, c.notice) for c in step.changes] == [("duress", "opened")]
    assert SILENCED not in step.changes[0].case.flags
