"""Takes the gateways' messages into the durable log, and only then gives the receipt.

A repeat is the same row number with the same content; it is receipted again and not logged again.
The same number with other content is logged, counted, and makes the gateway draw a new epoch.
"""

import asyncio
import contextlib
import sqlite3
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import structlog

from gateway.crash import CrashPoint
from model.codec import (
    CodecError,
    Receipt,
    Uplink,
    decode_heartbeat,
    decode_readings,
    decode_uplink,
    encode,
    row_hash,
    salvage_readings,
)
from model.entry import Draft, Entry, EntryKind, RowId
from model.reading import Lane, Reading
from model.topics import GatewayTopics, parse

from .log.sqlite import SqliteLog

log = structlog.get_logger()
FULL_DISK_PAUSE_S = 1.0
SEEN_KEPT = 1_000  # gateway, epoch and lane; the log remembers the others
ROWS_KEPT = 10_000  # of one of them, where a gateway never moves its lowest number

DeadLetter = Callable[[str, str, bytes, str], None]
"""Keeps what cannot be understood: (source, reason, payload, detail)."""


class _Waiting(NamedTuple):
    draft: Draft
    readings: list[Reading] | None
    done: "asyncio.Future[Entry] | None"


class _Seen:
    """The rows of one gateway, epoch and lane that are logged or about to be."""

    def __init__(self) -> None:
        self.rows: dict[int, set[str]] = {}
        self.pending: set[tuple[int, str]] = set()
        self.low = 0

    def advance(self, low: int) -> None:
        """Forget rows below the gateway's lowest un-receipted number: the log remembers them."""
        if low > self.low:
            self.low = low
            for first in [first for first in self.rows if first < low]:
                del self.rows[first]
        while len(self.rows) > ROWS_KEPT:
            del self.rows[next(iter(self.rows))]


class HubIntake:
    """Everything that enters the log passes here; one group commit serves all gateways."""

    def __init__(
        self,
        durable: SqliteLog,
        *,
        site: str,
        publish: Callable[[str, bytes], Awaitable[None]],
        appended: Callable[[], None],
        dead_letter: DeadLetter,
        volatile: Callable[[list[Reading]], None],
        logged: Callable[[list[Reading]], None],
        clock: Callable[[], int],
        crash: CrashPoint,
    ) -> None:
        self.counters: Counter[str] = Counter()
        self.full = False
        self._log = durable
        self._site = site
        self._publish = publish
        self._appended = appended
        self._dead_letter = dead_letter
        self._volatile = volatile
        self._logged = logged
        self._clock = clock
        self._crash = crash
        self._seen: dict[tuple[str, str, Lane], _Seen] = {}
        self._waiting: deque[_Waiting] = deque()
        self._again: dict[str, list[Receipt]] = {}  # receipts for repeats, by gateway
        self._wake = asyncio.Event()
        self._disk = ThreadPoolExecutor(1, "log")

    async def message(self, topic: str, payload: bytes) -> None:
        """Take one MQTT message; whatever is wrong with it costs nothing else."""
        named = parse(topic)
        if named is None or named[0] != self._site:
            self._refuse(topic, "topic", payload, "not a topic of this site")
            return
        _, gateway, leaf = named
        try:
            if leaf == "status":
                self._heartbeat(gateway, payload)
            elif leaf in (Lane.ALARM, Lane.TELEMETRY):
                self._uplink(gateway, Lane(leaf), decode_uplink(payload))
            else:
                self._refuse(topic, "topic", payload, f"unknown leaf {leaf}")
        except CodecError as error:
            self._refuse(topic, "codec", payload, str(error))
        except (sqlite3.Error, OSError) as error:
            # The log cannot be asked: what gets no receipt comes again.
            self.counters["messages_left_for_later"] += 1
            log.error("log_not_readable", why=str(error))

    def append(self, draft: Draft) -> "asyncio.Future[Entry]":
        """Queue an entry of the hub's own; the future holds it once it is on disk."""
        done: asyncio.Future[Entry] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(draft, None, done))
        self._wake.set()
        return done

    async def run(self) -> None:
        """Commit group after group until cancelled."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                await self._commit_group()
        finally:
            if self._waiting:
                await self._commit_group()
            self._disk.shutdown()

    def _heartbeat(self, gateway: str, payload: bytes) -> None:
        beat = decode_heartbeat(payload)
        if beat.gateway != gateway:
            self._refuse(gateway, "identity", payload, f"says it is {beat.gateway}")
            return
        self.counters["heartbeats"] += 1
        self._waiting.append(_Waiting(Draft(EntryKind.HEARTBEAT, payload), None, None))
        self._wake.set()

    def _uplink(self, gateway: str, lane: Lane, message: Uplink) -> None:
        if message.gateway != gateway or message.lane is not lane:
            self._refuse(gateway, "identity", b"", f"says it is {message.gateway}/{message.lane}")
            return
        seen = self._seen.setdefault((gateway, message.epoch, lane), _Seen())
        if len(self._seen) > SEEN_KEPT:
            self._seen = {k: v for k, v in self._seen.items() if v is seen or v.pending}
        for row in message.rows:
            payload = bytes(row.readings)
            name = RowId(
                gateway, message.epoch, lane,
                row.first, row.first + row.count - 1, message.low, row_hash(payload),
            )  # fmt: skip
            self.counters[f"rows_received.{lane}"] += 1
            if message.not_durable:
                self.counters["rows_not_durable"] += 1
                self._show_volatile(payload, name)
            else:
                self._row(seen, name, payload)
        seen.advance(message.low)

    def _row(self, seen: _Seen, name: RowId, payload: bytes) -> None:
        if (name.first, name.hash) in seen.pending:
            self.counters["rows_repeated"] += 1
            return  # its receipt comes with the commit
        known = seen.rows.get(name.first)
        if known is None:
            known = set(self._log.knows(name))
            seen.rows[name.first] = known
        if name.hash in known:
            self.counters["rows_repeated"] += 1
            self._answer(name, new_epoch=False)
            return
        if known:
            self.counters["rows_conflicting"] += 1
            log.error("row_numbers_used_twice", gateway=name.gateway, first=name.first)
            self._answer(name, new_epoch=True)
        known.add(name.hash)
        seen.pending.add((name.first, name.hash))
        self._waiting.append(_Waiting(Draft(EntryKind.READINGS, payload, name), None, None))
        self._wake.set()

    def _decode(self, name: RowId, payload: bytes) -> list[Reading]:
        """Decode a row now, so that what is wrong in it is put aside once."""
        try:
            return decode_readings(payload, name.gateway, name.epoch)
        except CodecError:
            good, bad = salvage_readings(payload, name.gateway, name.epoch)
            for part, why in bad:
                self._refuse(f"{name.gateway}/{name.lane}", "reading", part, why)
            return good

    def _show_volatile(self, payload: bytes, name: RowId) -> None:
        """Show an alarm that is nowhere on disk yet; it is logged when it comes again."""
        readings = self._decode(name, payload)
        self.counters["readings_not_durable"] += len(readings)
        self._volatile(readings)

    def _refuse(self, source: str, reason: str, payload: bytes, detail: str) -> None:
        self.counters[f"rejected.{reason}"] += 1
        self._dead_letter(source, reason, payload, detail)

    def _answer(self, name: RowId, *, new_epoch: bool) -> None:
        receipt = Receipt(
            name.epoch, name.lane, [] if new_epoch else [(name.first, name.last, name.hash)],
            new_epoch,
        )  # fmt: skip
        self._again.setdefault(name.gateway, []).append(receipt)
        self._wake.set()

    async def _commit_group(self) -> None:
        group, self._waiting = list(self._waiting), deque()
        again, self._again = self._again, {}
        if group:
            decoded = [
                self._decode(item.draft.row, item.draft.payload) if item.draft.row else None
                for item in group
            ]
            if not await self._append(group, decoded):
                return
        await self._send_receipts(group, again)

    async def _append(self, group: list[_Waiting], decoded: list[list[Reading] | None]) -> bool:
        drafts = [item.draft for item in group]
        loop = asyncio.get_running_loop()
        try:
            entries = await loop.run_in_executor(
                self._disk, lambda: self._log.append(drafts, self._clock(), decoded)
            )
        except (sqlite3.Error, OSError) as error:
            self._log_refused(group, decoded, error)
            await asyncio.sleep(FULL_DISK_PAUSE_S)
            return False
        self._crash("after_log_append")
        if self.full:
            self.full = False
            log.info("log_writable_again")
        for item, readings, entry in zip(group, decoded, entries, strict=True):
            if readings and item.draft.row and item.draft.row.lane is Lane.ALARM:
                self._logged(readings)
            if item.done is not None and not item.done.done():
                item.done.set_result(entry)
        self.counters["entries_logged"] += len(entries)
        self.counters["rows_logged"] += sum(1 for item in group if item.draft.row)
        self._appended()
        return True

    def _log_refused(
        self,
        group: list[_Waiting],
        decoded: Sequence[list[Reading] | None],
        error: Exception,
    ) -> None:
        """Give no receipt for what is not durable, but show its alarms from memory."""
        if not self.full:
            log.error("log_refused", why=str(error), remedy="free space on the data disk")
        self.full = True
        for item, readings in zip(group, decoded, strict=True):
            name = item.draft.row
            if name is not None:
                self.counters["rows_refused_by_disk"] += 1
                seen = self._seen[name.gateway, name.epoch, name.lane]
                seen.pending.discard((name.first, name.hash))
                seen.rows.get(name.first, set()).discard(name.hash)
                if name.lane is Lane.ALARM and readings:
                    self._volatile(readings)
            if item.done is not None and not item.done.done():
                item.done.set_exception(OSError(f"the log cannot be written: {error}"))

    async def _send_receipts(
        self, group: list[_Waiting], receipts: dict[str, list[Receipt]]
    ) -> None:
        ranges: dict[tuple[str, str, Lane], list[tuple[int, int, str]]] = {}
        for item in group:
            name = item.draft.row
            if name is None:
                continue
            self._seen[name.gateway, name.epoch, name.lane].pending.discard((name.first, name.hash))
            ranges.setdefault((name.gateway, name.epoch, name.lane), []).append(
                (name.first, name.last, name.hash)
            )
        for (gateway, epoch, lane), rows in ranges.items():
            receipts.setdefault(gateway, []).append(Receipt(epoch, lane, rows))
        # A receipt that does not arrive is asked for again by a repeat of the row. After the first
        # refusal no other is tried: each could wait for the broker as long, and alarms behind it.
        with contextlib.suppress(ConnectionError):
            for gateway, answers in receipts.items():
                topic = GatewayTopics.of(self._site, gateway).receipt
                for answer in answers:
                    await self._publish(topic, encode(answer))
        self._crash("after_receipt")
