"""What objects cost a frame, processor time of one core: `python -m benchmarks.object_cost`."""

import sys
import time
from collections.abc import Callable
from typing import TypeVar

import cv2
import numpy as np

from benchmarks import video_clips as clips
from video.contract import Box, Picture
from video.detectors import load
from video.geometry import CameraZones
from video.model_file.fetch import SHA256
from video.observations.lane_occupied import LaneOccupied, LaneSettings
from video.observations.object_left import LeftSettings, ObjectLeft
from video.settings import DetectorSettings
from video.view import GATE_HEIGHT, Motion, View

from .trials.persons import MODEL

T = TypeVar("T")
STILL = Motion(0.0, (), np.zeros((GATE_HEIGHT, 178), np.uint8))
PERSON = Box(0.5, 0.0, 0.7, 0.9)
HAND = Box(0.55, 0.3, 0.6, 0.4)


def main() -> int:
    """Print milliseconds a frame of 640x360, median and 95th percentile."""
    cv2.setNumThreads(1)
    pictures = clips.read(clips.FLOOR, most_s=60)
    zones = CameraZones({})
    for watch in (ObjectLeft(LeftSettings(), zones), LaneOccupied(LaneSettings(), zones)):
        frames = [View(frame, STILL) for frame in clips.timed(pictures)]
        for view in frames:
            _ = view.small_grey, view.visible  # made once for all observations
        _told(f"{watch.name}, no detector", [_ms(watch.look, view) for view in frames])
    if MODEL.exists():
        detector = load(DetectorSettings(model=MODEL, sha256=SHA256))
        for name, regions in (
            ("whole picture", [Box(0, 0, 1, 1)]), ("a person", [PERSON]), ("a hand", [HAND]),
            ("two regions", [HAND, Box(0.05, 0.7, 0.1, 0.8)]),
        ):  # fmt: skip

            def look(picture: Picture, regions: list[Box] = regions) -> object:
                return detector.detect(picture, regions)

            _told(f"detector, {name}", [_ms(look, picture) for picture in pictures[150:190:2]])
    return 0


def _ms(work: Callable[[T], object], on: T) -> float:
    began = time.process_time()
    work(on)
    return (time.process_time() - began) * 1000


def _told(what: str, times: list[float]) -> None:
    print(f"{what:28} {np.median(times):7.2f} {np.percentile(times, 95):7.2f} ms")


if __name__ == "__main__":
    sys.exit(main())
