"""Single pictures: folders of them, and cameras asked one by one."""

import struct
import threading
import time
import zlib
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.video.servers import now_ms
from tests.video.snapshot_server import snapshot_camera
from video.contract import Picture
from video.settings import SourceSettings
from video.sources import NOBODY, Credentials, Reason, Source, SourceLost, open_source
from video.sources.stills import picture_of, size_of

LOGIN = Credentials("admin", "p@ss:w/ö%rd")


def drawn(level: int, height: int = 48, width: int = 64) -> Picture:
    """Return a picture of one grey level with a white corner."""
    picture = np.full((height, width, 3), level, np.uint8)
    picture[:8, :8] = 255
    return picture


def jpeg(picture: Picture) -> bytes:
    """Return the picture as a camera would send it."""
    return cv2.imencode(".jpg", picture)[1].tobytes()


def png_that_claims(height: int, width: int) -> bytes:
    """Return a well-formed PNG of a few bytes whose header promises so many pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        code = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + code

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def snapshots(url: str, login: Credentials = NOBODY, every_s: float = 0.2) -> Source:
    """Return the source of a camera's snapshots."""
    return open_source(SourceSettings(snapshot=url, every_s=every_s), login, clock=now_ms, fps=30)


def levels(frames: list[Picture]) -> list[int]:
    """Return the grey level of each picture, to tens."""
    return [round(float(picture[20:, 20:].mean()), -1) for picture in frames]  # type: ignore[misc]


@pytest.mark.parametrize("size", [(48, 64), (1080, 1920), (7, 3)])
def test_the_size_is_known_before_a_picture_is_unpacked(size: tuple[int, int]) -> None:
    """JPEG, progressive JPEG and PNG, any size."""
    picture = drawn(90, *size)
    progressive = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    png = cv2.imencode(".png", picture)[1].tobytes()
    for data in (jpeg(picture), progressive, png):
        assert size_of(data) == size
        assert picture_of(data, "here").shape[:2] == size


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>login</html>",
        b"\xff\xd8",
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8" + b"\xff" * 5000 + b"\xff\xd9",
        b"\x89PNG\r\n\x1a\n",
        png_that_claims(60_000, 60_000),
        png_that_claims(0, 5),
        jpeg(drawn(90, 480, 640))[:-200],
        b"\xff\xd8\xff\xe0\x00\x00" * 20 + b"\xff\xd9",
    ],
)
def test_what_is_no_picture_is_refused_at_once(data: bytes) -> None:
    """Rubbish, cut-off pictures, and a kilobyte that promises ten gigabytes."""
    with pytest.raises(SourceLost, match="http://camera/picture") as refused:
        picture_of(data, "http://camera/picture")
    assert refused.value.reason is Reason.UNDECODABLE


def test_a_folder_is_shown_by_name_and_then_new_pictures_as_they_come(tmp_path: Path) -> None:
    """A camera uploads; a picture on its way is not rubbish, and rubbish stops nothing."""
    for name, level in (("b.jpg", 50), ("a.JPG", 20), ("c.png", 80)):
        cv2.imwrite(str(tmp_path / name), drawn(level))
    (tmp_path / "notes.txt").write_text("no picture")
    source = open_source(SourceSettings(folder=tmp_path), clock=now_ms, fps=20)
    frames = source.frames()
    first = list(islice(frames, 3))
    assert levels([frame.picture for frame in first]) == [20, 50, 80]
    assert [frame.at for frame in first] == sorted({frame.at for frame in first})
    whole = jpeg(drawn(110, 480, 640))
    late = tmp_path / "aa.jpg"  # sorts before those already shown
    late.write_bytes(whole[:-300])
    timer = threading.Timer(1.5, late.write_bytes, [whole])
    timer.start()
    assert levels([next(frames).picture]) == [110]
    timer.join()
    threading.Timer(0.2, source.close).start()
    began = time.monotonic()
    assert list(frames) == []
    assert time.monotonic() - began < 1


def test_a_folder_that_nobody_writes_into_any_more_is_offline_until_somebody_does(
    tmp_path: Path,
) -> None:
    cv2.imwrite(str(tmp_path / "a.jpg"), drawn(50))
    settings = SourceSettings(folder=tmp_path, idle_s=1)
    source = open_source(settings, clock=now_ms, fps=20)
    frames = source.frames()
    next(frames)
    with pytest.raises(SourceLost, match="no new picture for 1 s") as caught:
        next(frames)
    assert caught.value.reason is Reason.STALLED
    cv2.imwrite(str(tmp_path / "b.jpg"), drawn(50))
    assert next(source.frames()).picture.any()
    source.close()


def test_a_folder_played_unpaced_has_the_same_times_each_run(tmp_path: Path) -> None:
    """As fast as it goes, its own steps as times: what `video test` needs."""
    for n in range(5):
        cv2.imwrite(str(tmp_path / f"{n}.png"), drawn(n * 10))
    settings = SourceSettings(folder=tmp_path)
    source = open_source(settings, clock=lambda: 1_000_000, fps=5, paced=False)
    assert [frame.at - 1_000_000 for frame in source.frames()] == [0, 200, 400, 600, 800]


def test_a_folder_begins_again_or_says_what_is_wrong(tmp_path: Path) -> None:
    """Repeat; no folder; nothing that can be read."""
    (tmp_path / "0.jpg").write_bytes(b"rubbish")
    settings = SourceSettings(folder=tmp_path, repeat=True)
    with pytest.raises(SourceLost, match="can be read") as lost:
        next(open_source(settings, clock=now_ms, fps=5, paced=False).frames())
    assert lost.value.reason is Reason.UNDECODABLE
    cv2.imwrite(str(tmp_path / "1.png"), drawn(40))
    frames = open_source(settings, clock=now_ms, fps=5, paced=False).frames()
    assert levels([frame.picture for frame in islice(frames, 3)]) == [40, 40, 40]
    with pytest.raises(SourceLost) as lost:
        next(open_source(SourceSettings(folder=tmp_path / "none"), clock=now_ms, fps=5).frames())
    assert lost.value.reason is Reason.NOT_FOUND


@pytest.mark.parametrize("scheme", ["digest", "basic"])
def test_snapshots_come_with_the_login_that_the_camera_asks_for(scheme: str) -> None:
    """The password goes nowhere before it is asked for, and by Digest never as it is."""
    with snapshot_camera(jpeg(drawn(60)), LOGIN, scheme) as camera:
        source = snapshots(camera.url("/picture?channel=1"), LOGIN, every_s=0.4)
        frames = list(islice(source.frames(), 3))
        assert levels([frame.picture for frame in frames]) == [60, 60, 60]
        assert camera.asked[0] == ""
        assert all(given.lower().startswith(scheme) for given in camera.asked if given)
        assert frames[2].at - frames[0].at >= 500
        with pytest.raises(SourceLost) as refused:
            next(snapshots(camera.url(), Credentials("admin", "canary-9f3")).frames())
    assert refused.value.reason is Reason.LOGIN
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    ("path", "reason", "within_s"),
    [
        ("/none", Reason.NOT_FOUND, 1),
        ("/moved", Reason.NOT_FOUND, 1),
        ("/busy", Reason.UNREACHABLE, 1),
        ("/huge", Reason.UNDECODABLE, 3),
        ("/silent", Reason.STALLED, 6),
        ("/slow", Reason.STALLED, 11.5),
    ],
)
def test_a_camera_that_serves_no_picture_is_lost_for_a_reason(
    path: str, reason: Reason, within_s: float
) -> None:
    """Wrong address, redirects (never followed), too much, too slow."""
    with snapshot_camera(b"") as camera:
        began = time.monotonic()
        with pytest.raises(SourceLost) as lost:
            next(snapshots(camera.url(path)).frames())
        assert lost.value.reason is reason
        assert time.monotonic() - began < within_s
        assert len(camera.asked) == 1


def test_one_damaged_snapshot_is_passed_over_and_three_are_a_loss() -> None:
    """Cameras tear a picture now and then."""
    good = jpeg(drawn(60, 480, 640))
    with snapshot_camera(good) as camera:
        source = snapshots(camera.url())
        frames = source.frames()
        next(frames)
        camera.picture = good[:-500]
        threading.Timer(0.25, setattr, [camera, "picture", good]).start()
        next(frames)
        camera.picture = good[:-500]
        with pytest.raises(SourceLost) as lost:
            next(frames)
    assert lost.value.reason is Reason.UNDECODABLE


def test_a_camera_that_nobody_answers_for_is_unreachable() -> None:
    """Nobody listens there any more."""
    with snapshot_camera(b"") as camera:
        url = camera.url()
    with pytest.raises(SourceLost) as lost:
        next(snapshots(url).frames())
    assert lost.value.reason is Reason.UNREACHABLE
