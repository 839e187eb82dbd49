"""Smoke: real smoke laid over a street is hinted at; shadows, fog and persons are not. A hint, never sure."""

from collections.abc import Iterable

import pytest

from benchmarks import fire_effects as fire
from benchmarks import video_clips as clips
from tests.shared_data import shared
from video.contract import Picture, Point, Sighting
from video.geometry import CameraZones
from video.motion_gate import MotionGate
from video.observations.smoke import LEARN_S, Smoke, SmokeSettings
from video.view import View

ZONES = {
    "left": (Point(0, 0), Point(0.6, 0), Point(0.6, 0.7), Point(0, 0.7)),
    "road": (Point(0, 0.75), Point(1, 0.75), Point(1, 1), Point(0, 1)),
}
STREET = 35  # the picture of the clip with houses and a fence


@pytest.fixture(autouse=True, scope="module")
def _clips() -> None:
    shared("data/video")


def street() -> list[Picture]:
    """Return 20 s of a still street."""
    return [clips.read(clips.BIKES)[STREET]] * 100


def watched(pictures: Iterable[Picture], *zones: str) -> list[dict[str, Sighting]]:
    """Return what is said of each zone in each picture."""
    gate, smoke = MotionGate(), Smoke(SmokeSettings(), CameraZones(ZONES, zones))
    views = (View(frame, gate.look(frame.picture, frame.at)) for frame in clips.timed(pictures))
    return [{s.zone: s for s in smoke.look(view)} for view in views]


def seen_s(said: list[dict[str, Sighting]], zone: str = "") -> float:
    """Return for how many seconds it was seen."""
    return sum(bool(zones[zone].seen) for zones in said) / clips.FPS


def test_smoke_over_a_street_is_seen_where_it_is_and_never_for_sure() -> None:
    """The scene shows through it; its confidence stays below that of anything else."""
    smoky = list(fire.with_smoke(street(), corner=(0.2, 0.1), begins_s=6))
    said = watched(smoky, "left", "road")
    assert seen_s(said, "left") >= SmokeSettings().after_s
    assert seen_s(said, "road") == 0
    best = max(said, key=lambda zones: zones["left"].confidence)["left"]
    assert 0 < best.confidence <= 0.6
    assert set(best.values) == Smoke.quantities
    assert float(best.values["veil_pct"]) >= SmokeSettings().least_pct


def test_while_the_scene_is_learnt_nothing_is_known() -> None:
    """Smoke that was there before the camera is scenery."""
    said = watched(street()[:50])
    learning = int(LEARN_S * clips.FPS)
    assert {zones[""].seen for zones in said[:learning]} == {None}
    assert {zones[""].seen for zones in said[learning + 2 :]} == {False}


@pytest.mark.parametrize("what", ["a cloud's shadow", "fog", "a person", "a still street"])
def test_what_pales_dims_or_moves_is_no_smoke(what: str) -> None:
    """Not for as long as it takes to be told."""
    hall = clips.read(clips.FLOOR, most_s=24.0)
    pictures: dict[str, Iterable[Picture]] = {
        "a cloud's shadow": fire.shadowed(street()),
        "fog": fire.in_fog(street()),
        "a person": hall,
        "a still street": street(),
    }
    assert seen_s(watched(pictures[what])) < SmokeSettings().after_s
