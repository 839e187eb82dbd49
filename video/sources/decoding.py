"""Pictures out of a container that libav opened, whatever stream or file it is."""

import time
from collections.abc import Iterator
from typing import NamedTuple

import av
import av.container
import av.error
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from video.contract import Picture

from .lag import Lag
from .source import ANSWER_S, Credentials, Reason, SourceLost
from .stills import MOST_PIXELS

BLIND_S = 15.0
"""Packets that make no picture for so long are of no use (the longest usual key frame gap is 10 s)."""


class Decoded(NamedTuple):
    """A picture still in the decoder's colours; `at_s` is its time in the stream, if it has one."""

    at_s: float | None
    raw: VideoFrame


class Converter:
    """Turns decoded pictures into BGR; made once for a stream, any size may follow any other."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def picture(self, decoded: Decoded) -> Picture:
        """Return the picture, writable, of its own size."""
        # More threads than one a camera would only fight over the cores.
        converted = self._reformatter.reformat(decoded.raw, format="bgr24", threads=1)
        return np.require(converted.to_ndarray(), np.uint8, ["W"])


def decoded(
    container: av.container.InputContainer,
    *,
    keyframes_only: bool,
    where: str,
    lag: Lag | None = None,
) -> Iterator[Decoded]:
    """Yield every picture until the stream ends; with `lag`, those that are worth it.

    Damaged packets are passed over; packets that make no picture for 15 s raise SourceLost.
    """
    if not container.streams.video:
        raise SourceLost(Reason.UNDECODABLE, f"{where} has no video stream")
    stream = container.streams.video[0]
    if (
        stream.codec_context is None
    ):  # a kind of picture that is known and that nothing here decodes
        raise SourceLost(Reason.UNDECODABLE, f"{where} has no video stream that can be decoded")
    stream.codec_context.thread_count = 1  # frame threads would hold pictures back
    if keyframes_only:
        stream.codec_context.skip_frame = "NONKEY"
    seen_s = time.monotonic()
    for packet in _packets(container, stream, where):
        if lag and lag.leaves_out(_time_s(packet), time.monotonic(), key=packet.is_keyframe):
            continue
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            frames = []
        for frame in frames:
            if frame.width * frame.height > MOST_PIXELS:
                raise SourceLost(
                    Reason.UNDECODABLE,
                    f"{where} has pictures of {frame.width} x {frame.height}: choose the sub-stream",
                )
            yield Decoded(frame.time, frame)
            seen_s = time.monotonic()  # a slow reader is not the stream's fault
        if time.monotonic() - seen_s > BLIND_S:
            raise SourceLost(
                Reason.UNDECODABLE,
                f"{where}: packets came for {BLIND_S:.0f} s and made no picture; "
                "choose H.264 in the camera and a key frame at least every 10 s",
            )


def _packets(
    container: av.container.InputContainer, stream: VideoStream, where: str
) -> "Iterator[Packet[VideoStream]]":
    """Yield packets; raises SourceLost when one did not come in time."""
    packets = container.demux(stream)
    while True:
        asked_s = time.monotonic()
        packet = next(packets, None)
        if packet is None:
            return
        # At its time-out libav first hands out what its parser still held, then waits once more.
        if time.monotonic() - asked_s > ANSWER_S - 0.1:
            raise SourceLost(Reason.STALLED, f"{where} said nothing for {ANSWER_S:.0f} s")
        yield packet


def _time_s(packet: "Packet[VideoStream]") -> float | None:
    if packet.dts is None:
        return None
    return float(packet.dts * packet.time_base)


def lost(
    error: av.error.FFmpegError, where: str, login: Credentials, *, opening: bool
) -> SourceLost:
    """Return what an error of libav means. Its own text holds the URL with the password: not kept."""
    reason, said = _meaning(error, opening=opening)
    detail = f"{where} {said}" if said else f"{where}: {error.strerror or type(error).__name__}"
    return SourceLost(reason, login.clean(detail))


def _meaning(error: av.error.FFmpegError, *, opening: bool) -> tuple[Reason, str]:
    match error:
        case av.error.HTTPUnauthorizedError() | av.error.HTTPForbiddenError():
            return Reason.LOGIN, "refused user or password"
        case av.error.HTTPNotFoundError() | av.error.FileNotFoundError():
            return Reason.NOT_FOUND, "does not exist"
        case av.error.ExitError() | av.error.TimeoutError():
            silent = f"said nothing for {ANSWER_S:.0f} s"
            return (Reason.UNREACHABLE if opening else Reason.STALLED), silent
        case av.error.InvalidDataError():
            return Reason.UNDECODABLE, "is no video that can be read"
        case _:
            return (Reason.UNREACHABLE if opening else Reason.ENDED), ""
