"""The newest picture of a camera, masked, and the same with what the algorithms saw drawn over it."""

import contextlib
import os
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import structlog

from model.camera_messages import PICTURE_BYTES
from video.camera import Camera, Seen
from video.contract import Box, Frame, Picture, Point
from video.evidence.ring import Pixelation
from video.settings import CameraSettings

log = structlog.get_logger()
EVERY_MS = 5_000
WIDTH = 960
QUALITIES = (80, 60, 40, 20)
BYTES_MAX = PICTURE_BYTES
ZONE, MOVING, NAMED, SIGHTED = (200, 160, 0), (0, 200, 255), (80, 220, 80), (60, 60, 255)  # BGR
MARGIN = 4
NAME_BYTES = 200
DRAFT = ".part"


class PicturePaths(NamedTuple):
    """Where a camera's newest pictures are."""

    plain: Path
    seen: Path


def stem_of(camera: str) -> str:
    """Return what a camera's files are called; no two cameras share it."""
    # A file's name may have 255 bytes; 64 letters of some scripts are more.
    return camera if len(camera.encode()) <= NAME_BYTES else sha256(camera.encode()).hexdigest()


def picture_paths(folder: Path, camera: str) -> PicturePaths:
    """Name the files of a camera: `CAMERA.jpg`, and the same under `seen`."""
    stem = stem_of(camera)
    return PicturePaths(folder / f"{stem}.jpg", folder / "seen" / f"{stem}.jpg")


class PictureFile:
    """Writes a camera's newest pictures now and then, whole or not at all; raises nothing."""

    def __init__(self, folder: Path, camera: CameraSettings, *, every_ms: int = EVERY_MS) -> None:
        """Remove what an earlier process left: it may show what a new mask hides."""
        self._plain, self._seen = picture_paths(folder, camera.camera)
        for path in (self._plain, self._seen):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        self._pixelation = Pixelation() if camera.pixelate_persons else None
        self._every_ms = every_ms
        self._written_at: int | None = None

    def offer(self, frame: Frame, seen: Seen, camera: Camera) -> bool:
        """Write if it is time; `frame` is masked. Returns whether it was; offer each frame."""
        if self._pixelation:
            view = seen.view
            self._pixelation.see(frame.at, view.persons(), whole=view.looked_everywhere())
        if self._written_at is not None and 0 <= frame.at - self._written_at < self._every_ms:
            return False
        self._written_at = frame.at
        try:
            return self._write(frame, seen, camera)
        except (cv2.error, ValueError) as error:  # of a size that no JPEG has
            log.warning("picture_not_written", camera=camera.settings.camera, why=str(error))
            return False

    def _write(self, frame: Frame, seen: Seen, camera: Camera) -> bool:
        picture = self._pixelation.apply(frame) if self._pixelation else frame.picture
        small = _fitted(picture)
        return _write(self._plain, small) and _write(self._seen, explained(small, seen, camera))


def forget_pictures(folder: Path) -> None:
    """Remove all cameras' newest pictures, also of those that are no more; raises nothing."""
    for path in (*folder.glob("*.*"), *folder.glob("seen/*.*")):
        if path.suffix in {".jpg", DRAFT}:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def explained(picture: Picture, seen: Seen, camera: Camera) -> Picture:
    """Return a copy with zones, moving spots, named things and sightings drawn over it."""
    drawn = picture.copy()
    for name, polygon in camera.settings.polygons().items():
        _polygon(drawn, polygon, name)
    for box in seen.view.motion.boxes:
        _box(drawn, box, MOVING, "")
    for thing in seen.view.objects or ():
        _box(drawn, thing.box, NAMED, f"{thing.label} {thing.confidence:.2f}")
    for name, sightings in seen.sightings.items():
        for sighting in sightings:
            if sighting.seen:
                _box(drawn, sighting.box or Box(0, 0, 1, 1), SIGHTED, name)
    if not seen.view.motion.settled:
        cv2.putText(drawn, "learning", (MARGIN, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.6, MOVING, 2)
    return drawn


def _fitted(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    if width <= WIDTH:
        return picture
    size = (WIDTH, max(1, round(height * WIDTH / width)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _polygon(drawn: Picture, polygon: tuple[Point, ...], name: str) -> None:
    height, width = drawn.shape[:2]
    corners = np.array([(p.x * width, p.y * height) for p in polygon], np.int32)
    cv2.polylines(drawn, [corners], isClosed=True, color=ZONE, thickness=2)
    cv2.putText(drawn, name, tuple(map(int, corners[0])), cv2.FONT_HERSHEY_SIMPLEX, 0.5, ZONE, 1)


def _box(drawn: Picture, box: Box, colour: tuple[int, int, int], text: str) -> None:
    height, width = drawn.shape[:2]
    left, top = int(box.left * width), int(box.top * height)
    cv2.rectangle(drawn, (left, top), (int(box.right * width), int(box.bottom * height)), colour, 2)
    if text:
        at = (left + MARGIN, max(14, top - MARGIN))
        cv2.putText(drawn, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1)


def _write(path: Path, picture: Picture) -> bool:
    data = _jpeg(picture)
    if data is None:
        return False
    part = path.with_name(f"{path.stem}{DRAFT}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)  # its rights would stay
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
        part.replace(path)
    except OSError:  # a full disk costs the picture of the wall, not the alarm
        return False
    return True


def _jpeg(picture: Picture) -> bytes | None:
    """Return a picture that may be sent: noise is written more coarsely until it fits."""
    for quality in QUALITIES:
        done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if done and data.size <= BYTES_MAX:
            return data.tobytes()
    return None
