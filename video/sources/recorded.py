"""Frames of a recorded clip, as fast as they can be decoded: for trials, not for a running gateway."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import av
import av.error

from model.errors import ConfigError
from video.contract import Frame

from .clip import ClipSource
from .source import SourceLost

CONTAINERS = {"format_whitelist": "mov,mp4,matroska,webm,avi", "protocol_whitelist": "file"}
"""Libav's options: a clip may come from anybody, and playlists and scripts name other files."""


class ClipFrame(NamedTuple):
    """A frame of a clip, and how far it is (0-1; 0 when the clip does not say its length)."""

    frame: Frame
    done: float


def frames_of(path: Path, *, fps: float) -> Iterator[ClipFrame]:
    """Yield at most `fps` frames a second, times in ms from 0; raises ConfigError for no video."""
    source = ClipSource(path, clock=lambda: 0, fps=fps, paced=False, options=CONTAINERS)
    length_ms = _length_ms(path)
    try:
        for frame in source.frames():
            yield ClipFrame(frame, min(1.0, frame.at / length_ms) if length_ms else 0.0)
    except SourceLost as lost:
        raise _no_video(path, lost.detail) from lost


def _length_ms(path: Path) -> float:
    try:
        with av.open(str(path), options=dict(CONTAINERS)) as container:
            return (container.duration or 0) / 1000
    except (av.error.FFmpegError, OSError) as error:
        raise _no_video(path, error.strerror or str(error)) from error


def _no_video(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"cannot be read as video: {why}; give an MP4, MKV, AVI or MOV file", file=str(path)
    )
