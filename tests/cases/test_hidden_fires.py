"""Stories of fires that an older alarm, a clock or a dead detector could hide; none of them does."""

import msgspec

from model.case import Verification

from .world import HOUR, MINUTE, SECOND, T0, Story, again, alarm, ended, numbered

COMPONENT = alarm("uitd1/a")


def test_a_detector_more_hours_later_is_told() -> None:
    """A fire that nobody reset since the morning must not hide the one of the afternoon."""
    story = Story()
    story.receive(COMPONENT)
    story.receive(alarm("uitd1/b", 9 * MINUTE))
    assert story.notices == ["opened"], "within minutes it is one alarm to people"
    rule = msgspec.structs.replace(alarm("uitd1/b", 6 * HOUR), rule="heat")
    (change,) = story.receive(rule)
    assert change.notice == "new_alarm"


def test_a_fire_at_another_panel_of_the_same_source_is_told_at_once() -> None:
    """Panel 2 says fire while the case is panel 1's: nobody may take it for an echo."""
    story = Story()
    story.receive(alarm("gb-7-1-1-0a000200", source="gb-7"))
    story.receive(alarm("gb-7-1-1", 100, source="gb-7", scope="system"))
    story.receive(alarm("gb-7", 200, source="gb-7", scope="source"))
    assert story.notices == ["opened"]
    (change,) = story.receive(alarm("gb-7-1-2", MINUTE, source="gb-7", scope="system"))
    assert change.notice == "new_alarm"


def test_a_clock_set_back_hides_no_fire() -> None:
    """The gateway's clock loses an hour: the same detector burns again, by its count newer."""
    story = Story()
    story.receive(COMPONENT)
    story.receive(ended(COMPONENT, MINUTE))
    earlier = numbered(alarm("uitd1/a", -HOUR), 2 * MINUTE)
    (change,) = story.receive(earlier, 2 * MINUTE)
    assert (change.notice, change.case.active) == ("new_alarm", 1)
    story.receive(ended(earlier, 3 * MINUTE))
    (case,) = story.desk.open_cases()
    assert (case.active, case.members[0].count) == (0, 2)


def test_a_clock_set_back_hides_no_fire_after_its_case_was_resolved() -> None:
    """Called solved, and the detector still says fire, now at an hour that has been already."""
    story = Story()
    (opened,) = story.receive(COMPONENT)
    story.act(opened.case, "resolve", MINUTE, result="put out", by="wang")
    still = numbered(again(COMPONENT, -HOUR), 2 * MINUTE)
    changes = story.receive(msgspec.structs.replace(still, last_at=T0), 2 * MINUTE)
    assert changes[-1].notice == "opened"


def test_an_old_fire_that_comes_late_is_still_old_news() -> None:
    """Numbered before what the case knows: it changes no member."""
    story = Story()
    story.receive(COMPONENT)
    story.receive(ended(COMPONENT, MINUTE))
    assert story.receive(alarm("uitd1/a", -HOUR), 2 * MINUTE) == []


def test_a_device_silent_again_after_a_clock_was_set_back_counts() -> None:
    """A silence rests on no Reading; the hub's ticks are its order."""
    story = Story()
    quiet = msgspec.structs.replace(alarm("nb1", category="silent"), evidence=())
    story.receive(quiet)
    story.receive(ended(quiet, MINUTE, "heard_again"))
    (change,) = story.receive(
        msgspec.structs.replace(alarm("nb1", -HOUR, category="silent"), evidence=()), 2 * MINUTE
    )
    assert change.case.active == 1


def test_a_corroboration_said_again_reaches_the_case_of_the_new_fire() -> None:
    """Its first case is resolved; the devices of the new one agree, under the old key."""
    story = Story()
    agreed = alarm("place:b1", SECOND, scope="place", corroborates=True)
    (first,) = story.receive(COMPONENT)
    story.receive(agreed)
    story.receive(ended(COMPONENT, MINUTE))
    story.act(first.case, "resolve", HOUR, result="put out", by="wang")
    (second,) = story.receive(alarm("uitd1/b", 2 * HOUR))
    assert second.case.verification is Verification.UNCONFIRMED
    changes = story.receive(again(agreed, 2 * HOUR + SECOND))
    assert changes[-1].case.id == second.case.id
    assert changes[-1].case.verification is Verification.MACHINE_CORROBORATED
    assert changes[-1].notice == "corroborated"
