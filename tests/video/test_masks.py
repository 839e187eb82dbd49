"""A privacy mask hides for good: before anything looks, in whatever size the picture comes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from video.camera import Camera
from video.contract import Frame, Point
from video.geometry import CameraZones, PrivacyMask
from video.settings import CameraSettings

HOUSE = (Point(0.25, 0.25), Point(0.75, 0.25), Point(0.75, 0.75), Point(0.25, 0.75))


@given(height=st.integers(8, 300), width=st.integers(8, 300))
def test_every_masked_pixel_is_black_in_any_size(height: int, width: int) -> None:
    picture = np.full((height, width, 3), 255, np.uint8)
    blank = PrivacyMask([HOUSE]).blank(picture)
    top, bottom = int(height * 0.25), int(np.ceil(height * 0.75))
    left, right = int(width * 0.25), int(np.ceil(width * 0.75))
    assert not blank[top:bottom, left:right].any()
    assert blank[0].all(), "and nothing else is"


def test_a_camera_that_changes_its_size_stays_masked() -> None:
    mask = PrivacyMask([HOUSE])
    for height, width in ((360, 640), (720, 1280), (360, 640)):
        assert not mask.blank(np.full((height, width, 3), 9, np.uint8))[
            height // 2, width // 2
        ].any()


def test_what_happens_under_a_mask_moves_nothing_and_is_nowhere_to_be_seen() -> None:
    settings = CameraSettings.model_validate(
        {
            "camera": "cam-1", "source": {"file": "x.mp4"},
            "masks": [[list(corner) for corner in HOUSE]],
            "observations": {"motion": {}},
        }
    )  # fmt: skip
    camera = Camera(settings)
    noise = np.random.default_rng(1)
    for number in range(30):
        picture = np.full((360, 640, 3), 120, np.uint8)
        picture[90:270, 160:480] = noise.integers(0, 255, (180, 320, 3), np.uint8)
        seen = camera.see(Frame(number * 200, picture))
        assert seen.news == []
        assert not seen.view.picture[95:265, 165:475].any()


@pytest.mark.parametrize(
    ("point", "inside"),
    [(Point(0.5, 0.5), True), (Point(0.1, 0.5), False), (Point(0.25, 0.25), True)],
)
def test_a_zone_holds_its_points_edge_included(point: Point, inside: bool) -> None:  # noqa: FBT001
    assert CameraZones({"house": HOUSE}, ["house"]).holds("house", point) is inside


def test_no_zone_is_the_whole_picture() -> None:
    zones = CameraZones({"house": HOUSE})
    assert zones.names() == ("",)
    assert zones.mask("", 10, 20).min() == 255
