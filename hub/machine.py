"""Looks at the machine that a hub runs on: how long it runs, how large its files are, what room is left."""

import shutil
from importlib.metadata import version
from pathlib import Path

import msgspec

DISK_LOW = 0.10
DISK_LOW_BYTES = 2 << 30
"""Less than both of these is low; our assumptions: a tenth, and 2 GiB."""


class Machine(msgspec.Struct, frozen=True):
    """How a hub's process and disk are; sizes in bytes, times in ms."""

    version: str
    started_at: int
    log_bytes: int
    cases_bytes: int  # 0 where a server keeps the cases
    disk_free: int
    disk_total: int

    @property
    def disk_low(self) -> bool:
        """Whether the data disk will soon be full, and the log with it."""
        return self.disk_free < min(self.disk_total * DISK_LOW, DISK_LOW_BYTES)


def look_at(data: Path, *, started_at: int) -> Machine:
    """Return how the machine is now; reads the disk, for worker threads."""
    disk = shutil.disk_usage(data)
    return Machine(
        version=version("smarthub"),
        started_at=started_at,
        log_bytes=_size(data / "log", "*"),
        cases_bytes=_size(data, "cases.db*"),
        disk_free=disk.free,
        disk_total=disk.total,
    )


def _size(folder: Path, pattern: str) -> int:
    total = 0
    for path in folder.glob(pattern):
        try:
            total += path.stat().st_size
        except OSError:  # a file of the log that was just given up
            continue
    return total
