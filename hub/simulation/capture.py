"""Records what real devices send, so that it can be replayed: bytes as they came, nothing judged."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import aiomqtt
import msgspec

from adapters.gb26875.framer import Framer
from model.errors import Refused, Transient

from .fire_panel import Centre
from .mqtt_devices import Broker
from .recording import CaptureLine, Via

_CHUNK_BYTES = 4096
_SUBACK_FAILURE = 128  # MQTT 3.1.1, 3.9.3


@dataclass(frozen=True, kw_only=True)
class Capture:
    """What to record: a port in front of the fire port, MQTT topics, or both."""

    out: Path
    centre: Centre
    listen: tuple[str, int] | None = None
    broker: Broker | None = None
    topics: tuple[str, ...] = ()
    duration_s: float | None = None


async def capture(order: Capture, *, say: Callable[[str], None]) -> int:
    """Record until the duration is over or it is cancelled; returns the number of records.

    Raises Transient when the broker cannot be reached, Refused when it denies a topic, OSError
    when the port is in use or the file cannot be written.
    """
    with order.out.open("a", encoding="utf-8") as file:
        recorder = _Recorder(file)
        async with contextlib.AsyncExitStack() as stack:
            if order.listen is not None:
                proxy = FireProxy(order.centre, recorder.write)
                host, port = order.listen
                server = await asyncio.start_server(proxy.relay, host, port)
                stack.callback(server.close)
                bound = server.sockets[0].getsockname()[1]
                say(f"let devices connect to {host}:{bound}; they are passed on")
            if order.broker is not None:
                messages = await stack.enter_async_context(_subscribed(order.broker, order.topics))
                listener = asyncio.create_task(
                    _record_messages(messages, recorder.write), name="capture-mqtt"
                )
                stack.callback(listener.cancel)
                say(f"recording {', '.join(order.topics)}")
                await asyncio.wait((listener,), timeout=order.duration_s)
                if listener.done():
                    listener.result()
            else:
                await asyncio.wait(
                    (asyncio.create_task(asyncio.Event().wait(), name="until-cancelled"),),
                    timeout=order.duration_s,
                )
        return recorder.count


Write = Callable[[Via, bytes, str, int], None]


class _Recorder:
    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.count = 0

    def write(self, via: Via, data: bytes, topic: str, connection: int) -> None:
        line = CaptureLine(
            t=time.time_ns() // 1_000_000,
            via=via,
            hex=data.hex(),
            topic=topic,
            connection=connection,
        )
        self._file.write(msgspec.json.encode(line).decode() + "\n")
        self._file.flush()
        self.count += 1


class FireProxy:
    """Stands between devices and the fire port, passes every byte on, and writes frames down.

    Good frames become one record each; damaged bytes are recorded as they are, so that a replay is
    denied as the original was.
    """

    def __init__(self, centre: Centre, write: Write) -> None:
        self._centre = centre
        self._write = write
        self._connections = 0

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one device's connection until either side ends it."""
        self._connections += 1
        number = self._connections
        try:
            up_reader, up_writer = await asyncio.open_connection(
                self._centre.host, self._centre.port
            )
        except OSError:
            writer.close()  # as the device would see it without us
            return
        up = asyncio.create_task(self._up(reader, up_writer, number), name=f"capture-up-{number}")
        down = asyncio.create_task(_pass_on(up_reader, writer), name=f"capture-down-{number}")
        try:
            # A device may end its half and still wait for the acknowledgement.
            await asyncio.wait((up, down), return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for task in (up, down):
                task.cancel()
            await asyncio.gather(up, down, return_exceptions=True)
            up_writer.close()
            writer.close()

    async def _up(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        framer = Framer()
        try:
            while data := await reader.read(_CHUNK_BYTES):
                writer.write(data)
                await writer.drain()
                for piece in framer.feed(data):
                    self._write("tcp", piece.raw, "", number)
            writer.write_eof()
        finally:
            for piece in framer.finish():
                self._write("tcp", piece.raw, "", number)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK_BYTES):
        writer.write(data)
        await writer.drain()
    raise EOFError  # the centre hung up: so do we


@contextlib.asynccontextmanager
async def _subscribed(broker: Broker, topics: tuple[str, ...]) -> AsyncIterator[aiomqtt.Client]:
    client = aiomqtt.Client(
        broker.host,
        broker.port,
        username=broker.user,
        password=broker.password,
        identifier="smarthub-capture",
    )
    try:
        async with client:
            for topic in topics:
                granted = await client.subscribe(topic, qos=1)
                codes = [code if isinstance(code, int) else code.value for code in granted]
                if any(code >= _SUBACK_FAILURE for code in codes):
                    raise Refused(f"{broker.user} may not read {topic}")
            yield client
    except aiomqtt.MqttError as error:
        raise Transient(f"broker {broker.host}:{broker.port}: {error}") from error


async def _record_messages(client: aiomqtt.Client, write: Write) -> None:
    async for message in client.messages:
        # A retained message tells the state from before the capture; replayed it would be news.
        if message.retain or not isinstance(message.payload, bytes):
            continue
        write("mqtt", message.payload, message.topic.value, 0)
