"""Listens for devices that speak over TCP, and acknowledges them only when the outbox has them.

Declared I/O: this file may touch sockets and wait. What the bytes mean is the adapter's business;
a protocol with frames and answers of its own needs an adapter with the methods of `TcpAdapter`.
"""

import asyncio
import socket
from collections.abc import Sequence
from typing import ClassVar, Generic, Protocol, TypeVar

from adapters.contract import Sink
from model.reading import Reading

PieceT = TypeVar("PieceT")
PieceT_co = TypeVar("PieceT_co", covariant=True)

READ_SIZE = 16 * 1024  # bounds what one connection may make us cut, decode and commit at once
SEND_BUFFER = (
    32 * 1024
)  # of the kernel: left alone it grows to megabytes for a peer that never reads


class TcpLimits(Protocol):
    """What a listening port allows; the adapter's settings have these."""

    @property
    def idle_timeout_s(self) -> float:
        """Seconds without a good frame after which a connection is closed."""

    @property
    def frame_timeout_s(self) -> float:
        """Seconds for an unfinished frame, and for a peer to take its answers."""

    @property
    def max_connections(self) -> int:
        """Connections at a time; more are refused."""


class TcpFramer(Protocol[PieceT_co]):
    """Cuts the bytes of one connection into pieces, good and bad."""

    @property
    def pending(self) -> int | None:
        """The place in the stream where an unfinished frame starts, or None."""

    def feed(self, data: bytes) -> Sequence[PieceT_co]:
        """Take the next bytes."""

    def expire(self) -> Sequence[PieceT_co]:
        """Give up the unfinished frame."""

    def finish(self) -> Sequence[PieceT_co]:
        """Take the end of the stream."""


class TcpTaken(Protocol):
    """What an adapter made of a piece."""

    @property
    def raw(self) -> bytes:
        """The piece as received."""

    @property
    def source(self) -> str:
        """Device id of the sender, empty when unknown."""

    @property
    def readings(self) -> Sequence[Reading]:
        """What is to be stored, possibly nothing."""

    @property
    def fingerprint(self) -> str:
        """Names the message so that its repeat is known; empty: it has no repeats."""

    @property
    def refused(self) -> str:
        """Why the piece cannot be understood, as a short word; empty when it can."""

    @property
    def detail(self) -> str:
        """The reason in more words."""


class TcpAdapter(Protocol[PieceT]):
    """A device family over TCP: it cuts, reads and writes answers; all of it pure."""

    name: ClassVar[str]

    @property
    def limits(self) -> TcpLimits:
        """What the port allows."""

    def framer(self) -> TcpFramer[PieceT]:
        """Return a fresh framer for one connection."""

    def take(self, piece: PieceT, at: int) -> TcpTaken:
        """Say what a piece is worth; must not raise."""

    def acknowledge(self, piece: PieceT, at: int) -> bytes:
        """Return what a device is told when its message is on disk, possibly nothing."""

    def deny(self, piece: PieceT, at: int) -> bytes:
        """Return what a device is told when its message cannot be understood, possibly nothing."""


async def serve_tcp(
    adapter: TcpAdapter[PieceT], sink: Sink, *, host: str, port: int
) -> "TcpSource[PieceT]":
    """Start listening; raises OSError when the address cannot be bound. Port 0: any free one."""
    source = TcpSource(adapter, sink)
    await source.listen(host=host, port=port)
    return source


class TcpSource(Generic[PieceT]):
    """One listening port and its connections.

    Counts `connections`, `refused_connections`, `closed_idle`, `closed_slow`, and for each piece
    of the streams `received`; of these `repeats` were stored before, `silent` carry nothing to
    store (a device's answers), refused ones go to the sink's dead letters, the rest is stored.
    """

    def __init__(self, adapter: TcpAdapter[PieceT], sink: Sink) -> None:
        self._adapter = adapter
        self._sink = sink
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        # A repeat may arrive on a new connection while its first copy still waits for the disk.
        self._storing: dict[str, asyncio.Future[bool]] = {}

    @property
    def port(self) -> int:
        """The port that is listened on; 0 when not listening."""
        sockets = self._server.sockets if self._server else ()
        return int(sockets[0].getsockname()[1]) if sockets else 0

    async def listen(self, *, host: str, port: int) -> None:
        """Bind and accept; raises OSError."""
        self._server = await asyncio.start_server(self._accept, host, port)

    async def close(self) -> None:
        """Stop listening and end every connection; what is being stored is stored, unanswered."""
        if self._server is None:
            return
        self._server.close()
        connections = list(self._connections)
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= self._adapter.limits.max_connections:
            self._sink.count("refused_connections")
            writer.transport.abort()
            return
        self._sink.count("connections")
        connection = asyncio.create_task(
            self._serve(reader, writer), name=f"{self._adapter.name} {_peer(writer)}"
        )
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)
        await asyncio.wait({connection})
        if not connection.cancelled():
            connection.result()  # an error in an adapter or sink is the event loop's to report

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # With no room above the kernel's buffer, `drain` means that the kernel has taken it all.
        writer.transport.set_write_buffer_limits(high=0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        try:
            await self._converse(reader, writer)
        except ConnectionError:
            pass  # the peer is gone; what was read is stored, what was not answered comes again
        finally:
            if writer.transport.get_write_buffer_size():
                writer.transport.abort()
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        limits, framer = self._adapter.limits, self._adapter.framer()
        clock = asyncio.get_running_loop().time
        heard = clock()  # when the last good frame came
        waiting, waiting_since = framer.pending, heard
        while True:
            idle_at = heard + limits.idle_timeout_s
            give_up_at = waiting_since + limits.frame_timeout_s
            until = idle_at if waiting is None else min(idle_at, give_up_at)
            data = await _read(reader, until)
            pieces = list(framer.finish() if data == b"" else framer.feed(data or b""))
            if framer.pending is not None and framer.pending == waiting and clock() >= give_up_at:
                pieces += framer.expire()
            if framer.pending != waiting:
                waiting, waiting_since = framer.pending, clock()
            if pieces and await self._handle(pieces, writer):
                heard = clock()
            if data == b"":
                return
            if clock() >= heard + limits.idle_timeout_s:
                self._sink.count("closed_idle")
                return

    async def _handle(self, pieces: Sequence[PieceT], writer: asyncio.StreamWriter) -> bool:
        """Store what came in one go, then answer it in its order; return whether any was good."""
        at = self._sink.now()
        taken = [self._adapter.take(piece, at) for piece in pieces]
        self._sink.count("received", len(pieces))
        durable = await self._store(taken, _peer(writer))
        now = self._sink.now()
        answers = []
        for piece, item in zip(pieces, taken, strict=True):
            if item.refused:
                answers.append(self._adapter.deny(piece, now))
            elif durable:
                answers.append(self._adapter.acknowledge(piece, now))
        await self._send(b"".join(answers), writer)
        return not all(item.refused for item in taken)

    async def _store(self, taken: Sequence[TcpTaken], peer: str) -> bool:
        """Store all that is new in one commit; return whether everything understood is on disk."""
        readings: list[Reading] = []
        fingerprints: dict[str, None] = {}
        earlier: list[asyncio.Future[bool]] = []
        for item in taken:
            if item.refused:
                source = item.source or f"{self._adapter.name} {peer}"
                self._sink.reject(source, item.refused, item.raw, item.detail)
            elif not item.readings:
                self._sink.count("silent")
            elif item.fingerprint in fingerprints:
                self._sink.count("repeats")
            elif item.fingerprint and self._sink.seen(item.fingerprint):
                self._sink.count("repeats")
                if item.fingerprint in self._storing:
                    earlier.append(self._storing[item.fingerprint])
            else:
                readings += item.readings
                if item.fingerprint:
                    fingerprints[item.fingerprint] = None
        stored = await self._commit(readings, list(fingerprints)) if readings else True
        return all([stored, *[await asyncio.shield(copy) for copy in earlier]])

    async def _commit(self, readings: Sequence[Reading], fingerprints: Sequence[str]) -> bool:
        outcome: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._storing.update(dict.fromkeys(fingerprints, outcome))
        try:
            # Shielded: a connection that ends must not cancel a commit that others share.
            commit = asyncio.ensure_future(self._sink.store(readings, fingerprints=fingerprints))
            stored = await asyncio.shield(commit)
            outcome.set_result(stored)
        finally:
            if not outcome.done():
                outcome.set_result(False)
            for fingerprint in fingerprints:
                self._storing.pop(fingerprint, None)
        return stored

    async def _send(self, answers: bytes, writer: asyncio.StreamWriter) -> None:
        """Write answers; a peer that does not take them in time is dropped."""
        if not answers:
            return
        writer.write(answers)
        try:
            async with asyncio.timeout(self._adapter.limits.frame_timeout_s):
                await writer.drain()
        except TimeoutError:
            self._sink.count("closed_slow")
            raise ConnectionAbortedError("the peer does not read its answers") from None


async def _read(reader: asyncio.StreamReader, until: float) -> bytes | None:
    """Return the next bytes, b"" at the end of the stream, None when the time is up."""
    try:
        async with asyncio.timeout_at(until):
            return await reader.read(READ_SIZE)
    except TimeoutError:
        return None
    except ConnectionError:
        return b""  # torn down is ended, too: what came before it still counts


def _peer(writer: asyncio.StreamWriter) -> str:
    peer = writer.get_extra_info("peername")
    return f"{peer[0]}:{peer[1]}" if isinstance(peer, tuple) else "unknown peer"
