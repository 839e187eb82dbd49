"""A privacy mask hides for good: before anything looks, in whatever size the picture comes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from video.camera import Camera
from video.contract import Frame, Point
from video.episodes import News, Stage
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


PART = st.floats(0, 1, allow_nan=False)


@given(
    corners=st.lists(st.tuples(PART, PART), min_size=3, max_size=3),
    height=st.integers(8, 60),
    width=st.integers(8, 80),
)
def test_a_pixel_that_a_slanted_mask_touches_is_black(
    corners: list[tuple[float, float]], height: int, width: int
) -> None:
    """Tried at nine points of each pixel, each asked exactly on which side of the three lines it is."""
    blank = PrivacyMask([[Point(x, y) for x, y in corners]]).blank(
        np.full((height, width, 3), 255, np.uint8)
    )
    steps = np.array([0.01, 0.5, 0.99])
    xs = (np.arange(width)[:, None] + steps).ravel() / width
    ys = (np.arange(height)[:, None] + steps).ravel()[:, None] / height
    sides = [
        (bx - ax) * (ys - ay) - (by - ay) * (xs - ax)
        for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True)
    ]
    inside = np.all([side > 1e-9 for side in sides], axis=0)
    inside |= np.all([side < -1e-9 for side in sides], axis=0)
    touched = inside.reshape(height, 3, width, 3).any(axis=(1, 3))
    assert not blank[touched].any()


def test_a_camera_that_changes_its_shape_is_blank_as_a_whole_and_says_so() -> None:
    """A 4:3 picture shows the middle of a 16:9 one; the neighbour's window lies elsewhere in it."""
    settings = CameraSettings.model_validate(
        {
            "camera": "cam-1", "source": {"file": "x.mp4"}, "observations": {"motion": {}},
            "masks": [[[0.2, 0.3], [0.3, 0.3], [0.3, 0.7], [0.2, 0.7]]],
        }
    )  # fmt: skip
    camera, at = Camera(settings), 0

    def looks(height: int, width: int) -> list[News]:
        nonlocal at
        news: list[News] = []
        for number in range(50):
            at += 500
            picture = np.full((height, width, 3), 50, np.uint8)
            picture[::7, number % 7 :: 7] = 222
            seen = camera.see(Frame(at, picture))
            news += [item for item in seen.news if item.stage is Stage.START]
            wholly = not seen.view.picture.any()
        assert wholly is bool(camera.mask_misfit())
        return news

    looks(480, 640)
    looks(240, 320)
    assert not camera.mask_misfit()
    assert looks(360, 640) == [], "a blank picture is no dark or covered camera"
    assert "640x360 and was 640x480" in camera.mask_misfit()
    looks(480, 640)
    assert not camera.mask_misfit()


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
