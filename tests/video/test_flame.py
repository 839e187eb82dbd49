"""Flame: real fire in real scenes is hinted at; what has only its colour or only its flicker is not."""

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
import pytest

from benchmarks import fire_effects as fire
from benchmarks import video_clips as clips
from tests.shared_data import shared
from video.contract import Frame, Picture, Point, Sighting
from video.geometry import CameraZones
from video.motion_gate import MotionGate
from video.observations.flame import Flame, FlameSettings
from video.view import View

ZONES = {
    "window": ((0.35, 0.3), (0.65, 0.3), (0.65, 0.55), (0.35, 0.55)),
    "grass": ((0.7, 0.6), (1.0, 0.6), (1.0, 1.0), (0.7, 1.0)),
}


@pytest.fixture(autouse=True, scope="module")
def _clips() -> None:
    shared("data/video")


@cache
def house() -> tuple[Picture, ...]:
    """Return ten seconds of the burning house."""
    return fire.burning(24.0)[:50]


def hall() -> tuple[Picture, ...]:
    """Return 24 s of persons on an orange floor."""
    return clips.read(clips.FLOOR, most_s=24.0)


def table() -> tuple[Picture, ...]:
    """Return 15 s of hands and bottles."""
    return clips.read(clips.BOTTLE, most_s=15.0)


def watched(
    frames: Iterable[Frame], *, zones: Sequence[str] = (), **settings: object
) -> list[tuple[int, dict[str, Sighting]]]:
    """Return what is said of each zone, with ms since the first frame."""
    gate = MotionGate()
    polygons = {name: [corner_of(p) for p in corners] for name, corners in ZONES.items()}
    flame = Flame(FlameSettings.model_validate(settings), CameraZones(polygons, zones))
    said = []
    begin = None
    for frame in frames:
        begin = frame.at if begin is None else begin
        view = View(frame, gate.look(frame.picture, frame.at))
        said.append((frame.at - begin, {s.zone: s for s in flame.look(view)}))
    return said


def corner_of(corner: tuple[float, float]) -> Point:
    """Return a written corner as a point."""
    return Point(*corner)


def first_seen(said: list[tuple[int, dict[str, Sighting]]], zone: str = "") -> float | None:
    """Return when it was first seen, in seconds."""
    return next((at / 1000 for at, zones in said if zones[zone].seen), None)


def longest_s(said: list[tuple[int, dict[str, Sighting]]]) -> float:
    """Return for how long it was seen without a break, s."""
    longest = run = 0
    for _, zones in said:
        run = run + 1 if zones[""].seen else 0
        longest = max(longest, run)
    return longest / clips.FPS


def test_a_fire_is_seen_within_seconds_and_measured() -> None:
    """Where it is, how large, how it flickers as far as five pictures a second show, how it grows."""
    said = watched(clips.timed(house()))
    assert (first_seen(said) or 99) < 6
    sighting = said[-1][1][""]
    assert sighting.box is not None
    assert 0.35 < (sighting.box.left + sighting.box.right) / 2 < 0.6
    assert 0.1 < float(sighting.values["flame_area_pct"]) < 2
    assert 0 < float(sighting.values["flicker_hz"]) <= clips.FPS / 2
    assert float(sighting.values["growth_factor"]) > 0
    assert set(sighting.values) == Flame.quantities


def test_it_is_seen_in_the_zone_where_it_burns_and_nowhere_else() -> None:
    """A zone on the lawn stays quiet."""
    said = watched(clips.timed(house()), zones=["window", "grass"])
    assert first_seen(said, "window") is not None
    assert first_seen(said, "grass") is None


@pytest.mark.parametrize(
    "change",
    [
        lambda p: [x[:, ::-1].copy() for x in p],
        lambda p: fire.lit(p, 0.5),
        lambda p: fire.lit(p, 2.5),
        fire.compressed,
        lambda p: fire.with_fire(table()[: len(p)], foot=(0.35, 0.6)),
    ],
    ids=["mirrored", "dark", "over-exposed", "compressed", "on a table in another clip"],
)
def test_a_fire_in_other_light_and_other_places_is_seen(change: object) -> None:
    """Nothing of it depends on where this one fire is, or how bright."""
    made = change(house())  # type: ignore[operator]
    assert longest_s(watched(clips.timed(made))) >= FlameSettings().after_s


@pytest.mark.parametrize(
    "calm",
    [
        lambda floor, _: floor[45:120],
        lambda floor, _: fire.in_orange(clips.to_and_fro(floor[108:120], 15)),
        lambda floor, _: fire.with_lamp(floor[:75], 1),
        lambda floor, _: fire.with_lamp(floor[:75], 2),
        lambda _, desk: fire.with_lamp(desk[:75], 1.1, beacon=True),
        lambda floor, _: fire.with_headlights(floor[:75]),
        lambda floor, _: fire.shaken(floor[:75]),
        lambda _, desk: fire.on_a_screen(desk[:75], clips.read(clips.BIKES)),
        lambda *_: clips.read(clips.BIKES),
    ],
    ids=[
        "a person on an orange floor", "orange clothes that rock", "a lamp at 1 Hz", "a lamp at 2 Hz",
        "a lamp that turns", "headlights", "a camera in the wind", "a screen", "cuts",
    ],
)  # fmt: skip
def test_what_does_not_burn_makes_no_episode(calm: object) -> None:
    """Seen for less than `after_s` is not told."""
    pictures = calm(hall(), table())  # type: ignore[operator]
    assert longest_s(watched(clips.timed(pictures))) < FlameSettings().after_s


def test_at_key_frame_rate_nothing_is_claimed() -> None:
    """Who sees a picture every two seconds cannot see a flicker, and says so."""
    said = watched(clips.timed(fire.burning(24.0)[::10], fps=0.5))
    assert {zones[""].seen for _, zones in said} == {None}


@pytest.mark.parametrize("fps", [3, 5, 15])
def test_the_frame_rate_changes_little(fps: int) -> None:
    """Times are seconds, never frames."""
    pictures = clips.read(clips.FIRE, most_s=10.0, fps=fps)
    assert (first_seen(watched(clips.timed(pictures, fps=fps))) or 99) < 7


def test_frames_at_uneven_times_are_judged_by_their_times() -> None:
    """A stream that stutters is one stream."""
    source = np.random.default_rng(3)
    frames = [f._replace(at=f.at + int(source.integers(-60, 60))) for f in clips.timed(house())]
    assert (first_seen(watched(frames)) or 99) < 7


def test_a_masked_fire_is_not_there() -> None:
    """What privacy hides is hidden from this too."""
    hidden = [picture.copy() for picture in house()]
    for picture in hidden:
        picture[:, 200:420] = 0
    visible = np.full(clips.SIZE[::-1], 255, np.uint8)
    visible[:, 200:420] = 0
    gate, flame = MotionGate(), Flame(FlameSettings(), CameraZones({}))
    for frame in clips.timed(hidden):
        motion = gate.look(frame.picture, frame.at, visible)
        assert not flame.look(View(frame, motion, visible=visible))[0].seen


def test_a_still_picture_costs_no_look() -> None:
    """Where nothing moves and nothing burnt before, the picture is not even made small."""
    still = hall()[0]
    gate, flame = MotionGate(), Flame(FlameSettings(), CameraZones({}))
    views = []
    for frame in clips.timed([still] * 40):
        views.append(View(frame, gate.look(still, frame.at)))
        flame.look(views[-1])
    assert [view for view in views[30:] if "small" in vars(view)] == []
