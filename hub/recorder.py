"""Copies the log's Readings into the reading store, at least once; points are idempotent.

The store away, slow or refusing never delays a case: the backlog stays in the log.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable

import structlog

from model.codec import encode
from model.errors import Transient
from model.ports import ReadingStore
from model.reading import Reading

from .case_store.store import CaseStore
from .core import DEAD_LETTER
from .log.readings import readings_of
from .log.sqlite import SqliteLog

log = structlog.get_logger()
READINGS_A_WRITE = 5_000
ENTRIES_A_READ = 200
LINGER_S = 0.25
RETRY_FIRST_S = 0.5
RETRY_LAST_S = 15.0
SAVE_EVERY_S = 1.0

Rejected = Callable[[str, str, bytes, str], None]


class Recorder:
    """The thread that writes Readings to their store."""

    def __init__(
        self, durable: SqliteLog, readings: ReadingStore, cases: CaseStore, rejected: Rejected
    ) -> None:
        self.counters: Counter[str] = Counter()
        self.waiting_for = ""
        self._log = durable
        self._readings = readings
        self._cases = cases
        self._rejected = rejected
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        stored = cases.position("recorder")
        # A position of another log means nothing: points are idempotent, so begin anew.
        self.position = stored[1] if stored and stored[0] == durable.id else 0
        self._saved = self.position
        self._saved_at = 0.0

    def start(self) -> None:
        """Begin to copy."""
        self._thread.start()

    def wake(self) -> None:
        """Say that the log has grown."""
        self._wake.set()

    def stop(self) -> None:
        """End after the write at hand."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def _run(self) -> None:
        delay = RETRY_FIRST_S
        while not self._stop.is_set():
            try:
                self._copy()
            except Exception as error:
                # Points are idempotent: whatever broke, begin again where the position stands.
                log.exception("recorder_failed", position=self.position)
                self.counters["failures"] += 1
                self.waiting_for = f"failed at entry {self.position + 1}: {error}"
                self._stop.wait(delay)
                delay = min(delay * 2, RETRY_LAST_S)
        self._save(now=True)

    def _copy(self) -> None:
        """Copy until told to stop."""
        while not self._stop.is_set():
            batch, position = self._gather()
            if position == self.position:
                self._wake.wait(1.0)
                self._wake.clear()
                # A moment for more to come: larger writes cost less.
                self._stop.wait(LINGER_S)
                continue
            if batch and not self._write(batch):
                break
            self.position = position
            self._save()

    def _gather(self) -> tuple[list[Reading], int]:
        batch: list[Reading] = []
        position = self.position
        while len(batch) < READINGS_A_WRITE:
            entries = self._log.read(position, ENTRIES_A_READ)
            if not entries:
                break
            for entry in entries:
                batch.extend(r for r in readings_of(entry) if r.kind != DEAD_LETTER)
                position = entry.pos
                if len(batch) >= READINGS_A_WRITE:
                    break
        return batch, position

    def _write(self, batch: list[Reading]) -> bool:
        """Write until it is done; False when told to stop meanwhile."""
        delay = RETRY_FIRST_S
        while True:
            try:
                rejected = self._readings.write(batch)
            except Transient as error:
                if not self.waiting_for:
                    log.warning("reading_store_away", why=str(error))
                self.waiting_for = str(error)
                self.counters["retries"] += 1
                if self._stop.wait(delay):
                    return False
                delay = min(delay * 2, RETRY_LAST_S)
                continue
            if self.waiting_for:
                log.info("reading_store_back")
                self.waiting_for = ""
            self.counters["recorded"] += len(batch) - len(rejected)
            for reading, why in rejected:
                self.counters["rejected"] += 1
                self._rejected(reading.device, "reading_store", encode(reading), why)
            return True

    def _save(self, *, now: bool = False) -> None:
        if self.position == self._saved:
            return
        if not now and time.monotonic() - self._saved_at < SAVE_EVERY_S:
            return
        try:
            self._readings.sync()
            self._cases.save_position("recorder", self._log.id, self.position)
        except Exception as error:  # noqa: BLE001 - it is tried again; points are idempotent
            log.warning("recorder_position_not_saved", why=str(error))
            return
        self._saved = self.position
        self._saved_at = time.monotonic()
