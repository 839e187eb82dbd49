"""A group of cameras looked at in turn: honest about who is online, even about who is skipped."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest

from model.reading import Reading
from video.camera import Camera
from video.contract import Box, Frame
from video.episodes import Episode, News
from video.settings import CameraSettings
from video.worker.group import EVIDENCE_S, Group, Watched
from video.worker.kept_file import KeptFile
from video.worker.pace import Pace
from video.worker.pictures import PictureFile


class Drawn:
    """A feed that the test draws frame by frame."""

    def __init__(self) -> None:
        self.online = True
        self.reason, self.detail = "", ""
        self.skipped, self.reconnects = 0, 0
        self.counters: Counter[str] = Counter()
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


def settings(name: str, **more: object) -> CameraSettings:
    given = {
        "camera": name,
        "source": {"file": "x"},
        "observations": {"motion": {"off_delay_s": 2}},
    }
    return CameraSettings.model_validate(given | more)


class Noted:
    """Evidence that breaks when it is told to, and notes how it is closed."""

    def __init__(self, group: "Several") -> None:
        self.group = group
        self.breaks = False
        self.counters: Counter[str] = Counter()

    def frame(
        self,
        frame: Frame,
        persons: Sequence[Box] | None,
        *,
        episodes: Iterable[Episode],
        whole: bool,
    ) -> None:
        """Break, as a picture of 100 x 70000 did."""
        del persons, episodes, whole
        self.counters["pictures"] += 1
        if self.breaks:
            raise ValueError(f"too high at {frame.at}")

    def news(self, news: Iterable[News]) -> None:
        """Take it."""

    def tick(self, at: int) -> None:
        """Take it."""

    def warnings(self) -> list[str]:
        """Return none."""
        return []

    def close(self, *, wait_s: float) -> None:
        """Note what was said by now, and take half of the time that is left."""
        self.group.closed.append((len(self.group.said), wait_s))
        time.sleep(wait_s / 2)


class Several:
    """Cameras a, b and c in one process; the clock stands still but when time passes."""

    def __init__(self, folder: Path, **more: object) -> None:
        self.said: list[Reading] = []
        self.closed: list[tuple[int, float]] = []
        self.feeds = {name: Drawn() for name in "abc"}
        self.evidence = {name: Noted(self) for name in "abc"}
        self.now = 0
        watched = [
            Watched(
                Camera(settings(name, **more)), self.feeds[name], self.evidence[name],
                PictureFile(folder, settings(name)), Pace(), KeptFile(folder, name),
            )
            for name in "abc"
        ]  # fmt: skip
        self.group = Group(
            watched, self.said.extend, clock=lambda: self.now / 1000, steady=lambda: self.now / 1000
        )

    def play(self, seconds: float, *, spot: bool = False) -> list[Reading]:
        """Show all cameras the same; return what was said."""
        before = len(self.said)
        for _ in range(int(seconds * 5)):
            self.now += 200
            for feed in self.feeds.values():
                feed.put(self.now, spot=spot)
            self.group.turn()
        return self.said[before:]


def online(said: Sequence[Reading], camera: str) -> list[object]:
    return [
        r.values["online"] and r.values.get("offline_reason", True)
        for r in said
        if r.device == camera and "online" in r.values
    ]


def test_a_camera_that_fails_is_set_aside_and_its_neighbours_look_on(tmp_path: Path) -> None:
    """It is offline for the reason `failed`, tried again after 1, 2, 4 … s, and mends by itself."""
    several = Several(tmp_path)
    several.play(4)
    several.play(1, spot=True)
    several.evidence["a"].breaks = True
    said = several.play(20)
    lost = next(r for r in said if r.values.get("online") is False)
    assert (lost.device, lost.values["offline_reason"]) == ("a", "failed")
    ended = [r.values for r in said if r.device == "a" and r.values.get("ended_by")]
    assert ended[0]["ended_by"] == "blind"
    assert "motion" not in ended[0]
    assert [r.values["motion"] for r in said if r.device == "b" and "ended_by" in r.values] == [
        False
    ]
    assert False not in online(said, "b") + online(said, "c")
    looks = {name: kept.counters["pictures"] for name, kept in several.evidence.items()}
    assert looks["b"] == looks["c"] == 125
    assert 25 < looks["a"] < 25 + 8, "it is tried now and then, not in every turn"
    assert any(
        "camera a: looking failed (ValueError: too high" in w for w in several.group.warnings()
    )
    assert several.group.counters()["pictures"] == sum(looks.values())

    several.evidence["a"].breaks = False
    assert online(several.play(40), "a")[-1] is True
    assert several.group.warnings() == []


def test_a_detector_that_fails_ends_no_group(tmp_path: Path) -> None:
    class Breaks:
        def detect(self, _picture: object, _regions: object) -> list[object]:
            raise RuntimeError("out of memory")

    several = Several(tmp_path)
    bad = settings("a", observations={"loitering": {}})
    said: list[Reading] = []
    feeds = (Drawn(), Drawn())
    group = Group(
        [
            Watched(Camera(bad, Breaks()), feeds[0], None, PictureFile(tmp_path, bad), Pace()),  # type: ignore[arg-type]
            Watched(Camera(settings("b")), feeds[1], None, PictureFile(tmp_path, bad), Pace()),
        ],
        said.extend, clock=lambda: several.now / 1000,
    )  # fmt: skip
    for _ in range(50):
        several.now += 200
        for feed in feeds:
            feed.put(several.now)
        group.turn()
    assert online(said, "a") == [False]
    assert online(said, "b") == [True]


@pytest.mark.parametrize("crash", [True, False])
def test_an_episode_goes_on_over_a_restart(tmp_path: Path, crash: bool) -> None:  # noqa: FBT001
    first = Several(tmp_path)
    first.play(4)
    start = next(r for r in first.play(1, spot=True) if r.values.get("motion") is True)
    if not crash:
        first.group.run(lambda: True)
    second = Several(tmp_path)
    second.now = first.now + 5_000
    second.play(6)
    again = [r for r in second.said if r.device == start.device]
    (end,) = [r for r in again if "motion" in r.values and "episode" in r.values]
    assert (end.values["motion"], end.values["ended_by"]) == (False, "unseen")
    assert end.values["episode"] == start.values["episode"]
    assert [r.values["ended_by"] for r in Several(tmp_path).said] == [], "it is over for good"


def test_what_was_taken_out_of_the_file_is_over_at_the_next_start(tmp_path: Path) -> None:
    first = Several(tmp_path)
    first.play(4)
    first.play(1, spot=True)
    ended = Several(tmp_path, observations={}).said
    assert [(r.device, r.values["motion"], r.values["ended_by"]) for r in ended] == [
        (name, False, "settings") for name in "abc"
    ]
    assert Several(tmp_path, observations={}).said == []


def test_kept_episodes_that_cannot_be_read_or_written_cost_nothing(tmp_path: Path) -> None:
    for name in "abc":
        KeptFile(tmp_path, name).write([])
    folder = tmp_path / "video" / "state"
    assert not folder.exists(), "nothing to keep, nothing written"
    folder.mkdir(parents=True)
    (folder / "a.json").write_text('[{"half a')
    (folder / "b.json").mkdir()
    several = Several(tmp_path)
    several.play(4)
    assert {r.device for r in several.play(1, spot=True) if r.values.get("motion")} == set("abc")


def test_stopping_says_all_first_and_takes_as_long_for_many_as_for_one(tmp_path: Path) -> None:
    """The gateway waits 5 s. Feeds close at once, and evidence shares one deadline."""
    several = Several(tmp_path)
    several.play(4)
    several.play(1, spot=True)

    def slow() -> None:
        time.sleep(0.8)

    for feed in several.feeds.values():
        feed.close = slow  # type: ignore[method-assign]
    several.group._steady = time.monotonic  # the only clock that passes while one waits
    began = time.monotonic()
    several.group.run(lambda: True)
    assert time.monotonic() - began < 4.5
    assert [r.values["ended_by"] for r in several.said[-3:]] == ["blind"] * 3
    assert {said for said, _ in several.closed} == {len(several.said)}
    waits = [wait_s for _, wait_s in several.closed]
    assert waits[0] <= EVIDENCE_S
    assert sorted(waits, reverse=True) == waits
