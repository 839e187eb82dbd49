"""The file that carries a camera's open episodes over a restart, a crash included: DATA/video/state/CAMERA.json."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog

from video.kept import Kept

from .pictures import stem_of

log = structlog.get_logger()
FOLDER = Path("video") / "state"
_kept = msgspec.json.Decoder(list[Kept])


class KeptFile:
    """Written whole or not at all, and only when an episode began, ended or was interrupted."""

    def __init__(self, data: Path, camera: str) -> None:
        """`data` is the gateway's data folder."""
        self._path = data / FOLDER / f"{stem_of(camera)}.json"
        self._written: list[tuple[str, str]] | None = None

    def read(self) -> list[Kept]:
        """Return what was kept; nothing when there is no file or none that can be read."""
        try:
            return _kept.decode(self._path.read_bytes())
        except FileNotFoundError:
            return []
        except (OSError, msgspec.DecodeError) as error:
            log.warning("kept_episodes_unreadable", path=str(self._path), why=str(error))
            return []

    def write(self, kept: Sequence[Kept]) -> None:
        """Keep these; raises nothing: a full disk must not cost the alarm, and it is tried again."""
        now = [(one.episode.id, one.episode.ended_by) for one in kept]
        if now == self._written or (not now and self._written is None and not self._path.exists()):
            return
        part = self._path.with_suffix(".part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(msgspec.json.encode(list(kept)))
            part.replace(self._path)  # not synced: what a power cut takes is told once more
        except OSError as error:
            log.warning("kept_episodes_not_written", path=str(self._path), why=str(error))
            return
        self._written = now
