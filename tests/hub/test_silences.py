"""Silences through the log: what the desk is told, when, and that a fire is never hidden."""

import msgspec
import pytest

from cases.silences import SILENCES
from cases.taxonomy import PATROL
from hub.core import Core
from model.case import EventClass, State
from model.entry import Action, Entry, EntryKind, Tick
from model.errors import Refused
from model.reading import Event
from model.silence import SILENCED, Deed, Muted, Scope, Silence, SilenceOrder

from .log_story import MINUTE, REGISTRY, RULES, Story, replayed

HOUR = 60 * MINUTE


def asked(story: Story, **more: object) -> SilenceOrder:
    """Return li's order of a silence of an hour over the first detector, or over something else."""
    given = {
        "id": "s1", "actor": "li", "reason": "roof works", "ends_at": story.at + HOUR,
        "scope": Scope(device=story.devices[0].id),
    }  # fmt: skip
    return msgspec.convert(msgspec.to_builtins(given) | msgspec.to_builtins(more), SilenceOrder)


def create(story: Story, **more: object) -> None:
    """Let li order it; it is taken."""
    step = story.orders(asked(story, **more))
    assert step.refused is None, step.refused


def over_fires(story: Story, *, approved: bool = True) -> None:
    """Order a silence over fires of the compound, and let zhao approve it."""
    scope = Scope(compound=story.devices[0].compound, category="fire")
    create(story, scope=scope, emergencies=True, patrol="wang")
    if approved:
        story.orders(SilenceOrder("s1", "zhao", Deed.APPROVE))


def silence(story: Story) -> Silence:
    """Return the silence as it is."""
    return next(s for s in story.core.silences.listed() if s.id == "s1")


def faults(story: Story) -> list[str]:
    """Return who has an open case of a fault."""
    return [case.subject for case in story.cases if case.category == "device_fault"]


def test_what_it_covers_opens_no_case_and_is_listed() -> None:
    """The anomaly is there, counted and listed; the device beside it has its case."""
    story = Story()
    one, two = story.devices
    create(story)
    step = story.says(one.id, Event.FAULT, fault=True)
    assert [a.category for a in step.anomalies] == ["device_fault"], "the anomaly is recorded"
    story.says(two.id, Event.FAULT, fault=True)
    assert faults(story) == [two.id]
    known = silence(story)
    assert (known.state, known.count, known.counts) == ("active", 1, {"device_fault": 1})
    assert [(m.subject, m.ended_at) for m in known.muted] == [(one.id, None)]


def test_what_still_holds_at_its_end_opens_its_case_at_once() -> None:
    """It always expires; what ended meanwhile never comes to the desk."""
    story = Story()
    one, two = story.devices
    create(story, scope=Scope(compound=one.compound))
    for device in (one, two):
        story.says(device.id, Event.FAULT, fault=True)
    story.says(two.id, Event.NORMAL, fault=False)
    story.waits(59)
    assert faults(story) == []
    story.waits(1)
    assert faults(story) == [one.id]
    known = silence(story)
    assert (known.state, known.ended_by, known.held) == ("ended", "hub", {})
    assert sorted(m.ended_at is None for m in known.muted) == [False, True]


def test_it_is_ended_early_by_a_person() -> None:
    """The same as its end: who did it stands there."""
    story = Story()
    create(story)
    story.says(story.devices[0].id, Event.FAULT, fault=True)
    story.orders(SilenceOrder("s1", "zhao", Deed.END))
    assert faults(story) == [story.devices[0].id]
    assert silence(story).ended_by == "zhao"
    assert story.orders(SilenceOrder("s1", "zhao", Deed.END)).changes == [], "the same order again"


def test_a_case_that_was_there_before_goes_on() -> None:
    """Its anomaly ends in it, silence or not."""
    story = Story()
    one = story.devices[0]
    story.says(one.id, Event.FAULT, fault=True)
    create(story)
    story.says(one.id, Event.NORMAL, fault=False)
    (case,) = story.cases
    assert (case.category, case.active) == ("device_fault", 0)


def test_two_silences_over_one_thing_hold_it_until_both_are_over() -> None:
    """The shorter one's end opens nothing."""
    story = Story()
    one = story.devices[0]
    create(story, ends_at=story.at + 10 * MINUTE)
    create(story, id="s2", scope=Scope(category="device_fault"), ends_at=story.at + 20 * MINUTE)
    story.says(one.id, Event.FAULT, fault=True)
    story.waits(15)
    assert faults(story) == []
    story.waits(6)
    assert faults(story) == [one.id]


def test_without_the_word_no_emergency_is_touched() -> None:
    """A silence over a device is about its faults: its fire sounds."""
    story = Story()
    create(story)
    step = story.says(story.devices[0].id, Event.FIRE_ALARM, fire=True)
    assert [change.notice for change in step.changes] == ["opened"]
    assert SILENCED not in story.cases[0].flags


def test_the_first_sign_of_a_fire_is_not_hidden_by_one_person() -> None:
    """Its case opens and is told; quiet, it needs what a quiet fire needs."""
    story = Story()
    one = story.devices[0]
    create(story)
    story.says(one.id, Event.NONE, smoke_db_m=0.12, fire=False)
    story.waits(1)
    (case,) = story.cases
    assert (case.category, case.cls, case.notices) == (
        "fire_pre_alarm",
        EventClass.IMPAIRMENT,
        1,
    )
    assert SILENCED not in case.flags
    assert silence(story).count == 0


def test_a_quiet_sign_of_a_fire_is_told_when_nobody_looks() -> None:
    """Two minutes, as for a fire."""
    story = Story()
    create(story, emergencies=True, patrol="wang")
    story.orders(SilenceOrder("s1", "zhao", Deed.APPROVE))
    story.says(story.devices[0].id, Event.NONE, smoke_db_m=0.12, fire=False)
    story.waits(1)
    case = next(case for case in story.cases if case.category == "fire_pre_alarm")
    assert (SILENCED in case.flags, case.notices) == (True, 0)
    story.waits(3)
    case = next(case for case in story.cases if case.category == "fire_pre_alarm")
    assert (SILENCED in case.flags, case.notices) == (False, 1)


def test_a_sign_that_an_older_version_held_opens_its_case_after_the_update() -> None:
    """Its silence goes on and holds what it may."""
    story = Story()
    one = story.devices[0]
    create(story)
    story.says(one.id, Event.NONE, smoke_db_m=0.12, fire=False)
    story.says(one.id, Event.FAULT, fault=True)
    story.waits(1)
    (case,) = story.cases
    pre_alarm = next(a for a in story.core.engine.open() if a.category == "fire_pre_alarm")
    known = silence(story)
    known.held[pre_alarm.key] = one.id
    known.muted.append(
        Muted(pre_alarm.key, pre_alarm.rule, one.id, "fire_pre_alarm", "major", story.at)
    )
    after = Core(RULES, REGISTRY)
    after.restore([*story.core.dirty(), (SILENCES, "s1", msgspec.msgpack.encode(known))])
    tick = Tick(story.at + MINUTE, story.awake + MINUTE)
    entry = Entry(10_000, story.at + MINUTE, EntryKind.TICK, msgspec.json.encode(tick))
    opened = {change.case.category: change.case.key for change in after.step(entry).changes}
    assert opened["fire_pre_alarm"] == case.key
    (left,) = [s for s in after.silences.listed() if s.id == "s1"]
    assert list(left.held.values()) == [one.id]
    assert pre_alarm.key not in left.held


@pytest.mark.parametrize(
    "word", ["fire_pre_alarm", "fire_hint", "doors_not_released", "high_temperature"]
)
def test_a_silence_over_a_danger_says_so(word: str) -> None:
    """By its category alone it is refused without the word, the patrol and the place."""
    story = Story()
    refused = story.orders(asked(story, scope=Scope(category=word))).refused
    assert isinstance(refused, Refused)
    assert refused.missing == ("emergencies",)


def test_over_emergencies_it_waits_for_a_second_person() -> None:
    """Not its author; until then everything sounds."""
    story = Story()
    over_fires(story, approved=False)
    refused = story.orders(SilenceOrder("s1", " LI ", Deed.APPROVE)).refused
    assert isinstance(refused, Refused)
    assert refused.missing == ("second_person",)
    story.waits(1)
    assert silence(story).state == "awaiting_approval"
    step = story.says(story.devices[0].id, Event.FIRE_ALARM, fire=True)
    assert [change.notice for change in step.changes] == ["opened"]


def test_one_that_nobody_approved_lapses() -> None:
    """It never held."""
    story = Story()
    over_fires(story, approved=False)
    story.waits(61)
    known = silence(story)
    assert (known.state, known.began_at, known.ended_by) == ("ended", None, "hub")
    assert story.cases == []


def test_a_fire_under_a_silence_is_a_marked_case_without_a_notice() -> None:
    """Never hidden: it stands on the page, and the round is walked by whom the author named."""
    story = Story()
    over_fires(story)
    (round_,) = story.cases
    assert (round_.category, round_.cls, round_.assignee) == (PATROL, EventClass.DUTY, "wang")
    step = story.says(story.devices[0].id, Event.FIRE_ALARM, fire=True)
    assert [(c.case.category, c.notice) for c in step.changes] == [("fire", "")]
    fire = next(case for case in story.cases if case.category == "fire")
    assert SILENCED in fire.flags
    assert fire.acknowledge_due is not None
    assert silence(story).counts == {"fire": 1}


def test_a_second_detector_makes_a_quiet_fire_loud() -> None:
    """Two devices that say fire are no dust of the works."""
    story = Story()
    one, two = story.devices
    over_fires(story)
    story.says(one.id, Event.FIRE_ALARM, fire=True)
    same = [d for d in story.core.registry.devices.values() if d.building == one.building]
    other = next(d for d in (*same, two) if d.id != one.id and d.role == "detector")
    story.says(other.id, Event.FIRE_ALARM, fire=True)
    fires = [case for case in story.cases if case.category == "fire"]
    assert other.building == one.building
    assert all(SILENCED not in case.flags for case in fires)


def test_a_call_point_is_never_kept_quiet() -> None:
    """A person pressed it."""
    story = Story()
    over_fires(story)
    point = next(
        d for d in story.core.registry.devices.values()
        if d.role == "call_point" and d.compound == story.devices[0].compound
    )  # fmt: skip
    step = story.says(point.id, Event.FIRE_ALARM, fire=True)
    assert "opened" in [change.notice for change in step.changes]


def test_a_quiet_fire_that_nobody_acknowledges_becomes_loud() -> None:
    """After the time that people have to acknowledge it: two minutes."""
    story = Story()
    over_fires(story)
    story.says(story.devices[0].id, Event.FIRE_ALARM, fire=True)
    story.waits(3)
    fire = next(case for case in story.cases if case.category == "fire")
    assert SILENCED not in fire.flags
    assert fire.escalations >= 1


def test_at_the_end_a_fire_that_still_burns_is_told_aloud() -> None:
    """Somebody acknowledged it meanwhile; when the silence ends it is told, and the round is over."""
    story = Story()
    over_fires(story)
    story.says(story.devices[0].id, Event.FIRE_ALARM, fire=True)
    fire = next(case for case in story.cases if case.category == "fire")
    for name, fields in (("acknowledge", {}), ("confirm", {"outcome": "real"})):
        action = Action(fire.id, name, "li", fields=dict(fields), id=name)
        story.logs(EntryKind.ACTION, msgspec.json.encode(action))
    step = story.orders(SilenceOrder("s1", "li", Deed.END))
    assert ("fire", "opened") in [(c.case.category, c.notice) for c in step.changes]
    (round_,) = [case for case in story.cases if case.category == PATROL]
    assert (round_.active, round_.state) == (0, State.DISPATCHED)


def test_a_planned_window_begins_by_itself() -> None:
    """A maintenance window of tomorrow mutes nothing today."""
    story = Story()
    one = story.devices[0]
    create(story, starts_at=story.at + 10 * MINUTE)
    assert silence(story).state == "planned"
    story.says(one.id, Event.FAULT, fault=True)
    assert faults(story) == [one.id]
    story.waits(11)
    assert silence(story).state == "active"


def test_a_clock_set_back_makes_it_no_longer() -> None:
    """It ends after as much waking time."""
    story = Story()
    create(story)
    story.waits(1)
    story.at -= 24 * HOUR
    awake = story.awake
    for _ in range(61):
        story.waits(1, awake=(awake := awake + MINUTE))
    assert silence(story).state == "ended"


@pytest.mark.parametrize(
    ("more", "missing"),
    [
        ({"reason": " "}, "reason"),
        ({"scope": {}}, "scope"),
        ({"ends_at": 1}, "ends"),
        ({"ends_at": 1 << 60}, "ends"),
        ({"scope": {"category": "fire"}}, "emergencies"),
        ({"scope": {"category": "fire"}, "emergencies": True}, "patrol"),
        ({"scope": {"category": "fire"}, "emergencies": True, "patrol": "wang"}, "place"),
        ({"scope": {"building": "nowhere"}}, "building"),
    ],
)
def test_what_an_order_lacks_is_named(more: dict[str, object], missing: str) -> None:
    """Who asked is told; nothing is created."""
    story = Story()
    refused = story.orders(asked(story, **more)).refused
    assert isinstance(refused, Refused)
    assert refused.missing == (missing,)
    assert story.core.silences.listed() == []


def test_a_restart_anywhere_gives_the_same_cases_and_silences() -> None:
    """Muted, quiet, released and patrolled: the same ids, histories and lists."""
    story = Story()
    one, two = story.devices
    over_fires(story)
    create(story, id="s2", scope=Scope(compound=one.compound), ends_at=story.at + 8 * MINUTE)
    story.says(one.id, Event.FAULT, fault=True)
    story.waits(2)
    story.says(two.id, Event.FAULT, fault=True)
    story.says(one.id, Event.FIRE_ALARM, fire=True)
    story.says(two.id, Event.NORMAL, fault=False)
    story.waits(8)
    story.orders(SilenceOrder("s1", "li", Deed.END))
    whole = sorted(story.cases, key=lambda case: case.key)
    assert {case.category for case in whole} >= {"fire", "device_fault", PATROL}
    for cut, core in replayed(story.entries):
        again = sorted(core.desk.open_cases(), key=lambda case: case.key)
        assert again == whole, f"cut at {cut}"
        assert core.silences.listed() == story.core.silences.listed(), f"cut at {cut}"


def test_silences_move_also_while_the_desk_is_ahead() -> None:
    """After a restart the rules replay alone; the desk has had the entries already."""
    story = Story()
    create(story)
    story.says(story.devices[0].id, Event.FAULT, fault=True)
    lagging = Core(RULES, REGISTRY)
    for entry in story.entries:
        assert lagging.step(entry, desk=False).changes == []
    assert lagging.silences.listed() == story.core.silences.listed()
