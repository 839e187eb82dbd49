"""A live stream by RTSP."""

import threading
import time
from collections.abc import Generator, Iterator

import av
import av.error

from video.contract import Frame
from video.settings import masked

from .decoding import Converter, Decoded, decoded, lost
from .lag import Lag
from .source import ANSWER_S, Clock, Credentials, Pace, Reason, SourceLost
from .trust import Trust

OPTIONS = {
    "probesize": "32768",  # bytes looked at before the first picture: the default takes seconds
    "analyzeduration": "500000",  # microseconds, likewise
    "allowed_media_types": "video",  # sound is never asked for
}

UNPROVEN = (
    "has a certificate that nothing proves; write the file of its authority as source.ca_file"
)

MOST_LOGIN = 126
"""libav cuts off what is longer, and the camera then refuses it."""


class StreamSource:
    """Decodes every picture of a stream and converts those that are looked at."""

    def __init__(
        self,
        url: str,
        login: Credentials,
        *,
        clock: Clock,
        fps: float,
        keyframes_only: bool = False,
        transport: str = "tcp",
        trust: Trust | None = None,
    ) -> None:
        """`trust` is for rtsps:// alone; None checks the certificate by the system's authorities."""
        self._trust = trust or Trust()
        self._secure = url.lower().startswith("rtsps:")
        self._url, self._login, self._clock, self._fps = url, login, clock, fps
        self._keyframes_only, self._transport = keyframes_only, transport
        self._closed = threading.Event()
        self._lag = Lag()

    @property
    def left_out(self) -> int:
        """Pictures not decoded because the reader was behind."""
        return self._lag.left_out

    def close(self) -> None:
        """End `frames` at the next packet, or after 5 s without one."""
        self._closed.set()

    def frames(self) -> Generator[Frame, None, None]:
        """Connect and yield frames, their time the clock when they were decoded."""
        pace, converter = Pace(self._fps), Converter()
        for taken in self._pictures():
            if self._closed.is_set():
                return
            if pace.wants(time.monotonic()):
                yield Frame(self._clock(), converter.picture(taken))
        if not self._closed.is_set():
            # libav ends without an error when the other side hangs up.
            raise SourceLost(Reason.ENDED, f"{masked(self._url)} was ended by the camera")

    def _pictures(self) -> Iterator[Decoded]:
        if len(self._login.written()) > MOST_LOGIN:
            raise SourceLost(
                Reason.LOGIN,
                f"{masked(self._url)}: user and password are too long, at most {MOST_LOGIN} "
                "characters as an address has them: choose a shorter password in the camera",
            )
        opening = True
        self._lag = Lag(self._lag.left_out)
        try:
            with av.open(
                self._login.into(self._url),
                options={
                    "rtsp_transport": self._transport,
                    **OPTIONS,
                    **(self._trust.options() if self._secure else {}),
                },
                timeout=(ANSWER_S, ANSWER_S),
            ) as container:
                opening = False
                yield from decoded(
                    container,
                    keyframes_only=self._keyframes_only,
                    where=masked(self._url),
                    lag=self._lag,
                )
                return
        except av.error.FFmpegError as error:
            failure = lost(error, masked(self._url), self._login, opening=opening)
            if (
                opening
                and self._secure
                and failure.reason is Reason.UNREACHABLE
                and self._trust.refuses(self._url)
            ):
                failure = SourceLost(Reason.CERTIFICATE, f"{masked(self._url)} {UNPROVEN}")
        # Not raised while libav's error is handled: a printed trace would show that one too.
        raise failure
