"""`python -m video.worker`: one line of orders on stdin, what was seen on stdout, ends with stdin."""

import os
import queue
import resource
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import cv2
import structlog

from model.errors import ConfigError
from model.reading import Reading
from video.camera import Camera
from video.contract import Detector
from video.evidence.keeper import EvidenceKeeper, evidence_pool
from video.settings import VideoSettings, masked

from .feeds import feed_of
from .group import Group, Watched
from .kept_file import KeptFile
from .pace import Pace
from .pictures import PictureFile
from .protocol import ALIVE_S, SILENT_S, Orders, ProtocolError, Said, decode_orders, encode
from .shape_file import ShapeFile

log = structlog.get_logger()
NICE = 5  # pictures wait for alarms of other sources, never the other way round
EXIT_WRONG = 2
EXIT_STUCK = 3


def main() -> int:
    """Run until stdin closes; exit code 2 when the orders are wrong, 3 when looking got stuck."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core holds unmasked pictures and passwords
    cv2.setNumThreads(1)  # many cameras share a box: one core each process
    try:
        orders = decode_orders(sys.stdin.buffer.readline())
        settings = VideoSettings.model_validate(orders.settings)
        group, said = _group(orders, settings)
    except (ProtocolError, ConfigError, ValueError) as error:
        log.error("cameras_refused", why=masked(str(error)))
        return EXIT_WRONG
    stop = threading.Event()
    threading.Thread(target=_until_closed, args=(stop,), daemon=True, name="stdin").start()
    looking = threading.Thread(target=group.run, args=(stop.is_set,), daemon=True, name="look")
    looking.start()
    return speak(group, said, looking, stop)


def _until_closed(stop: threading.Event) -> None:
    while sys.stdin.buffer.read(1024):
        pass
    stop.set()


def _group(
    orders: Orders, settings: VideoSettings
) -> "tuple[Group, queue.SimpleQueue[list[Reading]]]":
    said: queue.SimpleQueue[list[Reading]] = queue.SimpleQueue()

    def say(readings: Sequence[Reading]) -> None:
        if readings:
            said.put(list(readings))

    detector = _detector(settings)
    folder = Path(orders.folder)
    writing = evidence_pool()  # one thread for all: clips wait, pictures do not
    shapes = [ShapeFile(folder, camera) for camera in settings.cameras]
    cameras = [
        Watched(
            Camera(camera, detector, masks_drawn_on=shape.read()),
            feed_of(camera, orders.passwords.get(camera.camera, "")),
            EvidenceKeeper(folder / "evidence", settings.evidence, camera, pool=writing),
            PictureFile(folder / "video" / "pictures", camera),
            Pace(),
            KeptFile(folder, camera.camera, camera.compound),
            shape,
        )
        for camera, shape in zip(settings.cameras, shapes, strict=True)
    ]
    return Group(cameras, say, clock=time.time), said


def _detector(settings: VideoSettings) -> Detector | None:
    if settings.detector is None:
        return None
    from video.detectors import load  # noqa: PLC0415 - onnxruntime costs 40 MB that many never need

    return load(settings.detector)


def speak(
    group: Group,
    said: "queue.SimpleQueue[list[Reading]]",
    looking: threading.Thread,
    stop: threading.Event,
) -> int:
    """Write what is said, and a sign of life; leave when looking ended or got stuck."""
    turns, moved_at = -1, time.monotonic()
    next_alive = 0.0
    counted: Counter[str] = Counter()
    while looking.is_alive() or not said.empty():
        readings: list[Reading] = []
        try:
            readings += said.get(timeout=0.2)
            while not said.empty():
                readings += said.get_nowait()
        except queue.Empty:
            pass
        now = time.monotonic()
        if group.turns != turns:
            turns, moved_at = group.turns, now
        elif now - moved_at > SILENT_S:
            log.error("looking_stuck", seconds=round(now - moved_at))
            return EXIT_STUCK
        alive = now >= next_alive
        if readings or alive:
            warnings = group.warnings() if alive else None
            next_alive = now + ALIVE_S if alive else next_alive
            now_counted = group.counters()
            said_now = Said(readings, dict(now_counted - counted), warnings)
            counted = now_counted
            if not _write(said_now):
                return 0
    _write(Said(counters=dict(group.counters() - counted)))  # what the last files led to
    return 0 if stop.is_set() else EXIT_STUCK


def _write(said: Said) -> bool:
    try:
        sys.stdout.buffer.write(encode(said))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        return False
    return True


def leave(code: int) -> None:
    """End at once: decoders' threads that still run make an interpreter that ends in order abort."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    leave(main())
