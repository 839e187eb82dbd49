"""What a closing needs is shown before one tries, and judged by the code that would refuse it."""

from cases.closing import checklist
from cases.ending import may_force
from cases.policy import Policy
from model.entry import Action
from model.place import Level

from .test_closing import false_fire, low_battery, resolved_fire
from .world import MINUTE, T0, Story, alarm


def shown(story: Story, at: int, actor: str = "zhao") -> dict[str, bool]:
    """Return the list for the only case of a story."""
    (case,) = story.desk.open_cases()
    action = Action(case=case.id, name="close", actor=actor)
    return dict(checklist(case, action, T0 + at, story.health, policy=Policy()))


def test_a_new_fire_lacks_everything_but_a_verifier() -> None:
    """Every part of the profile is on the list; nobody was disturbed, so nobody need be satisfied."""
    story = Story()
    story.receive(alarm("uitd1/a"))
    assert shown(story, MINUTE) == {
        "result_on_site": False,
        "handler_named": False,
        "cause": False,
        "solved": False,
        "sensor_normal": False,
        "verifier_is_not_handler": True,
    }


def test_what_was_proved_is_ticked_and_the_handler_is_not_the_verifier() -> None:
    """The same case looks different to who worked on it."""
    story, _ = resolved_fire()
    everything = shown(story, 11 * MINUTE)
    assert all(everything.values())
    assert set(everything) == {
        "result_on_site", "handler_named", "cause", "solved", "verifier_is_not_handler",
    }  # fmt: skip
    assert shown(story, 11 * MINUTE, "wang")["verifier_is_not_handler"] is False
    assert shown(story, 5 * MINUTE)["normal_for_10_minutes"] is False


def test_a_false_alarm_has_a_list_of_its_own() -> None:
    """Cause, check, normal, and a second person."""
    story, _ = false_fire()
    assert shown(story, 2 * MINUTE) == {
        "false_alarm_cause": True,
        "checked_by_and_how": True,
        "sensor_normal": True,
        "second_person": True,
    }
    assert shown(story, 2 * MINUTE, "guard")["second_person"] is False


def test_upkeep_needs_a_note_and_a_device_that_is_normal_again() -> None:
    """Two parts, no second person."""
    story, _ = low_battery()
    assert shown(story, 20 * MINUTE) == {"solved": True, "repair_note": False}


def test_only_the_level_above_may_force() -> None:
    """At the district there is none above: somebody who did not work on it."""
    _, case = resolved_fire()  # confirmed as real: a level up already
    assert case.level is Level.COMMUNITY
    assert may_force(case, "zhao", Level.STREET)
    assert not may_force(case, "zhao", Level.COMMUNITY)
