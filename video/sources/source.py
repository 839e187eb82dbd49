"""What every source of pictures is: frames until it is closed, or a reason why there are no more."""

from collections.abc import Callable, Generator
from enum import StrEnum
from typing import NamedTuple, Protocol, TypeAlias
from urllib.parse import quote, urlsplit, urlunsplit

from model.errors import Transient
from video.contract import Frame
from video.settings import masked

Clock: TypeAlias = Callable[[], int]
"""Returns the gateway's time in ms."""

ANSWER_S = 5.0
"""A camera that is silent for so long is offline."""


class Reason(StrEnum):
    """Why a camera gives no pictures; each has its remedy in docs/video/sources.md."""

    ENDED = "ended"  # a live stream was ended by the other side
    STALLED = "stalled"  # connected, but nothing came for 5 s
    LOGIN = "login"  # user or password refused
    UNREACHABLE = "unreachable"  # no such host, nobody listens, or no answer
    CERTIFICATE = "certificate"  # nobody whom we believe says that it is this camera
    NOT_FOUND = "not_found"  # the camera has no such stream, the disk no such file
    UNDECODABLE = "undecodable"  # bytes come that are no picture
    FINISHED = "finished"  # a file was played to its end
    FAILED = "failed"  # a fault of this program; the detail names it


class SourceLost(Transient):
    """No more pictures; open again later. The text never holds a password."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Credentials(NamedTuple):
    """A camera's user and password; they are shown nowhere."""

    user: str
    password: str

    def __repr__(self) -> str:
        return "Credentials(***)"

    def clean(self, text: str) -> str:
        """Return a text without the password, however it was written, and without logins in URLs."""
        text = masked(text)
        for secret in {self.password, quote(self.password, safe="")} - {""}:
            text = text.replace(secret, "***")
        return text

    def into(self, url: str) -> str:
        """Return the URL with this login, for libraries that take it no other way."""
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        netloc = f"{self.written()}@{host}" if self.user else host
        return urlunsplit(parts._replace(netloc=netloc))

    def written(self) -> str:
        """Return user and password as they stand in an address."""
        return f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"


NOBODY = Credentials("", "")


class Source(Protocol):
    """One camera's pictures. Connects when asked for frames, so it can be asked again after a loss."""

    @property
    def left_out(self) -> int:
        """Pictures not decoded because the reader was behind the stream."""

    def frames(self) -> Generator[Frame, None, None]:
        """Yield frames, blocking; end after `close` or after the last of a file.

        Raises SourceLost when there are no more for another reason. Times never run backwards
        as long as the clock does not.
        """

    def close(self) -> None:
        """End `frames` soon, from any thread: at once while it waits, within 5 s while a camera is silent."""


class Pace:
    """Chooses frames by time, so that at most so many a second are looked at."""

    def __init__(self, fps: float) -> None:
        self._step_s = 1 / fps
        self._due_s: float | None = None

    def wants(self, now_s: float) -> bool:
        """Return whether the frame of this moment is one to look at; moments may jump either way."""
        if self._due_s is None or now_s < self._due_s - 2 * self._step_s:
            self._due_s = now_s
        if now_s < self._due_s - self._step_s / 20:  # times are rounded
            return False
        # Frames come with jitter: one that was late does not delay those after it by a whole step.
        self._due_s = max(self._due_s + self._step_s, now_s + self._step_s / 2)
        return True
