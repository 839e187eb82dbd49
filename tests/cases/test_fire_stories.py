"""Stories of fires, with times: one fire is one case, and none is lost."""

import pytest

from model.case import ChangeKind, State, Verification
from model.errors import Refused
from model.place import Level
from model.reading import Mode

from .world import HOUR, MINUTE, SECOND, T0, Story, again, alarm, ended, members

COMPONENT = alarm("uitd1/a")
PANEL = alarm("uitd1/sys", 200, scope="system")
SOURCE = alarm("uitd1", 400, scope="source")


def test_one_fire_said_three_times_is_one_case() -> None:
    """Types 1, 2 and 21 of one fire: one case, at the building of the component, told once."""
    story = Story()
    story.receive(COMPONENT)
    story.receive(PANEL)
    story.receive(SOURCE)
    (case,) = story.desk.open_cases()
    assert (case.place, case.category, case.severity) == ("b1", "fire", "critical")
    assert {member.subject for member in case.members} == {"uitd1/a", "uitd1/sys", "uitd1"}
    assert story.notices == ["opened"]


def test_a_component_says_where_the_panels_fire_is() -> None:
    """Known by the panel only, then by a detector: same id, the detector's building, and told."""
    story = Story()
    (opened,) = story.receive(SOURCE)
    assert opened.case.place == "room"
    story.receive(PANEL)
    story.receive(COMPONENT)
    (case,) = story.desk.open_cases()
    assert (case.id, case.key) == (opened.case.id, opened.case.key)
    assert (case.place, case.subject, case.grid) == ("b1", "uitd1/a", "150302001001001")
    assert story.notices == ["opened", "located"]
    story.receive(alarm("uitd1/b", MINUTE))
    assert len(list(story.desk.open_cases())) == 1


def test_two_buildings_are_two_fires() -> None:
    """The same panel, two buildings: two cases."""
    story = Story()
    story.receive(COMPONENT)
    story.receive(alarm("uitd1/far", SECOND))
    assert {case.place for case in story.desk.open_cases()} == {"b1", "b2"}


def test_a_reset_ends_the_alarm_and_never_the_case() -> None:
    """Reset before anybody looked: the case stays open and says so."""
    story = Story()
    (opened,) = story.receive(COMPONENT)
    story.receive(ended(COMPONENT, MINUTE, "reset"))
    case = story.now(opened.case)
    assert case.state is State.FILED
    assert case.active == 0
    assert "reset_before_check" in case.flags


def test_a_reset_after_the_alarm_was_acknowledged_is_no_reproach() -> None:
    """Acknowledged, then reset: no flag."""
    story = Story()
    (opened,) = story.receive(COMPONENT)
    story.act(opened.case, "acknowledge", SECOND)
    story.receive(ended(COMPONENT, MINUTE, "reset"))
    assert story.now(opened.case).flags == ()


def test_a_fire_after_a_reset_joins_and_is_told() -> None:
    """Fire, reset, fire within ten minutes: the same case, and people hear of it again."""
    story = Story()
    (opened,) = story.receive(COMPONENT)
    story.receive(ended(COMPONENT, MINUTE, "reset"))
    (change,) = story.receive(alarm("uitd1/a", 2 * MINUTE))
    assert (change.case.id, change.notice) == (opened.case.id, "new_alarm")


@pytest.mark.parametrize(("gap", "cases"), [(10 * MINUTE - 1, 1), (10 * MINUTE, 2)])
def test_an_alarm_joins_for_ten_minutes_after_the_last_one_ended(gap: int, cases: int) -> None:
    """Just under ten minutes joins; ten minutes opens."""
    story = Story()
    story.receive(COMPONENT)
    story.receive(ended(COMPONENT, MINUTE))
    story.receive(alarm("uitd1/b", MINUTE + gap))
    assert len(list(story.desk.open_cases())) == cases


@pytest.mark.parametrize("said", ["started", "continued"])
@pytest.mark.parametrize("false", [True, False])
def test_a_fire_after_its_case_was_resolved_is_a_new_case(*, said: str, false: bool) -> None:
    """However it is said, however soon, and even if the first was found false: a new case, told."""
    story = Story()
    (opened,) = story.receive(COMPONENT)
    if false:
        checked = {"cause": "steam", "checked_by": "wang", "checked_how": "on site"}
        story.act(opened.case, "confirm", MINUTE, outcome="false", **checked)
    else:
        story.act(opened.case, "resolve", MINUTE, result="put out", by="wang")
    new = alarm("uitd1/a", MINUTE + SECOND)
    changes = story.receive(new if said == "started" else again(COMPONENT, MINUTE + SECOND))
    created = changes[-1]
    assert (created.kind, created.notice) == (ChangeKind.CREATE, "opened")
    assert created.case.id != opened.case.id
    assert (created.case.ordinal, created.case.predecessor) == (2, opened.case.id)


def test_a_repeat_after_the_case_was_resolved_opens_nothing() -> None:
    """The same statement again, with nothing newer in it."""
    story = Story()
    (opened,) = story.receive(COMPONENT)
    story.act(opened.case, "resolve", MINUTE, result="put out", by="wang")
    assert story.receive(COMPONENT, 2 * MINUTE) == []


def test_the_end_of_an_alarm_ends_it_in_the_resolved_case_too() -> None:
    """An alarm that outlived its case: when it ends, both cases can be proved normal."""
    story = Story()
    (first,) = story.receive(COMPONENT)
    story.act(first.case, "resolve", MINUTE, result="put out", by="wang")
    second = story.receive(again(COMPONENT, 2 * MINUTE))[-1]
    story.receive(ended(COMPONENT, 3 * MINUTE))
    assert story.now(first.case).active == story.now(second.case).active == 0


def test_corroboration_upgrades_and_is_told_once() -> None:
    """Two detectors agree: unconfirmed becomes machine-corroborated."""
    story = Story()
    (opened,) = story.receive(COMPONENT)
    assert opened.case.verification is Verification.UNCONFIRMED
    both = alarm("place:b1", 30 * SECOND, scope="place", corroborates=True, rule="confirm")
    (change,) = story.receive(both)
    assert change.notice == "corroborated"
    assert change.case.verification is Verification.MACHINE_CORROBORATED
    assert story.receive(both) == []


def test_a_pressed_button_is_a_persons_report() -> None:
    """A call point in a fire that detectors opened: told, and flagged."""
    story = Story()
    story.receive(COMPONENT)
    (change,) = story.receive(alarm("uitd1/b", SECOND, manual=True))
    assert change.notice == "manual_alarm"
    assert "manual" in change.case.flags


def test_isolation_during_a_fire_keeps_it_open_and_is_a_case_of_its_own() -> None:
    """The burning detector is isolated: the fire says so, and takes in alarms hours later."""
    story = Story()
    (fire,) = story.receive(COMPONENT)
    story.receive(ended(COMPONENT, MINUTE))
    changes = story.receive(alarm("uitd1/a", 2 * MINUTE, category="isolation"))
    assert [change.case.category for change in changes] == ["fire", "isolation"]
    assert "isolated_during_fire" in story.now(fire.case).flags
    (joined,) = story.receive(alarm("uitd1/b", HOUR))
    assert joined.case.id == fire.case.id


def test_a_fault_after_a_fire_is_written_into_the_fire() -> None:
    """A detector that burns breaks: never taken for a false alarm."""
    story = Story()
    (fire,) = story.receive(COMPONENT)
    story.receive(alarm("uitd1/a", MINUTE, category="device_fault"))
    case = story.now(fire.case)
    assert "fault_during_fire" in case.flags
    assert case.verification is Verification.UNCONFIRMED
    assert {member.category for member in case.members} == {"fire"}


def test_simulated_and_real_fires_never_merge() -> None:
    """The same detector in a drill and in earnest: two cases."""
    story = Story()
    story.receive(alarm("uitd1/a", mode=Mode.DRILL))
    story.receive(alarm("uitd1/b", SECOND))
    assert [case.mode for case in story.desk.open_cases()] == [Mode.DRILL, Mode.REAL]


@pytest.mark.parametrize("mode", [Mode.DRILL, Mode.TEST, Mode.SIMULATED])
def test_what_is_not_real_is_never_handed_to_the_fire_service(mode: Mode) -> None:
    """A drill, a test or a simulation: refused, whatever the person says."""
    story = Story()
    (opened,) = story.receive(alarm(mode=mode))
    with pytest.raises(Refused, match="never handed"):
        story.act(opened.case, "handover", SECOND, to="119", who="li", answer="sent")


def test_a_hand_over_is_recorded_with_who_when_and_answer() -> None:
    """119 was called by a person: the record holds it."""
    story = Story()
    (opened,) = story.receive(COMPONENT)
    (change,) = story.act(
        opened.case, "handover", MINUTE, to="119", who="li", at=T0 + 50_000, answer="two engines"
    )
    for at in (MINUTE + 2 * MINUTE, -25 * 60 * MINUTE):
        with pytest.raises(Refused, match="when the call was made"):
            story.act(
                opened.case, "handover", MINUTE, to="119", who="li", at=T0 + at, answer="sent"
            )
    assert change.case.proof["handover_119_by"] == "li"
    assert change.case.proof["handover_119_at"] == T0 + 50_000
    assert change.case.proof["handover_119_answer"] == "two engines"
    assert "handed_to_119" in change.case.flags


@pytest.mark.parametrize("outcome", ["real", "unreachable"])
def test_unreachable_counts_as_real_for_escalation(outcome: str) -> None:
    """Nobody answers at the compound: one level up, as for a real fire."""
    story = Story()
    (opened,) = story.receive(COMPONENT)
    (change,) = story.act(opened.case, "confirm", MINUTE, outcome=outcome)
    assert change.case.level is Level.COMMUNITY
    assert change.case.acknowledged_by == "li"


def test_a_false_alarm_that_was_real_after_all_is_worked_on_again() -> None:
    """Called false, then smoke is seen: no new alarm is needed."""
    story = Story()
    (opened,) = story.receive(COMPONENT)
    checked = {"cause": "steam", "checked_by": "wang", "checked_how": "telephone"}
    (false,) = story.act(opened.case, "confirm", MINUTE, outcome="false", **checked)
    assert (false.kind, false.notice) == (ChangeKind.CANCEL, "cancelled")
    (real,) = story.act(opened.case, "confirm", 2 * MINUTE, outcome="real")
    assert real.case.state is State.HANDLING
    assert real.case.verification is Verification.CONFIRMED
    assert "false_alarm_cause" not in real.case.proof


def test_a_false_alarm_takes_three_clicks() -> None:
    """Acknowledge, confirm false, closed by a second person."""
    story = Story()
    (opened,) = story.receive(COMPONENT)
    story.receive(ended(COMPONENT, MINUTE))
    story.act(opened.case, "acknowledge", MINUTE)
    checked = {"cause": "cooking", "checked_by": "guard", "checked_how": "went to room 302"}
    story.act(opened.case, "confirm", 2 * MINUTE, outcome="false", **checked)
    (closed,) = story.act(opened.case, "close", 3 * MINUTE, actor="zhao")
    assert (closed.case.state, closed.case.closing) == (State.CLOSED, "false_alarm")


def test_an_end_that_comes_before_its_start_is_one_ended_member() -> None:
    """Order does not matter: the fire is a case, and it is over."""
    story = Story()
    (opened,) = story.receive(ended(COMPONENT, MINUTE))
    assert opened.kind is ChangeKind.CREATE
    assert story.receive(COMPONENT, MINUTE) == []
    case = story.now(opened.case)
    assert (members(case), case.active) == ({("fire-event", "uitd1/a", T0)}, 0)


def test_a_late_fire_still_opens_a_case_marked_late() -> None:
    """However old: it opens, and says that it is late and historical."""
    story = Story()
    (change,) = story.receive(alarm(late=True, historical=True), 5 * HOUR)
    assert change.notice == "opened"
    assert {"late", "historical"} <= set(change.case.flags)
    assert change.case.due == T0 + 5 * HOUR + 2 * MINUTE
