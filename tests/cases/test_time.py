"""Claims about deadlines, suspensions and what the desk remembers."""

import pytest

from cases.policy import LIMITS, Limits, Policy
from model.anomaly import Severity
from model.case import EventClass, State
from model.entry import Action, Report
from model.errors import Refused
from model.place import Level

from .world import HOUR, MINUTE, SECOND, T0, Story, alarm, ended

DAY = 24 * HOUR


def test_a_fire_that_nobody_looks_at_goes_up_level_by_level() -> None:
    """Each missed limit escalates once, at its own time in the history, however late the tick."""
    story = Story()
    story.receive(alarm("uitd1/a"))
    assert story.tick(2 * MINUTE - 1) == []
    changes = story.tick(9 * MINUTE)
    lines = [line for change in changes for line in change.history]
    assert [(line.at - T0, line.detail["deadline"]) for line in lines] == [
        (2 * MINUTE, "acknowledge"),
        (5 * MINUTE, "confirm"),
    ]
    assert [change.case.level for change in changes] == [Level.COMMUNITY, Level.STREET]
    assert story.tick(10 * MINUTE - 1) == []
    assert story.notices == ["opened", "escalated", "escalated"]


def test_what_is_done_in_time_does_not_escalate() -> None:
    """Acknowledged, confirmed, accepted and resolved in time: no escalation by the hub."""
    story = Story()
    (opened,) = story.receive(alarm("uitd1/a"))
    story.act(opened.case, "acknowledge", MINUTE)
    story.act(opened.case, "confirm", 2 * MINUTE, outcome="real")
    story.act(opened.case, "accept", 3 * MINUTE)
    story.act(opened.case, "resolve", HOUR, result="out")
    assert story.tick(DAY) == []


def test_due_is_the_next_limit_to_keep() -> None:
    """Acknowledge, then confirm, then accept, then resolve, then none."""
    story = Story()
    (opened,) = story.receive(alarm("uitd1/a"))
    limits = LIMITS[EventClass.EMERGENCY]
    dues = [opened.case.due]
    for name, fields in (
        ("acknowledge", {}),
        ("confirm", {"outcome": "real"}),
        ("accept", {}),
        ("resolve", {"result": "out"}),
    ):
        (change,) = story.act(opened.case, name, MINUTE, **fields)
        dues.append(change.case.due)
    assert dues[:-1] == [
        T0 + limit for limit in (limits.acknowledge, limits.confirm, limits.accept, limits.resolve)
        if limit is not None
    ]  # fmt: skip
    assert dues[-1] is None


def test_limits_are_the_sites_own() -> None:
    """A policy with other limits is obeyed."""
    limits = {**LIMITS, EventClass.EMERGENCY: Limits(acknowledge=5 * SECOND)}
    story = Story(Policy(limits=limits))
    (opened,) = story.receive(alarm("uitd1/a"))
    assert opened.case.due == T0 + 5 * SECOND
    (change,) = story.tick(DAY)
    assert change.case.missed == ("acknowledge",)


def test_the_district_stays_the_district() -> None:
    """There is no level above; the missed limit is still told."""
    story = Story()
    (opened,) = story.receive(alarm("uitd1/a"))
    for _ in range(3):
        story.act(opened.case, "escalate", SECOND, reason="big")
    with pytest.raises(Refused, match="no level above"):
        story.act(opened.case, "escalate", SECOND, reason="big")
    changes = story.tick(HOUR)
    assert {change.case.level for change in changes} == {Level.DISTRICT}
    assert all(change.notice == "escalated" for change in changes)


def test_a_suspension_ends_by_itself_and_moves_the_last_limit() -> None:
    """Suspended for a day: resumed at its end, the limit a day later, nothing escalated meanwhile."""
    story = Story()
    (opened,) = story.receive(alarm("nb1", category="device_fault", severity=Severity.MINOR))
    before = opened.case.resolve_due
    assert before is not None
    story.act(opened.case, "start", HOUR)
    until = float(T0 + HOUR + DAY)
    story.act(opened.case, "suspend", HOUR, reason="part on order", until=until)
    assert story.now(opened.case).due is None
    (change,) = story.tick(3 * DAY)
    assert (change.case.state, change.notice) == (State.HANDLING, "resumed")
    assert change.history[0].at == T0 + HOUR + DAY
    assert change.case.resolve_due == before + DAY


@pytest.mark.parametrize("until", [None, True, "tomorrow", 0.0, float(T0 + 32 * DAY)])
def test_a_suspension_needs_an_end_in_the_near_future(until: float | str | None) -> None:
    """No end, an end in the past, or far away: refused."""
    story = Story()
    (opened,) = story.receive(alarm("nb1", category="device_fault", severity=Severity.MINOR))
    story.act(opened.case, "start", HOUR)
    with pytest.raises(Refused) as refused:
        story.act(opened.case, "suspend", HOUR, reason="later", until=until)
    assert refused.value.missing == ("until",)


def test_an_action_with_the_same_id_is_done_once() -> None:
    """A request that is sent again changes nothing; another id is another request."""
    story = Story()
    (opened,) = story.receive(alarm("uitd1/a"))
    action = Action(opened.case.id, "note", "li", fields={"text": "x"}, id="a1")
    assert len(story.desk.act(action, T0)) == 1
    assert story.desk.act(action, T0 + 1) == []
    assert story.now(opened.case).history_length == 2


def test_a_refused_action_changes_nothing_and_may_be_sent_again() -> None:
    """After a refusal the same id is still good."""
    story = Story()
    (opened,) = story.receive(alarm("uitd1/a"))
    before = story.now(opened.case)
    action = Action(opened.case.id, "note", "li", id="a1")
    with pytest.raises(Refused):
        story.desk.act(action, T0)
    assert story.now(opened.case) == before
    again = Action(opened.case.id, "note", "li", fields={"text": "x"}, id="a1")
    assert len(story.desk.act(again, T0)) == 1


@pytest.mark.parametrize(
    "action",
    [
        Action("E-00000-00000", "note", "li", fields={"text": "x"}),
        Action("", "explode", "li"),
        Action("", "note", " ", fields={"text": "x"}),
        Action("", "note", "li", fields={"text": 3.0}),
        Action("", "note", "li", fields={"text": "x" * 5_000}),
        Action("", "confirm", "li", fields={"outcome": "maybe"}),
        Action("", "handover", "li", fields={"to": "911", "who": "li", "answer": "?"}),
        Action("", "force_close", "li", fields={"reason": "x"}, level="moon"),
        Action("", "verify", "li", fields={"ok": "yes"}),
    ],
)
def test_nonsense_is_refused_with_a_reason(action: Action) -> None:
    """Unknown cases, actions, outcomes, types and lengths: a sentence, never a crash."""
    story = Story()
    (opened,) = story.receive(alarm("uitd1/a"))
    case = action.case or opened.case.id
    with pytest.raises(Refused) as refused:
        story.desk.act(
            Action(case, action.name, action.actor, fields=action.fields, level=action.level), T0
        )
    assert len(str(refused.value)) > 10


def test_a_second_acknowledgement_names_the_first() -> None:
    """Two dispatchers click: the second learns who was first."""
    story = Story()
    (opened,) = story.receive(alarm("uitd1/a"))
    story.act(opened.case, "acknowledge", SECOND, actor="li")
    with pytest.raises(Refused, match="li"):
        story.act(opened.case, "acknowledge", SECOND, actor="zhao")


def test_the_same_report_twice_is_one_case_and_two_reports_are_two() -> None:
    """The report's id decides."""
    story = Story()
    report = Report("r1", "b1", "noise", "loud", "Zhang", T0)
    (first,) = story.desk.report(report, T0)
    assert story.desk.report(report, T0 + 1) == []
    (second,) = story.desk.report(Report("r2", "b1", "noise", "loud", "Wu", T0), T0)
    assert first.case.key != second.case.key
    assert (first.case.text, first.case.reporter, first.case.owner) == (
        "loud",
        "Zhang",
        "grid_worker",
    )
    assert first.history[0].actor == "Zhang"


def test_a_reported_fire_is_an_emergency_and_joins_the_fire() -> None:
    """A person's report of a fire sounds, or joins the fire that is known."""
    alone = Story()
    (opened,) = alone.desk.report(Report("r1", "b1", "fire", "smoke!", "Zhang", T0), T0)
    assert (opened.case.cls, opened.notice) == (EventClass.EMERGENCY, "opened")
    both = Story()
    (fire,) = both.receive(alarm("uitd1/a"))
    (joined,) = both.desk.report(Report("r1", "b1", "fire", "smoke!", "Zhang", T0), T0 + SECOND)
    assert (joined.case.id, joined.notice) == (fire.case.id, "manual_alarm")


def test_a_report_about_a_grid_is_placed_there() -> None:
    """A code of the territory is a place; an unknown word is unregistered, and kept."""
    story = Story()
    (known,) = story.desk.report(Report("r1", "150302001001", "noise", "t", "Z", T0), T0)
    assert (known.case.place, known.case.grid) == ("150302001001", "150302001001")
    (unknown,) = story.desk.report(Report("r2", "the lake", "noise", "t", "Z", T0), T0)
    assert (unknown.case.place, unknown.case.subject) == ("unregistered", "place:the lake")


def test_closed_cases_are_forgotten_after_a_day() -> None:
    """Memory is bounded; until then the end of an old alarm opens nothing."""
    story = Story()
    fire = alarm("uitd1/a")
    (opened,) = story.receive(fire)
    story.act(opened.case, "force_close", MINUTE, level="street", reason="test")
    story.tick(MINUTE + DAY)
    assert story.desk.get(opened.case.id) is not None
    story.tick(MINUTE + DAY + 1)
    assert story.desk.get(opened.case.id) is None
    assert story.receive(ended(fire, DAY + 2 * MINUTE)) == []
    (new,) = story.receive(alarm("uitd1/a", DAY + HOUR))
    assert new.case.ordinal == 2


def test_a_clock_that_was_set_back_makes_no_negative_age() -> None:
    """Acted on an hour before it was opened: times are not before the opening, state is newest."""
    story = Story()
    (opened,) = story.receive(alarm("uitd1/a"))
    story.act(opened.case, "acknowledge", -HOUR)
    (change,) = story.act(opened.case, "force_close", -HOUR, level="street", reason="test")
    case = change.case
    assert case.acknowledged_at == case.closed_at == case.resolved_at == case.opened_at
    assert case.updated_at >= opened.case.updated_at
