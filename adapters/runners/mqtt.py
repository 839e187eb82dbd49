"""Hears devices through an MQTT broker and acknowledges only what is on disk.

A lean MQTT 3.1.1 subscriber for the hot path: one persistent session, QoS 1, one store call and
one write of acknowledgements for each read from the socket. General client libraries cost several
times the CPU a message, and most acknowledge before the disk has answered (design, section 5).
"""

import asyncio
import contextlib
import random
from collections.abc import Sequence

from adapters.contract import Adapter, Sink
from model.errors import ConfigError, Transient

from .mqtt_connection import Access, Connection
from .mqtt_intake import MqttIntake
from .mqtt_packets import subscribe_packet

MAX_UNSTORED = 20_000
HANDSHAKE_S = 10.0
FIRST_RETRY_S = 0.5
LAST_RETRY_S = 30.0
STEADY_S = 10.0  # a connection that held so long starts the back-off anew
CLOSE_S = 5.0
REFUSED = 0x80
BAD_CLIENT_ID, SERVER_UNAVAILABLE, BAD_USER, NOT_AUTHORISED = 2, 3, 4, 5


class MqttSource:
    """A subscription that stays: it reconnects by itself and says what is wrong meanwhile."""

    def __init__(
        self,
        routes: Sequence[tuple[Sequence[str], Adapter]],
        sink: Sink,
        access: Access,
        *,
        max_unstored: int = MAX_UNSTORED,
    ) -> None:
        """Start connecting; call from a running loop."""
        self.connected = False
        self.trouble = ""  # why there is no connection, for heartbeat and `doctor`
        self._access, self._sink, self._max = access, sink, max_unstored
        self._filters = list(dict.fromkeys(text for texts, _ in routes for text in texts))
        self._intake = MqttIntake(routes, sink, self._settled)
        self._connection: Connection | None = None
        self._drained = asyncio.Event()
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(), name=f"mqtt {access}")

    async def ready(self) -> None:
        """Wait for the first subscription; raises ConfigError when the broker will never grant it."""
        await asyncio.shield(self._ready)

    async def close(self) -> None:
        """Acknowledge what is stored, then leave; the broker keeps the session."""
        connection = self._connection
        if connection and self.connected:
            connection.quiet()
            self._settled()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await self._drained.wait()
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        if connection:
            connection.end("closed")
            await connection.lost
        self._ready.cancel()
        self.connected = False

    def _settled(self) -> None:
        if self._intake.unstored:
            self._drained.clear()
        else:
            self._drained.set()
        if self._connection:
            self._connection.settled()

    async def _run(self) -> None:
        """Connect again and again; the pause grows and is scattered, so that brokers can breathe."""
        loop, failures = asyncio.get_running_loop(), 0
        while True:
            began = loop.time()
            try:
                self.trouble = await self._session()
            except ConfigError as error:
                if not self._ready.done():
                    self._ready.set_exception(error)
                    self._ready.exception()  # read here: nobody may be waiting for it yet
                    return
                self.trouble = str(error)
            except (OSError, TimeoutError, Transient) as error:
                self.trouble = f"broker {self._access}: {error or 'no answer'}"
            self.connected = False
            self._sink.count("disconnections")
            failures = 0 if loop.time() - began > STEADY_S else failures + 1
            pause = min(LAST_RETRY_S, FIRST_RETRY_S * 2 ** min(failures, 10))
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - scatter, not a secret

    async def _session(self) -> str:
        """Hold one connection; return why it ended."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(HANDSHAKE_S):
            _, connection = await loop.create_connection(
                lambda: Connection(self._access, self._intake, self._max),
                self._access.host,
                self._access.port,
            )
            self._connection = connection
            try:
                await self._handshake(connection)
            except BaseException:
                connection.end("the handshake failed", at_once=True)
                raise
        self.connected, self.trouble = True, ""
        self._sink.count("connections")
        if not self._ready.done():
            self._ready.set_result(None)
        why = await asyncio.shield(connection.lost)
        return f"broker {self._access}: {why}"

    async def _handshake(self, connection: Connection) -> None:
        session_present, code = await connection.greeted
        if code:
            raise _refusal(code, self._access)
        if not session_present and self._ready.done():
            self._sink.count("sessions_lost")
        # Always: the broker may have forgotten, and the file may have new sources.
        connection.write(subscribe_packet(1, self._filters))
        granted = await connection.subscribed
        _check_granted(granted, self._filters, self._access)


async def subscribe_mqtt(
    adapters: Sequence[tuple[Sequence[str], Adapter]],
    sink: Sink,
    *,
    host: str,
    port: int,
    user: str,
    password: str,
    client_id: str,
    keepalive_s: int = 30,
) -> MqttSource:
    """Start hearing the devices of one broker; returns at once, `ready()` tells of the first success.

    `adapters` pairs topic filters with the adapter that reads them; where two match, the first
    gets the message. `client_id` names the session at the broker and must be unique and stay fixed.
    """
    if not client_id:
        raise ConfigError("a persistent MQTT session needs a client id that stays the same")
    access = Access(host, port, user, password, client_id, keepalive_s)
    return MqttSource(adapters, sink, access)


def _refusal(code: int, access: Access) -> ConfigError | Transient:
    """Name a CONNACK return code (3.2.2.3) with what to do."""
    who = f"user {access.user!r}" if access.user else "an anonymous client"
    broker = f"broker {access}"
    if code == SERVER_UNAVAILABLE:
        return Transient(
            "server unavailable (insufficient resources?): look at the broker's log and its store;"
            " a store filled by abandoned sessions refuses everybody"
        )
    if code == BAD_USER:
        return ConfigError(f"{broker} refuses {who}: bad user name or password; correct them")
    if code == NOT_AUTHORISED:
        return ConfigError(
            f"{broker}: {who} is not authorised; correct user and password, or allow the user there"
        )
    if code == BAD_CLIENT_ID:
        return ConfigError(f"{broker} refuses the client id {access.client_id!r}; choose another")
    return ConfigError(f"{broker} refuses MQTT 3.1.1 (return code {code}); use another broker")


def _check_granted(granted: bytes, filters: Sequence[str], access: Access) -> None:
    """Raise ConfigError unless every filter was granted with QoS 1 (3.9.3)."""
    if len(granted) != len(filters):
        raise Transient(f"the broker answered {len(granted)} of {len(filters)} subscriptions")
    who = f"user {access.user!r}" if access.user else "an anonymous client"
    for text, code in zip(filters, granted, strict=True):
        if code >= REFUSED:
            raise ConfigError(
                f"broker {access} refuses {who} the subscription to {text!r}; allow it there"
                f"{_nats_hint(text)}"
            )
        if code == 0:
            raise ConfigError(
                f"broker {access} grants {text!r} only with QoS 0, where messages may be lost;"
                " allow QoS 1"
            )


def _nats_hint(text: str) -> str:
    if not text.endswith("/#"):
        return ""
    stem = text.removesuffix("/#").replace("/", ".").replace("+", "*")
    return f" (NATS needs both {stem!r} and {stem + '.>'!r})"
