"""The hub's folder for what is only passing through: clips that people bring, packs on their way out."""

import shutil
import time
from pathlib import Path

from model.errors import Transient

ROOM_BYTES = 512 << 20
"""So much of the disk is left alone: the log of alarms lives there as well."""

LEFT_S = 3_600.0
"""What lies there for so long was left behind by a browser that went away, or a crash."""


def room_for(folder: Path, size: int) -> None:
    """Make the folder; raises Transient where `size` bytes would leave the disk too little."""
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free - size < ROOM_BYTES:
        raise Transient("the hub's disk is nearly full; try again when there is room 磁盘空间不足")


def clear_left(folder: Path) -> None:
    """Remove files that were left behind."""
    for path in folder.glob("*"):
        if path.stat().st_mtime < time.time() - LEFT_S:
            path.unlink(missing_ok=True)
