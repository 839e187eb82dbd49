"""Shows the Readings of a device as they come, every one of them, while somebody looks."""

from collections import deque
from threading import Lock
from typing import NamedTuple

from model.entry import Entry, EntryKind
from model.reading import Reading

from .log.readings import readings_of

KEPT = 200
"""Readings that wait for a screen which looks once a second; what no longer fits is counted."""


class Taken(NamedTuple):
    """What came since the last look, oldest first, and how many older ones did not fit."""

    readings: list[Reading]
    skipped: int


class Tap:
    """What one screen has not seen yet of one device."""

    def __init__(self, device: str, taps: "Taps") -> None:
        self.device = device
        self._taps = taps
        self._waiting: deque[Reading] = deque(maxlen=KEPT)
        self._skipped = 0
        self._lock = Lock()

    def put(self, reading: Reading) -> None:
        """Keep a Reading until the next look."""
        with self._lock:
            self._skipped += len(self._waiting) == KEPT
            self._waiting.append(reading)

    def take(self) -> Taken:
        """Return what came since the last look."""
        with self._lock:
            taken = Taken(list(self._waiting), self._skipped)
            self._waiting.clear()
            self._skipped = 0
        return taken

    def close(self) -> None:
        """Stop watching; a second time does nothing."""
        self._taps.leave(self)


class Taps:
    """All screens that watch a device now; costs nothing while there are none."""

    def __init__(self) -> None:
        self._by_device: dict[str, tuple[Tap, ...]] = {}
        self._lock = Lock()

    def watch(self, device: str) -> Tap:
        """Begin to watch a device, registered or not."""
        tap = Tap(device, self)
        with self._lock:
            watched = self._by_device.get(device, ())
            self._by_device = {**self._by_device, device: (*watched, tap)}
        return tap

    def leave(self, tap: Tap) -> None:
        """Forget a screen."""
        with self._lock:
            left = tuple(t for t in self._by_device.get(tap.device, ()) if t is not tap)
            others = {k: v for k, v in self._by_device.items() if k != tap.device}
            self._by_device = {**others, tap.device: left} if left else others

    def offer(self, entry: Entry) -> None:
        """Give an entry's Readings to who watches their devices."""
        watched = self._by_device  # replaced whole, so it can be read without the lock
        if not watched or entry.kind is not EntryKind.READINGS:
            return
        for reading in readings_of(entry):
            for tap in watched.get(reading.device, ()):
                tap.put(reading)
