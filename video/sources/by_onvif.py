"""A camera that is asked by ONVIF where its stream is, anew at each connection: addresses change."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Generator
from typing import Any

from model.errors import Refused, Transient
from video.contract import Frame
from video.settings import OnvifSource as Where

from .source import Credentials, Reason, Source, SourceLost

Ask = Callable[[str, int, str, str, str], Coroutine[Any, Any, str]]
Open = Callable[[str], Source]


class OnvifSource:
    """Asks for the stream's address, then is that stream."""

    def __init__(
        self, where: Where, login: Credentials, *, opened: Open, ask: Ask | None = None
    ) -> None:
        """`opened` returns the source of an rtsp address."""
        self._where, self._login = where, login
        self._opened, self._ask = opened, ask or _stream_uri
        self._stream: Source | None = None
        self._left_out = 0  # of earlier connections
        self._closed = threading.Event()

    @property
    def left_out(self) -> int:
        """Pictures not decoded because the reader was behind."""
        return self._left_out + (self._stream.left_out if self._stream else 0)

    def close(self) -> None:
        """End `frames`: at once while it streams, within 20 s while the camera is asked."""
        self._closed.set()
        if self._stream is not None:
            self._stream.close()

    def frames(self) -> Generator[Frame, None, None]:
        """Ask, connect and yield frames; raises SourceLost."""
        uri = self._uri()
        self._left_out = self.left_out
        stream = self._stream = self._opened(uri)
        if not self._closed.is_set():
            yield from stream.frames()

    def _uri(self) -> str:
        where, login = self._where, self._login
        asking = self._ask(where.host, where.port, login.user, login.password, where.profile)
        try:
            return asyncio.run(asking)
        except Refused as error:
            text = login.clean(str(error))
            reason = Reason.LOGIN if "refuses user" in text else Reason.NOT_FOUND
            raise SourceLost(reason, text) from None
        except Transient as error:
            raise SourceLost(Reason.UNREACHABLE, login.clean(str(error))) from None


async def _stream_uri(host: str, port: int, user: str, password: str, profile: str) -> str:
    from video.onvif import stream_of  # noqa: PLC0415 - 20 MB that cameras by URL never need

    return (await stream_of(host, port, user, password, profile)).uri
