"""Four cameras at ten times the speed: `python -m benchmarks.video_soak [--minutes 60]`.

Two are clips played at ten times their speed, two are RTSP streams of GStreamer's server that send ten times
as many pictures a second and hang up now and then (each clip's end). Every picture taken goes through the
camera's whole analysis (all observations that need no detector) and its evidence: snapshots and clips are
written until the folder's limit, and refused then. Memory and descriptors are sampled; the first fifth of the time is for warming up,
over the rest a straight line is fitted. Exit code 1 when it climbs, 2 when a part is missing.

Before that a table of one RTSP stream by mode: time to the first picture, latency, CPU. The latency is from
a change of colour in the server to the picture that shows it, so it holds the encoder and up to a picture's
interval (40 ms; a second between key frames).
"""

import argparse
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.shared_data import shared
from tests.video.servers import RtspServer, encoded, now_ms, playing, rtsp_server, without_gstreamer
from video.camera import Camera
from video.contract import Frame
from video.discovery import observations
from video.evidence.keeper import EvidenceKeeper
from video.settings import CameraSettings, EvidenceSettings, SourceSettings
from video.sources import BackOff, Keeper, open_source

CLIPS = ("intel_one_by_one_person.mp4", "furg_house6_flame_smoke.mp4")
FPS, TIMES = 5.0, 10
EVIDENCE_MB = 64
MOST_GROWTH = 0.02
"""Of the memory, over the measured time: more is a climb."""
COLOURED = (
    "videotestsrc name=picture is-live=true pattern=solid-color foreground-color=0xff000000"
    " ! capsfilter name=size caps=video/x-raw,width=640,height=360,framerate=25/1"
    " ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25"
    " ! rtph264pay name=pay0 pt=96 config-interval=-1"
)
MODES = {"all pictures": False, "key frames": True}


class Sample(NamedTuple):
    """The process at one moment."""

    at_s: float
    rss_mb: float
    descriptors: int
    threads: int


class Fit(NamedTuple):
    """A straight line through samples: what it grew over the measured time, and the mean."""

    growth: float
    mean: float
    an_hour: float


class Consumer:
    """Looks at one camera's pictures in a thread, as a worker does."""

    def __init__(self, name: str, source: SourceSettings, evidence: Path) -> None:
        self.name = name
        self.frames = 0
        wanted: dict[str, dict[str, object]] = {
            kind: {} for kind, one in observations().items() if not one.needs_detector
        }
        settings = CameraSettings(camera=name, source=source, fps=FPS, observations=wanted)
        self._camera = Camera(settings)
        self._evidence = EvidenceKeeper(evidence, EvidenceSettings(max_mb=EVIDENCE_MB), settings)
        opened = open_source(source, clock=now_ms, fps=FPS if source.file else FPS * TIMES)
        self.keeper = Keeper(opened, name=name, clock=now_ms, back_off=BackOff(0.1, 1.0))
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"look-{name}")

    def start(self) -> None:
        """Begin to look."""
        self.keeper.start()
        self._thread.start()

    def stop(self) -> None:
        """End both threads."""
        self._stopped.set()
        self.keeper.stop(timeout_s=6)
        self._thread.join()
        self._evidence.close()

    def _run(self) -> None:
        while not self._stopped.is_set():
            taken = self.keeper.take(0.5)
            if isinstance(taken, Frame):
                seen = self._camera.see(taken)
                masked = Frame(taken.at, seen.view.picture)
                self._evidence.frame(masked, episodes=self._camera.open())
                self._evidence.news(seen.news)
                self.frames += 1
            elif taken is not None and not taken.online:
                self._evidence.news(self._camera.blind(taken.at))


def fitted(samples: list[Sample], values: list[float]) -> Fit:
    """Fit a line through one column of the samples."""
    moments = [sample.at_s for sample in samples]
    slope = float(np.polyfit(moments, values, 1)[0])
    return Fit(slope * (moments[-1] - moments[0]), statistics.fmean(values), slope * 3600)


@contextmanager
def streams(folder: Path) -> Iterator[list[Consumer]]:
    """Set up the four cameras: two clips, two RTSP streams."""
    with ExitStack() as stack:
        sources: list[SourceSettings] = []
        for number, clip in enumerate(CLIPS):
            path = shared(f"data/video/{clip}")
            sources.append(SourceSettings(file=path, speed=TIMES, repeat=True))
            made = encoded(clip, folder / f"{number}.mp4", seconds=30, times=TIMES)
            home = folder / str(number)
            home.mkdir()
            server = stack.enter_context(rtsp_server(home, playing(made)))
            sources.append(SourceSettings(url=server.url))
        evidence = folder / "evidence"
        consumers = [Consumer(f"c{n}", source, evidence) for n, source in enumerate(sources)]
        for consumer in consumers:
            consumer.start()
            stack.callback(consumer.stop)
        yield consumers


def soak(minutes: float, folder: Path) -> tuple[list[Sample], list[Consumer]]:
    """Run the four cameras and sample the process."""
    own = psutil.Process()
    samples: list[Sample] = []
    count = max(30, min(600, int(minutes * 20)))
    with streams(folder) as consumers:
        began_s = time.monotonic()
        for n in track(range(count), description="4 streams at 10x"):
            time.sleep(max(0.0, began_s + (n + 1) * minutes * 60 / count - time.monotonic()))
            rss = own.memory_info().rss / 1e6
            moment_s = time.monotonic() - began_s
            samples.append(Sample(moment_s, rss, own.num_fds(), threading.active_count()))
    return samples, consumers


def report_soak(samples: list[Sample], consumers: list[Consumer]) -> tuple[Table, bool]:
    """Return the table of a run and whether it stayed flat."""
    table = Table(title=f"4 streams at {TIMES} times the speed, {samples[-1].at_s / 60:.1f} min")
    for column in ("time", "memory MB", "descriptors", "threads"):
        table.add_column(column, justify="right")
    for sample in samples[:: max(1, len(samples) // 12)]:
        table.add_row(
            f"{sample.at_s / 60:.1f} min", f"{sample.rss_mb:.1f}", str(sample.descriptors),
            str(sample.threads),
        )  # fmt: skip
    warm = samples[len(samples) // 5 :]
    fits = [fitted(warm, [float(sample[column]) for sample in warm]) for column in (1, 2, 3)]
    memory, descriptors, threads = fits
    flat = (
        memory.growth <= MOST_GROWTH * memory.mean
        and descriptors.growth < 1
        and threads.growth < 1
        and all(consumer.frames for consumer in consumers)
    )
    table.add_section()
    table.add_row("an hour", *(f"{fit.an_hour:+.1f}" for fit in fits))
    table.add_row("over the run", *(f"{fit.growth:+.1f}" for fit in fits))
    table.caption = "; ".join(
        f"{c.name}: {c.frames} looked at, {c.keeper.frames_skipped} skipped, "
        f"{c.keeper.reconnects} reconnects"
        for c in consumers
    ) + f" · [{'green]flat' if flat else 'red]climbs, or a stream gave nothing'}[/]"  # fmt: skip
    return table, flat


def opened_s(url: str, *, keyframes_only: bool) -> float:
    """Return the seconds from nothing to the first picture."""
    began_s = time.monotonic()
    source = open_source(
        SourceSettings(url=url), clock=now_ms, fps=25, keyframes_only=keyframes_only
    )
    frames = source.frames()
    next(frames)
    taken_s = time.monotonic() - began_s
    frames.close()
    return taken_s


class Light:
    """Switches the server's picture between black and white at moments of its own."""

    def __init__(self, server: RtspServer) -> None:
        self._server = server
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="light")
        self.white, self.changed_s = False, 0.0
        self._thread.start()

    def end(self) -> None:
        """Switch no more."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(random.uniform(1.2, 2.2)):  # noqa: S311 - no secret
            self.white, self.changed_s = not self.white, time.monotonic()
            colour = "0xffffffff" if self.white else "0xff000000"
            self._server.change("picture", "foreground-color", colour)


def cpu_s() -> float:
    """Return the CPU time of this process so far."""
    times = psutil.Process().cpu_times()
    return times.user + times.system


def watched(
    server: RtspServer, *, keyframes_only: bool, seconds: float
) -> tuple[list[float], float]:
    """Return latencies (ms) of changes of colour, and the part of a core used."""
    source = open_source(
        SourceSettings(url=server.url), clock=now_ms, fps=25, keyframes_only=keyframes_only
    )
    light = Light(server)
    latencies: list[float] = []
    noted_s, used_s, began_s = 0.0, 0.0, 0.0
    frames = source.frames()
    for frame in frames:
        now_s = time.monotonic()
        if not began_s:
            began_s, used_s = now_s, cpu_s()
        shows = float(frame.picture[::16, ::16].mean()) > 127
        if light.changed_s > noted_s and shows == light.white:
            noted_s = light.changed_s
            latencies.append((now_s - noted_s) * 1000)
        if now_s - began_s > seconds:
            break
    share = (cpu_s() - used_s) / (time.monotonic() - began_s)
    light.end()
    frames.close()
    return latencies, share


def report_modes(folder: Path, seconds: float) -> Table:
    """Return the table of one stream by mode."""
    table = Table(title="one RTSP stream, 640x360, 25 pictures a second, a key frame a second")
    for column in ("mode", "opens in s (median, worst of 7)", "latency ms p50 / p95", "of a core"):
        table.add_column(column, justify="right")
    with rtsp_server(folder, COLOURED) as server:
        holder = open_source(SourceSettings(url=server.url), clock=now_ms, fps=1).frames()
        next(holder)  # keeps the shared stream running, as in a camera
        for mode, keyframes_only in MODES.items():
            opens = [opened_s(server.url, keyframes_only=keyframes_only) for _ in range(7)]
            latencies, cpu = watched(server, keyframes_only=keyframes_only, seconds=seconds)
            p50, p95 = np.percentile(latencies, (50, 95)) if latencies else (np.nan, np.nan)
            table.add_row(
                mode, f"{statistics.median(opens):.2f}, {max(opens):.2f}",
                f"{p50:.0f} / {p95:.0f}", f"{cpu:.1%}",
            )  # fmt: skip
        holder.close()
    return table


def main() -> int:
    """Run from the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.video_soak", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--minutes", type=float, default=5.0, help="of soaking; 0: modes only")
    parser.add_argument("--mode-seconds", type=float, default=30.0, help="0: soak only")
    given = parser.parse_args()
    problem = without_gstreamer()
    if problem:
        print(problem, file=sys.stderr)
        return 2
    console = Console()
    flat = True
    with tempfile.TemporaryDirectory() as name:
        if given.mode_seconds:
            console.print(report_modes(Path(name), given.mode_seconds))
        if given.minutes:
            table, flat = report_soak(*soak(given.minutes, Path(name)))
            console.print(table)
    return 0 if flat else 1


if __name__ == "__main__":
    sys.exit(main())
