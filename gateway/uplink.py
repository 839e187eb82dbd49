"""Sends the outbox to the hub, lane by lane, until the hub's receipt has come for every row.

Each lane has a connection and a bounded window of its own, so telemetry never delays an alarm. A
PUBACK would mean nothing here: rows are sent again until the receipt names them with their hash. So
QoS 0 is enough, and a broker whose disk is full still passes alarms on (docs/decisions).
"""

import asyncio
import contextlib
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

import aiomqtt
import msgspec
import structlog

from model.codec import WIRE_VERSION as VERSION
from model.codec import CodecError, Receipt, Row, Uplink, decode_receipt, encode
from model.errors import HubError
from model.reading import Lane
from model.topics import GatewayTopics

from .config import Broker
from .crash import CrashPoint
from .outbox import Outbox, OutboxRow
from .sleep import SleepWatch

log = structlog.get_logger()
WINDOW_ROWS = 64
QUEUE_ROWS = 256
MESSAGE_BYTES = 200_000  # well below the 1 MiB at which the embedded broker hangs up
RESEND_FIRST_S = 5.0
RESEND_LAST_S = 60.0
UNRECEIPTED_S = 30.0
RECONNECT_LAST_S = 15.0


class _Sent(NamedTuple):
    row: OutboxRow
    at: float
    tries: int


class LaneUplink:
    """One lane's connection, window and queue."""

    def __init__(
        self,
        lane: Lane,
        outbox: Outbox,
        *,
        broker: Broker,
        gateway: str,
        topics: GatewayTopics,
        receipted: Callable[[list[int]], None],
        new_epoch: Callable[[str], None],
        crash: CrashPoint,
        client_id: str,
    ) -> None:
        self.connected = False
        self.last_error = ""
        self._lane = lane
        self._outbox = outbox
        self._broker = broker
        self._gateway = gateway
        self._topics = topics
        self._receipted = receipted
        self._new_epoch = new_epoch
        self._crash = crash
        self._client_id = client_id
        self._queue: deque[OutboxRow] = deque()
        self._sent: dict[tuple[str, int], _Sent] = {}
        self._tries: dict[int, int] = {}  # of rows that are queued again, by row id
        self._volatile: deque[OutboxRow] = deque(maxlen=QUEUE_ROWS)
        self._last_id = 0  # the newest row that was taken from the outbox into the queue
        self._top_id = 0  # the newest row that is in the outbox
        self._wake = asyncio.Event()
        self._answered_at = time.monotonic()

    def load(self) -> None:
        """Take up what the outbox holds from before the start."""
        waiting = self._outbox.rows(self._lane, after=0, limit=QUEUE_ROWS)
        self._queue.extend(waiting)
        self._last_id = waiting[-1].id if waiting else 0
        self._top_id = self._outbox.newest(self._lane)
        self._wake.set()

    def add(self, row: OutboxRow) -> None:
        """Queue a row that is now in the outbox."""
        if self._last_id == self._top_id and len(self._queue) < QUEUE_ROWS:
            self._queue.append(row)
            self._last_id = row.id
        self._top_id = row.id
        self._wake.set()

    def add_volatile(self, row: OutboxRow) -> None:
        """Queue an alarm row that the disk refused: sent once, from memory, marked."""
        self._volatile.append(row)
        self._wake.set()

    @property
    def idle(self) -> bool:
        """Whether every row has its receipt."""
        return not (self._queue or self._sent) and self._last_id >= self._top_id

    def oldest_wait_s(self) -> float:
        """Return for how many seconds the oldest sent row has been without a receipt."""
        if not self._sent:
            return 0.0
        return time.monotonic() - max(
            self._answered_at, min(sent.at for sent in self._sent.values())
        )

    def oldest_at(self) -> int | None:
        """Return the received_at (ms) of the oldest row without a receipt; None when all have theirs.

        0: it is on disk only, and not yet looked at.
        """
        if self.idle:
            return None
        waiting = [sent.row.at for sent in self._sent.values()]
        if self._queue:
            waiting.append(self._queue[0].at)
        return min(waiting, default=0)

    def warning(self) -> str:
        """Say why nothing is receipted, when that is so for 30 s; else an empty text."""
        if not self.connected:
            return f"{self._lane}: broker away ({self.last_error})" if self.last_error else ""
        if self.oldest_wait_s() < UNRECEIPTED_S:
            return ""
        return (
            f"{self._lane}: sent but not receipted for {self.oldest_wait_s():.0f} s; likely the hub is"
            f" away, or the broker does not let this user write {getattr(self._topics, self._lane)}"
        )

    async def run(self) -> None:
        """Keep the lane connected and flowing until cancelled."""
        delay = 0.2
        while True:
            started = time.monotonic()
            try:
                await self._session()
            # HubError: the password's file is away; sqlite3.Error: the disk cannot be read now.
            except (aiomqtt.MqttError, OSError, TimeoutError, HubError, sqlite3.Error) as error:
                self.last_error = str(error) or type(error).__name__
                log.warning("uplink_lost", lane=self._lane, why=self.last_error)
            finally:
                self.connected = False
            delay = 0.2 if time.monotonic() - started > RECONNECT_LAST_S else delay * 2
            await asyncio.sleep(min(delay, RECONNECT_LAST_S))

    async def _session(self) -> None:
        async with aiomqtt.Client(
            self._broker.host,
            self._broker.port,
            username=self._broker.user or None,
            password=self._broker.password() or None,
            identifier=f"{self._client_id}-{self._lane}",
            clean_session=True,
            keepalive=20,
            timeout=10,
        ) as client:
            granted = await client.subscribe(self._topics.receipt, qos=0)
            if any(code.is_failure for code in granted if not isinstance(code, int)):
                raise aiomqtt.MqttError(
                    f"the broker does not let user {self._broker.user} read {self._topics.receipt}"
                )
            self.connected = True
            self.last_error = ""
            self._requeue(list(self._sent.values()))
            receipts = asyncio.create_task(self._receipts(client), name=f"receipts-{self._lane}")
            try:
                await self._send_until(client, receipts)
            finally:
                receipts.cancel()
                with contextlib.suppress(asyncio.CancelledError, aiomqtt.MqttError):
                    await receipts

    async def _send_until(self, client: aiomqtt.Client, receipts: "asyncio.Task[None]") -> None:
        watch = SleepWatch()
        while True:
            if watch.slept():
                raise aiomqtt.MqttError("the process was suspended; connecting anew")
            if receipts.done():
                receipts.result()
                raise aiomqtt.MqttError("the broker closed the connection")
            self._expire()
            await self._refill()
            while self._volatile:
                await self._publish(client, [self._volatile.popleft()], not_durable=True)
            batch = self._take()
            if batch:
                await self._publish(client, batch, not_durable=False)
                self._crash(f"after_publish_{self._lane}")
                continue
            self._wake.clear()
            # Not `wait_for`: in Python 3.11 it loses a cancellation that comes with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._wake.wait()

    async def _refill(self) -> None:
        if self._queue or self._last_id >= self._top_id:
            return
        top = self._top_id  # rows that are added while we read come with the next refill
        rows = await asyncio.to_thread(
            self._outbox.rows, self._lane, after=self._last_id, limit=QUEUE_ROWS
        )
        self._queue.extend(rows)
        self._last_id = rows[-1].id if rows else top

    def _take(self) -> list[OutboxRow]:
        """Take the next rows for one message: one epoch, bounded in bytes and by the window."""
        batch: list[OutboxRow] = []
        size = 0
        while self._queue and len(self._sent) + len(batch) < WINDOW_ROWS:
            row = self._queue[0]
            if batch and (row.epoch != batch[0].epoch or size + len(row.payload) > MESSAGE_BYTES):
                break
            batch.append(self._queue.popleft())
            size += len(row.payload)
        return batch

    async def _publish(
        self, client: aiomqtt.Client, rows: list[OutboxRow], *, not_durable: bool
    ) -> None:
        epoch = rows[0].epoch
        if not not_durable:
            now = time.monotonic()
            if not self._sent:
                self._answered_at = now
            for row in rows:
                tries = self._tries.pop(row.id, 0) + 1
                self._sent[epoch, row.first] = _Sent(row, now, tries)
        low = min((first for of, first in self._sent if of == epoch), default=rows[0].first)
        message = Uplink(
            VERSION,
            self._gateway,
            epoch,
            self._lane,
            low,
            [Row(row.first, row.readings, msgspec.Raw(row.payload)) for row in rows],
            not_durable,
        )
        await client.publish(getattr(self._topics, self._lane), encode(message), qos=0)

    def _expire(self) -> None:
        """Queue again what was sent long ago and never receipted."""
        now = time.monotonic()
        self._requeue(
            [
                sent
                for sent in self._sent.values()
                if now - sent.at > min(RESEND_FIRST_S * 2 ** min(sent.tries - 1, 9), RESEND_LAST_S)
            ]
        )

    def _requeue(self, sent: Iterable[_Sent]) -> None:
        """Put sent rows back at the head of the queue, oldest first."""
        for item in sorted(sent, key=lambda item: item.row.id, reverse=True):
            del self._sent[item.row.epoch, item.row.first]
            self._tries[item.row.id] = item.tries
            self._queue.appendleft(item.row)

    async def _receipts(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            try:
                receipt = decode_receipt(bytes(message.payload))
            except (CodecError, TypeError) as error:
                log.warning("receipt_not_understood", why=str(error))
                continue
            if receipt.lane is self._lane:
                self._crash(f"before_forget_{self._lane}")
                self._take_receipt(receipt)

    def _take_receipt(self, receipt: Receipt) -> None:
        done = []
        for first, last, content in receipt.rows:
            sent = self._sent.get((receipt.epoch, first))
            # A receipt for other content is another gateway's (a cloned card): not ours to delete.
            if sent is None or sent.row.last != last or sent.row.hash != content:
                continue
            del self._sent[receipt.epoch, first]
            done.append(sent.row.id)
        if receipt.new_epoch:
            self._new_epoch(receipt.epoch)
        if done:
            self._answered_at = time.monotonic()
            self._receipted(done)
            self._wake.set()
