"""The file that carries a camera's open episodes over a restart, a crash included: DATA/video/state/CAMERA.json."""

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import structlog

from model.reading import Reading
from video.episodes import SETTINGS, News, Stage, over
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

    def read(self) -> list[Kept]:
        """Return what was kept; nothing when there is no file or none that can be read."""
        content = _read(self._path)
        return content.kept if content else []

    def write(self, kept: Sequence[Kept]) -> None:
        """Keep these; raises nothing: a full disk must not cost the alarm, and it is tried again."""
        now = [(one.episode.id, one.episode.ended_by) for one in kept]
        if now == self._written or (not now and self._written is None and not self._path.exists()):
            return
        part = self._path.with_suffix(".part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(
                msgspec.json.encode(_Content(self._camera, self._compound, list(kept)))
            )
            part.replace(self._path)  # not synced: what a power cut takes is told once more
        except OSError as error:
            log.warning("kept_episodes_not_written", path=str(self._path), why=str(error))
            return
        self._written = now


def forgotten(data: Path, cameras: Iterable[str], at: int) -> list[Reading]:
    """End at `at` (ms) what was kept of cameras that are in the file no more, and remove it."""
    wanted = {f"{stem_of(camera)}.json" for camera in cameras}
    found: list[Reading] = []
    for path in sorted((data / FOLDER).glob("*.json")):
        content = None if path.name in wanted else _read(path)
        if content is None:
            continue
        found += [
            news_reading(
                News(Stage.END, over(one.episode, SETTINGS), at),
                camera=content.camera, compound=content.compound,
            )
            for one in content.kept
        ]  # fmt: skip
        with contextlib.suppress(OSError):
            path.unlink()
    return found


def _read(path: Path) -> _Content | None:
    try:
        return _content.decode(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        log.warning("kept_episodes_unreadable", path=str(path), why=str(error))
        return None
