"""Intrusion: feet in a zone, at an hour, by the detector or by what moves."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from tests.video.views import BEGIN, LEFT_HALF, seen, sighting, standing, view, zones
from video.contract import Box, Detected
from video.observations._hours import Hours
from video.observations.intrusion import Intrusion, IntrusionSettings
from video.view import View

CHINA = ZoneInfo("Asia/Shanghai")


def _intrusion(**settings: object) -> Intrusion:
    return Intrusion(
        IntrusionSettings.model_validate({"zones": ["left"], **settings}), zones("left")
    )


def _told(observation: Intrusion, given: View) -> bool | None:
    return seen(observation, given, "left")


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=CHINA).timestamp() * 1000)


def test_a_person_in_the_zone_counts_after_its_inertia_and_not_at_once() -> None:
    """One look is not believed; the second, 600 ms later, is."""
    gate = _intrusion()
    assert _told(gate, view(0, [])) is False
    assert _told(gate, view(200, [standing(0.3)])) is None
    assert _told(gate, view(400, [standing(0.3)])) is None
    assert _told(gate, view(800, [standing(0.31)])) is True
    assert sighting(gate, view(1000, [standing(0.31)]), "left").values["by"] == "detector"


def test_a_head_over_the_line_is_no_intrusion_where_the_feet_are_outside() -> None:
    """The box reaches into the zone; who stands beside it does not intrude."""
    gate = _intrusion(inertia_ms=0)
    leaning = Detected("person", 0.9, Box(0.45, 0.2, 0.65, 0.8))
    for ms in range(0, 3000, 200):
        assert _told(gate, view(ms, [leaning])) is False


def test_one_wrong_box_in_one_frame_is_never_believed() -> None:
    """A flicker of the detector makes nobody."""
    gate = _intrusion(inertia_ms=0)
    assert _told(gate, view(0, [standing(0.3)])) is None
    for ms in range(200, 5000, 200):
        assert _told(gate, view(ms, [])) is not True


def test_a_person_hidden_for_a_moment_is_unknown_and_then_gone() -> None:
    """Behind a pillar is not outside; three seconds unfound is."""
    gate = _intrusion(inertia_ms=200)
    for ms in (0, 200, 400):
        told = _told(gate, view(ms, [standing(0.3)]))
    assert told is True
    assert _told(gate, view(600, [])) is None
    assert _told(gate, view(4000, [])) is False


def test_a_person_who_stands_still_is_there_while_the_detector_looks_elsewhere() -> None:
    """Only a look at where he stands can say that he left."""
    gate = _intrusion(inertia_ms=200)
    for ms in (0, 200, 400):
        _told(gate, view(ms, [standing(0.3)]))
    elsewhere = [Box(0.8, 0.0, 1.0, 1.0)]
    for ms in range(600, 5000, 200):
        assert _told(gate, view(ms, [], looked=elsewhere)) is True


@pytest.mark.parametrize("label", ["dog", "cat", "bird", "umbrella"])
def test_animals_and_things_do_not_intrude_unless_asked_for(label: str) -> None:
    """The default is people and what they ride or drive."""
    gate = _intrusion(inertia_ms=0)
    for ms in (0, 200, 400):
        assert _told(gate, view(ms, [standing(0.3, label)])) is False


def test_vehicles_can_be_let_in() -> None:
    """`what: [person]` is a zone that only people must not enter."""
    gate = _intrusion(inertia_ms=0, what=["person"])
    for ms in (0, 200, 400):
        assert _told(gate, view(ms, [standing(0.3, "car", high=0.2)])) is False


def test_without_a_detector_what_moves_counts_and_says_so() -> None:
    """A person-sized spot whose foot is in the zone, for longer than the inertia."""
    gate = _intrusion()
    walker = Box(0.2, 0.4, 0.26, 0.8)
    assert _told(gate, view(0, moving=[walker])) is None
    assert _told(gate, view(400, moving=[walker])) is None
    one = sighting(gate, view(800, moving=[walker]), "left")
    assert one.seen is True
    assert one.values["by"] == "motion"
    assert one.confidence < 0.7


@pytest.mark.parametrize(
    "moving",
    [
        Box(0.2, 0.5, 0.23, 0.55),  # too small: a leaf, a cat
        Box(0.0, 0.0, 1.0, 0.9),  # too large: the light
        Box(0.6, 0.4, 0.7, 0.8),  # outside
    ],
)
def test_without_a_detector_small_large_and_outside_do_not_count(moving: Box) -> None:
    """Negatives of the motion way."""
    gate = _intrusion(inertia_ms=0)
    for ms in range(0, 2000, 200):
        assert _told(gate, view(ms, moving=[moving])) is False


def test_while_the_gate_learns_nothing_is_known() -> None:
    """A light that was switched on is neither somebody nor nobody."""
    gate = _intrusion(inertia_ms=0)
    assert _told(gate, view(0, moving=[Box(0.2, 0.4, 0.26, 0.8)], settled=False)) is None


def test_a_detector_that_stopped_looking_is_replaced_by_motion_after_ten_seconds() -> None:
    """Overload or a crash of the detector must not blind the zone."""
    gate = _intrusion(inertia_ms=0)
    _told(gate, view(0, []))
    walker = Box(0.2, 0.4, 0.26, 0.8)
    assert _told(gate, view(5_000, moving=[walker])) is None
    assert _told(gate, view(11_000, moving=[walker])) is True


def test_outside_its_hours_nobody_intrudes() -> None:
    """The same person at 21:59 and at 22:01 of the site's clock."""
    gate = _intrusion(inertia_ms=0, hours="22:00-06:00")
    early, late = _ms("2026-11-26 21:59:00") - BEGIN, _ms("2026-11-26 22:01:00") - BEGIN
    for ms in (0, 200):
        assert _told(gate, view(early + ms, [standing(0.3)])) is False
    _told(gate, view(late, [standing(0.3)]))
    assert _told(gate, view(late + 200, [standing(0.3)])) is True


@pytest.mark.parametrize(
    ("at", "inside"),
    [
        ("2026-11-27 23:30", True),  # Friday night
        ("2026-11-28 05:59", True),  # still Friday's night, on Saturday morning
        ("2026-11-28 06:00", False),
        ("2026-11-28 23:30", False),  # Saturday night
        ("2026-11-27 05:00", False),  # Thursday's night
    ],
)
def test_hours_over_midnight_belong_to_the_day_they_begin_on(at: str, inside: bool) -> None:  # noqa: FBT001 - a table
    """`days: [fri]` is the night from Friday to Saturday."""
    assert Hours.read("22:00-06:00").within(_ms(at), ("fri",), CHINA) is inside


@pytest.mark.parametrize("hours", ["22-6", "25:00-06:00", "08:00-08:00", "08:00-24:30", "always"])
def test_hours_that_cannot_be_read_say_how_to_write_them(hours: str) -> None:
    """The message is what a person needs to correct the file."""
    with pytest.raises(ValidationError, match="hours"):
        IntrusionSettings(hours=hours)


def test_an_unknown_time_zone_is_refused() -> None:
    """A typing error must not move the hours to London."""
    with pytest.raises(ValidationError, match="Asia/Shanghai"):
        IntrusionSettings(timezone="Asia/Peking")


def test_the_zone_of_these_tests_is_the_left_half() -> None:
    """So that the numbers above can be read."""
    assert [corner.x for corner in LEFT_HALF["left"]] == [0, 0.5, 0.5, 0]
