"""Takes Readings from the transports into the outbox: numbers them, groups them, commits them.

Everything that arrives while one commit is on its way to the disk goes into the next one. The
transports acknowledge their devices only when the commit has returned.
"""

import asyncio
import contextlib
import sqlite3
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import msgspec
import structlog

from model.codec import salvage_readings
from model.reading import ALARM_EVENTS, Lane, Mode, Reading

from .crash import CrashPoint
from .lanes import LaneChoice
from .letters import Rejected, letter_of
from .outbox import FINGERPRINTS_KEPT, ROW_READINGS, Numbers, Outbox, OutboxRow, make_rows

log = structlog.get_logger()
GATHER_S = 0.03
GATHER_STEP_S = 0.006  # longer than a transport waits between reads of a stream
GATHER_READINGS = 1000
DEAD_LETTERS_A_SECOND = 20
DROP_ROWS = 64
REPEAT_MS = 600_000
"""GB/T 26875.3 repeats within a minute (6.5.5), a reconnected device within some; our assumption."""

Stored = Callable[[list[OutboxRow], bool], None]
"""Told of every row: on disk (True), or only in memory because the disk refused it (False)."""


class _Waiting(NamedTuple):
    readings: Sequence[Reading]
    fingerprints: Sequence[str]
    done: "asyncio.Future[bool]"


class Intake:
    """The gateway's `Sink`: outbox, repeat check, dead letters and counters."""

    def __init__(
        self,
        outbox: Outbox,
        *,
        gateway: str,
        mode: Mode,
        max_bytes: int,
        stored: Stored,
        crash: CrashPoint,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.counters: Counter[str] = Counter()
        self.full = False
        self._outbox = outbox
        self._gateway = gateway
        self._mode = mode
        self._max_bytes = max_bytes
        self._stored = stored
        self._crash = crash
        self._clock = clock
        self._numbers = outbox.numbers()
        self._lanes = LaneChoice()
        # Times are not kept over a restart: what is remembered counts from now.
        self._prints = OrderedDict.fromkeys(outbox.fingerprints(), self.now())
        self._waiting: deque[_Waiting] = deque()
        self._receipted: list[int] = []
        self._wake = asyncio.Event()
        self._disk = ThreadPoolExecutor(1, "outbox")
        self._dead_second = (0, 0)
        self._new_epoch = False
        self._held_from: int | None = None  # ms, of the oldest that waits for the next commit
        self._unsaved_from: int | None = None  # ms, of the oldest that no commit has taken yet
        self._gathered = 0  # Readings that wait for the next commit
        self._urgent = False  # an alarm is among them

    @property
    def epoch(self) -> str:
        """The epoch under which new Readings are numbered."""
        return self._numbers.epoch

    @property
    def oldest_at(self) -> int | None:
        """When the oldest came (ms) of what is not on disk yet, or was refused by it; or None."""
        return self._held_from if self._unsaved_from is None else self._unsaved_from

    def now(self) -> int:
        """Return the gateway's clock in ms."""
        return int(self._clock() * 1000)

    def count(self, name: str, n: int = 1) -> None:
        """Add to a counter."""
        self.counters[name] += n

    def seen(self, fingerprint: str) -> bool:
        """Return whether a message of that fingerprint came within the last minutes and is stored.

        Not longer: a panel with a stopped clock and a constant serial number repeats its bytes for
        each new fire. A repeat that is stored after all continues its alarm and opens nothing.
        """
        at = self._prints.get(fingerprint)
        return at is not None and abs(self.now() - at) < REPEAT_MS

    def store(
        self, readings: Sequence[Reading], *, fingerprints: Sequence[str] = ()
    ) -> Awaitable[bool]:
        """Queue Readings for the next commit; the awaitable is True when they are on disk."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(readings, fingerprints, done))
        if self._held_from is None:
            self._held_from = self.now()
        for fingerprint in fingerprints:
            self._prints[fingerprint] = self.now()
            self._prints.move_to_end(fingerprint)
        while len(self._prints) > FINGERPRINTS_KEPT:
            self._prints.popitem(last=False)
        self.counters["readings_received"] += len(readings)
        self._gathered += len(readings)
        if not self._urgent:
            self._urgent = any(reading.event in ALARM_EVENTS for reading in readings)
        self._wake.set()
        return done

    def reject(self, source: str, reason: str, payload: bytes, detail: str) -> None:
        """Count what cannot be understood and send it to the hub's dead-letter table.

        A flood is counted whole and kept in samples: 20 a second.
        """
        self.counters[f"rejected.{reason}"] += 1
        now = self.now()
        second, kept = self._dead_second
        kept = kept + 1 if second == now // 1000 else 1
        self._dead_second = (now // 1000, kept)
        if kept > DEAD_LETTERS_A_SECOND:
            self.counters["dead_letters_not_kept"] += 1
            return
        rejected = Rejected(source, reason, payload, detail)
        self.store([letter_of(rejected, gateway=self._gateway, at=now)])

    def receipted(self, row_ids: Sequence[int]) -> None:
        """Forget rows for which the hub has given its receipt, with the next commit."""
        self._receipted.extend(row_ids)
        if len(self._receipted) >= ROW_READINGS[Lane.TELEMETRY] or not self._waiting:
            self._wake.set()

    def draw_epoch(self, used_twice: str) -> None:
        """Begin a new epoch: the hub saw our numbers of that one with other content (a cloned card).

        An epoch that we have left already is none of our business any more.
        """
        if used_twice == self.epoch:
            self._new_epoch = True
            self._wake.set()

    async def run(self) -> None:
        """Commit group after group until cancelled; then commit what is left."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                await self._gather()
                await self._commit_group()
        finally:
            if self._waiting or self._receipted:
                await self._commit_group()
            self._disk.shutdown()

    async def _gather(self) -> None:
        """Let telemetry that is still arriving join the group: large commits cost far less each.

        An alarm waits for nobody, and neither does a sender that has gone quiet: it may be waiting
        for our acknowledgement.
        """
        until = time.monotonic() + GATHER_S
        while not self._urgent and self._gathered < GATHER_READINGS and time.monotonic() < until:
            before = self._gathered
            await asyncio.sleep(GATHER_STEP_S)
            if self._gathered == before:
                break

    async def _commit_group(self) -> None:
        group, self._waiting = list(self._waiting), deque()
        self._gathered, self._urgent = 0, False
        if self._unsaved_from is None:
            self._unsaved_from = self._held_from
        self._held_from = None
        receipted, self._receipted = self._receipted, []
        loop = asyncio.get_running_loop()
        if self._new_epoch:
            await self._begin_epoch(loop)
        rows = self._rows(group)
        prints = [print_ for item in group for print_ in item.fingerprints]
        try:
            rows = await loop.run_in_executor(
                self._disk, lambda: self._write(rows, prints, receipted)
            )
        except sqlite3.Error as error:
            self._refused(group, rows, receipted, error)
            return
        self._crash("after_outbox_commit")
        self._unsaved_from = None
        if self.full:
            self.full = False
            log.info("outbox_writable_again")
        self.counters["readings_stored"] += sum(row.readings for row in rows)
        self._stored(rows, True)  # noqa: FBT003 - the callback's own shape
        for item in group:
            if not item.done.done():
                item.done.set_result(True)

    async def _begin_epoch(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            epoch = await loop.run_in_executor(self._disk, self._outbox.draw_epoch)
        except sqlite3.Error as error:
            log.error("epoch_not_drawn", why=str(error), remedy="tried again with the next group")
            return
        self._new_epoch = False
        self._numbers = Numbers(epoch, self._numbers.order, dict.fromkeys(Lane, 0))
        log.warning("epoch_drawn", epoch=epoch, why="the hub saw our numbers twice")

    def _refused(
        self,
        group: list[_Waiting],
        rows: list[OutboxRow],
        receipted: list[int],
        error: sqlite3.Error,
    ) -> None:
        """Forward from memory what the disk refused; the devices stay unacknowledged."""
        if not self.full:
            log.error("outbox_refused", why=str(error), remedy="free space on the data disk")
        self.full = True
        self._receipted = receipted + self._receipted
        alarms = [row for row in rows if row.lane is Lane.ALARM]
        lost = sum(row.readings for row in rows if row.lane is Lane.TELEMETRY)
        self.counters["readings_not_durable"] += sum(row.readings for row in alarms)
        # Telemetry is given up and acknowledged: unacknowledged, it would fill the broker's window
        # and hold back the alarms behind it.
        self.counters["readings_expired.disk_full"] += lost
        unsaved = [r for row in alarms for r in salvage_readings(row.payload, "", "")[0]]
        urgent = {reading.device for reading in unsaved}
        self._lanes.not_stored(unsaved)
        for item in group:
            given_up = not any(reading.device in urgent for reading in item.readings)
            for fingerprint in () if given_up else item.fingerprints:
                self._prints.pop(fingerprint, None)
            if not item.done.done():
                item.done.set_result(given_up)
        self._stored(alarms, False)  # noqa: FBT003

    def _rows(self, group: list[_Waiting]) -> list[OutboxRow]:
        """Number the group's Readings and encode them, lane by lane."""
        epoch, order, seq = self._numbers
        lanes: dict[Lane, list[Reading]] = {Lane.ALARM: [], Lane.TELEMETRY: []}
        fill = msgspec.structs.force_setattr
        for item in group:
            for reading in item.readings:
                order += 1
                lane = self._lanes.lane(reading)
                seq[lane] += 1
                fill(reading, "order", order)
                fill(reading, "seq", seq[lane])
                if self._mode is not Mode.REAL:
                    fill(reading, "mode", self._mode)
                lanes[lane].append(reading)
        self._numbers = Numbers(epoch, order, seq)
        rows = [row for lane, found in lanes.items() for row in make_rows(lane, epoch, found)]
        lost = sum(len(found) for found in lanes.values()) - sum(row.readings for row in rows)
        if lost:
            self.counters["rejected.encode"] += lost
            log.error("readings_not_encoded", readings=lost, why="an adapter made them wrong")
        return rows

    def _write(
        self, rows: list[OutboxRow], prints: list[str], receipted: list[int]
    ) -> list[OutboxRow]:
        """Commit; when the file is full, make room from the oldest telemetry and try once more."""
        if rows and self._outbox.size() > self._max_bytes:
            self._make_room()
        try:
            return self._outbox.commit(
                rows, self._numbers, fingerprints=prints, receipted=receipted
            )
        except sqlite3.OperationalError:
            with contextlib.suppress(sqlite3.Error):
                self._outbox.commit([], self._numbers, receipted=receipted)
            if not self._make_room():
                raise
            return self._outbox.commit(
                rows, self._numbers, fingerprints=prints, receipted=receipted
            )

    def _make_room(self) -> int:
        """Drop the oldest telemetry rows; return how many Readings went."""
        devices = self._outbox.drop_oldest_telemetry(DROP_ROWS)
        if devices:
            self.counters["readings_expired.outbox_full"] += devices.total()
            log.warning("telemetry_expired", readings=devices.total(), why="outbox full")
        return devices.total()
