"""Frames of a recorded clip, as fast as they can be decoded: for trials, not for a running gateway."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import av
import av.error
import numpy as np

from model.errors import ConfigError
from video.contract import Frame

PIXELS_MAX = 4096 * 4096


class ClipFrame(NamedTuple):
    """A frame of a clip, and how far it is (0-1; 0 when the clip does not say its length)."""

    frame: Frame
    done: float


def frames_of(path: Path, *, fps: float) -> Iterator[ClipFrame]:
    """Yield at most `fps` frames a second, times in ms from 0; raises ConfigError for no video."""
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise ConfigError("has no pictures; give a video file", file=str(path))
            yield from _decoded(container, fps)
    except (av.error.FFmpegError, OSError) as error:
        raise ConfigError(
            f"cannot be read as video: {error.strerror or error}; give an MP4, MKV, AVI or MOV file",
            file=str(path),
        ) from error


def _decoded(container: "av.container.InputContainer", fps: float) -> Iterator[ClipFrame]:
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    length = (container.duration or 0) / 1_000_000
    first: float | None = None
    wanted = 0.0
    for frame in container.decode(stream):
        at = frame.time
        if at is None:
            continue
        first = at if first is None else first
        seconds = at - first
        if seconds + 1e-6 < wanted:
            continue
        wanted = max(wanted + 1 / fps, seconds)  # a gap is not made up for
        if frame.width * frame.height > PIXELS_MAX:
            raise ConfigError(
                f"pictures of {frame.width} x {frame.height} are too large to look at"
            )
        picture = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
        done = min(1.0, seconds / length) if length else 0.0
        yield ClipFrame(Frame(round(seconds * 1000), picture), done)
