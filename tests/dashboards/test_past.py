"""The demo's week is believable, complete, and the same whenever it is told."""

import pytest

from hub.simulation.past import DAY_MS, HOUR_MS, Story, stories
from hub.territory.demo_territory import demo_territory
from model.case import State
from tests.dashboards.conftest import DETECTORS

SINCE = 1_790_000_000_000 // HOUR_MS * HOUR_MS


@pytest.fixture(scope="module")
def told() -> list[Story]:
    """Return the stories of three weeks."""
    plan = demo_territory(detectors=DETECTORS)
    return stories(plan, seed=1, since=SINCE, until=SINCE + 21 * DAY_MS)


def test_at_any_hour_every_compound_has_something_to_show(told: list[Story]) -> None:
    """Whenever somebody seeds the week, no list of a dashboard is empty."""
    compounds = sorted({story.compound for story in told})
    assert len(compounds) == 8
    for hour in range(2 * 24, 21 * 24):
        now = SINCE + hour * HOUR_MS
        for compound in compounds:
            here = [s for s in told if s.compound == compound and s.start <= now < s.end]
            words = {story.category for story in here}
            assert words & {"low_pressure", "isolation", "mains_fault", "pump_fault"}
            assert "battery_low" in words
            assert any(
                s.category == "fire" and s.start <= now and s.end > now - DAY_MS
                for s in told
                if s.compound == compound
            )
        of_all = {s.category for s in told if s.start <= now < s.end}
        assert {"fire", "silent"} <= of_all


def test_a_later_telling_repeats_the_stories_of_the_shared_days(told: list[Story]) -> None:
    """A week that is seeded again tomorrow has the same incidents with the same ids."""
    plan = demo_territory(detectors=DETECTORS)
    again = stories(plan, seed=1, since=SINCE + 7 * DAY_MS, until=SINCE + 14 * DAY_MS)
    assert again
    known = {story.id: story for story in told}
    assert all(known[story.id] == story for story in again)
    assert len(known) == len(told)


def test_every_case_goes_through_its_life_in_order(told: list[Story]) -> None:
    """It is filed first, closed last, and its steps never go back in time."""
    for story in told:
        times = [at for at, _ in story.steps]
        assert times == sorted(set(times))
        assert story.steps[0] == (story.start, State.FILED)
        assert story.steps[-1][1] is State.CLOSED
        assert story.case_at(story.end, "").closed_at == story.end
