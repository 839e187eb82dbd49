"""Black is dark and empty; a dark scene that still shows something is not."""

import numpy as np
import pytest

from benchmarks import video_effects as fx
from benchmarks import video_weather as weather
from video.contract import Picture

from .watching import scene, told, told_once


@pytest.mark.parametrize("level", [0.0, 12.0])
def test_a_lens_cap_is_told_from_the_first_picture_on(level: float) -> None:
    """Nothing has to be learnt for it."""
    film = fx.film(scene("street"), 10, optics=[fx.black(0, level)], noise=4)
    told_once(told("black", film), begin_s=0, within_s=6)


def test_a_cap_that_comes_off_ends_it() -> None:
    """With the time at which there was light again."""
    (one,) = told("black", fx.film(scene("street"), 25, optics=[fx.black(5, end=15)]))
    assert one.episode.last_seen_at == pytest.approx(15_000, abs=500)
    assert one.episode.ended_by == "unseen"


def test_dusk_and_an_infrared_switch_are_not_black() -> None:
    """Two black pictures belong to the switch."""
    assert told("black", fx.film(scene("house"), 40, optics=[weather.dusk(5, 30)])) == []
    assert told("black", fx.film(scene("house"), 20, optics=[weather.infrared(5)])) == []


def test_a_lamp_in_the_night_is_something_to_see() -> None:
    """One lit window in a dark picture."""
    night: Picture = np.full((360, 640, 3), 6, np.uint8)
    night[100:160, 200:280] = 180
    assert told("black", fx.film([night], 12)) == []


def test_a_masked_picture_is_not_black() -> None:
    """What the privacy mask blanks says nothing of the camera."""
    most = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.9), (0.0, 0.9))
    assert told("black", fx.film(scene("floor"), 10), masks=(most,)) == []
