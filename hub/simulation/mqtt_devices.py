"""Publishes what the simulated MQTT devices say, QoS 1, and keeps alarms while the broker is away."""

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass

import aiomqtt
import msgspec

from .ledger import Ledger
from .messages import DeviceMessage, MqttContent

_UNDER_WAY_MAX = 20  # publishes that wait for their PUBACK at a time
_WAITING_MAX = 2_000
_PUBACK_WITHIN_S = 10
_RECONNECT_S = (0.5, 10.0)
_KEEPALIVE_S = 30


@dataclass(frozen=True, kw_only=True)
class Broker:
    """Where the broker listens, and as whom the devices speak to it."""

    host: str
    port: int
    user: str
    password: str
    client_id: str = "smarthub-simulation"


@dataclass(kw_only=True)
class MqttCounts:
    """What happened between devices and broker."""

    acknowledged: int = 0
    forgotten: int = 0  # normal life that found no room while the broker was away
    connections: int = 0
    last_error: str = ""


class MqttDevices:
    """Speaks for all MQTT devices over one connection, as an operator's device platform does."""

    def __init__(self, broker: Broker, counts: MqttCounts, *, ledger: Ledger) -> None:
        """`ledger` hears of each alarm when it is first sent and when it is acknowledged."""
        self._broker = broker
        self._counts = counts
        self._ledger = ledger
        self._alarms: deque[DeviceMessage] = deque()
        self._normal: deque[DeviceMessage] = deque()
        self._waiting = asyncio.Event()
        self._under_way = 0

    def send(self, message: DeviceMessage) -> None:
        """Queue a message; alarms go first and are kept until acknowledged."""
        if message.event:
            self._ledger.note_sent(message)
            self._alarms.append(message)
        else:
            self._normal.append(message)
            if len(self._normal) > _WAITING_MAX:
                self._normal.popleft()
                self._counts.forgotten += 1
        self._waiting.set()

    @property
    def idle(self) -> bool:
        """Return whether everything queued has been acknowledged."""
        return not (self._alarms or self._normal or self._under_way)

    async def run(self) -> None:
        """Stay connected and publish what is queued, until cancelled."""
        shortest_s, longest_s = _RECONNECT_S
        wait_s = shortest_s
        while True:
            before = self._counts.acknowledged
            try:
                await self._session()
            except* aiomqtt.MqttError as errors:
                self._counts.last_error = str(errors.exceptions[0])
            wait_s = (
                shortest_s if self._counts.acknowledged > before else min(wait_s * 2, longest_s)
            )
            await asyncio.sleep(wait_s)

    async def _session(self) -> None:
        broker = self._broker
        async with (
            aiomqtt.Client(
                broker.host,
                broker.port,
                username=broker.user,
                password=broker.password,
                identifier=broker.client_id,
                keepalive=_KEEPALIVE_S,
                timeout=_PUBACK_WITHIN_S,
            ) as client,
            asyncio.TaskGroup() as tasks,
        ):
            self._counts.connections += 1
            self._counts.last_error = ""
            tasks.create_task(_watch(client), name="mqtt-watch")
            for number in range(_UNDER_WAY_MAX):
                tasks.create_task(self._publish(client), name=f"mqtt-publish-{number}")

    async def _publish(self, client: aiomqtt.Client) -> None:
        while True:
            while not (self._alarms or self._normal):
                self._waiting.clear()
                await self._waiting.wait()
            message = self._alarms.popleft() if self._alarms else self._normal.popleft()
            content = message.content
            if not isinstance(content, MqttContent):
                raise TypeError(f"{message.device} does not speak MQTT")
            self._under_way += 1
            delivered = False
            try:
                await client.publish(content.topic, msgspec.json.encode(content.body), qos=1)
                delivered = True
            finally:
                self._under_way -= 1
                if not delivered and message.event:
                    # Without a PUBACK it may or may not have arrived: it is sent again.
                    self._alarms.append(message)
                elif not delivered:
                    self._counts.forgotten += 1
            self._counts.acknowledged += 1
            self._ledger.note_acknowledged(message)


async def _watch(client: aiomqtt.Client) -> None:
    """Notice a lost connection even when nothing is being published."""
    with contextlib.suppress(StopAsyncIteration):
        async for _ in client.messages:
            pass
