"""Makes a clip of JPEG pictures that every browser plays, each shown when it was really taken."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
from av.video.stream import VideoStream

from video.contract import Picture

from .ring import Kept

TIME_BASE = Fraction(1, 1000)
LAST_MS = 200
"""How long the last picture stands: nothing says when a next one would have come."""


class Container(NamedTuple):
    """How a clip is written: the file's ending, the container, the codec and its options."""

    ending: str
    format: str
    codec: str
    options: dict[str, str]


# One thread: the same pictures give the same bytes. No B-frames: times stay as they are.
MP4 = Container(
    "mp4", "mp4", "libx264",
    {"preset": "veryfast", "crf": "26", "bf": "0", "threads": "1", "profile": "high"},
)  # fmt: skip
WEBM = Container(
    "webm", "webm", "libvpx",
    {"crf": "12", "b": "1200k", "deadline": "realtime", "cpu-used": "6", "threads": "1"},
)  # fmt: skip


def best_container() -> Container:
    """Return MP4 with H.264, or WebM where this installation has no encoder for that."""
    return MP4 if MP4.codec in av.codecs_available else WEBM


def encode(pictures: Sequence[Kept], how: Container, target: Path) -> None:
    """Write the clip into a file; `pictures` in the order of their times, at least one.

    All are brought to the size of the first one. Raises ValueError without a picture that can be
    read, av.FFmpegError when the encoder or the disk refuses.
    """
    options = {"movflags": "+faststart"} if how.format == "mp4" else {}
    with av.open(str(target), "w", format=how.format, options=options) as output:
        stream: VideoStream | None = None
        began, before = 0, -1
        for kept in pictures:
            picture = _decoded(kept.jpeg)
            if picture is None:
                continue
            if stream is None:
                stream, began = _stream(output, how, picture), kept.at
            at = max(kept.at - began, before + 1)
            before = at
            _write(output, stream, picture, at)
        if stream is None:
            raise ValueError("no picture to make a clip of")
        for packet in stream.encode(None):
            packet.duration = packet.duration or LAST_MS
            output.mux(packet)


def _stream(
    output: "av.container.OutputContainer", how: Container, picture: Picture
) -> VideoStream:
    tall, wide = picture.shape[:2]
    stream = output.add_stream(how.codec, options=dict(how.options))
    assert isinstance(stream, VideoStream)  # noqa: S101 - both codecs are video
    # 4:2:0 shares a colour among four pixels, so both sides must be even.
    stream.width, stream.height = max(2, wide // 2 * 2), max(2, tall // 2 * 2)
    stream.pix_fmt = "yuv420p"
    stream.time_base = TIME_BASE
    stream.codec_context.time_base = TIME_BASE
    stream.codec_context.gop_size = 50
    return stream


def _write(
    output: "av.container.OutputContainer", stream: VideoStream, picture: Picture, at: int
) -> None:
    size = (stream.width, stream.height)
    if picture.shape[1::-1] != size:
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
    frame.pts, frame.time_base = at, TIME_BASE
    for packet in stream.encode(frame):
        output.mux(packet)


def _decoded(jpeg: bytes) -> Picture | None:
    found = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return None if found is None else np.asarray(found, np.uint8)
