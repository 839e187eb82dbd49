"""A lens that is covered is told within seconds; dusk, infrared, persons and blank walls are not."""

import pytest

from benchmarks import video_clips as clips
from benchmarks import video_effects as fx
from benchmarks import video_weather as weather

from .watching import BEGIN_S, scene, told, told_once


@pytest.mark.parametrize(
    "cover",
    [fx.hand(BEGIN_S, 0.65), fx.tape(BEGIN_S, 1.1, level=90), fx.spray(BEGIN_S, level=200)],
    ids=["a hand over most of it", "tape over all", "grey paint"],
)
@pytest.mark.parametrize("view", ["floor", "street"])
def test_a_covered_lens_is_one_episode(view: str, cover: fx.Effect) -> None:
    """Grey paint is no infrared switch, though the colour goes with it."""
    found = told("covered", fx.film(scene(view), 28, optics=[cover]))
    told_once(found, begin_s=BEGIN_S, within_s=10)


def test_the_episode_ends_when_the_hand_is_gone() -> None:
    """And the picture after it is the usual one."""
    (one,) = told("covered", fx.film(scene("house"), 40, optics=[fx.hand(15, 0.9, end=25)]))
    assert one.episode.ended_by == "unseen"
    assert one.episode.last_seen_at == pytest.approx(25_000, abs=1_000)


@pytest.mark.parametrize(
    ("view", "harmless"),
    [
        ("floor", weather.dusk(12, 40)),
        ("house", weather.infrared(15, 30)),
        ("street", fx.hand(BEGIN_S, 0.8, end=BEGIN_S + 3)),
        ("facade", weather.lorry(BEGIN_S, 12)),
    ],
    ids=["dusk", "infrared and back", "a hand for three seconds", "a lorry in half of the picture"],
)
def test_what_covers_nothing_is_not_told(view: str, harmless: fx.Effect) -> None:
    """As many innocent films as covers."""
    assert told("covered", fx.film(scene(view), 45, optics=[harmless])) == []


def test_a_bare_wall_is_unknown_even_when_covered() -> None:
    """What has no structure cannot lose it: no claim either way."""
    wall = clips.resized(scene("bottles")[0][40:80, 40:111])
    assert told("covered", fx.film([wall], 30, optics=[fx.hand(BEGIN_S, 1.15)])) == []


def test_a_privacy_mask_is_no_cover() -> None:
    """The masked half is black for good and does not count."""
    half = ((0.0, 0.0), (0.6, 0.0), (0.6, 1.0), (0.0, 1.0))
    assert told("covered", fx.film(scene("street"), 25), masks=(half,)) == []
    found = told("covered", fx.film(scene("street"), 28, optics=[fx.hand(15, 0.9)]), masks=(half,))
    told_once(found, begin_s=15, within_s=10)
