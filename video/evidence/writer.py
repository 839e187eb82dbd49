"""Writes an episode's files; what the disk or the encoder refuses is counted and said, never raised."""

from collections import Counter
from hashlib import blake2b, sha256
from pathlib import Path
from typing import NamedTuple

import av
import msgspec
import structlog

from model.footage import FILE_BYTES, Footage, FootageFile, Kind, Type, file_name

from .clip import best_container, encode
from .folder import EvidenceFolder
from .recording import Best, span
from .ring import Kept

log = structlog.get_logger()
FULL = (
    "only files that the hub does not have yet, or that are pinned, are left: no new ones are kept"
)
SHORT = "the disk has too little room besides what is kept free for alarms: no new ones are kept"
CUT = "the process ended before the clip was whole"


class Finished(NamedTuple):
    """What an episode's recording came to; without pictures there is no clip, and `note` says why."""

    pictures: tuple[Kept, ...] = ()
    better: Best | None = None
    note: str = ""


class EvidenceWriter:
    """The files of one camera's episodes; its methods run in one thread, one after the other."""

    def __init__(self, folder: EvidenceFolder, camera: str, counters: Counter[str]) -> None:
        """Touch nothing yet: the disk may be full, and pictures must be looked at all the same."""
        self._folder = folder
        self._camera = camera
        self._owner = blake2b(camera.encode(), digest_size=6).hexdigest()
        self._counters = counters
        self._container = best_container()
        self._open: dict[str, Footage] = {}
        self._full = ""
        self._failure = ""
        self._left_over = False

    def complete_left(self) -> None:
        """Complete what an earlier process of this camera left without an end; call it first.

        What the disk refuses is tried again after each episode.
        """
        done = True
        try:
            self._folder.sweep(self._owner)
            for footage in self._folder.waiting():
                own = footage.camera == self._camera and footage.episode not in self._open
                if own and not footage.complete:
                    whole = msgspec.structs.replace(footage, complete=True, note=CUT)
                    done = self._manifest(whole) and done
        except OSError as error:
            done = False
            self._failed(f"what was left could not be completed: {error.strerror or error}")
        self._left_over = not done

    def problems(self) -> list[str]:
        """Return what is wrong now, in words."""
        found = [self._full] if self._full else []
        return [*found, self._failure] if self._failure else found

    def begin(self, facts: Footage, first: Kept) -> None:
        """Write the snapshot of an episode that has just started."""
        self._open[facts.episode] = facts
        self._picture(facts.episode, first, 1)
        self._manifest(self._open[facts.episode])

    def finish(self, facts: Footage, finished: Finished) -> None:
        """Write an episode's better snapshot, its clip, and the manifest that names them all."""
        footage = self._open.setdefault(facts.episode, facts)
        if finished.better is not None:
            self._picture(footage.episode, finished.better.kept, 2)
            surest = round(finished.better.confidence, 3)
            footage = self._open[facts.episode]
            self._open[facts.episode] = msgspec.structs.replace(footage, confidence=surest)
        note = finished.note
        if finished.pictures and not self._clip(footage.episode, finished.pictures):
            note = self._full or f"no clip: {self._failure}"
        footage = self._open.pop(facts.episode)
        self._manifest(msgspec.structs.replace(footage, complete=True, note=note[:300]))
        if self._left_over:
            self.complete_left()

    def _picture(self, episode: str, kept: Kept, number: int) -> None:
        name = file_name(episode, Kind.SNAPSHOT, Type.JPEG, number)
        if self._file(name, kept.jpeg):
            self._add(episode, FootageFile(
                Kind.SNAPSHOT, Type.JPEG, _digest(kept.jpeg), len(kept.jpeg), kept.at, kept.at, number,
            ))  # fmt: skip
            self._counters["snapshots"] += 1

    def _clip(self, episode: str, pictures: tuple[Kept, ...]) -> bool:
        form = Type(self._container.ending)
        name = file_name(episode, Kind.CLIP, form)
        try:
            if not self._room(1):  # its draft would take what is left to alarms
                return False
            draft = self._folder.draft(name, owner=self._owner)
        except OSError as error:
            self._failed(f"{name} could not be written: {error.strerror or error}")
            return False
        try:
            clip = self._encoded(pictures, draft)
            if not self._room(len(clip)):
                return False
            self._folder.adopt(draft, name)
        except (av.FFmpegError, ValueError, OSError) as error:
            self._failed(f"{name} could not be made: {error}")
            return False
        finally:
            draft.unlink(missing_ok=True)
        since, until = span(pictures)
        digest = _digest(clip)
        self._add(episode, FootageFile(Kind.CLIP, form, digest, len(clip), since, until))
        self._counters["clips"] += 1
        return True

    def _encoded(self, pictures: tuple[Kept, ...], draft: Path) -> bytes:
        encode(pictures, self._container, draft)
        if draft.stat().st_size > FILE_BYTES:
            raise ValueError(f"it has more than {FILE_BYTES} bytes; lower evidence.width or fps")
        return draft.read_bytes()

    def _add(self, episode: str, file: FootageFile) -> None:
        footage = self._open[episode]
        self._open[episode] = msgspec.structs.replace(footage, files=(*footage.files, file))

    def _file(self, name: str, content: bytes) -> bool:
        """Write a file if there is room for it."""
        try:
            if not self._room(len(content)):
                return False
            self._folder.write(name, content, owner=self._owner)
        except OSError as error:
            self._failed(f"{name} could not be written: {error.strerror or error}")
            return False
        self._failure = ""
        return True

    def _room(self, size: int) -> bool:
        """Make room for a file; False, counted and said, when only pinned ones are left."""
        if self._folder.make_room(size):
            self._full = ""
            return True
        short = self._folder.disk_short
        if not self._full:
            remedy = (
                "free some of the disk"
                if short
                else "raise evidence.max_mb, or see why the hub is away"
            )
            log.warning("evidence_folder_full", remedy=remedy)
        self._full = SHORT if short else FULL
        self._counters["not_kept.full"] += 1
        return False

    def _manifest(self, footage: Footage) -> bool:
        if not footage.files:
            return True  # nothing was kept that it could name
        try:
            self._folder.write_manifest(footage, owner=self._owner)
        except OSError as error:
            self._failed(f"the manifest could not be written: {error.strerror or error}")
            return False
        return True

    def _failed(self, why: str) -> None:
        self._counters["not_kept.failed"] += 1
        self._failure = why
        log.warning("evidence_not_kept", why=why)


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()
