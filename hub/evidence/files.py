"""The hub's evidence folder: files named by their content, parts of files that are on their way.

    files/ab/ab12….mp4     whole, verified, on disk
    incoming/….part        as much as has come of a file; the name says how large it will be

No name that anybody sent becomes a path: a gateway's is hashed, a file's is its SHA-256.
"""

import os
import shutil
from collections.abc import Iterator
from hashlib import blake2b, sha256
from pathlib import Path
from typing import NamedTuple

from gateway.durable_file import sync_folder
from model.footage import Type

PARTS_A_GATEWAY = 4
"""So many files may be on their way from one gateway; the oldest part gives way to a new one."""

FREE_BYTES = 512 << 20
"""So much of the disk is left alone: the log of alarms lives there as well."""

_READ = 1 << 20


class Part(NamedTuple):
    """A file on its way; `have` is how many of its bytes have come."""

    path: Path
    have: int


class FootageFiles:
    """Files and parts of files; every method blocks on the disk and may raise OSError."""

    def __init__(self, folder: Path, *, make: bool = True) -> None:
        """Make the folders, unless that is done later."""
        self._files, self._incoming = folder / "files", folder / "incoming"
        if make:
            self.make_folders()

    def make_folders(self) -> None:
        """Make the folders that are not there."""
        for path in (self._files, self._incoming):
            path.mkdir(parents=True, exist_ok=True)

    def path(self, digest: str, form: Type) -> Path:
        """Return where a whole file lies or would lie."""
        return self._files / digest[:2] / f"{digest}{form.ending}"

    def part(self, gateway: str, digest: str, size: int) -> Part:
        """Return what has come of a file of a size: of another size it is another file."""
        path = self._incoming / f"{_owner(gateway)}-{digest}-{size}.part"
        return Part(path, path.stat().st_size if path.exists() else 0)

    def size(self, digest: str, form: Type) -> int | None:
        """Return how large a whole file is, None where there is none."""
        path = self.path(digest, form)
        return path.stat().st_size if path.exists() else None

    def append(self, part: Part, data: bytes, *, gateway: str) -> Part:
        """Add the next bytes of a file."""
        if not part.path.exists():
            self._give_way(gateway)
        with part.path.open("ab") as file:
            file.write(data)
        return part._replace(have=part.have + len(data))

    def head(self, part: Part) -> bytes:
        """Return the first bytes of a part, by which its type is known."""
        with part.path.open("rb") as file:
            return file.read(16)

    def complete(self, part: Part, digest: str, form: Type) -> bool:
        """Verify a part and give it its name, on disk; False and it is gone when it is damaged."""
        with part.path.open("rb+") as file:
            found = sha256()
            while block := file.read(_READ):
                found.update(block)
            if found.hexdigest() != digest:
                part.path.unlink()
                return False
            os.fsync(file.fileno())
        target = self.path(digest, form)
        target.parent.mkdir(exist_ok=True)
        part.path.replace(target)
        sync_folder(target.parent)
        sync_folder(self._files)
        return True

    def drop(self, part: Part) -> None:
        """Forget what has come of a file."""
        part.path.unlink(missing_ok=True)

    def remove(self, digest: str, form: Type) -> None:
        """Remove a whole file."""
        self.path(digest, form).unlink(missing_ok=True)

    def free(self) -> int:
        """Return how many bytes the disk has left for evidence."""
        return shutil.disk_usage(self._files).free - FREE_BYTES

    def whole(self) -> Iterator[Path]:
        """Yield every whole file."""
        yield from self._files.glob("??/*")

    def old_parts(self, before: float) -> Iterator[Path]:
        """Yield the parts of which nothing more came since `before` (s since 1970)."""
        return (path for path in self._incoming.glob("*.part") if path.stat().st_mtime < before)

    def _give_way(self, gateway: str) -> None:
        mine = sorted(
            self._incoming.glob(f"{_owner(gateway)}-*.part"), key=lambda path: path.stat().st_mtime
        )
        for path in mine[: max(0, len(mine) - PARTS_A_GATEWAY + 1)]:
            path.unlink(missing_ok=True)


def _owner(gateway: str) -> str:
    return blake2b(gateway.encode(), digest_size=6).hexdigest()
