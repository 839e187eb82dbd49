"""Live streams, against GStreamer's RTSP server: cut, hung, resized, refused, reconnected."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Literal

import av
import numpy as np
import psutil
import pytest

from tests.video.servers import (
    RtspServer,
    changes_until,
    encoded,
    now_ms,
    playing,
    rtsp_server,
)
from video.contract import Frame
from video.settings import SourceSettings
from video.sources import (
    NOBODY,
    BackOff,
    Change,
    Credentials,
    Keeper,
    Reason,
    SourceLost,
    open_source,
)

pytestmark = pytest.mark.real
LOGIN = Credentials("adm in", "p@ss:w/ö%rd")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RtspServer]:
    """A camera that anybody may watch."""
    with rtsp_server(tmp_path) as running:
        yield running


@contextmanager
def watched(url: str, fps: float = 30, back_off: BackOff | None = None) -> Iterator[Keeper]:
    """Keep a camera open until the block ends."""
    source = open_source(SourceSettings(url=url), clock=now_ms, fps=fps)
    keeper = Keeper(source, name="test", clock=now_ms, back_off=back_off)
    keeper.start()
    try:
        yield keeper
    finally:
        keeper.stop()


def some(url: str, count: int, login: Credentials = NOBODY, **more: bool) -> list[Frame]:
    """Open a stream and return its first frames."""
    source = open_source(SourceSettings(url=url), login, clock=now_ms, fps=30, **more)
    frames: list[Frame] = []
    for frame in source.frames():
        frames.append(frame)
        if len(frames) == count:
            source.close()
    return frames


def frame_of(keeper: Keeper, shape: tuple[int, int], within_s: float) -> Frame:
    """Return the next frame of that height and width."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        taken = keeper.take(0.2)
        assert not (isinstance(taken, Change) and not taken.online), taken
        if isinstance(taken, Frame) and taken.picture.shape[:2] == shape:
            return taken
    pytest.fail(f"no frame of {shape} in {within_s} s")


def test_the_pictures_are_those_of_the_stream(tmp_path: Path) -> None:
    """Bit for bit: each picture that arrives is one of the clip that the server plays."""
    clip = encoded("intel_one_by_one_person.mp4", tmp_path / "clip.mp4")
    with av.open(str(clip)) as container:
        originals = [raw.to_ndarray(format="bgr24") for raw in container.decode(video=0)]
    with rtsp_server(tmp_path, playing(clip)) as running:
        frames = some(running.url, 15)
    places = [
        next(n for n, original in enumerate(originals) if np.array_equal(original, frame.picture))
        for frame in frames
    ]
    assert len(set(places)) > 10
    ages = [now_ms() - frame.at for frame in frames]
    assert ages == sorted(ages, reverse=True)
    assert 0 <= ages[-1] < 5_000


H264 = "x264enc tune=zerolatency key-int-max=10 ! rtph264pay config-interval=-1"
H265 = "x265enc tune=zerolatency key-int-max=10 ! rtph265pay config-interval=-1"
# JPEG has the full range of levels (colorimetry 1:4:0:1).
MJPEG = "videoconvert ! video/x-raw,format=I420,colorimetry=1:4:0:1 ! jpegenc ! rtpjpegpay"


@pytest.mark.parametrize(
    ("coder", "transport"), [(H264, "tcp"), (H264, "udp"), (H265, "tcp"), (MJPEG, "tcp")]
)
def test_every_usual_coding_is_read_in_its_true_colours(
    tmp_path: Path, coder: str, transport: Literal["tcp", "udp"]
) -> None:
    """A red wall is red, all of it, also where a camera uses the full range of levels."""
    red = (
        "videotestsrc is-live=true pattern=solid-color foreground-color=0xffff0000"
        f" ! video/x-raw,format=RGB,width=320,height=240,framerate=10/1"
        f" ! videoconvert ! video/x-raw,format=I420 ! {coder} name=pay0 pt=96"
    )
    with rtsp_server(tmp_path, red) as running:
        settings = SourceSettings(url=running.url, transport=transport)
        frame = next(open_source(settings, clock=now_ms, fps=30).frames())
    assert np.abs(frame.picture.astype(int) - (0, 0, 255)).max() < 12


def test_a_camera_that_dies_is_offline_at_once_and_online_when_it_is_back(
    server: RtspServer,
) -> None:
    """The end of a live stream comes without an error of the library."""
    with watched(server.url) as keeper:
        assert changes_until(keeper, online=True, within_s=10)[0].reason is None
        server.kill()
        killed = now_ms()
        away = changes_until(keeper, online=False, within_s=3)[0]
        assert away.reason is Reason.ENDED
        assert abs(away.at - killed) < 2_000
        again = changes_until(keeper, online=False, reason=Reason.UNREACHABLE, within_s=5)[-1]
        assert again.at == away.at  # away since then, now for another reason
        server.start()
        back = changes_until(keeper, online=True, within_s=15)[-1]
        assert frame_of(keeper, (240, 320), 3).at >= back.at
        assert keeper.reconnects >= 2


def test_a_camera_that_hangs_is_offline_within_seven_seconds(server: RtspServer) -> None:
    """The connection stays open, nothing comes: 5 s of silence are a stall."""
    with watched(server.url) as keeper:
        changes_until(keeper, online=True, within_s=10)
        server.suspend()
        hung = time.monotonic()
        away = changes_until(keeper, online=False, within_s=7)[0]
        assert away.reason is Reason.STALLED
        assert time.monotonic() - hung > 3  # one late picture is no stall
        server.resume()
        changes_until(keeper, online=True, within_s=20)


def test_a_stream_that_changes_its_size_goes_on(server: RtspServer) -> None:
    """Somebody chose another resolution in the camera; nobody has to restart anything."""
    with watched(server.url) as keeper:
        changes_until(keeper, online=True, within_s=10)
        frame_of(keeper, (240, 320), 5)
        server.resize(480, 352)
        frame_of(keeper, (352, 480), 10)
        assert keeper.reconnects == 0


def test_who_is_too_slow_for_a_stream_sees_fewer_pictures_but_no_old_ones(
    server: RtspServer,
) -> None:
    """Three a second are read of ten: what waits in the line is passed over up to a key frame."""
    source = open_source(SourceSettings(url=server.url), clock=now_ms, fps=30)
    resized, began = 0.0, time.monotonic()
    for frame in source.frames():
        time.sleep(0.3)
        now = time.monotonic()
        if not resized and now - began > 8:  # five seconds and more would wait by now
            server.resize(480, 352)
            resized = now
        if frame.picture.shape[1] == 480:
            break
        assert not resized or now - resized < 20
    assert time.monotonic() - resized < 4.5
    assert source.left_out > 20


def test_key_frames_alone_are_a_few_of_all_pictures(server: RtspServer) -> None:
    """One a second where all are ten."""
    began = time.monotonic()
    frames = some(server.url, 4, keyframes_only=True)
    assert time.monotonic() - began > 1.2
    gaps = [later.at - earlier.at for earlier, later in pairwise(frames)]
    assert max(gaps) > 400


def test_a_password_with_any_characters_is_taken_and_a_wrong_one_named(tmp_path: Path) -> None:
    """Digest login; the reason says what to look at, and never the password."""
    with rtsp_server(tmp_path, login=LOGIN) as running:
        assert len(some(running.url, 2, LOGIN)) == 2
        endless = Credentials("adm in", "canary-9f3" * 20)
        with pytest.raises(SourceLost, match="at most 126"):
            some(running.url, 1, endless)
        for wrong in (NOBODY, Credentials("adm in", "canary-9f3")):
            with pytest.raises(SourceLost) as refused:
                some(running.url, 1, wrong)
            assert refused.value.reason is Reason.LOGIN
            assert "canary" not in str(refused.value)


def test_a_stream_that_the_camera_does_not_have_is_not_found(server: RtspServer) -> None:
    """The address is wrong, the camera is there."""
    with pytest.raises(SourceLost, match="does not exist") as lost:
        some(server.url + "-other", 1)
    assert lost.value.reason is Reason.NOT_FOUND


def test_stop_returns_soon_even_while_the_camera_hangs(server: RtspServer) -> None:
    """The reader's own time-out ends its thread later; nothing comes from it any more."""
    with watched(server.url) as keeper:
        changes_until(keeper, online=True, within_s=10)
        server.suspend()
        time.sleep(0.5)
        began = time.monotonic()
        keeper.stop()
        assert time.monotonic() - began < 1.5
        while keeper.take(0) is not None:
            pass
        assert keeper.take(0.5) is None
        assert keeper.stop(timeout_s=8)


def test_two_hundred_reconnects_leave_nothing_behind(tmp_path: Path) -> None:
    """Four cameras whose streams end after a moment: descriptors, threads and memory stay."""
    clip = encoded("intel_bottle.mp4", tmp_path / "short.mp4", seconds=1, times=4)
    own = psutil.Process()
    came = 0

    def reconnect(keepers: list[Keeper], times: int) -> tuple[int, int, float]:
        nonlocal came
        came, until = 0, time.monotonic() + 100
        while came < times:
            for keeper in keepers:
                taken = keeper.take(0.01)
                came += isinstance(taken, Change) and taken.online
            assert time.monotonic() < until, came
        return own.num_fds(), threading.active_count(), own.memory_info().rss / 1e6

    with rtsp_server(tmp_path, playing(clip)) as running:
        source = SourceSettings(url=running.url)
        keepers = [
            Keeper(
                open_source(source, clock=now_ms, fps=30),
                name=f"c{n}",
                clock=now_ms,
                back_off=BackOff(0.01, 0.02),
            )
            for n in range(4)
        ]
        for keeper in keepers:
            keeper.start()
        fds, threads, megabytes = reconnect(keepers, 40)
        fds_later, threads_later, megabytes_later = reconnect(keepers, 200)
        for keeper in keepers:
            assert keeper.stop(timeout_s=8)
    assert fds_later <= fds + 8  # four connections, each in another moment of its opening
    assert threads_later == threads
    assert megabytes_later < megabytes + 12
