"""Object left and lane occupied: things put into real footage, and what must not be taken for one."""

from collections.abc import Callable, Iterable

import numpy as np
import pytest

from benchmarks import video_clips as clips
from benchmarks import video_staged as stage
from tests.shared_data import shared
from tests.video.views import BEGIN, seen, sighting, standing, view
from video.contract import Box, Detected, Frame, Point
from video.geometry import CameraZones
from video.observations.lane_occupied import LaneOccupied, LaneSettings
from video.observations.object_left import LeftSettings, ObjectLeft
from video.view import GATE_HEIGHT, Motion, View

HOLD_S = 6.0
GROUND = {"ground": (Point(0, 0.45), Point(1, 0.45), Point(1, 1), Point(0, 1))}
STILL = Motion(0.0, (), np.zeros((GATE_HEIGHT, 178), np.uint8))
Told = list[tuple[float, bool | None]]


@pytest.fixture(autouse=True)
def _footage() -> None:
    for name in (clips.FLOOR, clips.FIRE):
        shared(f"data/video/{name}")


def _left() -> ObjectLeft:
    settings = LeftSettings(hold_s=HOLD_S, zones=("ground",))
    return ObjectLeft(settings, CameraZones(GROUND, ("ground",)))


def _lane() -> LaneOccupied:
    settings = LaneSettings(hold_s=HOLD_S, zones=("ground",))
    return LaneOccupied(settings, CameraZones(GROUND, ("ground",)))


def _told(watch: ObjectLeft | LaneOccupied, frames: Iterable[Frame]) -> Told:
    """Return each change of what is said, with its second in the clip."""
    changes: Told = []
    for frame in frames:
        told = seen(watch, View(frame, STILL), "ground")
        if not changes or changes[-1][1] is not told:
            changes.append(((frame.at - clips.BEGIN) / 1000, told))
    return changes


def _room(seconds: float, *changes: stage.Change) -> Iterable[Frame]:
    return stage.staged(stage.still(stage.empty_room(), seconds), *changes)


def _yard(seconds: float, *changes: stage.Change) -> Iterable[Frame]:
    return stage.staged(stage.still(stage.yard(), seconds), *changes)


def test_a_bag_is_told_after_its_hold_time_and_no_more_when_it_is_taken() -> None:
    """Put down at 8 s, held 6 s, taken at 24 s."""
    told = _told(_left(), _room(30, stage.put(stage.bag(), 300, 300, 8, 24)))
    (began, ended) = (at for at, state in told if at > 5)
    assert 14 <= began <= 17
    assert 24 < ended <= 26
    assert [state for _, state in told] == [None, False, True, False]


def test_a_clock_that_is_set_forward_leaves_nothing() -> None:
    """Put down at 8 s, and when it is known the clock, or a gap in the stream, jumps by 200 s."""
    frames = [
        Frame(frame.at + (200_000 if frame.at - clips.BEGIN > 12_500 else 0), frame.picture)
        for frame in _room(16, stage.put(stage.bag(), 300, 300, 8))
    ]
    settings = LeftSettings(hold_s=20, zones=("ground",))
    watch = ObjectLeft(settings, CameraZones(GROUND, ("ground",)))
    assert True not in {state for _, state in _told(watch, frames)}


def test_a_bag_stays_the_same_while_it_gets_dark_and_through_an_infrared_switch() -> None:
    """Light makes neither an end nor a second beginning."""
    put = stage.put(stage.bag(30), 300, 300, 8)
    for light in (stage.dusk(12, 40), stage.infrared(24)):
        states = [state for _, state in _told(_left(), _room(42, put, light))]
        assert states[:3] == [None, False, True]
        assert False not in states[2:]


def test_a_van_that_others_pass_in_front_of_is_one_episode() -> None:
    """The complaint about parked cars: told once, however much moves before it."""
    park = stage.drive(stage.vehicle(), 190, [(6, -230), (9, 250), (200, 250)])
    red = stage.vehicle(90, (40, 40, 160), 6)
    passing = [stage.drive(red, 240, [(at, -200), (at + 3, 660)]) for at in range(12, 50, 7)]
    told = _told(_lane(), _yard(50, park, *passing))
    assert [state for _, state in told] == [None, False, True]
    assert 15 <= told[2][0] <= 25


def test_a_van_is_no_bag_and_a_bag_is_no_van() -> None:
    """Each has its own size."""
    van = stage.put(stage.vehicle(), 250, 190, 7)
    bag = stage.put(stage.bag(), 300, 300, 7)
    assert True not in {state for _, state in _told(_left(), _yard(22, van))}
    assert True not in {state for _, state in _told(_lane(), _room(22, bag))}


def test_vans_that_stop_shorter_than_the_hold_time_are_traffic() -> None:
    """One like the other, at the same place, each for four seconds."""
    queue = [
        stage.drive(
            stage.vehicle(seed=at), 190, [(at, -230), (at + 1, 200), (at + 5, 200), (at + 6, 660)]
        )
        for at in range(6, 42, 7)
    ]
    assert True not in {state for _, state in _told(_lane(), _yard(45, *queue))}


WEATHER: dict[str, Callable[[], stage.Change]] = {
    "dusk": lambda: stage.dusk(6, 20),
    "infrared": lambda: stage.infrared(9),
    "lamp": lambda: stage.light(320, 280, 120, 1.7, since_s=8),
    "soft shadow": lambda: stage.light(320, 280, 120, 0.55, since_s=8),
    "sharp shadow": lambda: stage.light(320, 280, 120, 0.55, since_s=8, soft=2),
    "headlights": lambda: stage.headlights(260, 6),
    "trees": lambda: stage.leaves(0, 100, 640, 200),
    "escalator": lambda: stage.escalator(220, 150, 120, 200),
    "a bag that is taken": lambda: stage.put(stage.bag(40), 300, 280, 0, 9),
    "a van that drives off": lambda: stage.drive(
        stage.vehicle(), 190, [(0, 250), (8, 250), (10, 660)]
    ),
    "a bag put down for a moment": lambda: stage.put(stage.bag(), 300, 300, 8, 12),
}


@pytest.mark.parametrize("what", WEATHER)
def test_light_wind_and_what_leaves_are_nothing_left(what: str) -> None:
    """Negatives on an indoor floor with planks, which show light best."""
    left, lane = _left(), _lane()
    for frame in _room(22, WEATHER[what]()):
        given = View(frame, STILL)
        assert seen(left, given, "ground") is not True
        assert seen(lane, given, "ground") is not True


def test_people_who_stand_still_for_twenty_seconds_are_nothing_left() -> None:
    """Real footage, no detector: two persons stand at a table, one after the other."""
    assert True not in {
        state for _, state in _told(_left(), clips.timed(clips.read(clips.FLOOR, most_s=48)))
    }


def test_a_real_bottle_that_is_put_down_and_stays_is_told_after_its_hold_time() -> None:
    """Real footage: three bottles are taken and put back; at 24 s the middle one comes to stay."""
    shared(f"data/video/{clips.BOTTLE}")
    told = _told(_lane(), clips.timed(clips.read(clips.BOTTLE)))
    began = [at for at, state in told if state]
    assert 30 <= began[0] <= 33


def test_what_the_detector_calls_a_person_is_nothing_left() -> None:
    """A person who sleeps on the ground does not stir; a name is enough."""
    watch, sleeper = _left(), Detected("person", 0.7, Box(0.45, 0.8, 0.55, 0.95))
    states = set()
    for frame in _room(25, stage.put(stage.bag(30), 300, 300, 8)):
        named = (frame.at - BEGIN) % 2000 == 0
        states.add(seen(watch, View(frame, STILL, objects=[sleeper] if named else None), "ground"))
    assert True not in states


def test_a_vehicle_that_the_detector_names_occupies_the_lane_by_its_name() -> None:
    """Also one that stood there at the start, which motion cannot know."""
    watch = _lane()
    for ms in range(0, 9_000, 500):
        one = sighting(watch, view(ms, [standing(0.5, "car", high=0.3)]), "ground")
    assert one.seen is True
    assert one.values["by"] == "detector"
    assert one.values["label"] == "car"


def test_vehicles_that_pass_or_stand_beside_the_lane_do_not_occupy_it() -> None:
    """One drives through, one stands above the zone."""
    watch = _lane()
    for ms in range(0, 30_000, 500):
        passing = standing(0.1 + (ms % 5_000) / 6_000, "car", high=0.2)
        beside = standing(0.5, "truck", foot=0.4, high=0.2)
        assert seen(watch, view(ms, [passing, beside]), "ground") is not True
