"""Sends the outbox to the hub, lane by lane, until the hub's receipt has come for every row.

Each lane has a connection and a bounded window of its own, so telemetry never delays an alarm. A
PUBACK would mean nothing here: rows are sent again until the receipt names them with their hash. So
QoS 0 is enough, and a broker whose disk is full still passes alarms on (docs/decisions).
"""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable

import aiomqtt
import structlog

from model.codec import CodecError, Receipt, decode_receipt, encode
from model.errors import HubError
from model.reading import Lane
from model.topics import GatewayTopics

from .config import Broker
from .connection import client_of, hearing, may_read
from .crash import CrashPoint
from .outbox import Outbox, OutboxRow
from .sleep import SleepWatch
from .window import QUEUE_ROWS, LaneWindow

log = structlog.get_logger()
UNRECEIPTED_S = 30.0
RECONNECT_LAST_S = 15.0


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
        self._topics = topics
        self._receipted = receipted
        self._new_epoch = new_epoch
        self._crash = crash
        self._client_id = client_id
        self._wake = asyncio.Event()
        self.window = LaneWindow(lane, gateway=gateway, now=time.monotonic())

    def load(self) -> None:
        """Take up what the outbox holds from before the start."""
        waiting = self._outbox.rows(self._lane, after=0, limit=QUEUE_ROWS)
        self.window.load(waiting, self._outbox.newest(self._lane))
        self._wake.set()

    def add(self, row: OutboxRow) -> None:
        """Queue a row that is now in the outbox."""
        self.window.add(row)
        self._wake.set()

    def add_volatile(self, row: OutboxRow) -> None:
        """Queue an alarm row that the disk refused: sent once, from memory, marked."""
        self.window.add_volatile(row)
        self._wake.set()

    def warning(self) -> str:
        """Say why nothing is receipted, when that is so for 30 s; else an empty text."""
        if not self.connected:
            return f"{self._lane}: broker away ({self.last_error})" if self.last_error else ""
        waited = self.window.oldest_wait_s(time.monotonic())
        if waited < UNRECEIPTED_S:
            return ""
        return (
            f"{self._lane}: sent but not receipted for {waited:.0f} s; likely the hub is"
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
        async with client_of(self._broker, f"{self._client_id}-{self._lane}") as client:
            if not await may_read(client, self._topics.receipt):
                raise aiomqtt.MqttError(
                    f"the broker does not let user {self._broker.user} read {self._topics.receipt}"
                )
            self.connected = True
            self.last_error = ""
            self.window.reconnected()
            async with hearing(client, self._receipts, name=f"receipts-{self._lane}") as receipts:
                await self._send_until(client, receipts)

    async def _send_until(self, client: aiomqtt.Client, receipts: "asyncio.Task[None]") -> None:
        watch = SleepWatch()
        while True:
            if watch.slept():
                raise aiomqtt.MqttError("the process was suspended; connecting anew")
            if receipts.done():
                receipts.result()
                raise aiomqtt.MqttError("the broker closed the connection")
            await self._refill()
            message = self.window.next_message(time.monotonic())
            if message is not None:
                topic = getattr(self._topics, self._lane)
                await client.publish(topic, encode(message), qos=0)
                self.window.published()
                if not message.not_durable:
                    self._crash(f"after_publish_{self._lane}")
                continue
            self._wake.clear()
            # Not `wait_for`: in Python 3.11 it loses a cancellation that comes with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._wake.wait()

    async def _refill(self) -> None:
        window = self.window
        if not window.wants_rows:
            return
        top = window.top_id
        rows = await asyncio.to_thread(
            self._outbox.rows, self._lane, after=window.last_id, limit=QUEUE_ROWS
        )
        window.refill(rows, top=top)

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
        done = self.window.take_receipt(receipt, time.monotonic())
        if receipt.new_epoch:
            self._new_epoch(receipt.epoch)
        if done:
            self._receipted(done)
            self._wake.set()
