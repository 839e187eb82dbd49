"""A group of cameras looked at in turn: honest about who is online, even about who is skipped."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model.reading import Reading
from video.camera import Camera
from video.contract import Frame
from video.settings import CameraSettings
from video.worker.group import Group, Watched
from video.worker.pace import Pace
from video.worker.pictures import PictureFile


class Drawn:
    """A feed that the test draws frame by frame."""

    def __init__(self) -> None:
        self.online = True
        self.reason, self.detail = "", ""
        self.skipped, self.reconnects = 0, 0
        self.newest: Frame | None = None
        self.closed = False

    def put(self, at: int, *, spot: bool = False) -> None:
        """Show a picture, with a bright spot or without."""
        picture = np.full((180, 320, 3), 90, np.uint8)
        picture[::9, ::7] = 150
        if spot:
            picture[60:120, 100:200] = 250
        if self.newest is not None:
            self.skipped += 1
        self.newest = Frame(at, picture)

    def take(self) -> Frame | None:
        """Give the newest picture once."""
        taken, self.newest = self.newest, None
        return taken

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True


class Scene:
    """One camera `cam-1` that notices motion, its feed, and what the group said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.feed = Drawn()
        self.now = 0
        self.said: list[Reading] = []
        settings = CameraSettings.model_validate(
            {
                "camera": "cam-1", "compound": "c1", "source": {"file": "x"}, "clip": False,
                "observations": {"motion": {"off_delay_s": 2}}, "heartbeat_s": 10,
            }
        )  # fmt: skip
        watched = Watched(Camera(settings), self.feed, None, PictureFile(folder, settings), Pace())
        self.group = Group([watched], self._say, clock=lambda: self.now / 1000)

    def _say(self, readings: Sequence[Reading]) -> None:
        self.said += readings

    def play(self, seconds: float, *, spot: bool = False) -> list[Reading]:
        """Let seconds pass at five pictures a second; return what was said."""
        before = len(self.said)
        for _ in range(int(seconds * 5)):
            self.now += 200
            self.feed.put(self.now, spot=spot)
            self.group.turn()
        return self.said[before:]


def test_an_episode_is_told_at_its_start_and_at_its_end(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.play(5)
    started = scene.play(1, spot=True)
    ended = scene.play(4)
    told = [r for r in started + ended if "episode" in r.values]
    assert [r.values["motion"] for r in told] == [True, False]
    assert told[0].values["episode"] == told[1].values["episode"]
    assert (told[0].device, told[0].kind, told[0].compound) == ("cam-1", "camera", "c1")


def test_losing_the_picture_ends_what_nobody_can_see_any_more_and_says_why(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.play(5)
    scene.play(1, spot=True)
    before = len(scene.said)
    scene.feed.online, scene.feed.reason, scene.feed.detail = False, "stalled", "no picture for 5 s"
    scene.now += 200
    scene.group.turn()
    end, state = scene.said[before:]
    assert (end.values["observation"], end.values["ended_by"]) == ("motion", "blind")
    assert "motion" not in end.values, "whoever moved may still be there"
    assert (state.values["online"], state.values["offline_reason"]) == (False, "stalled")
    assert "motion" not in state.values, "what is not known is not said"
    assert scene.group.warnings() == ["camera cam-1: no picture for 5 s"]
    scene.feed.online = True
    assert [r.values["online"] for r in scene.play(0.2)] == [True]


def test_a_camera_that_never_came_is_offline_only_when_the_reason_is_known(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.feed.online = False
    scene.group.turn()
    assert scene.said == [], "it may be about to answer"
    scene.feed.reason = "refused"
    scene.group.turn()
    assert [r.values["online"] for r in scene.said] == [False]


def test_the_heartbeat_carries_health_and_known_states(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    beats = [r for r in scene.play(25) if "fps" in r.values]
    assert [r.received_at for r in beats] == [200, 10_200, 20_200]
    last = beats[-1].values
    assert last["motion"] is False
    assert last["frames_skipped"] == 0
    assert isinstance(last["cpu_pct"], float)


def test_no_heartbeat_hides_which_episode_a_true_state_belongs_to(tmp_path: Path) -> None:
    """A rule keeps the newest word; the pictures of its case are found by the episode in it."""
    scene = Scene(tmp_path)
    scene.play(5)
    said = scene.play(6, spot=True)
    assert any("fps" in r.values for r in said), "a heartbeat came meanwhile"
    assert all("episode" in r.values for r in said if r.values.get("motion") is True)


def test_stopping_ends_every_episode_and_every_feed(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.play(5)
    scene.play(1, spot=True)
    scene.group.run(lambda: True)
    assert scene.feed.closed
    assert scene.said[-1].values["ended_by"] == "blind"


def test_the_newest_picture_lies_in_the_folder_whole(tmp_path: Path) -> None:
    import cv2

    Scene(tmp_path).play(1)
    for name in ("cam-1.jpg", "seen/cam-1.jpg"):
        picture = cv2.imread(str(tmp_path / name))
        assert picture is not None
        assert picture.shape == (180, 320, 3)
    assert not list(tmp_path.rglob("*.part"))
