"""The hub's connections to the broker: alarms and heartbeats on one, telemetry on another."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import aiomqtt
import structlog

from gateway.config import Broker
from model.topics import ROOT

log = structlog.get_logger()
RECONNECT_LAST_S = 10.0

Handler = Callable[[str, bytes], Awaitable[None]]


class Bus:
    """Keeps two clean sessions alive; the gateways' outboxes are the memory, not the broker."""

    def __init__(self, broker: Broker, *, site: str, handler: Handler) -> None:
        self.last_error = ""
        self._broker = broker
        self._handler = handler
        stem = f"{ROOT}/{site}/+"
        self._sessions = {
            "alarm": (f"{stem}/alarm", f"{stem}/status"),
            "telemetry": (f"{stem}/telemetry",),
        }
        self._clients: dict[str, aiomqtt.Client] = {}

    @property
    def connected(self) -> bool:
        """Whether both connections are up and subscribed."""
        return len(self._clients) == len(self._sessions)

    async def publish(self, topic: str, payload: bytes, *, qos: int = 0) -> None:
        """Publish on the alarm connection; raises ConnectionError when the broker is away."""
        client = self._clients.get("alarm")
        if client is None:
            raise ConnectionError(f"the broker is away: {self.last_error}")
        try:
            await client.publish(topic, payload, qos=qos)
        except (aiomqtt.MqttError, TimeoutError) as error:
            raise ConnectionError(str(error)) from error

    async def run(self) -> None:
        """Stay connected until cancelled."""
        async with asyncio.TaskGroup() as group:
            for name, filters in self._sessions.items():
                group.create_task(self._keep(name, filters), name=f"bus-{name}")

    async def _keep(self, name: str, filters: Sequence[str]) -> None:
        delay = 0.2
        while True:
            try:
                await self._session(name, filters)
            except (aiomqtt.MqttError, OSError, TimeoutError) as error:
                self.last_error = str(error) or type(error).__name__
                delay = 0.2 if name in self._clients else min(delay * 2, RECONNECT_LAST_S)
                log.warning("bus_lost", session=name, why=self.last_error)
            finally:
                self._clients.pop(name, None)
            await asyncio.sleep(delay)

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
                payload = message.payload
                await self._handler(
                    str(message.topic), payload if isinstance(payload, bytes) else b""
                )
