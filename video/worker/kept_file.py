"""The file that carries a camera's open episodes over a restart, a crash included: DATA/video/state/CAMERA.json."""

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import structlog

from model.codec import CodecError, decoded
from model.reading import Reading
from video.durable_file import write_durably
from video.episodes import REMOVED, News, Stage, over
from video.kept import Kept
from video.readings import news_reading

from .pictures import stem_of

log = structlog.get_logger()
FOLDER = Path("video") / "state"


class _Content(msgspec.Struct, frozen=True):
    camera: str
    compound: str
    kept: list[Kept]


_content = msgspec.json.Decoder(_Content)


class KeptFile:
    """Written whole or not at all, and only when an episode began, ended or was interrupted."""

    def __init__(self, data: Path, camera: str, compound: str = "") -> None:
        """`data` is the gateway's data folder."""
        self._camera, self._compound = camera, compound
        self._path = data / FOLDER / f"{stem_of(camera)}.json"
        self._written: list[tuple[str, str]] | None = None
        self.warning = ""
        """What was lost, for people; empty while nothing was."""

    def read(self) -> list[Kept]:
        """Return what was kept; nothing when there is no file, or none that can be read, which is told."""
        try:
            content = _read(self._path)
        except (OSError, CodecError) as error:
            log.warning("kept_episodes_unreadable", path=str(self._path), why=str(error))
            self.warning = (
                f"its open episodes of before the start cannot be read ({self._path.name}: {error}); what is"
                " there still is told anew, and cases of what is over need somebody who looks"
            )
            return []
        return content.kept if content else []

    def write(self, kept: Sequence[Kept]) -> None:
        """Keep these; raises nothing: a full disk must not cost the alarm, and it is tried again."""
        now = [(one.episode.id, one.episode.ended_by) for one in kept]
        if now == self._written or (not now and self._written is None and not self._path.exists()):
            return
        content = _Content(self._camera, self._compound, list(kept))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(self._path, msgspec.json.encode(content))
        except OSError as error:
            log.warning("kept_episodes_not_written", path=str(self._path), why=str(error))
            return
        self._written = now


def forgotten(data: Path, cameras: Iterable[str], at: int) -> list[Reading]:
    """End at `at` (ms) what was kept of cameras that are in the file no more, and remove it.

    Nobody looked, so the ends say nothing of what was seen: its cases wait for somebody who does.
    """
    wanted = {f"{stem_of(camera)}.json" for camera in cameras}
    found: list[Reading] = []
    for path in sorted((data / FOLDER).glob("*.json")):
        if path.name in wanted:
            continue
        try:
            if content := _read(path):
                found += _ended(content, at)
        except (OSError, CodecError) as error:
            log.warning("kept_episodes_unreadable", path=str(path), why=str(error))
        with contextlib.suppress(OSError):
            path.unlink()
    return found


def _ended(content: _Content, at: int) -> list[Reading]:
    ends = [News(Stage.END, over(one.episode, REMOVED), at) for one in content.kept]
    return [news_reading(end, camera=content.camera, compound=content.compound) for end in ends]


def _read(path: Path) -> _Content | None:
    """Return what a file holds, None where there is none; raises OSError, and CodecError for a damaged one."""
    try:
        return decoded(_content, path.read_bytes())
    except FileNotFoundError:
        return None
