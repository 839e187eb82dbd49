"""Walk tests through the log: what becomes of cases, and that a restart changes nothing."""

import msgspec
import pytest

from hub.core import Core
from model.entry import Action, EntryKind
from model.errors import Refused
from model.reading import Event, Mode
from model.walk_test import WALK_TEST

from .log_story import MINUTE, REGISTRY, RULES, Story, replayed


def test_a_fire_in_a_walk_test_is_a_marked_case_that_no_fire_brigade_gets() -> None:
    """And the refusal says what to do if it burns after all."""
    story = Story()
    device = story.devices[0]
    story.tries(device.compound)
    story.says(device.id, Event.FIRE_ALARM, fire=True)
    (case,) = story.cases
    assert (case.category, case.mode, WALK_TEST in case.flags) == ("fire", Mode.TEST, True)
    handover = Action(
        case.id, "handover", "wang", fields={"to": "119", "who": "wang", "answer": "coming"}
    )
    step = story.logs(EntryKind.ACTION, msgspec.json.encode(handover))
    assert isinstance(step.refused, Refused)
    assert "stop the walk test" in str(step.refused)


def test_stopping_the_test_makes_a_real_case_of_what_still_burns() -> None:
    """That one may be handed over; the marked case stays what it was."""
    story = Story()
    device = story.devices[0]
    story.tries(device.id)
    story.says(device.id, Event.FIRE_ALARM, fire=True)
    story.at += MINUTE
    story.tries(device.id, stops=True)
    tried, real = sorted(story.cases, key=lambda case: case.opened_at)
    assert (tried.mode, tried.active) == (Mode.TEST, 0)
    assert (real.mode, real.active, real.flags) == (Mode.REAL, 1, ())


@pytest.mark.parametrize(("event", "state"), [(Event.FAULT, "fault"), (Event.TAMPER, "tamper")])
def test_work_that_people_make_on_purpose_opens_no_case_until_it_outlasts_the_test(
    event: Event, state: str
) -> None:
    """A detector taken off its base is a case only if nobody puts it back."""
    story = Story()
    one, two = story.devices
    story.tries(one.compound, minutes=10)
    step = story.says(one.id, event, **{state: True})
    assert step.anomalies, "it is still told as an anomaly"
    story.says(two.id, event, **{state: True})
    assert story.cases == []
    story.says(two.id, Event.NORMAL, **{state: False})
    story.waits(11)
    left = [case for case in story.cases if not case.subject.startswith("gateway:")]
    assert [(case.subject, case.mode) for case in left] == [(one.id, Mode.REAL)]


def test_a_restart_anywhere_gives_the_same_cases() -> None:
    """Start, alarms, expiry and what becomes real: the same ids, keys and histories."""
    story = Story()
    one, two = story.devices
    story.tries(one.compound, minutes=10)
    story.says(one.id, Event.FIRE_ALARM, fire=True)
    story.waits(2)
    story.says(two.id, Event.FIRE_ALARM, fire=True)
    story.says(one.id, Event.NONE, fire=False)
    story.waits(12)
    story.says(two.id, Event.NONE, fire=False)
    whole = sorted(story.cases, key=lambda case: case.key)
    assert {case.mode for case in whole} == {Mode.TEST, Mode.REAL}
    for cut, core in replayed(story.entries):
        again = sorted(core.desk.open_cases(), key=lambda case: case.key)
        assert again == whole, f"cut at {cut}"


def test_rules_that_lag_the_desk_take_walk_tests_too() -> None:
    """After a restart the rules replay alone; the desk has had the entries already."""
    story = Story()
    story.tries(story.devices[0].id)
    lagging = Core(RULES, REGISTRY)
    for entry in story.entries:
        assert lagging.step(entry, desk=False).changes == []
    assert set(lagging.engine.book.walk_tests.running) == {"t1"}


def test_an_order_that_cannot_be_answers_who_asked() -> None:
    """The request is named, so that its sender is told."""
    step = Story().tries("nobody", stops=True)
    assert isinstance(step.refused, Refused)
    assert step.request == "walk-test/t1/stop"
