"""Motion is what moves: neither light nor ghosts nor what stood still for long."""

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
import pytest

from benchmarks import video_effects as fx
from benchmarks import video_weather as weather
from video.contract import Frame, Picture
from video.motion_gate import MotionGate
from video.view import Motion

from .watching import scene, told

FLOOR = {"floor": ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0))}
EMPTY = slice(0, 25)  # the first five seconds of the floor: nobody is there


def gated(
    frames: Iterable[Frame], visible: Picture | None = None
) -> Iterator[tuple[float, Motion]]:
    """Yield second of the film and motion."""
    gate = MotionGate()
    for frame in frames:
        yield (frame.at - 1_800_000_000_000) / 1000, gate.look(frame.picture, frame.at, visible)


def block(begin: float, end: float, *, left: int = 300, dark: int = 20) -> fx.Effect:
    """A thing that stands there between two seconds."""

    def standing(picture: Picture, _: float) -> Picture:
        made = picture.copy()
        made[120:280, left : left + 70] = dark
        return made

    return fx.during(standing, begin, end)


def moving(begin: float, end: float) -> fx.Effect:
    """The same thing on its way through the picture."""

    def walked(picture: Picture, second: float) -> Picture:
        left = int(560 * (second - begin) / (end - begin))
        return block(begin, end, left=left)(picture, second)

    return fx.during(walked, begin, end)


def test_who_walks_through_is_where_the_box_is() -> None:
    """Within a tenth of the picture, all the time."""
    film = fx.film(scene("floor")[:1], 20, optics=[moving(5, 15)])
    for second, motion in gated(film):
        if 6 <= second < 14:
            left = 560 * (second - 5) / 10 / 640
            assert motion.boxes[0].right == pytest.approx(left + 0.11, abs=0.1)


def test_what_stands_still_is_background_after_ten_seconds() -> None:
    """And moves no more."""
    film = fx.film(scene("street"), 30, optics=[block(5, 99)])
    motion = dict(gated(film))
    assert motion[10.0].boxes
    assert not motion[20.0].boxes


def test_the_place_a_thing_left_is_no_motion_for_long() -> None:
    """What was there before comes back within three seconds."""
    film = fx.film(scene("street"), 40, optics=[block(5, 25)])
    motion = dict(gated(film))
    assert motion[25.0].boxes
    assert not any(motion[second].boxes for second in (29.0, 32.0, 39.0))


def test_what_stood_there_from_the_first_picture_leaves_a_ghost_for_ten_seconds_at_most() -> None:
    """Nobody knows what is behind it."""
    film = fx.film(scene("street"), 40, optics=[block(0, 10)])
    motion = dict(gated(film))
    assert not any(motion[second].boxes for second in (23.0, 30.0, 39.0))


@pytest.mark.parametrize(
    ("light", "noise"),
    [(weather.dusk(4, 24), 4.0), (weather.exposure(5), 2.0)],
    ids=["dusk", "exposure"],
)
@pytest.mark.parametrize("view", ["street", "floor"])
def test_light_that_changes_is_no_motion(view: str, light: fx.Effect, noise: float) -> None:
    """Dusk within twenty seconds; steps of the exposure of a third."""
    film = fx.film(scene(view)[:1], 28, optics=[light], noise=noise)
    assert [second for second, motion in gated(film) if motion.boxes] == []


def test_an_infrared_switch_makes_it_learn_anew() -> None:
    """It says so, for a second, and reports no motion."""
    film = fx.film(scene("street"), 20, optics=[weather.infrared(10)])
    found = dict(gated(film))
    assert not all(found[second].settled for second in (10.0, 10.4, 10.6))
    assert found[13.0].settled
    assert [second for second, motion in found.items() if motion.boxes] == []


def test_branches_are_quiet_after_a_minute() -> None:
    """They raise the threshold where they are; a walker elsewhere is still seen."""
    film = fx.film(scene("street"), 90, optics=[weather.sway(0.6, 0.95), moving(80, 87)], noise=2)
    found = dict(gated(film))
    swaying = [second for second, motion in found.items() if 50 <= second < 80 and motion.boxes]
    assert len(swaying) < 0.1 * 30 * 5
    assert found[82.0].boxes


def test_a_masked_place_never_moves_and_does_not_count() -> None:
    """The fraction is of what may be seen."""
    visible: Picture = np.zeros((360, 640), np.uint8)
    visible[:, :160] = 255
    film = fx.film(scene("floor")[:1], 15, optics=[block(5, 99, left=300)])
    assert not any(motion.boxes for _, motion in gated(film, visible))
    film = fx.film(scene("floor")[:1], 8, optics=[block(5, 99, left=60)])
    assert dict(gated(film, visible))[7.0].fraction == pytest.approx(0.23, abs=0.06)


def test_a_colour_picture_and_its_grey_one_move_alike() -> None:
    """The camera hands in the small grey picture that others use too."""
    film = list(fx.film(scene("floor")[:1], 10, optics=[moving(3, 9)]))
    greys = [Frame(f.at, np.asarray(cv2.cvtColor(f.picture, cv2.COLOR_BGR2GRAY))) for f in film]
    for (_, colour), (_, grey) in zip(gated(film), gated(greys), strict=True):
        assert colour.fraction == grey.fraction


def test_persons_on_the_floor_are_episodes_that_end() -> None:
    """Real footage: the first comes at 5 s; everybody is gone from an empty floor that follows."""
    people = scene("floor")
    film = fx.film([*people, *[people[0]] * 100], 50, optics=[], noise=1.0)
    found = told("motion", film, {"zones": ["floor"], "off_delay_s": 2}, zones=FLOOR)
    assert found
    assert found[0].episode.started_at == pytest.approx(5_000, abs=1_500)
    assert all(one.episode.ended_by == "unseen" for one in found)


def test_an_empty_floor_has_no_episode() -> None:
    """Its first seconds, to and fro."""
    film = fx.film(scene("floor")[EMPTY], 40, noise=2)
    assert told("motion", film, {"zones": ["floor"]}, zones=FLOOR) == []
