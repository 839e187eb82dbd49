"""Masks hold for the shape of picture that they were drawn on, also over a restart, until somebody confirms."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from gateway.cameras import Cameras
from model.reading import Reading
from tests.runners.memory_sink import MemorySink
from tests.video.test_camera_process import told
from tests.video.test_group import Drawn
from video.camera import Camera
from video.contract import Frame
from video.episodes import News
from video.settings import CameraSettings, VideoSettings
from video.trial import look_at
from video.worker.group import Group, Watched
from video.worker.pace import Pace
from video.worker.pictures import PictureFile, picture_paths
from video.worker.shape_file import ShapeFile

WIDE, TALL = (640, 360), (640, 480)
CORNER = [[0, 0], [0.2, 0], [0.2, 0.2], [0, 0.2]]


def settings(**more: object) -> CameraSettings:
    """Return a camera with a mask in its upper left corner."""
    given = {"camera": "cam-1", "source": {"file": "x"}, "masks": [CORNER], "clip": False}
    return CameraSettings.model_validate({**given, **more})


def picture(size: tuple[int, int]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return a picture with something to see."""
    width, height = size
    made = np.full((height, width, 3), 90, np.uint8)
    made[::9, ::7] = 150
    return made


class Process:
    """A camera process, from its start on."""

    def __init__(self, data: Path, **more: object) -> None:
        self.settings, self.feed, self.now = settings(**more), Drawn(), 0
        self.told: dict[str, object] = {}
        shape = ShapeFile(data, self.settings)
        self.shown = picture_paths(data / "pictures", "cam-1").plain
        watched = Watched(
            Camera(self.settings, masks_drawn_on=shape.read()), self.feed, None,
            PictureFile(data / "pictures", self.settings), Pace(), shape=shape,
        )  # fmt: skip
        self.group = Group(
            [watched], self._say, clock=lambda: self.now / 1000, steady=lambda: self.now / 1000
        )

    def _say(self, said: Sequence[Reading]) -> None:
        for one in said:
            self.told |= one.values

    def blank(self, size: tuple[int, int]) -> bool:
        """Show pictures of a size for a minute; return whether the camera is blank, and says so."""
        for _ in range(60):
            self.now += 1_000
            self.feed.newest = Frame(self.now, picture(size))
            self.group.turn()
        shown = cv2.imread(str(self.shown))
        assert shown is not None
        black = int(shown.max()) < 20
        warned = any(
            "masks_drawn_on: {}x{}".format(*size) in text for text in self.group.warnings()
        )
        assert black is warned is self.told["masks_misfit"]
        assert black or int(shown[:30, :60].max()) < 60, "the mask is there in any case"
        return black


def test_a_camera_that_changed_its_shape_while_nobody_looked_is_blank(tmp_path: Path) -> None:
    """Its process was down, so its first picture is no proof that the masks fit."""
    assert not Process(tmp_path).blank(WIDE)
    assert not Process(tmp_path).blank((1280, 720)), "another size of the same shape"
    again = Process(tmp_path)
    assert again.blank(TALL)
    assert not again.blank(WIDE), "set back"
    assert Process(tmp_path).blank(TALL), "and it is not forgotten by looking once"
    assert not Process(tmp_path, masks_drawn_on="640x480").blank(TALL), "somebody confirmed"
    assert Process(tmp_path, masks_drawn_on="640x480").blank(WIDE)


def test_masks_that_are_drawn_anew_hold_for_the_first_picture(tmp_path: Path) -> None:
    """Whoever changed them looked at what the camera shows."""
    assert not Process(tmp_path).blank(WIDE)
    more = [CORNER, [[0, 0], [0.3, 0], [0.3, 0.3]]]
    assert not Process(tmp_path, masks=more).blank(TALL)
    assert Process(tmp_path, masks=more).blank(WIDE)


async def test_the_cameras_own_process_knows_it_too(tmp_path: Path) -> None:
    """A folder of pictures: 16:9 in one process, 4:3 in the next."""
    for size, misfit in ((WIDE, False), (TALL, True)):
        folder = tmp_path / f"{size[1]}"
        folder.mkdir()
        for number in range(4):
            cv2.imwrite(str(folder / f"{number}.png"), picture(size))
        source = {"folder": str(folder), "repeat": True}
        video = VideoSettings(cameras=(settings(source=source),))
        sink = MemorySink()
        cameras = Cameras(video, tmp_path / "data", sink)
        try:
            beat = await told(sink, lambda r: r.values.get("online") is True)
        finally:
            await cameras.close()
        assert beat.values["masks_misfit"] is misfit


def test_a_camera_without_masks_may_change_its_shape(tmp_path: Path) -> None:
    """There is nothing to hide, and nothing is kept."""
    for size in (WIDE, TALL):
        process = Process(tmp_path, masks=[])
        process.feed.newest = Frame(1, picture(size))
        process.group.turn()
        assert process.group.warnings() == []
        assert "masks_misfit" not in process.told
    assert not (tmp_path / "video").exists()


def test_a_damaged_file_is_no_permission(tmp_path: Path) -> None:
    """Nobody knows whether the masks fit until somebody says so."""
    assert not Process(tmp_path).blank(WIDE)
    (path,) = (tmp_path / "video" / "masks").iterdir()
    path.write_bytes(b"")
    assert Process(tmp_path).blank(WIDE)
    assert not Process(tmp_path, masks_drawn_on="16x9").blank(WIDE)


def test_a_disk_that_is_full_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be kept at the first picture is kept at a later heartbeat."""

    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    process = Process(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        assert not process.blank(WIDE)
    assert not process.blank(WIDE)
    assert Process(tmp_path).blank(TALL)


@pytest.mark.parametrize("wrong", ["640", "640x", "0x480", "640x480x3", "wide", "0640x480"])
def test_what_is_no_size_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="masks_drawn_on"):
        settings(masks_drawn_on=wrong)


def test_what_was_seen_before_all_went_blank_is_not_over() -> None:
    """Black shows nothing that moves, and proves nothing: the episode ends as blind, and then goes on."""
    camera, at = Camera(settings(observations={"motion": {"off_delay_s": 2}})), 0

    def shows(size: tuple[int, int], seconds: int, *, spot: bool = False) -> list[tuple[str, str]]:
        nonlocal at
        news: list[News] = []
        for _ in range(seconds * 5):
            at += 200
            made = picture(size)
            if spot:
                made[150:250, 200 + at % 90 : 400] = 250
            news += camera.see(Frame(at, made)).news
        return [(item.stage.value, item.episode.ended_by) for item in news]

    assert shows(WIDE, 5) == []
    assert shows(WIDE, 2, spot=True) == [("start", "")]
    assert shows(TALL, 30) == [("end", "blind")]
    assert camera.heartbeat({}, at)[0].values == {}, "nobody knows whether something moves"
    assert shows(WIDE, 2, spot=True)[0] == ("update", "")
    assert shows(WIDE, 5)[-1] == ("end", "unseen")


def test_a_trial_says_that_a_clip_of_another_shape_is_blank() -> None:
    """Else it would only say that nobody could tell."""
    given = settings(masks_drawn_on="640x480", observations={"motion": {}})
    frames = [Frame(number * 200, picture(WIDE)) for number in range(30)]
    assert {item.why for item in look_at(frames, given).not_looked if item.observation == "motion"} == {"masks"}  # fmt: skip
