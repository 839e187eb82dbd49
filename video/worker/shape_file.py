"""The file that knows over restarts on what shape of picture a camera's masks were drawn: DATA/video/masks/CAMERA.json.

Without it, a camera that was set from 4:3 to 16:9 while nobody looked would show what its masks hid. It stays
when the camera leaves the gateway's file: it may come back.
"""

from hashlib import blake2b
from pathlib import Path

import msgspec
import structlog

from model.codec import CodecError, decoded
from video.contract import Size
from video.durable_file import write_durably
from video.settings import CameraSettings

from .pictures import stem_of

log = structlog.get_logger()
FOLDER = Path("video") / "masks"
UNKNOWN = Size(0, 0)
"""Fits no picture."""


class _Content(msgspec.Struct, frozen=True):
    masks: str
    width: int
    height: int


_content = msgspec.json.Decoder(_Content)


class ShapeFile:
    """Knows a size until the masks are other ones; what somebody wrote in the settings needs no file."""

    def __init__(self, data: Path, camera: CameraSettings) -> None:
        """`data` is the gateway's data folder."""
        self._path = data / FOLDER / f"{stem_of(camera.camera)}.json"
        self._masks = blake2b(repr(camera.masks).encode(), digest_size=8).hexdigest()
        self._kept: Size | None = camera.mask_size()

    def read(self) -> Size | None:
        """Return the size; None for masks that no picture was seen with, UNKNOWN if the file is damaged."""
        try:
            content = decoded(_content, self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, CodecError) as error:
            log.error("mask_shape_unreadable", path=str(self._path), why=str(error))
            return UNKNOWN
        if content.masks != self._masks:
            return None
        self._kept = Size(content.width, content.height)
        return self._kept

    def keep(self, size: Size | None) -> None:
        """Keep what the masks hold for; raises nothing, and whoever calls again tries again."""
        if size in (None, UNKNOWN, self._kept):
            return
        content = _Content(self._masks, *size)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(self._path, msgspec.json.encode(content))
        except OSError as error:
            log.warning("mask_shape_not_written", path=str(self._path), why=str(error))
            return
        self._kept = size
