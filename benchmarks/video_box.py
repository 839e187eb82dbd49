"""How many cameras a small box carries: `python -m benchmarks.video_box [--cameras 16] [--seconds 60]`.

Real camera processes, as a gateway starts them, over a real clip re-encoded as a sub-stream (640x360,
10 frames/s, H.264, a key frame every two seconds), all observations that need no detector on. Beside
them, in the same run, what a plain script costs: OpenCV's reader and its background model on each
frame. CPU is of one core; the clip's decoding is in it, the network is not.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import psutil
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from gateway.cameras import Cameras
from tests.runners.memory_sink import MemorySink
from video.discovery import observations
from video.settings import VideoSettings
from video.sources.recorded import frames_of

WIDTH, HEIGHT, FPS, KEY_EVERY = 640, 360, 10, 20
WARM_S = 8.0  # libraries load, backgrounds are learnt
AIM_CAMERAS, CORES = 16, 2
KEY_FPS = FPS / KEY_EVERY
CLIP = (
    Path(os.environ.get("SMARTHUB_SHARED", "../shared")) / "data/video/intel_one_by_one_person.mp4"
)


class Mode(NamedTuple):
    """One way to look."""

    name: str
    keyframes_only: bool
    observing: bool


class Cost(NamedTuple):
    """What the cameras of one mode cost together."""

    cpu_pct: float  # of one core
    memory_mb: float
    fps: float  # looked at, a camera
    skipped: float  # part of the frames, 0-1


MODES = (
    Mode("all frames, all observations", keyframes_only=False, observing=True),
    Mode("all frames, its own health only", keyframes_only=False, observing=False),
    Mode("key frames, all observations", keyframes_only=True, observing=True),
)


def substream(source: Path, folder: Path) -> Path:
    """Re-encode a clip as a camera's sub-stream."""
    made = folder / "sub.mp4"
    with av.open(str(made), "w") as out:
        stream = out.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "26", "bf": "0"}
        stream.gop_size = KEY_EVERY
        for item in frames_of(source, fps=FPS):
            small = cv2.resize(item.frame.picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(small, format="bgr24")))  # type: ignore[arg-type]
        out.mux(stream.encode(None))
    return made


def settings(clip: Path, cameras: int, mode: Mode, *, fps: float) -> VideoSettings:
    """Return the cameras of a mode, two processes for two cores."""
    wanted: dict[str, object] = {
        name: {}
        for name, kind in observations().items()
        if mode.observing and not kind.needs_detector
    }
    return VideoSettings.model_validate(
        {
            "cameras_a_process": max(1, cameras // CORES),
            "cameras": [
                {
                    "camera": f"cam-{number}", "source": {"file": str(clip), "repeat": True},
                    "fps": fps, "keyframes_only": mode.keyframes_only, "heartbeat_s": 2,
                    "observations": wanted,
                }
                for number in range(cameras)
            ],
        }
    )  # fmt: skip


async def measure(wanted: VideoSettings, seconds: float) -> Cost:
    """Run the cameras and return what they cost after the first seconds."""
    sink = MemorySink()
    with tempfile.TemporaryDirectory() as folder:
        cameras = Cameras(wanted, Path(folder), sink)
        try:
            await asyncio.sleep(WARM_S)
            processes = [psutil.Process(one.pid) for one in cameras.processes if one.pid]
            before, began = sum(map(_cpu_s, processes)), time.monotonic()
            first = len(sink.readings)
            await asyncio.sleep(seconds)
            spent = (sum(map(_cpu_s, processes)) - before) / (time.monotonic() - began)
            memory = sum(one.memory_info().rss for one in processes) / 1e6
            beats = [r.values for r in sink.readings[first:] if "fps" in r.values]
        finally:
            await cameras.close()
    last = beats[-len(wanted.cameras) :]
    fps = sum(float(beat["fps"]) for beat in last) / max(1, len(last))
    offered = KEY_FPS if wanted.cameras[0].keyframes_only else wanted.cameras[0].fps
    return Cost(spent * 100, memory, fps, max(0.0, 1 - fps / offered))


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def plain(clip: Path, seconds: float) -> float:
    """Look at one camera as most scripts do: each frame, full size, MOG2; return its CPU % of a core."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    gate = cv2.createBackgroundSubtractorMOG2()
    began, before, frames = time.monotonic(), time.process_time(), 0
    while time.monotonic() - began < seconds:
        reader = cv2.VideoCapture(str(clip))
        while time.monotonic() - began < seconds:
            done, picture = reader.read()
            if not done:
                break
            gate.apply(picture)
            frames += 1
            time.sleep(max(0.0, began + frames / FPS - time.monotonic()))
    cv2.setNumThreads(threads)
    return (time.process_time() - before) / (time.monotonic() - began) * 100


def shown(costs: list[tuple[Mode, float, Cost]], each: float, cameras: int) -> Table:
    """Return the table: cost a camera, ratio to the plain script, and what the box carries."""
    table = Table(
        title=f"{cameras} cameras, 640x360, on {psutil.cpu_count()} cores; aim {AIM_CAMERAS} by key frames"
    )
    for name in (
        "mode",
        "fps asked",
        "fps",
        "CPU % a camera",
        "ratio",
        "MB a camera",
        f"cameras on {CORES} cores",
    ):
        table.add_column(name, justify="left" if name == "mode" else "right")
    table.add_row(
        "plain script: each frame, MOG2",
        f"{FPS}",
        f"{FPS}",
        f"{each:.1f}",
        "1.00",
        "",
        f"{CORES * 100 / each:.0f}",
    )
    for mode, fps, cost in costs:
        one = cost.cpu_pct / cameras
        table.add_row(
            mode.name, f"{fps:g}", f"{cost.fps:.2f}", f"{one:.1f}", f"{one / each:.2f}",
            f"{cost.memory_mb / cameras:.0f}", f"{CORES * 100 / one:.0f}",
        )  # fmt: skip
    return table


def main() -> int:
    """Measure each mode in turn; exit code 1 when 16 cameras by key frames do not fit on two cores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cameras", type=int, default=AIM_CAMERAS)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--fps", type=float, default=5.0)
    parser.add_argument("--clip", type=Path, default=CLIP)
    given = parser.parse_args()
    console = Console(width=118)
    with tempfile.TemporaryDirectory() as folder, Progress(console=console) as progress:
        steps = progress.add_task("cameras", total=len(MODES) + 2)
        clip = substream(given.clip, Path(folder))
        progress.advance(steps)
        each = plain(clip, given.seconds / 2)
        progress.advance(steps)
        costs = []
        for mode in MODES:
            wanted = settings(clip, given.cameras, mode, fps=given.fps)
            costs.append((mode, given.fps, asyncio.run(measure(wanted, given.seconds))))
            progress.advance(steps)
    console.print(shown(costs, each, given.cameras))
    by_key = costs[-1][2]
    carried = CORES * 100 / (by_key.cpu_pct / given.cameras)
    return 0 if carried >= AIM_CAMERAS else 1


if __name__ == "__main__":
    sys.exit(main())
