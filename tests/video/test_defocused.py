"""Blur of the whole picture is told; dusk, noise, compression and a hunting autofocus are not."""

import pytest

from benchmarks import video_effects as fx
from benchmarks import video_weather as weather

from .watching import BEGIN_S, scene, told, told_once


@pytest.mark.parametrize("view", ["floor", "house", "facade"])
@pytest.mark.parametrize("sigma", [4.0, 7.0])
def test_a_lens_out_of_focus_is_one_episode(view: str, sigma: float) -> None:
    """Blur of some pixels at 640 wide, within two seconds."""
    found = told("defocused", fx.film(scene(view), 32, optics=[fx.defocus(BEGIN_S, sigma)]))
    told_once(found, begin_s=BEGIN_S, within_s=15)


def test_a_blur_that_creeps_in_is_not_learnt_as_normal() -> None:
    """Within twenty seconds."""
    found = told("defocused", fx.film(scene("street"), 50, optics=[fx.defocus(14, 6, over_s=20)]))
    assert len(found) == 1


@pytest.mark.parametrize(
    ("view", "harmless"),
    [
        ("house", fx.defocus(BEGIN_S, 4, over_s=1, end=BEGIN_S + 5)),
        ("floor", weather.dusk(12, 40)),
        ("floor", weather.exposure(6)),
        ("street", weather.rain()),
        ("facade", fx.hand(BEGIN_S, 1.15)),
        ("house", weather.infrared(BEGIN_S)),
    ],
    ids=["autofocus hunts", "dusk", "exposure", "rain", "a hand", "infrared"],
)
def test_a_sharp_lens_is_not_told(view: str, harmless: fx.Effect) -> None:
    """Whatever else happens; a covered lens is for `covered` to tell."""
    assert told("defocused", fx.film(scene(view), 42, optics=[harmless])) == []


def test_coarse_compression_is_not_blur() -> None:
    """It takes fine texture and leaves edges."""
    assert told("defocused", fx.film(scene("house"), 25, stream=[weather.compressed()])) == []
