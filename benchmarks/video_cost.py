"""What looking at a frame costs: ms of CPU a frame at 640x360 on one core, and a yardstick beside it.

The yardstick is what anybody would write first: decode the clip and put OpenCV's MOG2 over a picture of
320x180. Both run in the same minutes, so their ratio says something even on a busy machine.
"""

import time
from collections.abc import Sequence
from typing import NamedTuple

import av
import cv2

from video.camera import Camera
from video.contract import Frame, Picture
from video.motion_gate import MotionGate
from video.settings import CameraSettings, SourceSettings
from video.view import UNSETTLED, View

from . import video_clips as clips
from . import video_effects as fx

MOST_MS = 8.0
ROUNDS = 3
LOWER_HALF = ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0))


class Cost(NamedTuple):
    """ms of CPU a frame, the least of ROUNDS."""

    chain: float  # camera.see: mask, gate, health, motion in a zone
    gate: float  # the motion gate and the small picture it needs
    yardstick: float  # MOG2 at 320x180 with its resize
    decode: float  # decoding alone, H.264 768x432, beside either


def measured(*, quick: bool) -> Cost:
    """Run all of them over the same real pictures."""
    frames = list(fx.film(clips.scene("floor"), 10 if quick else 40))
    pictures = [frame.picture for frame in frames]
    runs = [
        Cost(_chain(frames), _gate(frames), _mog2(pictures), _decode(len(frames)))
        for _ in range(ROUNDS)
    ]
    return Cost(*(min(figures) for figures in zip(*runs, strict=True)))


def _chain(frames: Sequence[Frame]) -> float:
    camera = Camera(
        CameraSettings(
            camera="bench", source=SourceSettings(url="rtsp://clip"), zones={"floor": LOWER_HALF},
            observations={"motion": {"zones": ["floor"]}},
        )
    )  # fmt: skip
    began = time.process_time()
    for frame in frames:
        camera.see(frame)
    return _each(began, len(frames))


def _gate(frames: Sequence[Frame]) -> float:
    gate = MotionGate()
    began = time.process_time()
    for frame in frames:
        gate.look(View(frame, UNSETTLED).small_grey, frame.at)
    return _each(began, len(frames))


def _mog2(pictures: Sequence[Picture]) -> float:
    model = cv2.createBackgroundSubtractorMOG2()
    began = time.process_time()
    for picture in pictures:
        model.apply(cv2.resize(picture, (320, 180), interpolation=cv2.INTER_AREA))
    return _each(began, len(pictures))


def _decode(frames: int) -> float:
    began = time.process_time()
    done = 0
    with av.open(str(clips.path_of(clips.FLOOR))) as container:
        container.streams.video[0].thread_type = "NONE"
        for _ in container.decode(video=0):
            done += 1
            if done == frames:
                break
    return _each(began, done)


def _each(began: float, frames: int) -> float:
    return (time.process_time() - began) * 1000 / frames
