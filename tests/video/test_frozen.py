"""A repeated picture is told against what this stream does in normal times."""

from collections.abc import Callable

import pytest

from benchmarks import video_effects as fx
from benchmarks import video_weather as weather

from .watching import scene, told, told_once

AT = 35.0  # it learns for half a minute


@pytest.mark.parametrize(
    "stream",
    [
        lambda: [weather.freeze(AT)],
        lambda: [weather.freeze(AT), weather.clock()],
        lambda: [weather.freeze(AT), weather.compressed(60)],
    ],
    ids=["the same bytes", "with a clock that goes on", "encoded anew"],
)
@pytest.mark.parametrize("view", ["floor", "facade"])
def test_a_frozen_picture_is_one_episode(view: str, stream: Callable[[], list[fx.Effect]]) -> None:
    """Seen a second after it stopped, told after five more."""
    told_once(told("frozen", fx.film(scene(view), 50, stream=stream())), begin_s=AT, within_s=9)


def test_it_ends_when_the_picture_lives_again() -> None:
    """Some seconds later."""
    (one,) = told("frozen", fx.film(scene("street"), 65, stream=[weather.freeze(AT, AT + 15)]))
    assert one.episode.last_seen_at == pytest.approx((AT + 15) * 1000, abs=500)
    assert one.episode.ended_by == "unseen"


def test_a_still_scene_of_a_living_camera_is_not_frozen() -> None:
    """Nothing moves for a minute; the sensor's noise does."""
    assert told("frozen", fx.film(scene("street"), 60, noise=1.0)) == []


def test_an_encoder_that_repeats_still_blocks_is_not_frozen() -> None:
    """Between two of its key pictures only the clock changes."""
    stream = [weather.skipped_blocks(), weather.clock()]
    assert told("frozen", fx.film(scene("facade"), 60, stream=stream, noise=1.0)) == []


def test_a_stream_that_never_lived_is_unknown() -> None:
    """Nobody can tell a frozen picture from a drawn one that always was."""
    assert told("frozen", fx.film(scene("street"), 50, noise=0.0)) == []


def test_a_short_stall_is_not_told() -> None:
    """Three seconds on a poor line."""
    assert told("frozen", fx.film(scene("house"), 50, stream=[weather.freeze(AT, AT + 3)])) == []


def test_a_lens_cap_clipped_to_black_is_not_frozen() -> None:
    """Without noise to miss there is no telling; it is black."""
    film = fx.film(scene("street"), 55, optics=[fx.black(AT, 0)], noise=0.4)
    assert told("frozen", film) == []
