"""Claims about what residents report: solved, satisfied, settled, and seen by somebody else."""

import msgspec

from model.case import Case, State
from model.entry import Report
from model.place import Level
from model.reading import Value

from .world import HOUR, MINUTE, T0, Story, parts


def reported(category: str) -> tuple[Story, Case]:
    """Return what Zhang reported and wang worked on."""
    story = Story()
    (opened,) = story.desk.report(Report("r1", "b1", category, "text", "Zhang", T0), T0)
    story.act(opened.case, "start", MINUTE, actor="wang")
    story.act(opened.case, "resolve", HOUR, actor="wang", result="talked to both")
    return story, story.now(opened.case)


def test_each_missing_part_of_a_dispute_is_named() -> None:
    """三不销号: solved, satisfied, settled; and the verifier did not work on it."""
    story, case = reported("dispute")
    whole: dict[str, Value] = {
        "solved": True,
        "satisfied": True,
        "channel": "phone",
        "conflict_settled": "agreement signed",
    }
    assert parts(story, case, HOUR, **whole) == set()
    for name, part in {
        "solved": "solved",
        "satisfied": "satisfaction",
        "channel": "satisfaction",
        "conflict_settled": "conflict_settled",
    }.items():
        rest = {key: value for key, value in whole.items() if key != name}
        assert parts(story, case, HOUR, **rest) == {part}, name
    assert parts(story, case, HOUR, who="wang", **whole) == {"verifier_is_not_handler"}
    nobody = msgspec.structs.replace(case, handlers=())
    assert parts(story, nobody, HOUR, **whole) == {"handler_named"}


def test_a_matter_asks_the_reporter_and_never_the_offender() -> None:
    """Satisfaction of somebody else counts for nothing."""
    story, case = reported("noise")
    assert (case.category, case.closing) == ("matter", "matter")
    asked: dict[str, Value] = {"solved": True, "satisfied": True, "channel": "visit"}
    assert parts(story, case, HOUR, asked="the neighbour", **asked) == {"asked_the_reporter"}
    assert parts(story, case, HOUR, asked="zhang", **asked) == set()
    assert parts(story, case, HOUR, solved=False) == {"solved", "satisfaction"}


def test_three_attempts_to_reach_the_reporter_count_as_asked() -> None:
    """Two do not."""
    story, case = reported("noise")
    for attempt in range(3):
        assert "satisfaction" in parts(story, story.now(case), 2 * HOUR, solved=True)
        story.act(case, "revisit", HOUR + attempt * MINUTE, actor="zhao", reached=False)
    assert parts(story, story.now(case), 2 * HOUR, solved=True) == set()


def test_not_satisfied_is_rework_one_level_up() -> None:
    """The work begins again with new limits, and the old verdict is gone."""
    story, case = reported("dispute")
    (change,) = story.act(case, "rate", 2 * HOUR, actor="zhao", satisfied=False, channel="phone")
    assert (change.case.state, change.case.level) == (State.REWORK, Level.COMMUNITY)
    assert change.notice == "rework"
    assert "satisfied" not in change.case.proof
    assert change.case.resolve_due == T0 + 2 * HOUR + 7 * 24 * HOUR
