"""What every observation keeps to, whoever wrote it; each module of `video/observations/` is found here."""

import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from video.contract import Box, Detected, Frame, Picture, Sighting
from video.discovery import observations
from video.geometry import CameraZones
from video.motion_gate import MotionGate
from video.observation import Observation
from video.settings import points
from video.view import UNSETTLED, View

NAMES = sorted(observations())
DOCS = Path(__file__).parents[2] / "docs" / "video"
SQUARE = points(((0.2, 0.2), (0.9, 0.2), (0.9, 0.9), (0.2, 0.9)))
WANTED = ((), ("square",))


def made(name: str, wanted: Sequence[str] = ()) -> Observation:
    """Return an observation with its default settings."""
    kind = observations()[name]
    return kind(kind.settings(zones=tuple(wanted)), CameraZones({"square": SQUARE}, wanted))


def pictures() -> Iterator[Picture]:
    """Yield what a broken or strange camera may send."""
    random = np.random.default_rng(1)

    def noise(height: int, width: int) -> Picture:
        return random.integers(0, 256, (height, width, 3), np.uint8)

    flat = [np.full((180, 320, 3), level, np.uint8) for level in (0, 255, 128)]
    grey = np.repeat(noise(180, 320)[:, :, :1], 3, axis=2)
    for picture in (*flat, grey):
        yield from [picture] * 4
    yield from (noise(180, 320) for _ in range(4))
    for size in ((16, 16), (1, 1), (2160, 3840), (359, 641), (480, 64), (36, 900), (180, 320)):
        yield from [noise(*size)] * 2
    yield np.zeros((180, 320, 3), np.uint8)


def watched(observation: Observation, *, step_ms: int = 200) -> list[Sighting]:
    """Return all it says of the strange pictures; the clock stands still and goes back on the way."""
    gate = MotionGate()
    found: list[Sighting] = []
    at = 1_800_000_000_000
    person = Detected("person", 0.9, Box(0.4, 0.3, 0.5, 0.8))
    for number, picture in enumerate(pictures()):
        at += -5_000 if number == 9 else 0 if number % 7 == 3 else step_ms
        view = View(Frame(at, picture.copy()), UNSETTLED)
        view.motion = gate.look(view.small_grey, at)
        view.objects = (None, [], [person])[number % 3]
        found.extend(observation.look(view))
    return found


@pytest.mark.parametrize("wanted", WANTED)
@pytest.mark.parametrize("name", NAMES)
def test_any_picture_is_answered_and_nothing_is_raised(name: str, wanted: tuple[str, ...]) -> None:
    """Black, white, noise, one pixel, 4K, sizes that change, a clock that stands still or goes back."""
    kind = observations()[name]
    zones = set(wanted) or {""}
    for sighting in watched(made(name, wanted)):
        assert sighting.zone in zones
        assert sighting.seen in {True, False, None}
        assert 0 <= sighting.confidence <= 1
        assert set(sighting.values) <= kind.quantities
        assert not any(isinstance(v, float) and math.isnan(v) for v in sighting.values.values())


@pytest.mark.parametrize("name", NAMES)
def test_every_zone_is_answered_in_every_frame(name: str) -> None:
    """Once; "cannot tell" is an answer."""
    observation = made(name, ("square",))
    view = View(Frame(1_000, np.zeros((180, 320, 3), np.uint8)), UNSETTLED)
    assert [sighting.zone for sighting in observation.look(view)] == ["square"]


@pytest.mark.parametrize("name", NAMES)
def test_the_same_frames_give_the_same_sightings(name: str) -> None:
    """A replay shows what was seen the first time."""
    assert watched(made(name)) == watched(made(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_frame_is_not_written_into(name: str) -> None:
    """Evidence is cut from the same pictures."""
    observation, gate = made(name), MotionGate()
    for number in range(6):
        picture = np.random.default_rng(number).integers(0, 256, (180, 320, 3), np.uint8)
        before = picture.copy()
        view = View(Frame(number * 500, picture), UNSETTLED)
        view.motion = gate.look(view.small_grey, view.at)
        observation.look(view)
        assert np.array_equal(picture, before)


@pytest.mark.parametrize("name", NAMES)
def test_the_page_names_every_setting_and_quantity(name: str) -> None:
    """Under its title in both languages."""
    kind = observations()[name]
    page = (DOCS / f"{name}.md").read_text()
    assert all(title in page.splitlines()[0] for title in kind.title)
    missing = [
        key for key in (*kind.settings.model_fields, *kind.quantities) if f"`{key}`" not in page
    ]
    assert missing == []


@pytest.mark.parametrize("name", NAMES)
def test_title_and_limits_are_there_in_chinese_and_english(name: str) -> None:
    """The page shows them as they are."""
    kind = observations()[name]
    for chinese, english in (kind.title, kind.limits):
        assert re.search(r"[\u4e00-\u9fff]", chinese)
        assert english
        assert not re.search(r"[\u4e00-\u9fff]", english)


def test_the_cameras_own_health_is_watched_without_being_asked() -> None:
    """These five are on for every camera."""
    always = {name for name, kind in observations().items() if kind.always}
    assert always >= {"black", "covered", "defocused", "frozen", "moved"}
