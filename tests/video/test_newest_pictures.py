"""The newest pictures of a camera on disk: nothing in them that is hidden elsewhere."""

import stat
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from gateway.cameras import Cameras
from tests.runners.memory_sink import MemorySink
from video.camera import Camera
from video.contract import Box, Detected, Frame, Picture
from video.evidence.keeper import EvidenceKeeper
from video.settings import CameraSettings, EvidenceSettings, VideoSettings
from video.worker.pictures import PictureFile, picture_paths

PERSON = Box(280 / 640, 100 / 360, 360 / 640, 260 / 360)
DETAIL = np.random.default_rng(0).integers(0, 2, (160, 80)).astype(np.uint8) * 255
"""What makes a person recognisable here."""
BEGAN = 1_700_000_000_000


class Sharp:
    """A detector that misses nobody where it is asked to look."""

    def detect(self, picture: Picture, regions: Sequence[Box]) -> list[Detected]:
        """Name the person of `room` if its middle is in a region."""
        there = set(np.unique(picture[100:260, 280:360])) == {0, 255}
        asked = any(r.left <= 0.5 <= r.right and r.top <= 0.5 <= r.bottom for r in regions)
        return [Detected("person", 0.9, PERSON)] if there and asked else []


def settings(**more: object) -> CameraSettings:
    return CameraSettings.model_validate(
        {"camera": "cam", "source": {"file": "x"}, "observations": {"crowd": {}}, **more}
    )


def room(*, light: bool, person: bool) -> Picture:
    """A room whose lamp goes on as somebody comes in."""
    drawn = np.random.default_rng(1).integers(60, 110, (360, 640, 3)).astype(np.uint8)
    if light:
        drawn = np.asarray(cv2.add(drawn, np.full_like(drawn, 90)), np.uint8)
    if person:
        drawn[100:260, 280:360] = DETAIL[..., None]
    return drawn


def likeness(picture: Picture) -> float:
    """Return how much the person's place is like the person, 1 for the same."""
    got = picture[100:260, 280:360, 0].astype(float)
    return abs(float(np.corrcoef(got.ravel(), DETAIL.ravel().astype(float))[0, 1]))


def decoded(jpeg: bytes) -> Picture:
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def test_a_picture_of_before_a_mask_was_drawn_is_gone(tmp_path: Path) -> None:
    looking = Camera(settings())
    frame = Frame(BEGAN, room(light=True, person=True))
    assert PictureFile(tmp_path, settings()).offer(frame, looking.see(frame), looking)
    paths = picture_paths(tmp_path, "cam")
    for path in paths:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    PictureFile(tmp_path, settings(masks=[[[0, 0], [1, 0], [1, 1]]]))
    assert not any(path.exists() for path in paths)


async def test_pictures_of_cameras_that_are_no_more_are_gone(tmp_path: Path) -> None:
    folder = tmp_path / "video" / "pictures"
    left = [*picture_paths(folder, "old"), folder / "old.part"]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    cameras = Cameras(VideoSettings(cameras=(settings(),)), tmp_path, MemorySink())
    await cameras.close()
    assert not any(path.exists() for path in left)


@pytest.mark.parametrize("wanted", [True, False])
def test_who_comes_as_the_lamp_goes_on_is_stored_as_blocks(tmp_path: Path, *, wanted: bool) -> None:
    """On the wall and in evidence, while the motion gate learns the scene anew too."""
    own = settings(pixelate_persons=wanted)
    looking = Camera(own, Sharp())
    keeper = EvidenceKeeper(tmp_path / "evidence", EvidenceSettings(width=640), own)
    wall = PictureFile(tmp_path, own, every_ms=200)
    worst, unsettled = 0.0, 0
    for number in range(30):
        there = number > 10
        frame = Frame(BEGAN + number * 200, room(light=there, person=there))
        seen = looking.see(frame)
        masked = Frame(frame.at, seen.view.picture)
        keeper.frame(masked, seen.view.persons(), whole=seen.view.looked_everywhere())
        assert wall.offer(masked, seen, looking)
        if there:
            unsettled += not seen.view.motion.settled
            newest = keeper._ring.newest()
            assert newest is not None
            plain = picture_paths(tmp_path, "cam").plain.read_bytes()
            worst = max(worst, likeness(decoded(newest.jpeg)), likeness(decoded(plain)))
    keeper.close()
    assert unsettled, "or this test shows nothing"
    assert worst < 0.3 if wanted else worst > 0.9
