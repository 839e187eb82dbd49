"""Evidence of a camera: what is kept of an episode, what is hidden in it, and what stays on a full disk."""

import json
import os
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from model.footage import Footage, Kind, Type, decode_footage, file_name
from video.camera import Camera
from video.contract import Box, Frame, Picture, Point
from video.episodes import Episode, News, Stage, episode_id
from video.evidence.clip import MP4, WEBM, best_container, encode
from video.evidence.folder import EvidenceFolder
from video.evidence.keeper import EvidenceKeeper
from video.evidence.ring import Kept, Pixelation, as_jpeg
from video.geometry import PrivacyMask
from video.settings import CameraSettings, EvidenceSettings

WIDE, TALL = 320, 180
MASK = ((0.1, 0.1), (0.5, 0.1), (0.5, 0.6), (0.1, 0.6))
BEGAN = 1_700_000_000_000


def camera(**more: object) -> CameraSettings:
    """Return the settings of a camera with a mask."""
    return CameraSettings.model_validate(
        {"camera": "门口", "source": {"file": "x.mp4"}, "masks": (MASK,), **more}
    )


def scene(number: int, *, secret: int = 255) -> Picture:
    """Return a bright picture with a moving bar; `secret` is what lies where the mask will be."""
    picture: Picture = np.full((TALL, WIDE, 3), 230, np.uint8)
    picture[:, (number * 7) % WIDE : (number * 7) % WIDE + 20] = (40, 90, 200)
    picture[20:100, 40:150] = secret
    return PrivacyMask([[Point(x, y) for x, y in MASK]]).blank(picture)


def episode(started_at: int, *, zone: str = "", confidence: float = 0.5) -> Episode:
    """Return an episode of motion."""
    name = episode_id("门口", "motion", zone, started_at)
    return Episode(name, "motion", zone, started_at, started_at, confidence, None, {})


def start(of: Episode, at: int | None = None) -> News:
    """Return the news that it began."""
    return News(Stage.START, of, of.started_at if at is None else at)


class Watch:
    """A keeper that is fed a picture every `every` ms."""

    def __init__(self, folder: Path, settings: EvidenceSettings, of: CameraSettings) -> None:
        self.folder = folder
        self.keeper = EvidenceKeeper(folder, settings, of)
        self.at = BEGAN

    def looks(
        self, seconds: float, *, every: int = 200, secret: int = 255,
        episodes: Sequence[Episode] = (), persons: Sequence[Box] | None = None,
    ) -> None:  # fmt: skip
        """Show it so many seconds."""
        until = self.at + int(seconds * 1000)
        while self.at < until:
            picture = scene((self.at - BEGAN) // 200, secret=secret)
            self.keeper.frame(Frame(self.at, picture), persons, episodes=episodes)
            self.at += every

    def manifest(self, of: Episode) -> Footage:
        """Return what was written of an episode."""
        self.keeper.drain()
        return decode_footage((self.folder / f"{of.id}.json").read_bytes())


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    """A keeper with the settings of the box."""
    made = Watch(tmp_path / "evidence", EvidenceSettings(), camera())
    yield made
    made.keeper.close()


def pictures(path: Path) -> list[tuple[float, Picture]]:
    """Return a clip's pictures with their times in s."""
    with av.open(str(path)) as clip:
        return [(float(f.time), np.asarray(f.to_ndarray(format="bgr24"), np.uint8)) for f in clip.decode(video=0)]  # fmt: skip


def masked(picture: Picture) -> Picture:
    """Return the pixels under the mask, less the blocks that its edge shares with what is beside it."""
    tall, wide = picture.shape[:2]
    return picture[round(tall * 0.1) + 16 : round(tall * 0.6) - 16, round(wide * 0.1) + 16 : round(wide * 0.5) - 16]  # fmt: skip


def test_an_episode_leaves_a_snapshot_at_once_and_a_clip_of_twenty_seconds(watch: Watch) -> None:
    """10 s before its start to 10 s after it; a longer episode is not longer in its clip."""
    watch.looks(15)
    began = episode(watch.at)
    watch.keeper.news([start(began)])
    watch.keeper.drain()
    assert (watch.folder / f"{began.id}.jpg").exists()
    assert not watch.manifest(began).complete
    watch.looks(30, episodes=[began])
    footage = watch.manifest(began)
    clip = next(file for file in footage.files if file.kind is Kind.CLIP)
    assert footage.complete
    assert (began.started_at - clip.since, clip.until - began.started_at) == (10_000, 10_000)
    shown = pictures(watch.folder / f"{began.id}.mp4")
    assert len(shown) == 101
    assert shown[-1][0] - shown[0][0] == pytest.approx(20, abs=0.01)


def test_a_clip_shows_each_picture_when_it_was_taken(watch: Watch) -> None:
    """A camera that stammers is shown stammering: gaps are gaps, not a faster world."""
    watch.looks(4, every=250)
    began = episode(watch.at)
    watch.keeper.news([start(began)])
    watch.at += 3_000
    watch.looks(8, every=1_000)
    watch.keeper.tick(began.started_at + 10_000)
    watch.keeper.drain()
    times = [at for at, _ in pictures(watch.folder / f"{began.id}.mp4")]
    gaps = sorted({round(b - a, 2) for a, b in pairwise(times)})
    assert gaps == [0.25, 1.0, 3.25]


def test_browsers_play_the_clip(watch: Watch) -> None:
    """H.264 in 4:2:0 with the index in front, so that it plays while it comes."""
    watch.looks(3)
    began = episode(watch.at)
    watch.keeper.news([start(began)])
    watch.keeper.close()
    path = watch.folder / f"{began.id}.mp4"
    with av.open(str(path)) as clip:
        stream = clip.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
    data = path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_what_is_masked_is_in_no_stored_byte(tmp_path: Path) -> None:
    """The same scene with other things under the mask gives the same files, and the mask is black."""
    stored: list[dict[str, bytes]] = []
    began = episode(BEGAN + 5_000)
    for secret in (255, 17):
        made = Watch(tmp_path / str(secret), EvidenceSettings(), camera())
        made.looks(5, secret=secret)
        made.keeper.news([start(began)])
        made.looks(12, secret=secret, episodes=[began._replace(confidence=0.9)])
        made.keeper.close()
        stored.append({path.name: path.read_bytes() for path in made.folder.iterdir()})
    assert stored[0] == stored[1]
    assert {f"{began.id}.jpg", f"{began.id}-2.jpg", f"{began.id}.mp4"} <= set(stored[0])
    for name in (f"{began.id}.jpg", f"{began.id}-2.jpg"):
        jpeg = cv2.imdecode(np.frombuffer(stored[0][name], np.uint8), cv2.IMREAD_COLOR)
        assert jpeg is not None
        assert masked(np.asarray(jpeg, np.uint8)).max() == 0
        assert np.asarray(jpeg).max() > 200
    shown = pictures(tmp_path / "255" / f"{began.id}.mp4")
    assert max(int(masked(picture).max()) for _, picture in shown) <= 2
    assert min(int(picture.max()) for _, picture in shown) > 200


def test_a_snapshot_holds_a_picture_and_nothing_else(watch: Watch) -> None:
    """No EXIF, no comment, no maker's notes: only the segments that a picture needs."""
    watch.looks(1)
    began = episode(watch.at)
    watch.keeper.news([start(began)])
    watch.keeper.drain()
    data = (watch.folder / f"{began.id}.jpg").read_bytes()
    position, segments = 2, []
    while data[position + 1] != 0xDA:
        segments.append(data[position + 1])
        position += 2 + int.from_bytes(data[position + 2 : position + 4])
    # JFIF header, quantisation and Huffman tables, size: no APP1 (EXIF) or COM.
    assert set(segments) <= {0xE0, 0xDB, 0xC0, 0xC4}
    assert data[6:11] == b"JFIF\0"


def test_the_surest_moment_is_a_second_snapshot(watch: Watch) -> None:
    """The first stays as it is: what was sent is never replaced."""
    watch.looks(3)
    began = episode(watch.at, confidence=0.4)
    watch.keeper.news([start(began)])
    watch.looks(2, episodes=[began])
    surest = watch.at
    watch.looks(4, episodes=[began._replace(confidence=0.95)])
    watch.looks(8, episodes=[began._replace(confidence=0.95)])
    footage = watch.manifest(began)
    first, second = (file for file in footage.files if file.kind is Kind.SNAPSHOT)
    assert first.since < surest == second.since
    assert footage.confidence == 0.95


def test_episodes_that_overlap_have_a_clip_each(watch: Watch) -> None:
    """One camera, two zones, three seconds apart."""
    watch.looks(12)
    first = episode(watch.at, zone="gate")
    watch.keeper.news([start(first)])
    watch.looks(3)
    second = episode(watch.at, zone="lane")
    watch.keeper.news([start(second)])
    watch.looks(20)
    for began in (first, second):
        clip = next(f for f in watch.manifest(began).files if f.kind is Kind.CLIP)
        assert clip.since == began.started_at - 10_000
        assert clip.until == began.started_at + 10_000
    assert watch.manifest(second).device == "门口/lane"


def test_what_counts_only_after_minutes_is_shown_as_it_was_then(tmp_path: Path) -> None:
    """Its start has left the memory; the clip shows the moment at which it was told."""
    made = Watch(tmp_path, EvidenceSettings(), camera())
    made.looks(30)
    began = episode(made.at - 120_000)
    made.keeper.news([start(began, at=made.at)])
    told = made.at
    made.looks(15)
    clip = next(f for f in made.manifest(began).files if f.kind is Kind.CLIP)
    assert (told - clip.since, clip.until - told) == (10_000, 10_000)
    made.keeper.close()


def test_a_camera_that_stops_leaves_what_it_saw_last(watch: Watch) -> None:
    """No frame comes any more: the snapshot is the last picture, and time ends the clip."""
    watch.looks(12)
    last = watch.at - 200
    gone = episode(watch.at + 5_000)
    watch.keeper.news([start(gone)])
    watch.keeper.tick(gone.started_at + 9_999)
    assert not watch.manifest(gone).complete
    watch.keeper.tick(gone.started_at + 10_000)
    footage = watch.manifest(gone)
    assert footage.complete
    assert footage.files[0].since == last
    assert footage.files[1].until == last


def test_persons_are_blocks_and_where_nobody_looked_all_is(tmp_path: Path) -> None:
    """A face of fine lines has no fine line left; the rest of the picture has."""
    fine: Picture = np.zeros((TALL, WIDE, 3), np.uint8)
    fine[:, ::2] = 255
    box, given = Box(0.25, 0.2, 0.5, 0.9), fine.copy()
    for persons, hidden, clear in (([box], True, True), (None, True, False), ([], False, True)):
        made = EvidenceKeeper(tmp_path / str(persons), EvidenceSettings(), camera(pixelate_persons=True))  # fmt: skip
        made.frame(Frame(BEGAN, fine), persons)
        began = episode(BEGAN)
        made.news([start(began)])
        made.close()
        data = (tmp_path / str(persons) / f"{began.id}.jpg").read_bytes()
        shown = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE), int)
        detail = np.abs(np.diff(shown, axis=1))
        inside = detail[60:130, 95:145].mean()
        assert bool(inside < 20) is hidden
        assert bool(detail[60:130, 200:300].mean() > 100) is clear
    assert np.array_equal(fine, given)


def test_persons_stay_hidden_between_two_looks_of_the_detector(tmp_path: Path) -> None:
    """The detector looks at some frames only; a person seen two seconds ago is still there."""
    fine: Picture = np.zeros((TALL, WIDE, 3), np.uint8)
    fine[:, ::2] = 255
    made = EvidenceKeeper(tmp_path, EvidenceSettings(), camera(pixelate_persons=True))
    made.frame(Frame(BEGAN, fine), [Box(0.25, 0.2, 0.5, 0.9)])
    made.frame(Frame(BEGAN + 1_000, fine), [], whole=False)
    made.frame(Frame(BEGAN + 2_000, fine), None)
    began = episode(BEGAN + 2_000)
    made.news([start(began)])
    made.close()
    data = (tmp_path / f"{began.id}.jpg").read_bytes()
    shown = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE), int)
    assert np.abs(np.diff(shown, axis=1))[60:130, 95:145].mean() < 20


def test_a_look_at_some_regions_does_not_say_that_nobody_is_elsewhere(tmp_path: Path) -> None:
    """Four seconds after the last look at all of it nobody knows: the whole picture is blocks."""
    fine: Picture = np.zeros((TALL, WIDE, 3), np.uint8)
    fine[:, ::2] = 255
    made = EvidenceKeeper(tmp_path, EvidenceSettings(), camera(pixelate_persons=True))
    made.frame(Frame(BEGAN, fine), [])
    for at in range(1_000, 5_000, 1_000):
        made.frame(Frame(BEGAN + at, fine), [], whole=False)
    began = episode(BEGAN + 4_000)
    made.news([start(began)])
    made.close()
    data = (tmp_path / f"{began.id}.jpg").read_bytes()
    shown = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE), int)
    assert np.abs(np.diff(shown, axis=1)).mean() < 20


def test_a_process_that_died_leaves_nothing_without_an_end(tmp_path: Path) -> None:
    """The next one says that the clip is missing, and clears away what was half written."""
    folder = tmp_path / "evidence"
    first = Watch(folder, EvidenceSettings(), camera())
    first.looks(3)
    began = episode(first.at)
    first.keeper.news([start(began)])
    first.keeper.drain()  # and dies here: nobody calls close()
    owner = first.keeper._writer._owner
    (folder / f".{owner}-{began.id}.mp4.part").write_bytes(b"half")
    other = EvidenceKeeper(folder, EvidenceSettings(), camera(camera="other"))
    other.drain()
    assert not first.manifest(began).complete
    again = EvidenceKeeper(folder, EvidenceSettings(), camera())
    again.drain()
    footage = first.manifest(began)
    assert footage.complete
    assert "ended before" in footage.note
    assert list(folder.glob(".*")) == []
    for keeper in (other, again, first.keeper):
        keeper.close()


def test_a_clock_that_is_set_back_begins_anew(watch: Watch) -> None:
    """The clip ends there; pictures of two times are not mixed."""
    watch.looks(5)
    began = episode(watch.at)
    watch.keeper.news([start(began)])
    watch.looks(2)
    watch.at -= 3_600_000
    watch.looks(1)
    footage = watch.manifest(began)
    assert footage.complete
    assert "clock" in footage.note


def test_memory_is_bounded_in_bytes(tmp_path: Path) -> None:
    """A picture of noise weighs much: the ring holds fewer of them."""
    noise = np.random.default_rng(7).integers(0, 255, (720, 1280, 3)).astype(np.uint8)
    keeper = EvidenceKeeper(tmp_path, EvidenceSettings(ring_mb=2), camera())
    for number in range(20):
        keeper.frame(Frame(BEGAN + number * 200, noise))
    assert keeper._ring.bytes <= 2 << 20
    keeper.close()


def test_a_clip_that_is_too_large_for_memory_is_cut_and_says_so(tmp_path: Path) -> None:
    """At most twice the ring: an evening of noise takes no more."""
    noise = np.random.default_rng(7).integers(0, 255, (720, 1280, 3)).astype(np.uint8)
    keeper = EvidenceKeeper(tmp_path, EvidenceSettings(ring_mb=1, fps=1), camera())
    keeper.frame(Frame(BEGAN, noise))
    began = episode(BEGAN)
    keeper.news([start(began)])
    for number in range(1, 15):
        keeper.frame(Frame(BEGAN + number * 1_000, noise))
    keeper.close()
    footage = decode_footage((tmp_path / f"{began.id}.json").read_bytes())
    assert "cut short" in footage.note
    clip = next(file for file in footage.files if file.kind is Kind.CLIP)
    assert clip.until - BEGAN < 10_000


def test_without_an_h264_encoder_the_clip_is_webm(tmp_path: Path) -> None:
    """Another container, the same pictures at the same times."""
    kept = [Kept(BEGAN + at, as_jpeg(scene(at // 200), width=640)) for at in (0, 200, 1_000)]
    target = tmp_path / "clip.webm"
    encode(kept, WEBM, target)
    assert Type.WEBM.begins(target.read_bytes()[:12])
    assert [round(at, 2) for at, _ in pictures(target)] == [0, 0.2, 1.0]
    assert best_container() is MP4


class TestTheFolder:
    """Room is made by a rule: the oldest that the hub has, never what it has not, never what is pinned."""

    def filled(self, folder: Path, *names: str) -> EvidenceFolder:
        """Return a folder of 16 MiB with episodes of 4 MiB each, oldest first."""
        made = EvidenceFolder(folder, max_mb=16)
        for age, name in enumerate(reversed(names)):
            for path in (folder / f"{name}.mp4", folder / f"{name}.json"):
                path.write_bytes(bytes(2 << 20))
                stamp = 1_700_000_000 - age * 100
                os.utime(path, (stamp, stamp))
        return made

    def test_the_oldest_that_is_done_goes_first(self, tmp_path: Path) -> None:
        """One is enough; the newer ones stay."""
        made = self.filled(tmp_path, "a", "b", "c", "d")
        for name in "abcd":
            made.mark_done(name)
        for age, name in enumerate("abcd"):
            os.utime(tmp_path / f"{name}.done", (1_700_000_000 + age, 1_700_000_000 + age))
        assert made.make_room(1 << 20)
        assert [item.episode for item in made.stored()] == ["b", "c", "d"]

    def test_what_the_hub_has_not_or_a_person_pinned_never_goes(self, tmp_path: Path) -> None:
        """Also when nothing else is left: then there is no room."""
        made = self.filled(tmp_path, "a", "b", "c", "d")
        for name in "bd":
            made.mark_done(name)
        (tmp_path / "b.pin").touch()
        assert not made.make_room(8 << 20)
        assert {item.episode for item in made.stored()} == {"a", "b", "c"}


def test_a_folder_full_of_what_the_hub_has_not_is_said_and_costs_no_alarm(tmp_path: Path) -> None:
    """The keeper counts and warns; it keeps nothing new and raises nothing."""
    folder = tmp_path / "evidence"
    folder.mkdir()
    (folder / f"{'0' * 16}.mp4").write_bytes(bytes(16 << 20))
    made = Watch(folder, EvidenceSettings(max_mb=16), camera())
    made.looks(3)
    began = episode(made.at)
    made.keeper.news([start(began)])
    made.looks(12)
    made.keeper.drain()
    assert made.keeper.counters["evidence_not_kept.full"] == 2
    assert made.keeper.warnings()
    assert not list(folder.glob(f"{began.id}*"))
    (folder / f"{'0' * 16}.mp4").unlink()
    again = episode(made.at)
    made.keeper.news([start(again)])
    made.looks(12)
    assert made.manifest(again).complete
    assert made.keeper.warnings() == []
    made.keeper.close()


def test_a_camera_finds_its_motion_again_in_the_clip(tmp_path: Path) -> None:
    """The whole edge: frames, an episode of the real camera, its files."""
    settings = camera(observations={"motion": {"after_s": 0.4}})
    looking, keeper = Camera(settings), EvidenceKeeper(tmp_path, EvidenceSettings(), settings)
    told: list[News] = []
    for number in range(160):
        picture: Picture = np.full((TALL, WIDE, 3), 120, np.uint8)
        if number > 75:
            left = 170 + (number * 5) % 100
            picture[110:170, left : left + 40] = 250
        seen = looking.see(Frame(BEGAN + number * 200, picture))
        persons = None if seen.view.objects is None else [o.box for o in seen.view.objects]
        keeper.frame(Frame(seen.view.at, seen.view.picture), persons, episodes=looking.open())
        keeper.news(seen.news)
        told += seen.news
    keeper.close()
    motions = [n.episode for n in told if n.stage is Stage.START and n.episode.observation == "motion"]  # fmt: skip
    assert motions
    footage = decode_footage((tmp_path / f"{motions[0].id}.json").read_bytes())
    assert {file.kind for file in footage.files} == {Kind.SNAPSHOT, Kind.CLIP}
    for file in footage.files:
        data = (tmp_path / file_name(footage.episode, file.kind, file.type, file.number)).read_bytes()  # fmt: skip
        assert file.size == len(data)
        assert file.type.begins(data[:12])
    raw = json.loads((tmp_path / f"{motions[0].id}.json").read_bytes())
    assert raw["files"][0]["from"] >= BEGAN


def test_a_clock_that_is_set_back_leaves_nobody_hidden_who_is_gone() -> None:
    """Where a person was before is not where one is for the next hour."""
    pixelation = Pixelation()
    pixelation.see(BEGAN, [Box(0.1, 0.1, 0.9, 0.9)], whole=True)
    back = BEGAN - 3_600_000
    pixelation.see(back, [], whole=True)
    picture = scene(3)
    assert np.array_equal(pixelation.apply(Frame(back, picture)), picture)
