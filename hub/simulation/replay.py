"""Sends recorded messages through the same ports that devices use, and watches the answers."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import NamedTuple

import aiomqtt

from adapters.gb26875.frame import Command, Frame
from adapters.gb26875.framer import Framer
from model.errors import Transient

from .fire_panel import Centre
from .mqtt_devices import Broker
from .recording import Answer, Record

_PIECE_GAP_S = 0.05  # so that the pieces of a split frame arrive one by one
_PUBACK_WITHIN_S = 10


class Target(NamedTuple):
    """Where to send; `speed` None means without waiting between records."""

    centre: Centre
    broker: Broker | None = None
    speed: float | None = None
    answer_within_s: float = 3.0


class Result(NamedTuple):
    """What was sent, and how it was answered."""

    record: Record
    answer: Answer
    reason: str = ""

    @property
    def as_expected(self) -> bool:
        """Return whether the answer is the one the record asks for."""
        return self.record.expected in {"any", self.answer}


async def replay(records: Sequence[Record], target: Target) -> list[Result]:
    """Send the records in order; each TCP record waits for its answer.

    Raises Transient when the port or the broker cannot be reached at all.
    """
    async with contextlib.AsyncExitStack() as stack:
        client = None
        if target.broker is not None:
            client = await _enter(stack, target.broker)
        fire = _FireConnections(target)
        stack.push_async_callback(fire.close)
        results: list[Result] = []
        before = 0
        for record in records:
            if target.speed is not None and before and record.t > before:
                await asyncio.sleep((record.t - before) / 1000 / target.speed)
            before = record.t or before
            if record.expected == "not sent":
                results.append(Result(record, "not sent"))
            elif record.via == "mqtt":
                results.append(await _publish(client, record))
            else:
                results.append(await fire.send(record))
        return results


async def _enter(stack: contextlib.AsyncExitStack, broker: Broker) -> aiomqtt.Client:
    client = aiomqtt.Client(
        broker.host,
        broker.port,
        username=broker.user,
        password=broker.password,
        identifier="smarthub-replay",
        timeout=_PUBACK_WITHIN_S,
    )
    try:
        return await stack.enter_async_context(client)
    except aiomqtt.MqttError as error:
        raise Transient(f"broker {broker.host}:{broker.port}: {error}") from error


async def _publish(client: aiomqtt.Client | None, record: Record) -> Result:
    if client is None:
        raise Transient(f"record {record.id} is MQTT, but no broker was named")
    try:
        for piece in record.pieces:
            await client.publish(record.topic, piece, qos=1)
    except aiomqtt.MqttError as error:
        return Result(record, "none", str(error))
    return Result(record, "ack")


class _Connection:
    """One device's connection: what it was answered and is not yet spoken for."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.framer = Framer()
        self.answers: list[Frame] = []


class _FireConnections:
    """Connections to the fire port, one a recorded connection number."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._open: dict[int, _Connection] = {}

    async def send(self, record: Record) -> Result:
        """Send a record's pieces and wait for the first answer."""
        connection = await self._connection(record.connection)
        try:
            for number, piece in enumerate(record.pieces):
                if number:
                    await asyncio.sleep(_PIECE_GAP_S)
                connection.writer.write(piece)
                await connection.writer.drain()
            async with asyncio.timeout(self._target.answer_within_s):
                answer = await _next_answer(connection)
        except TimeoutError:
            return Result(record, "none", "no answer in time")
        except (OSError, EOFError):
            await self._forget(record.connection)
            return Result(record, "none", "connection closed")
        return Result(record, "ack" if answer.command == Command.CONFIRM else "deny")

    async def close(self) -> None:
        """Close all connections."""
        for number in list(self._open):
            await self._forget(number)

    async def _connection(self, number: int) -> _Connection:
        if number not in self._open:
            centre = self._target.centre
            try:
                reader, writer = await asyncio.open_connection(centre.host, centre.port)
            except OSError as error:
                raise Transient(f"fire port {centre.host}:{centre.port}: {error}") from error
            self._open[number] = _Connection(reader, writer)
        return self._open[number]

    async def _forget(self, number: int) -> None:
        connection = self._open.pop(number)
        connection.writer.close()
        with contextlib.suppress(OSError):
            await connection.writer.wait_closed()


async def _next_answer(connection: _Connection) -> Frame:
    while not connection.answers:
        data = await connection.reader.read(4096)
        if not data:
            raise EOFError
        connection.answers += [
            piece
            for piece in connection.framer.feed(data)
            if isinstance(piece, Frame) and piece.command in {Command.CONFIRM, Command.DENY}
        ]
    return connection.answers.pop(0)
