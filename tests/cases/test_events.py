"""Claims about what other systems are told."""

import json
from importlib.resources import files

import jsonschema
import msgspec
import pytest

from cases.chain import item_hash, verify_chain
from cases.events import Json, case_json, outgoing_event, rfc3339
from model.anomaly import Severity
from model.case import Change, EventClass, State, Verification
from model.entry import Report
from model.place import Level
from model.reading import Mode

from .world import HOUR, MINUTE, SECOND, T0, Story, alarm

SCHEMA: dict[str, dict[str, dict[str, dict[str, dict[str, list[str]]]]]] = json.loads(
    (files("cases.schema") / "case-event.schema.json").read_text("utf-8")
)
CHECK = jsonschema.Draft202012Validator(
    SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)


def told_fire() -> list[Change]:
    """Return a fire that was opened, acknowledged, found false and closed."""
    story = Story()
    (opened,) = story.receive(alarm("uitd1/a"))
    story.act(opened.case, "acknowledge", 20 * SECOND)
    checked = {"cause": "cooking", "checked_by": "wang", "checked_how": "on site"}
    story.act(opened.case, "confirm", 90 * SECOND, outcome="false", **checked)
    return story.changes


def sample(name: str) -> Json:
    """Return a published sample."""
    text = (files("cases.schema.samples") / f"{name}.json").read_text("utf-8")
    found: Json = json.loads(text)
    return found


@pytest.mark.parametrize(("number", "name"), enumerate(("create", "update", "cancel")))
def test_the_published_samples_are_what_the_hub_sends(number: int, name: str) -> None:
    """The sample of each kind is this very event, and follows the schema."""
    event = json.loads(msgspec.json.encode(outgoing_event(told_fire()[number], "demo")))
    assert event["type"] == f"smarthub.case.{name}"
    assert event == sample(name)
    CHECK.validate(event)


@pytest.mark.parametrize("broken", ["id", "type", "time", "data"])
def test_the_schema_refuses_what_is_not_such_an_event(broken: str) -> None:
    """Without any one of its parts an event is none: the schema can fail."""
    event = sample("create")
    del event[broken]
    with pytest.raises(jsonschema.ValidationError):
        CHECK.validate(event)


def test_an_event_that_was_queued_before_the_upgrade_still_follows_the_schema() -> None:
    """`alarmed_at` came with schema 2: what an older hub said without it is no wrong event."""
    event = sample("update")
    data = event["data"]
    assert isinstance(data, dict)
    assert isinstance(data["case"], dict)
    del data["case"]["alarmed_at"]
    CHECK.validate(event)
    assert str(SCHEMA["$id"]) == "urn:smarthub:schema:case-event:2"
    del data["case"]["acknowledged_at"]
    assert not CHECK.is_valid(event)


def test_the_sequence_of_a_case_counts_without_gaps() -> None:
    """1, 2, 3: a receiver can tell what it missed."""
    assert [change.case.sequence for change in told_fire()] == [1, 2, 3]


def test_every_kind_of_case_follows_the_schema() -> None:
    """A report, a silent gateway, a drill, a suspended job: all of them."""
    story = Story()
    story.changes += story.desk.report(Report("r1", "b1", "dispute", "吵闹", "张", T0), T0)
    report = story.changes[-1].case
    story.act(report, "start", MINUTE)
    story.act(report, "suspend", MINUTE, reason="away", until=float(T0 + HOUR))
    story.receive(alarm("gateway:gw1", category="gateway_lost", scope="gateway"))
    story.receive(alarm("nb1", mode=Mode.DRILL))
    story.tick(9 * HOUR)
    assert len(story.changes) > 10
    for change in story.changes:
        CHECK.validate(json.loads(msgspec.json.encode(outgoing_event(change, "demo"))))


def test_the_schemas_words_are_the_models_words() -> None:
    """A new state or level cannot be forgotten in the schema."""
    case = SCHEMA["$defs"]["case"]["properties"]
    for name, words in {
        "class": EventClass,
        "state": State,
        "level": Level,
        "mode": Mode,
        "severity": Severity,
        "verification": Verification,
    }.items():
        assert set(case[name]["enum"]) == {str(word) for word in words}, name


def test_the_reporters_telephone_stays_inside() -> None:
    """Personal data does not leave with the event."""
    story = Story()
    report = Report("r1", "b1", "noise", "loud", "Zhang", T0, contact="13800000000")
    (change,) = story.desk.report(report, T0)
    assert change.case.reporter_contact == "13800000000"
    assert b"13800000000" not in msgspec.json.encode(outgoing_event(change, "demo"))


def test_a_case_in_json_has_the_words_that_stay_fixed() -> None:
    """The names of design §9."""
    fixed = (
        "id key class category severity state level mode grid place subject rule opened_at due"
        " assignee evidence"
    )
    assert set(fixed.split()) <= case_json(told_fire()[0].case).keys()


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (T0 + 1, "2026-09-21T14:13:20.001Z"),
        (10**18, "9999-12-31T23:59:59.999Z"),
        (-(10**18), "0001-01-01T00:00:00.000Z"),
    ],
)
def test_times_are_rfc_3339_and_absurd_ones_are_cut(at: int, text: str) -> None:
    """No time that a device may send breaks an event."""
    assert rfc3339(at) == text


def test_a_history_shows_every_tampering() -> None:
    """Changed, left out, swapped, added from another case: the first wrong line is named."""
    lines = [item for change in told_fire() for item in change.history]
    assert verify_chain(lines) is None
    changed = msgspec.structs.replace(lines[1], actor="nobody")
    assert verify_chain([lines[0], changed, *lines[2:]]) == 2
    assert verify_chain([lines[0], *lines[2:]]) == 2
    assert verify_chain([lines[1], lines[0], *lines[2:]]) == 1
    stranger = msgspec.structs.replace(lines[2], case="E-OTHER")
    assert verify_chain([*lines[:2], stranger]) == 3
    forged = msgspec.structs.replace(changed, hash=item_hash(changed))
    assert verify_chain([lines[0], forged, *lines[2:]]) == 3


def test_a_history_survives_a_store_that_turns_whole_numbers_into_fractions() -> None:
    """Times read back as 3.0 instead of 3 hash the same."""
    lines = [item for change in told_fire() for item in change.history]
    stored = [
        msgspec.structs.replace(
            item,
            detail={
                name: float(value) if type(value) is int else value
                for name, value in item.detail.items()
            },
        )
        for item in lines
    ]
    assert verify_chain(stored) is None
