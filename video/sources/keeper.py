"""Keeps one camera open: reconnects, says when it is away, and passes on only the newest picture.

The consumer's thread asks with `take`; a thread of the keeper's own connects, decodes and waits.
"""

import random
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from video.contract import Frame

from .source import Clock, Reason, Source, SourceLost

STEADY_S = 10.0
"""A connection that held for so long was a good one: the next loss is retried soon again."""
FIRST_S, LONGEST_S = 0.5, 30.0
MOST_CHANGES = 3


class Change(NamedTuple):
    """A camera came or went at `at` (ms); while it is away, `reason` may change and `at` stays."""

    online: bool
    at: int
    reason: Reason | None = None
    detail: str = ""  # for logs and people; holds no password


class BackOff:
    """How long to wait before the next try: doubling from 0.5 s to 30 s, scattered over half of it."""

    def __init__(
        self,
        first_s: float = FIRST_S,
        longest_s: float = LONGEST_S,
        *,
        scatter: Callable[[], float] = random.random,
    ) -> None:
        """`scatter` returns 0-1; many cameras of one switch must not come back in step."""
        self._first_s, self._longest_s, self._scatter = first_s, longest_s, scatter
        self._tries = 0

    def next_s(self) -> float:
        """Return the wait before the next try, in seconds."""
        longest = min(self._longest_s, self._first_s * 2.0 ** min(self._tries, 16))
        self._tries += 1
        return longest * (0.5 + self._scatter() / 2)

    def reset(self) -> None:
        """Forget earlier tries: the connection held."""
        self._tries = 0


class _Newest:
    """The newest frame and the changes not yet taken, in the order they came; never more than a few."""

    def __init__(self) -> None:
        self._ready = threading.Condition()
        self._frame: tuple[int, Frame] | None = None
        self._changes: deque[tuple[int, Change]] = deque()
        self._number = 0
        self.skipped = 0

    def put_frame(self, frame: Frame) -> None:
        with self._ready:
            self.skipped += self._frame is not None
            self._number += 1
            self._frame = (self._number, frame)
            self._ready.notify()

    def put_change(self, change: Change) -> None:
        with self._ready:
            self._number += 1
            changes = self._changes
            if len(changes) == MOST_CHANGES:  # nobody looks: coming and going again cancel out
                changes.pop()
            if changes and changes[-1][1].online == change.online:
                number, before = changes.pop()
                changes.append((number, change._replace(at=before.at)))
            else:
                changes.append((self._number, change))
            self._ready.notify()

    def take(self, timeout_s: float) -> Frame | Change | None:
        with self._ready:
            if not self._ready.wait_for(self._any, timeout_s):
                return None
            if self._changes and (self._frame is None or self._changes[0][0] < self._frame[0]):
                return self._changes.popleft()[1]
            assert self._frame is not None  # noqa: S101 - one of them is there
            frame, self._frame = self._frame[1], None
            return frame

    def _any(self) -> bool:
        return bool(self._changes) or self._frame is not None


class Keeper:
    """One camera, kept open until `stop`.

    `reconnects` counts tries after the first, `frames_skipped` the frames that the consumer was too slow
    for, `last_frame_at` is the newest frame's time (ms).
    """

    def __init__(
        self, source: Source, *, name: str, clock: Clock, back_off: BackOff | None = None
    ) -> None:
        """`name` is the camera's; it names the thread."""
        self._source, self._clock = source, clock
        self._back_off = back_off or BackOff()
        self._newest = _Newest()
        self._stopped = threading.Event()
        # A daemon: a camera that hangs in the network must not hold the process at its end.
        self._thread = threading.Thread(target=self._run, name=f"camera-{name}", daemon=True)
        self.state: Change | None = None
        self.reconnects = 0
        self.last_frame_at: int | None = None

    @property
    def frames_skipped(self) -> int:
        """Frames that newer ones replaced before anybody took them, or that came too late to decode."""
        return self._newest.skipped + self._source.left_out

    @property
    def unreadable(self) -> int:
        """Files that the source passed over because they are no pictures."""
        return getattr(self._source, "unreadable", 0)

    def start(self) -> None:
        """Begin; the first change or frame is taken with `take`."""
        self._thread.start()

    def take(self, timeout_s: float) -> Frame | Change | None:
        """Return the next change or the newest frame, in the order they came; None after `timeout_s`."""
        return self._newest.take(timeout_s)

    def stop(self, timeout_s: float = 1.0) -> bool:
        """End, and return whether the thread did within `timeout_s`.

        One that hangs in the network ends by its time-out, 5 s; nothing comes from it any more.
        """
        self._stopped.set()
        self._source.close()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopped.is_set():
            loss = self._watch()
            if self._stopped.is_set():
                return
            self._tell(online=False, at=self._clock(), reason=loss.reason, detail=loss.detail)
            if loss.reason is Reason.FINISHED or self._stopped.wait(self._back_off.next_s()):
                return
            self.reconnects += 1

    def _watch(self) -> SourceLost:
        """Pass frames on until there are no more; return why."""
        came_s: float | None = None
        try:
            with closing(self._source.frames()) as frames:
                for frame in frames:
                    if self._stopped.is_set():
                        break
                    now_s = time.monotonic()
                    came_s = came_s or now_s
                    if now_s - came_s >= STEADY_S:
                        self._back_off.reset()
                    self._pass_on(frame)
        except SourceLost as loss:
            # Its trace would keep the stream's buffers through the wait.
            return loss.with_traceback(None)
        except Exception as error:  # noqa: BLE001 - one camera's fault must not end its watch
            # Where it was raised, not its text, which may hold what a library was given.
            place = traceback.extract_tb(error.__traceback__)[-1]
            detail = f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}"
            return SourceLost(Reason.FAILED, detail)
        return SourceLost(Reason.FINISHED, "played to its end")

    def _pass_on(self, frame: Frame) -> None:
        self.last_frame_at = frame.at
        if self.state is None or not self.state.online:
            self._tell(online=True, at=frame.at)
        self._newest.put_frame(frame)

    def _tell(
        self, *, online: bool, at: int, reason: Reason | None = None, detail: str = ""
    ) -> None:
        """Tell what changed; a camera that stays away is told again only for another reason."""
        before = self.state
        at = max(at, self.last_frame_at or 0)  # a clip at ten times the speed is ahead of the clock
        if before is not None and before.online == online:
            if before.reason == reason:
                return
            at = before.at
        self.state = Change(online, at, reason, detail)
        self._newest.put_change(self.state)
