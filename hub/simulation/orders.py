"""Carries the wish for an incident from the page to the simulator: a file for each, in one folder."""

import secrets
import time
from collections.abc import Container
from pathlib import Path

from gateway.durable_file import write_durably
from model.errors import Refused

_SUFFIX = ".order"
WAITING_MAX = 100
STALE_S = 600.0
"""An order that nobody took for so long belongs to a simulator that is gone."""


class Orders:
    """A folder that both processes know; taking an order removes it."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it is made when the first order is given."""
        self._folder = folder

    def give(self, name: str) -> None:
        """Order an incident by its name; raises Refused when too many wait, OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if len(list(self._folder.glob(f"*{_SUFFIX}"))) >= WAITING_MAX:
            raise Refused("too many incidents wait: does the simulator run? 模拟器未在运行")
        stamp = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        write_durably(self._folder / f"{stamp}{_SUFFIX}", name.encode())

    def take(self, known: Container[str]) -> list[str]:
        """Return the waiting orders whose names are known, oldest first; others stay for others."""
        found: list[str] = []
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            try:
                name = path.read_text(encoding="utf-8")
                stale = time.time() - path.stat().st_mtime > STALE_S
                if name in known or stale:
                    path.unlink()
            except (OSError, UnicodeDecodeError):
                continue  # somebody else took it, or it is not ours
            if name in known and not stale:
                found.append(name)
        return found
