"""A video file, played as if it were a camera."""

import threading
import time
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import av
import av.error

from video.contract import Frame

from .decoding import Converter, Decoded, decoded, lost
from .source import NOBODY, Clock, Pace, Reason, SourceLost

LEAST_STEP_S = 1 / 25
"""Between pictures of a file that says no times."""


class ClipSource:
    """Plays a file at `speed` times real time, once or for ever.

    A frame's time is the start plus its time in the file, so at ten times the speed its time runs ten
    times as fast as the clock. Not `paced`, frames come as fast as they are asked for. `options` are
    libav's, for opening the file.
    """

    left_out = 0

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        fps: float,
        options: Mapping[str, str] = MappingProxyType({}),
        keyframes_only: bool = False,
        speed: float = 1.0,
        repeat: bool = False,
        paced: bool = True,
    ) -> None:
        self._path, self._clock, self._fps = path, clock, fps
        self._options = dict(options)
        self._keyframes_only, self._repeat = keyframes_only, repeat
        self._speed = speed if paced else 0.0
        self._closed = threading.Event()

    def close(self) -> None:
        """End `frames` at once."""
        self._closed.set()

    def frames(self) -> Generator[Frame, None, None]:
        """Yield the file's pictures; ends with the file unless it repeats."""
        began_at, began_s = self._clock(), time.monotonic()
        pace, converter = Pace(self._fps), Converter()
        for at_s, taken in self._played():
            if self._closed.is_set():
                return
            if not pace.wants(at_s):
                continue
            if self._speed:
                self._closed.wait(began_s + at_s / self._speed - time.monotonic())
            if self._closed.is_set():
                return
            yield Frame(began_at + round(at_s * 1000), converter.picture(taken))

    def _played(self) -> Iterator[tuple[float, Decoded]]:
        """Yield pictures with their time since the start, which goes on when the file begins again."""
        offset_s = 0.0
        while True:
            at_s, count = offset_s, 0
            for at_s, taken in self._once(offset_s):
                count += 1
                yield at_s, taken
            if not count:
                raise SourceLost(Reason.UNDECODABLE, f"{self._path} holds no picture")
            if not self._repeat:
                return
            # The last picture stands as long as the others did.
            offset_s = at_s + max((at_s - offset_s) / max(1, count - 1), LEAST_STEP_S)

    def _once(self, offset_s: float) -> Iterator[tuple[float, Decoded]]:
        """Yield the pictures of one pass; raises SourceLost if the file is none."""
        where = str(self._path)
        try:
            with av.open(where, options=self._options) as container:
                first_s: float | None = None
                at_s = offset_s - LEAST_STEP_S
                for taken in decoded(container, keyframes_only=self._keyframes_only, where=where):
                    if taken.at_s is None:
                        at_s += LEAST_STEP_S
                    else:
                        first_s = taken.at_s if first_s is None else first_s
                        at_s = max(at_s, offset_s + taken.at_s - first_s)
                    yield at_s, taken
                return
        except av.error.FFmpegError as error:
            failure = lost(error, where, NOBODY, opening=True)
        raise failure
