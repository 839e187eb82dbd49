"""Claims about proof: a case ends only with it, and each missing part is named."""

import msgspec
import pytest

from cases.closing import PARTS
from cases.policy import Policy
from model.anomaly import Severity
from model.case import Case, Health, State
from model.errors import Refused

from .world import HOUR, MINUTE, T0, HealthBook, Story, alarm, ended, parts

WELL = Health(heard=True)


def resolved_fire(*, over: bool = True) -> tuple[Story, Case]:
    """Return a real fire that wang put out; its detector is normal from minute 1."""
    story = Story()
    fire = alarm("uitd1/a")
    (opened,) = story.receive(fire)
    if over:
        story.receive(ended(fire, MINUTE))
    story.act(opened.case, "confirm", MINUTE, outcome="real")
    story.act(opened.case, "start", 2 * MINUTE, actor="wang")
    story.act(opened.case, "resolve", 5 * MINUTE, actor="wang", result="out", cause="cigarette")
    return story, story.now(opened.case)


def false_fire() -> tuple[Story, Case]:
    """Return a fire that li found false on the guard's word."""
    story = Story()
    fire = alarm("uitd1/a")
    (opened,) = story.receive(fire)
    story.receive(ended(fire, MINUTE))
    checked = {"cause": "steam", "checked_by": "guard", "checked_how": "on site"}
    story.act(opened.case, "confirm", MINUTE, outcome="false", **checked)
    return story, story.now(opened.case)


def low_battery() -> tuple[Story, Case]:
    """Return a battery case whose battery was replaced at minute 1."""
    story = Story()
    low = alarm("nb1", category="battery_low", severity=Severity.MINOR)
    (opened,) = story.receive(low)
    story.receive(ended(low, MINUTE))
    return story, story.now(opened.case)


def without(case: Case, *names: str) -> Case:
    """Return a case without some of its proof."""
    proof = {name: value for name, value in case.proof.items() if name not in names}
    return msgspec.structs.replace(case, proof=proof)


def test_a_new_case_cannot_be_closed_and_every_missing_part_is_named() -> None:
    """The refusal names each part, in words for a page and in both languages for people."""
    story = Story()
    (opened,) = story.receive(alarm("uitd1/a"))
    with pytest.raises(Refused) as refused:
        story.act(opened.case, "close", MINUTE)
    assert refused.value.missing == (
        "result_on_site", "handler_named", "cause", "solved", "sensor_normal",
    )  # fmt: skip
    for part in refused.value.missing:
        assert part in str(refused.value)
        assert PARTS[part] in str(refused.value)
    assert story.now(opened.case).state is State.FILED


def test_an_emergency_with_all_its_proof_closes() -> None:
    """Result, person, cause, ten minutes of normal, a verifier who did not work on it."""
    story, case = resolved_fire()
    (closed,) = story.act(case, "close", 11 * MINUTE, actor="zhao")
    assert (closed.case.state, closed.case.closed_at) == (State.CLOSED, T0 + 11 * MINUTE)
    assert closed.case.proof["verifier"] == "zhao"
    assert "forced" not in closed.case.flags


def test_each_missing_part_of_an_emergency_is_named() -> None:
    """One part taken away at a time."""
    story, case = resolved_fire()
    at = 11 * MINUTE
    assert parts(story, case, at) == set()
    assert parts(story, without(case, "result"), at) == {"result_on_site"}
    assert parts(story, without(case, "cause"), at) == {"cause"}
    nobody = msgspec.structs.replace(case, handlers=(), handler=None)
    assert parts(story, nobody, at) == {"handler_named"}
    assert parts(story, case, at, who=" Wang") == {"verifier_is_not_handler"}
    assert parts(story, case, at - 1) == {"solved", "normal_for_10_minutes"}
    assert parts(story, case, at, disturbed=True) == {"satisfaction"}
    satisfied = parts(story, case, at, disturbed=True, satisfied=True, channel="phone")
    assert satisfied == set()


def test_an_active_alarm_is_not_solved() -> None:
    """The device still says fire."""
    story, case = resolved_fire(over=False)
    assert parts(story, case, HOUR) == {"solved", "sensor_normal"}


@pytest.mark.parametrize("by", ["schedule", "rule_changed"])
def test_the_end_of_a_rules_hours_or_of_the_rule_proves_nothing(by: str) -> None:
    """The device said nothing of the kind; a picture and a work order still do."""
    story, case = resolved_fire()
    (member,) = case.members
    untold = msgspec.structs.replace(case, members=(msgspec.structs.replace(member, ended_by=by),))
    assert parts(story, case, HOUR) == set()
    assert parts(story, untold, HOUR) == {"solved", "sensor_normal"}
    assert parts(story, untold, HOUR, photo="p1", work_order="w1") == set()


@pytest.mark.parametrize("ill", ["isolated", "removed", "testing", "tampered", "silent"])
def test_normal_from_a_device_that_is_not_healthy_proves_nothing(ill: str) -> None:
    """Isolated, removed, silent or testing: its silence is no proof; picture and order are."""
    story, case = resolved_fire()
    unwell = (
        Health(heard=False)
        if ill == "silent"
        else msgspec.convert({"heard": True, ill: True}, Health)
    )
    story.health.known["uitd1/a"] = unwell
    assert parts(story, case, HOUR) == {"solved", "sensor_healthy"}
    assert parts(story, case, HOUR, photo="p1") == {"solved", "sensor_healthy"}
    assert parts(story, case, HOUR, photo="p1", work_order="w1") == set()


def test_who_ever_worked_on_a_case_never_verifies_it() -> None:
    """Handed on from wang to sun: neither verifies, neither closes."""
    story, case = resolved_fire()
    story.act(case, "verify", 6 * MINUTE, actor="zhao", ok=False, reason="still smells")
    story.act(case, "start", 7 * MINUTE, actor="sun")
    story.act(case, "resolve", 8 * MINUTE, actor="sun", result="aired")
    for actor in ("wang", "sun", "SUN "):
        with pytest.raises(Refused) as refused:
            story.act(case, "verify", 9 * MINUTE, actor=actor, ok=True)
        assert refused.value.missing == ("verifier_is_not_handler",)
    story.act(case, "verify", 9 * MINUTE, actor="zhao", ok=True)
    (closed,) = story.act(case, "close", 20 * MINUTE, actor="sun")
    assert closed.case.proof["verifier"] == "zhao"


def test_each_missing_part_of_a_false_alarm_is_named() -> None:
    """Cause code, who checked and how, sensor normal, and a second person for a fire."""
    story, case = false_fire()
    at = 2 * MINUTE
    assert parts(story, case, at) == set()
    assert parts(story, without(case, "false_alarm_cause"), at) == {"false_alarm_cause"}
    assert parts(story, without(case, "checked_how"), at) == {"checked_by_and_how"}
    assert parts(story, case, at, who="li") == {"second_person"}
    assert parts(story, case, at, who="guard") == {"second_person"}
    story.health.known["uitd1/a"] = Health(heard=True, isolated=True)
    assert parts(story, case, at) == {"sensor_healthy"}


def test_a_false_alarm_still_in_alarm_is_not_closed() -> None:
    """The detector must be normal, if only just."""
    story = Story()
    (opened,) = story.receive(alarm("uitd1/a"))
    checked = {"cause": "steam", "checked_by": "guard", "checked_how": "on site"}
    story.act(opened.case, "confirm", MINUTE, outcome="false", **checked)
    assert parts(story, story.now(opened.case), MINUTE) == {"sensor_normal"}


def test_a_false_alarm_needs_its_cause_code_and_its_witness_at_once() -> None:
    """Confirming false names what it lacks, and the codes there are."""
    story = Story()
    (opened,) = story.receive(alarm("uitd1/a"))
    with pytest.raises(Refused, match="cooking") as refused:
        story.act(opened.case, "confirm", MINUTE, outcome="false", cause="because")
    assert refused.value.missing == ("false_alarm_cause", "checked_by_and_how")


def test_a_false_door_alarm_needs_no_second_person() -> None:
    """Only a fire does."""
    story = Story()
    forced = alarm("door1", category="door_forced")
    (opened,) = story.receive(forced)
    story.receive(ended(forced, MINUTE))
    checked = {"cause": "lost_card_or_key", "checked_by": "guard", "checked_how": "camera"}
    story.act(opened.case, "confirm", MINUTE, outcome="false", **checked)
    (closed,) = story.act(opened.case, "close", 2 * MINUTE)
    assert closed.case.state is State.CLOSED


def test_each_missing_part_of_maintenance_is_named() -> None:
    """Normal again by a healthy device, and a repair note."""
    story, case = low_battery()
    at = 11 * MINUTE
    assert parts(story, case, at, repair_note="new battery") == set()
    assert parts(story, case, at) == {"repair_note"}
    early = parts(story, case, at - 1, repair_note="new battery")
    assert early == {"solved", "normal_for_10_minutes"}
    assert parts(story, case, at, repair_note="  ") == {"repair_note"}


def test_the_hub_verifies_maintenance_by_itself() -> None:
    """Resolved with a note; once normal for ten minutes the hub closes it, no sooner."""
    story, case = low_battery()
    story.act(case, "resolve", 2 * MINUTE, result="done", repair_note="new battery")
    for minute in range(3, 12):
        story.tick(minute * MINUTE)
        assert story.now(case).state is State.RESOLVED
    story.tick(12 * MINUTE)
    closed = story.now(case)
    assert (closed.state, closed.closed_at) == (State.CLOSED, T0 + 12 * MINUTE)
    assert closed.proof["verifier"] == "hub"


def test_the_hub_verifies_nothing_but_maintenance() -> None:
    """A fire waits for a person, however long it is normal."""
    story, case = resolved_fire()
    story.tick(48 * HOUR)
    assert story.now(case).state is State.RESOLVED


@pytest.mark.parametrize(
    ("level", "allowed"), [("grid", False), ("community", True), ("district", True)]
)
def test_forced_closing_needs_the_level_above(*, level: str, allowed: bool) -> None:
    """And a reason; it is flagged, and says what was missing."""
    fresh = Story()
    (opened,) = fresh.receive(alarm("uitd1/a"))
    if not allowed:
        with pytest.raises(Refused) as refused:
            fresh.act(opened.case, "force_close", MINUTE, level=level, reason="demolished")
        assert refused.value.missing == ("upper_level",)
        return
    with pytest.raises(Refused) as refused:
        fresh.act(opened.case, "force_close", MINUTE, level=level)
    assert refused.value.missing == ("reason",)
    (closed,) = fresh.act(opened.case, "force_close", MINUTE, level=level, reason="demolished")
    assert "forced" in closed.case.flags
    assert "sensor_normal" in str(closed.case.proof["forced_without"])


def test_a_place_is_normal_when_its_rule_says_so() -> None:
    """A statement about a place has no device whose health could be asked."""
    story = Story(Policy(normal=0))
    both = alarm("place:b1", scope="place", corroborates=True)
    (opened,) = story.receive(both)
    story.receive(ended(both, MINUTE))
    story.health.known["place:b1"] = Health(heard=False)
    story.act(opened.case, "resolve", MINUTE, actor="wang", result="out", cause="x")
    (closed,) = story.act(opened.case, "close", MINUTE, actor="zhao")
    assert closed.case.state is State.CLOSED


def test_the_book_of_the_stories_says_well_by_default() -> None:
    """So that the tests above mean what they say."""
    assert HealthBook().health("anything") == WELL


def test_naming_somebody_else_as_handler_does_not_free_the_actor_to_verify() -> None:
    """Who reports another's work took part in it: a third person verifies."""
    story = Story()
    fire = alarm("uitd1/a")
    (opened,) = story.receive(fire)
    story.receive(ended(fire, MINUTE))
    story.act(opened.case, "resolve", MINUTE, actor="li", by="wang", result="out", cause="cooking")
    case = story.now(opened.case)
    assert set(case.handlers) == {"li", "wang"}
    assert case.handler == "wang"
    for took_part in ("li", "wang"):
        with pytest.raises(Refused) as refused:
            story.act(case, "verify", 12 * MINUTE, actor=took_part, ok=True)
        assert refused.value.missing == ("verifier_is_not_handler",)


def test_a_proof_read_back_from_the_store_has_the_same_bytes() -> None:
    """A time that became 1767225960000.0 over a restart would make a replay differ."""
    story, case = resolved_fire()
    story.act(case, "verify", 6 * MINUTE, actor="zhao", ok=True)
    verified = story.now(case)
    assert verified.proof["verified_at"] == T0 + 6 * MINUTE
    written = msgspec.json.encode(verified)
    assert msgspec.json.encode(msgspec.json.decode(written, type=Case)) == written
