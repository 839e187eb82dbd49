"""Starts real cameras for tests: an RTSP server, and an HTTP server of snapshots."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.brokers import free_port
from tests.shared_data import shared
from video.sources import Change, Credentials, Keeper
from video.sources.source import Reason

DEBIAN_PYTHON = "/usr/bin/python3"
SCRIPT = Path(__file__).with_name("rtsp_server.py")
START_S = 15.0
MOVING = (
    "videotestsrc is-live=true pattern=ball"
    " ! capsfilter name=size caps=video/x-raw,width=320,height=240,framerate=10/1"
    " ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10"
    " ! rtph264pay name=pay0 pt=96 config-interval=-1"
)
"""A live stream, 320x240, 10 pictures a second, a key frame each second."""


def playing(clip: Path) -> str:
    """Return the pipeline that plays an .mp4 once to each who watches."""
    return (
        f"filesrc location={clip} ! qtdemux ! h264parse"
        " ! rtph264pay name=pay0 pt=96 config-interval=-1"
    )


def now_ms() -> int:
    """Return the time as the gateway's clock has it."""
    return time.time_ns() // 1_000_000


def missing(what: str) -> None:
    """Skip loudly, fail in CI."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


class RtspServer:
    """GStreamer's RTSP server as a process that can be killed, suspended and started again."""

    def __init__(self, pipeline: str, login: Credentials | None, log: Path) -> None:
        self.port = free_port()
        self.url = f"rtsp://127.0.0.1:{self.port}/live"
        self._command = [DEBIAN_PYTHON, str(SCRIPT), str(self.port), pipeline, *(login or ())]
        self._log = log
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start, and return when it listens."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "ready\n":
            pytest.fail(f"the RTSP server did not start:\n{self._log.read_text()[-2000:]}")

    def change(self, element: str, name: str, value: str) -> None:
        """Set a property of a part of the running stream, as GStreamer writes values."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{element} {name} {value}\n")
        self._process.stdin.flush()

    def resize(self, width: int, height: int) -> None:
        """Let the running stream go on in another size."""
        caps = f"video/x-raw,width={width},height={height},framerate=10/1"
        self.change("size", "caps", caps)

    def suspend(self) -> None:
        """Let it hang: connections stay open, nothing comes."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is None:
            return
        self._signal(signal.SIGKILL)
        self._process.communicate(timeout=15)
        self._process = None

    def _signal(self, which: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(which)


def without_gstreamer() -> str:
    """Return why no RTSP server can run here, or nothing."""
    try:
        probe = subprocess.run(
            [DEBIAN_PYTHON, str(SCRIPT), "probe"], check=False, capture_output=True, text=True
        )
    except FileNotFoundError:
        return f"no {DEBIAN_PYTHON}: .ci/run names the packages"
    if not probe.returncode:
        return ""
    return f"no RTSP server ({probe.stderr[-200:].strip()}): .ci/run names the packages"


@contextlib.contextmanager
def rtsp_server(
    folder: Path, pipeline: str = MOVING, login: Credentials | None = None
) -> Iterator[RtspServer]:
    """Run the server until the block ends; skip without GStreamer, fail without it in CI."""
    problem = without_gstreamer()
    if problem:
        missing(problem)
    server = RtspServer(pipeline, login, folder / "rtsp.log")
    server.start()
    try:
        yield server
    finally:
        server.kill()


def encoded(
    clip: str, made: Path, *, size: str = "320:240", seconds: float = 3.0, times: int = 1
) -> Path:
    """Return a clip of the shared data as H.264 without B-frames, in the container its name says.

    Ten pictures a second of the clip, to be shown at `times` the speed.
    """
    command = [
        "ffmpeg", "-v", "error", "-t", str(seconds), "-i", str(shared(f"data/video/{clip}")),
        "-an", "-vf", f"fps=10,scale={size},setpts=PTS/{times}", "-r", str(10 * times),
        "-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "10",
        "-pix_fmt", "yuv420p", str(made),
    ]  # fmt: skip
    try:
        subprocess.run(command, check=True)
    except FileNotFoundError:
        missing("ffmpeg is not installed: apt-get install ffmpeg")
    return made


def changes_until(
    keeper: Keeper, *, online: bool, reason: Reason | None = None, within_s: float
) -> list[Change]:
    """Take from a keeper until it says so; return all changes on the way."""
    found: list[Change] = []
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        taken = keeper.take(0.1)
        if isinstance(taken, Change):
            found.append(taken)
            if taken.online == online and reason in {None, taken.reason}:
                return found
    pytest.fail(f"not {'online' if online else f'offline {reason}'} in {within_s} s: {found}")
