"""CPU time and peak memory of a running process, as the kernel counts them."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import psutil

MILLION = 1_000_000
STALLED_S = 30.0


class Use(NamedTuple):
    """What a process used between two moments, and the most memory it ever had."""

    cpu_s: float
    peak_mb: float

    def per_million(self, messages: int) -> float:
        """Return CPU-seconds per million messages."""
        return self.cpu_s / messages * MILLION


class Watched:
    """A process from now on."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._process = psutil.Process(pid)
        self._before = self._cpu_s()

    def _cpu_s(self) -> float:
        times = self._process.cpu_times()
        return times.user + times.system

    def use(self) -> Use:
        """Return what it used since; its threads are included, its children are not."""
        return Use(self._cpu_s() - self._before, peak_mb(self._pid))


def peak_mb(pid: int) -> float:
    """Return the most memory (resident, MB) that a process has had so far."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f"the kernel does not tell the peak memory of process {pid}")


def wait_until_stored(count: Callable[[], int], expected: int) -> tuple[int, float]:
    """Wait until all is stored, or nothing more comes for 30 s; return (stored, when last grown)."""
    stored, grown = -1, time.monotonic()
    while True:
        now = count()
        if now > stored:
            stored, grown = now, time.monotonic()
        if stored >= expected or time.monotonic() - grown > STALLED_S:
            return stored, grown
        time.sleep(0.25)
