"""A sink in memory, and a device that speaks to the TCP source over a real socket."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from adapters.gb26875.frame import Frame
from adapters.gb26875.framer import Framer, Piece
from adapters.runners.tcp import TcpSource, serve_tcp
from model.reading import Reading
from tests.adapters.gb26875.frames import AT, panels


class MemorySink:
    """An outbox in memory: durable or not as told, and as slow as told."""

    def __init__(self) -> None:
        self.commits: list[list[Reading]] = []
        self.rejected: list[tuple[str, str, bytes]] = []
        self.counts: Counter[str] = Counter()
        self.durable = True
        self.disk = asyncio.Event()
        self.disk.set()
        self._seen: set[str] = set()

    @property
    def readings(self) -> list[Reading]:
        """All Readings in the order in which they were stored."""
        return [reading for commit in self.commits for reading in commit]

    def now(self) -> int:
        """Return a fixed time."""
        return AT

    def store(
        self, readings: Sequence[Reading], *, fingerprints: Sequence[str] = ()
    ) -> Awaitable[bool]:
        """Queue at once; durable when the disk answers."""
        self._seen.update(fingerprints)
        return self._commit(list(readings), fingerprints)

    async def _commit(self, readings: list[Reading], fingerprints: Sequence[str]) -> bool:
        await self.disk.wait()
        if not self.durable:
            self._seen.difference_update(fingerprints)
            return False
        self.commits.append(readings)
        return True

    def seen(self, fingerprint: str) -> bool:
        """Return whether it was stored or queued."""
        return fingerprint in self._seen

    def reject(self, source: str, reason: str, payload: bytes, detail: str) -> None:
        """Keep a dead letter."""
        del detail
        self.rejected.append((source, reason, payload))

    def count(self, name: str, n: int = 1) -> None:
        """Count."""
        self.counts[name] += n


class Device:
    """A transmission device: sends bytes, reads whole answers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer, self._framer = reader, writer, Framer()
        self._answers: list[Piece] = []

    async def send(self, data: bytes) -> None:
        """Send bytes and make sure that they left."""
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> Frame:
        """Return the next answer; fails after 5 s."""
        while not self._answers:
            data = await asyncio.wait_for(self._reader.read(4096), 5)
            assert data, "the gateway closed the connection"
            self._answers += self._framer.feed(data)
        piece = self._answers.pop(0)
        assert isinstance(piece, Frame)
        return piece

    async def told(self) -> tuple[int, int]:
        """Return (command, serial number) of the next answer."""
        frame = await self.answer()
        return frame.command, frame.serial

    def stop_reading(self) -> None:
        """Let answers pile up, in as little memory as the kernel allows."""
        connection = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        transport = self.writer.transport
        assert isinstance(transport, asyncio.ReadTransport)
        transport.pause_reading()

    async def rest(self) -> bytes:
        """Return what comes until the gateway closes."""
        try:
            return await asyncio.wait_for(self._reader.read(), 5)
        except ConnectionError:
            return b""


@asynccontextmanager
async def listening(sink: MemorySink, **settings: object) -> AsyncIterator[TcpSource[Piece]]:
    """Run the source on a free port."""
    source = await serve_tcp(panels(**settings), sink, host="127.0.0.1", port=0)
    try:
        yield source
    finally:
        await source.close()


@asynccontextmanager
async def device(source: TcpSource[Piece]) -> AsyncIterator[Device]:
    """Connect a device."""
    reader, writer = await asyncio.open_connection("127.0.0.1", source.port)
    try:
        yield Device(reader, writer)
    finally:
        writer.close()


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds; fails after 5 s."""
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.002)
