"""A real HTTP server that answers what a test tells it to, and remembers what it got."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Received:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers with `statuses` one by one, then with 204; `headers` go with every answer."""

    port: int = 0
    statuses: list[int] = field(default_factory=list)
    headers: str = ""
    received: list[Received] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address to post to."""
        return f"http://127.0.0.1:{self.port}/hooks/案件?k=1"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request and close the line."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        pairs = (line.partition(": ") for line in lines)
        headers = {name.lower(): value for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.received.append(Received(first.split()[1], headers, body))
        status = self.statuses.pop(0) if self.statuses else 204
        answer = (
            f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n{self.headers}\r\n"
        )
        writer.write(answer.encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiving(statuses: Iterable[int] = (), headers: str = "") -> AsyncIterator[Receiver]:
    """Serve on a free port of this machine."""
    receiver = Receiver(statuses=list(statuses), headers=headers)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = int(server.sockets[0].getsockname()[1])
    async with server:
        yield receiver
