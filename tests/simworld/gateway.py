"""A gateway of the simulated site: the product's outbox, intake and windows, moved by hand."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from gateway.heartbeats import Asked, caught_up_to, held_by
from gateway.intake import Intake
from gateway.outbox import Outbox, OutboxRow
from gateway.window import QUEUE_ROWS, LaneWindow
from model.codec import Heartbeat, decode_ask, decode_receipt, encode
from model.reading import Lane, Mode, Reading
from model.topics import GatewayTopics

from .inline import Fuse, Inline
from .town import SITE, Gadget, Message

Packet = tuple[str, bytes]  # topic and payload


class FullOutbox(Outbox):
    """An outbox whose disk can refuse. What was committed survives; nothing is synced for real."""

    def __init__(self, path: Path, expired: Callable[[bytes], None]) -> None:
        """`expired` is told of each row that was dropped to make room."""
        super().__init__(path)
        self.refuses = False
        self._expired = expired
        self._db.execute("PRAGMA synchronous=OFF")  # a crash here drops objects, not pages

    def commit(self, *args: Any, **named: Any) -> list[OutboxRow]:
        """Write, or refuse as a full disk does."""
        self._check()
        return super().commit(*args, **named)

    def draw_epoch(self) -> str:
        """Begin an epoch, or refuse."""
        self._check()
        return super().draw_epoch()

    def drop_oldest_telemetry(self, rows: int) -> Counter[str]:
        """Make room, and say of what."""
        for row in self.rows(Lane.TELEMETRY, after=0, limit=rows):
            self._expired(row.payload)
        return super().drop_oldest_telemetry(rows)

    def _check(self) -> None:
        if self.refuses:
            raise sqlite3.OperationalError("database or disk is full")


class SimGateway:
    """One gateway process with its file; `up` is False while it is dead."""

    def __init__(
        self,
        name: str,
        folder: Path,
        wall: Callable[[], int],
        expired: Callable[[bytes], None],
    ) -> None:
        """`wall` is this gateway's clock in ms; `expired` is told of rows dropped to make room."""
        self.name = name
        self.folder = folder
        self.up = False
        self.connected = False
        self.refuses = False
        self.fuse = Fuse()
        self.topics = GatewayTopics.of(SITE, name)
        self._wall = wall
        self._expired = expired
        folder.mkdir(parents=True, exist_ok=True)

    def boot(self, now_s: float) -> None:
        """Start the process on the file that is there."""
        self.outbox = FullOutbox(self.folder / "outbox.db", self._expired)
        self.outbox.refuses = self.refuses
        self.intake = Intake(
            self.outbox,
            gateway=self.name,
            mode=Mode.REAL,
            max_bytes=1 << 30,
            stored=self._stored,
            crash=self.fuse,
            clock=lambda: self._wall() / 1000,
        )
        self.intake._disk = Inline()  # type: ignore[assignment]
        self.windows = {lane: LaneWindow(lane, gateway=self.name, now=now_s) for lane in Lane}
        for lane, window in self.windows.items():
            waiting = self.outbox.rows(lane, after=0, limit=QUEUE_ROWS)
            window.load(waiting, self.outbox.newest(lane))
        self.asked = Asked()
        self.up, self.connected = True, False

    def die(self) -> None:
        """Be killed: what was not committed is gone."""
        if self.up:
            self.up = self.connected = False
            self.outbox.close()

    def refuse(self, *, refuses: bool) -> None:
        """Let the disk be full, or free again."""
        self.refuses = refuses
        if self.up:
            self.outbox.refuses = refuses

    async def take(self, gadgets: Iterable[Gadget]) -> list[tuple[Gadget, Message]]:
        """Take the next message of each device and commit; return what was acknowledged."""
        waiting: list[tuple[Gadget, Message, asyncio.Future[bool] | None]] = []
        for gadget in gadgets:
            message = gadget.queue[0]
            fingerprint = f"{gadget.name}/{message.uid}" if gadget.framed else ""
            if fingerprint and self.intake.seen(fingerprint):
                waiting.append((gadget, message, None))
                continue
            prints = [fingerprint] if fingerprint else []
            reading = self._reading(gadget, message)
            done = asyncio.ensure_future(self.intake.store([reading], fingerprints=prints))
            waiting.append((gadget, message, done))
        await self._commit()
        return [
            (gadget, message)
            for gadget, message, done in waiting
            if done is None or (done.done() and done.result())
        ]

    def connect(self) -> None:
        """Connect anew: what an old connection carried may be lost."""
        self.connected = True
        for window in self.windows.values():
            window.reconnected()

    def send(self, now_s: float) -> list[Packet]:
        """Return what the lanes publish now."""
        found: list[Packet] = []
        for lane, window in self.windows.items():
            while True:
                if window.wants_rows:
                    top = window.top_id
                    rows = self.outbox.rows(lane, after=window.last_id, limit=QUEUE_ROWS)
                    window.refill(rows, top=top)
                message = window.next_message(now_s)
                if message is None:
                    break
                found.append((getattr(self.topics, lane), encode(message)))
                window.published()
        return found

    async def hear(self, payload: bytes, now_s: float) -> None:
        """Take a receipt, as each lane's connection does."""
        receipt = decode_receipt(payload)
        window = self.windows[receipt.lane]
        self.fuse(f"before_forget_{receipt.lane}")
        done = window.take_receipt(receipt, now_s)
        if receipt.new_epoch:
            self.intake.draw_epoch(receipt.epoch)
        if done:
            self.intake.receipted(done)
        await self._commit()

    def beat(self, state: str = "online") -> Packet:
        """Return a heartbeat."""
        now, proved = self.intake.now(), self._caught_up()
        self.asked.settled(proved)
        beat = Heartbeat(self.name, self.intake.epoch, state, at=now, caught_up_to=proved)
        return self.topics.status, encode(beat)

    def ask(self, payload: bytes) -> None:
        """Take the hub's wish for a heartbeat."""
        self.asked.ask(decode_ask(payload).prove, self.intake.now())

    @property
    def owes(self) -> bool:
        """Whether a heartbeat would prove now what the hub asked for."""
        return self.asked.due(self.intake.now()) == 0 and self.asked.proved(self._caught_up())

    def _caught_up(self) -> int:
        held = [self.intake.oldest_at, *held_by(self.windows.values())]
        return caught_up_to(self.intake.now(), held)

    def will(self) -> Packet:
        """Return the last will, which the broker publishes for a dead gateway."""
        return self.topics.status, encode(Heartbeat(self.name, "", "lost"))

    def on_disk(self) -> list[bytes]:
        """Return the payloads in the outbox, whether the process lives or not."""
        if not (self.folder / "outbox.db").exists():
            return []
        with sqlite3.connect(self.folder / "outbox.db") as db:
            rows: list[bytes] = [row[0] for row in db.execute("SELECT payload FROM rows")]
        db.close()
        return rows

    @property
    def idle(self) -> bool:
        """Whether nothing waits for a receipt."""
        return self.up and all(window.idle for window in self.windows.values())

    async def _commit(self) -> None:
        intake = self.intake
        if intake._waiting or intake._receipted or intake._new_epoch:
            await intake._commit_group()

    def _stored(self, rows: Sequence[OutboxRow], durable: bool) -> None:  # noqa: FBT001 - Stored's shape
        for row in rows:
            window = self.windows[row.lane]
            (window.add if durable else window.add_volatile)(row)

    def _reading(self, gadget: Gadget, message: Message) -> Reading:
        return Reading(
            device=gadget.name,
            kind=gadget.kind,
            received_at=self.intake.now(),
            values=dict(message.values),
            event=message.event,
            source=gadget.source,
            historical=message.historical,
            raw=f"{message.uid:08x}",
        )
