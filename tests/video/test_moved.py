"""A camera that was knocked or turned is told; what moves before a still camera is not."""

import pytest

from benchmarks import video_effects as fx
from benchmarks import video_weather as weather

from .watching import BEGIN_S, scene, told, told_once


@pytest.mark.parametrize(
    "knock",
    [fx.turned(BEGIN_S, right=0.05), fx.turned(BEGIN_S, degrees=9), fx.turned(BEGIN_S, zoom=1.35)],
    ids=["a twentieth aside", "nine degrees", "zoom"],
)
@pytest.mark.parametrize("view", ["house", "street"])
def test_a_knocked_camera_is_one_episode(view: str, knock: fx.Effect) -> None:
    """Aside, about its axis, nearer."""
    told_once(told("moved", fx.film(scene(view), 30, optics=[knock])), begin_s=BEGIN_S, within_s=14)


def test_a_camera_turned_to_another_view_is_told_with_how_much_changed() -> None:
    """No shift explains it."""
    turn = fx.elsewhere(BEGIN_S, scene("house"))
    (one,) = told("moved", fx.film(scene("facade"), 30, optics=[turn]))
    assert float(one.episode.values["changed_part"]) > 0.5


def test_a_shift_is_measured() -> None:
    """In parts of the width."""
    (one,) = told("moved", fx.film(scene("street"), 30, optics=[fx.turned(BEGIN_S, right=0.08)]))
    assert one.episode.values["shift_part"] == pytest.approx(0.08, abs=0.01)


def test_a_new_view_is_accepted_after_the_time_that_was_set() -> None:
    """And then it is the usual one: the episode ends by itself."""
    knock = fx.turned(BEGIN_S, right=0.1)
    film = fx.film(scene("street"), 60, optics=[knock])
    (one,) = told("moved", film, {"accept_after_s": 20})
    assert one.episode.ended_by == "unseen"


@pytest.mark.parametrize(
    ("view", "harmless"),
    [
        ("house", weather.lorry(BEGIN_S, 12)),
        ("floor", weather.dusk(12, 40)),
        ("house", weather.infrared(BEGIN_S, 30)),
        ("street", weather.sway(0.5, 0.95)),
        ("facade", fx.hand(BEGIN_S, 1.15)),
        ("bottles", weather.exposure(6)),
    ],
    ids=["a lorry", "dusk", "infrared and back", "branches", "a hand", "exposure"],
)
def test_a_camera_that_stays_is_not_told(view: str, harmless: fx.Effect) -> None:
    """A covered lens shows nothing else either: unknown."""
    assert told("moved", fx.film(scene(view), 42, optics=[harmless])) == []
