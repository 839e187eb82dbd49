"""The hub's connections to the broker: alarms and heartbeats on one, telemetry on another."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import aiomqtt
import structlog

from gateway.config import Broker
from gateway.sleep import SleepWatch
from model.topics import GatewayTopics

log = structlog.get_logger()
RECONNECT_LAST_S = 10.0
LEAVE_S = 2.0

Handler = Callable[[str, bytes], Awaitable[None]]
Sessions = Mapping[str, Sequence[str]]


def alarm_sessions(site: str) -> Sessions:
    """Return the connections of the way of alarms; telemetry has one of its own."""
    every = GatewayTopics.of(site, "+")
    return {"alarm": (every.alarm, every.status), "telemetry": (every.telemetry,)}


def evidence_sessions(site: str) -> Sessions:
    """Return the connection on which pictures and clips come: alarms never wait behind them."""
    return {"evidence": (GatewayTopics.of(site, "+").evidence,)}


class Bus:
    """Keeps clean sessions alive; the gateways' outboxes are the memory, not the broker."""

    def __init__(
        self, broker: Broker, *, sessions: Sessions, handler: Handler, retained: bool = True
    ) -> None:
        """Take what to subscribe on each connection, by its name; the first one also publishes.

        Without `retained`, what the broker kept from before the subscription is dropped.
        """
        self.last_error = ""
        self._broker = broker
        self._handler = handler
        self._retained = retained
        self._sessions = sessions
        self._speaker = next(iter(sessions))
        self._clients: dict[str, aiomqtt.Client] = {}
        self._drops: dict[str, asyncio.Event] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> bool:
        """Whether all connections are up and subscribed."""
        return len(self._clients) == len(self._sessions)

    async def publish(self, topic: str, payload: bytes, *, qos: int = 0) -> None:
        """Publish on the first connection; raises ConnectionError when the broker is away."""
        client = self._clients.get(self._speaker)
        if client is None:
            raise ConnectionError(f"the broker is away: {self.last_error}")
        try:
            await client.publish(topic, payload, qos=qos)
        except (aiomqtt.MqttError, TimeoutError) as error:
            raise ConnectionError(str(error)) from error

    async def run(self) -> None:
        """Stay connected until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch_sleep(), name="bus-sleep")
                for name, filters in self._sessions.items():
                    group.create_task(self._keep(name, filters), name=f"bus-{name}")
        finally:
            if self._leaving:
                await asyncio.wait(self._leaving, timeout=LEAVE_S)

    async def _watch_sleep(self) -> None:
        """Make every connection anew when the process was suspended."""
        watch = SleepWatch()
        while True:
            await asyncio.sleep(1)
            if watch.slept():
                log.warning("bus_slept", why="the process was suspended; connecting anew")
                for drop in self._drops.values():
                    drop.set()

    async def _keep(self, name: str, filters: Sequence[str]) -> None:
        delay = 0.2
        while True:
            ended = await self._hold(name, filters)
            was_up = self._clients.pop(name, None) is not None
            if isinstance(ended, aiomqtt.MqttError | OSError | TimeoutError):
                self.last_error = str(ended) or type(ended).__name__
                log.warning("bus_lost", session=name, why=self.last_error)
            elif ended is not None:
                raise ended
            delay = 0.2 if was_up else min(delay * 2, RECONNECT_LAST_S)
            await asyncio.sleep(delay)

    async def _hold(self, name: str, filters: Sequence[str]) -> BaseException | None:
        """Hold one session until it ends or is to be dropped; return what ended it."""
        drop = self._drops[name] = asyncio.Event()
        session = asyncio.create_task(self._session(name, filters), name=f"bus-{name}-session")
        dropped = asyncio.create_task(drop.wait(), name=f"bus-{name}-drop")
        try:
            await asyncio.wait({session, dropped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            dropped.cancel()
            if not session.done():
                # It says goodbye to a broker that may not answer; nobody waits for that.
                session.cancel()
                self._leaving.add(session)
                session.add_done_callback(self._left)
        if not session.done() or session.cancelled():
            return None
        return session.exception()

    def _left(self, session: "asyncio.Task[None]") -> None:
        self._leaving.discard(session)
        if not session.cancelled() and session.exception() is not None:
            log.debug("bus_left_with_error", why=str(session.exception()))

    async def _session(self, name: str, filters: Sequence[str]) -> None:
        async with aiomqtt.Client(
            self._broker.host,
            self._broker.port,
            username=self._broker.user or None,
            password=self._broker.password() or None,
            clean_session=True,
            keepalive=20,
            timeout=10,
        ) as client:
            granted = await client.subscribe([(item, 0) for item in filters])
            if any(code.is_failure for code in granted if not isinstance(code, int)):
                raise aiomqtt.MqttError(
                    f"the broker does not let user {self._broker.user} read {', '.join(filters)}"
                )
            self._clients[name] = client
            self.last_error = ""
            async for message in client.messages:
                if message.retain and not self._retained:
                    continue
                payload = message.payload
                await self._handler(
                    str(message.topic), payload if isinstance(payload, bytes) else b""
                )
