"""Orders of silences that are refused: places nobody walks, one person twice, an id that is taken."""

import pytest

from model.errors import Refused
from model.silence import Deed, Scope, SilenceOrder

from .log_story import Story
from .test_silences import HOUR, asked, create, over_fires


@pytest.mark.parametrize("grid", ["1", "15030200100", "999999999999"])
def test_over_emergencies_a_prefix_is_no_place(grid: str) -> None:
    """Nobody walks the round of a digit, of a street, or of a community that is not registered."""
    story = Story()
    refused = story.orders(
        asked(story, scope=Scope(grid=grid), emergencies=True, patrol="w")
    ).refused
    assert isinstance(refused, Refused)
    assert refused.missing == ("place",)


def test_over_emergencies_a_registered_community_is_a_place() -> None:
    """Its whole code."""
    story = Story()
    code = next(code for code in story.core.registry.divisions if len(code) == 12)
    create(story, scope=Scope(grid=code), emergencies=True, patrol="wang")


@pytest.mark.parametrize("name", ["ｌｉ", "L\u200bi", " LI"])
def test_the_second_person_is_not_the_first_in_other_letters(name: str) -> None:
    """Full width or a sign that nobody sees makes no second person."""
    story = Story()
    over_fires(story, approved=False)
    assert isinstance(story.orders(SilenceOrder("s1", name, Deed.APPROVE)).refused, Refused)


def test_a_known_id_with_another_order_is_refused() -> None:
    """The same order again changes nothing; another one is not answered with somebody else's."""
    story = Story()
    create(story)
    story.at += 5000
    create(story)
    for more in (
        {"actor": "wu"},
        {"scope": {"category": "fire"}},
        {"ends_at": story.at + 9 * HOUR},
    ):
        refused = story.orders(asked(story, **more)).refused
        assert isinstance(refused, Refused)
        assert refused.missing == ("id",)
    assert len(story.core.silences.listed()) == 1
