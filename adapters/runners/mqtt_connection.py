"""Holds one connection to an MQTT broker: greeting, keep-alive, back-pressure, orderly end."""

import asyncio
from typing import NamedTuple, cast

from model.errors import FrameError, Transient

from .mqtt_intake import MqttIntake
from .mqtt_packets import (
    CONNACK,
    DISCONNECT_PACKET,
    PINGREQ_PACKET,
    SUBACK,
    Control,
    PacketReader,
    connect_packet,
)

NOT_DURABLE_RETRY_S = 5.0

FLOWING_S = 0.006  # reads that follow each other so closely are a stream
BREATH_S = 0.004
SMALL_READ = 64  # messages; larger reads are worth their cost


class Access(NamedTuple):
    """How to reach a broker, and as whom."""

    host: str
    port: int
    user: str
    password: str
    client_id: str
    keepalive_s: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Connection(asyncio.Protocol):
    """One TCP connection: greeting, keep-alive, back-pressure.

    `greeted` gives (session present, return code), `subscribed` the granted QoS of each filter,
    `lost` why the connection ended; the first two raise Transient when it ends before.
    """

    def __init__(self, access: Access, intake: MqttIntake, max_unstored: int) -> None:
        """Take where to belong; the running loop connects it."""
        loop = asyncio.get_running_loop()
        self.greeted: asyncio.Future[tuple[int, int]] = loop.create_future()
        self.subscribed: asyncio.Future[bytes] = loop.create_future()
        self.lost: asyncio.Future[str] = loop.create_future()
        self._access, self._intake, self._max = access, intake, max_unstored
        self._loop, self._reader = loop, PacketReader()
        self._transport: asyncio.Transport | None = None
        self._beat: asyncio.TimerHandle | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._breath: asyncio.TimerHandle | None = None
        self._heard, self._why = loop.time(), ""
        self._attached = self._paused = self._quiet = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet the broker."""
        # Not isinstance: uvloop's transports are not of asyncio's class.
        self._transport = transport = cast("asyncio.Transport", transport)
        access = self._access
        transport.write(
            connect_packet(
                client_id=access.client_id,
                user=access.user,
                password=access.password,
                keepalive_s=access.keepalive_s,
            )
        )
        self._beat = self._loop.call_later(access.keepalive_s / 2, self._on_beat)

    def data_received(self, data: bytes) -> None:
        """Take what came; one read is one batch."""
        now = self._loop.time()
        flowing = now - self._heard < FLOWING_S
        self._heard = now
        try:
            publishes, controls = self._reader.feed(data)
        except FrameError as error:
            self.end(f"the broker sent what is not MQTT: {error}")
            return
        for control in controls:
            self._on_control(control)
        if not publishes:
            return
        if not self._attached:
            self.end("the broker sent messages before its greeting")
            return
        self._intake.take(publishes)
        if self._intake.unstored > self._max and not self._paused and self._transport:
            self._paused = True
            self._transport.pause_reading()
        elif flowing and len(publishes) < SMALL_READ:
            self._breathe()

    def _breathe(self) -> None:
        """Let a little more arrive before the next read: each read costs as much as ten messages."""
        if self._breath is None and self._transport and not self._transport.is_closing():
            self._transport.pause_reading()
            self._breath = self._loop.call_later(BREATH_S, self._on_breath)

    def _on_breath(self) -> None:
        self._breath = None
        if not self._paused and self._transport and not self._transport.is_closing():
            self._transport.resume_reading()

    def _on_control(self, control: Control) -> None:
        head, body = control
        if head == CONNACK and len(body) == 2 and not self.greeted.done():  # noqa: PLR2004 - 3.2
            if body[1] == 0:
                self._attached = True
                self._intake.attach(self.write, session_present=bool(body[0] & 1))
            self.greeted.set_result((body[0] & 1, body[1]))
        elif head == SUBACK and not self.subscribed.done():
            self.subscribed.set_result(body[2:])

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell everybody who waits."""
        self._intake.detach()
        for timer in (self._beat, self._retry, self._breath):
            if timer:
                timer.cancel()
        why = self._why or (str(exc) if exc else "the broker closed the connection")
        for waiting in (self.greeted, self.subscribed):
            if not waiting.done():
                waiting.set_exception(Transient(why))
                waiting.exception()  # read here: the handshake may have given up already
        if not self.lost.done():
            self.lost.set_result(why)

    def settled(self) -> None:
        """Read on when the disk has caught up; have refused messages delivered again later."""
        if (
            self._paused
            and not self._quiet
            and self._intake.unstored <= self._max // 2
            and self._transport
        ):
            self._paused, self._heard = False, self._loop.time()
            self._transport.resume_reading()
        if self._intake.refused and self._retry is None:
            self._retry = self._loop.call_later(
                NOT_DURABLE_RETRY_S, self.end, "messages were not durable; asking for them again"
            )

    def _on_beat(self) -> None:
        keepalive_s = self._access.keepalive_s
        if not self._paused and self._loop.time() - self._heard > keepalive_s:
            self.end("the broker no longer answers", at_once=True)
            return
        self.write(PINGREQ_PACKET)
        self._beat = self._loop.call_later(keepalive_s / 2, self._on_beat)

    def write(self, data: bytes) -> None:
        """Send, unless the connection is gone."""
        if self._transport and not self._transport.is_closing():
            self._transport.write(data)

    def quiet(self) -> None:
        """Read no more, for good, so that what is here can be settled."""
        if self._transport and not self._transport.is_closing() and not self._paused:
            self._transport.pause_reading()
        self._paused, self._quiet = True, True

    def end(self, why: str, *, at_once: bool = False) -> None:
        """End the connection; the broker keeps the session and all that is not acknowledged."""
        self._why = self._why or why
        if not self._transport:
            return
        if at_once:
            self._transport.abort()
            return
        self.write(DISCONNECT_PACKET)
        self._transport.close()
