"""A folder of pictures: a camera that uploads them, or a test."""

import threading
import time
from collections.abc import Generator
from pathlib import Path

from video.contract import Frame, Picture

from .source import Clock, Reason, SourceLost
from .stills import MOST_BYTES, picture_of

ENDINGS = frozenset((".jpg", ".jpeg", ".png"))
LOOK_S = 1.0
"""Between looks for new pictures."""
UPLOAD_S = 10.0
"""A picture younger than this that cannot be read may still be on its way."""
IDLE_S = 300.0
"""A camera that uploaded nothing for so long is away; our assumption, `idle_s` in the settings."""


class FolderSource:
    """Shows pictures by name, `fps` a second, then waits for new ones (or begins again: `repeat`).

    Not `paced` it ends with the last picture, and the times are the start and the steps of `fps`.
    A file that is no picture is passed over and counted in `unreadable`. Without a new one for `idle_s`
    the camera is lost: a folder never says that nobody writes into it any more.
    """

    left_out = 0

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        fps: float,
        repeat: bool = False,
        paced: bool = True,
        idle_s: float = IDLE_S,
    ) -> None:
        self._idle_s = idle_s
        self._path, self._clock = path, clock
        self._step_s, self._repeat, self._paced = 1 / fps, repeat, paced
        self._closed = threading.Event()
        self._seen: set[str] = set()
        self.unreadable = 0

    def close(self) -> None:
        """End `frames` at once."""
        self._closed.set()

    def frames(self) -> Generator[Frame, None, None]:
        """Yield the pictures; raises SourceLost when the folder is not there or holds only rubbish."""
        began_at, shown, due_s = self._clock(), 0, time.monotonic()
        came_s = due_s
        while not self._closed.is_set():
            names, before = self._unseen(), shown
            for name in names:
                if self._paced and self._closed.wait(due_s - time.monotonic()):
                    return
                picture = self._read(self._path / name)
                if picture is None:
                    continue
                due_s = max(due_s, time.monotonic() - self._step_s) + self._step_s
                at = self._clock() if self._paced else began_at + round(shown * self._step_s * 1000)
                shown += 1
                came_s = time.monotonic()
                yield Frame(at, picture)
            if shown == before and not self._waits():
                raise SourceLost(
                    Reason.UNDECODABLE, f"{self._path} holds no .jpg or .png that can be read"
                )
            if self._repeat:
                self._seen.clear()
            elif not self._paced:
                return
            if shown == before:
                if time.monotonic() - came_s >= self._idle_s:
                    raise SourceLost(
                        Reason.STALLED, f"{self._path} got no new picture for {self._idle_s:g} s"
                    )
                self._closed.wait(LOOK_S)

    def _waits(self) -> bool:
        return self._paced and not self._repeat

    def _unseen(self) -> list[str]:
        """Return the names not shown yet, in order."""
        try:
            names = {path.name for path in self._path.iterdir() if path.suffix.lower() in ENDINGS}
        except OSError as error:
            failure = SourceLost(Reason.NOT_FOUND, f"{self._path}: {error.strerror}")
        else:
            self._seen &= names  # what is gone need not be remembered
            return sorted(names - self._seen)
        raise failure

    def _read(self, path: Path) -> Picture | None:
        """Return the picture, or None if it is none (yet)."""
        picture: Picture | None = None
        written_s = 0.0
        try:
            written_s = path.stat().st_mtime
            with path.open("rb") as file:
                picture = picture_of(file.read(MOST_BYTES + 1), str(path))
        except FileNotFoundError:
            return None
        except (OSError, SourceLost):
            if self._paced and self._clock() / 1000 - written_s < UPLOAD_S:
                return None
            self.unreadable += 1
        self._seen.add(path.name)
        return picture
