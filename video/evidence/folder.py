"""The gateway's evidence folder: whole files or none, and room made by a rule that people can trust.

    EPISODE.jpg, EPISODE-2.jpg, EPISODE.mp4   what was seen
    EPISODE.json                              the manifest, written last
    EPISODE.done                              the hub has everything (or refused it for good)
    EPISODE.pin                               put there by a person: never remove

Removed when room is needed: the oldest episode that is done and has no pin. Never: any other.
"""

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from model.codec import CodecError
from model.footage import Footage, decode_footage, encode_footage
from video.durable_file import sync_folder

MAX_MB = 2048
RESERVE_MB, RESERVE_PART = 256, 0.05
"""So much of the disk (the smaller of both) is left to the outbox of alarms; our assumption."""
MANIFEST, DONE, PIN, DRAFT = ".json", ".done", ".pin", ".part"


class Stored(NamedTuple):
    """One episode in the folder: when its manifest was last written (s), bytes, whether it must stay."""

    episode: str
    at: float
    size: int
    pinned: bool


class EvidenceFolder:
    """The files of one gateway's episodes; several processes may write, each its own episodes."""

    def __init__(
        self,
        path: Path,
        *,
        max_mb: int = MAX_MB,
        disk: Callable[[Path], tuple[int, int, int]] = shutil.disk_usage,
    ) -> None:
        """Name the folder; it is made with its first file. `disk` returns bytes: all, used, free."""
        self.path = path
        self.disk_short = False  # whether the disk, and not `max_mb`, had no room the last time
        self._most, self._disk = max_mb << 20, disk
        self._known: dict[
            str, tuple[int, Footage]
        ] = {}  # waiting manifests by name, with their mtime

    def write(self, name: str, content: bytes, *, owner: str) -> None:
        """Write a file whole and on disk, readable to its owner only; raises OSError.

        `owner` names who writes, so that each removes only its own left-overs.
        """
        draft = self.draft(name, owner=owner)
        try:
            draft.write_bytes(content)
            self.adopt(draft, name)
        finally:
            draft.unlink(missing_ok=True)

    def draft(self, name: str, *, owner: str) -> Path:
        """Return an empty file that becomes `name` when it is adopted; raises OSError.

        Whoever takes it unlinks it in the end: a draft counts nowhere and would fill the disk.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        draft = self.path / f".{owner}-{name}{DRAFT}"
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        return draft

    def adopt(self, draft: Path, name: str) -> None:
        """Give a draft its name once it is on disk; raises OSError."""
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(self.path / name)
        sync_folder(self.path)

    def write_manifest(self, footage: Footage, *, owner: str) -> None:
        """Write an episode's manifest; raises OSError."""
        self.write(f"{footage.episode}{MANIFEST}", encode_footage(footage), owner=owner)

    def waiting(self) -> list[Footage]:
        """Return the manifests of which something waits for the hub, the oldest episode first."""
        found = {entry.name: entry for entry in self._entries()}
        waiting: dict[str, tuple[int, Footage]] = {}
        for name, entry in found.items():
            episode = name.removesuffix(MANIFEST)
            if episode == name or f"{episode}{DONE}" in found:
                continue
            with contextlib.suppress(OSError, CodecError):
                written = entry.stat().st_mtime_ns
                known = self._known.get(name)  # thousands may wait while the hub is away
                if known is None or known[0] != written:
                    known = written, decode_footage((self.path / name).read_bytes())
                waiting[name] = known
        self._known = waiting
        manifests = (footage for _, footage in waiting.values())
        return sorted(manifests, key=lambda footage: (footage.started_at, footage.episode))

    def age(self, episode: str, now: float) -> float:
        """Return for how many seconds a manifest has stood as it is; 0 when it is not there."""
        written = _written_at(self.path / f"{episode}{MANIFEST}")
        return max(0.0, now - written) if written else 0.0

    def mark_done(self, episode: str) -> None:
        """Say that nothing of an episode waits for the hub any more; raises OSError."""
        self.write(f"{episode}{DONE}", b"", owner="gateway")

    def read(self, name: str) -> bytes:
        """Return a file's bytes; raises OSError."""
        return (self.path / name).read_bytes()

    def make_room(self, size: int) -> bool:
        """Remove the oldest that may go until `size` more bytes fit; False: only pinned ones are left.

        Also on the disk, of which a part is left to others. Raises OSError.
        """
        stored = self.stored()
        most = self._most - size
        over, lacking = sum(item.size for item in stored) - most, size - self._spare()
        for item in stored:
            if over <= 0 and lacking <= 0:
                break
            if not item.pinned:
                self._remove(item.episode)
                over, lacking = over - item.size, lacking - item.size
        self.disk_short = over <= 0 < lacking
        return over <= 0 and lacking <= 0

    def _spare(self) -> int:
        """Return how many bytes of the disk evidence may still take."""
        home = next(path for path in (self.path, *self.path.parents) if path.exists())
        whole, _, free = self._disk(home)
        return free - min(RESERVE_MB << 20, int(whole * RESERVE_PART))

    def stored(self) -> list[Stored]:
        """Return what is in the folder, the oldest first; what is being written is not in it."""
        sizes: dict[str, int] = {}
        newest: dict[str, float] = {}
        endings: dict[str, set[str]] = {}
        for entry in self._entries():
            episode = entry.name.partition(".")[0].partition("-")[0]
            with contextlib.suppress(OSError):  # removed by another process meanwhile
                found = entry.stat()
                sizes[episode] = sizes.get(episode, 0) + found.st_size
                newest[episode] = max(newest.get(episode, 0.0), found.st_mtime)
                endings.setdefault(episode, set()).add(Path(entry.name).suffix)
        items = [
            Stored(name, newest[name], size, not (DONE in endings[name] and PIN not in endings[name]))
            for name, size in sizes.items()
        ]  # fmt: skip
        return sorted(items, key=lambda item: (item.at, item.episode))

    def sweep(self, owner: str) -> None:
        """Remove what this owner left half written when it died."""
        for path in self.path.glob(f".{owner}-*{DRAFT}"):
            path.unlink(missing_ok=True)

    def _remove(self, episode: str) -> None:
        # The manifest last: a removal that is cut short is taken up again.
        paths = [p for p in self.path.glob(f"{episode}*") if not p.name.startswith(".")]
        for path in sorted(paths, key=lambda path: path.suffix in {MANIFEST, DONE}):
            path.unlink(missing_ok=True)

    def _entries(self) -> list[os.DirEntry[str]]:
        """Return what is in the folder, without drafts; nothing while there is no folder."""
        try:
            with os.scandir(self.path) as entries:
                return [entry for entry in entries if not entry.name.startswith(".")]
        except FileNotFoundError:
            return []


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
