"""A monitoring centre that answers as a test tells it to, on a real port."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from adapters.gb26875.frame import Frame, acknowledge
from adapters.gb26875.framer import Framer

LABEL = bytes((0, 0, 0, 1, 1, 26))


class TestCentre:
    """Hears frames; `answer` gives the bytes to send back for the n-th frame (from 1)."""

    __test__ = False

    def __init__(self, answer: Callable[[Frame, int], bytes]) -> None:
        self.frames: list[Frame] = []
        self.port = 0
        self.connections = 0
        self.writers: list[asyncio.StreamWriter] = []
        self._answer = answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.connections += 1
        self.writers.append(writer)
        framer = Framer()
        while data := await reader.read(4096):
            for piece in framer.feed(data):
                if isinstance(piece, Frame):
                    self.frames.append(piece)
                    writer.write(self._answer(piece, len(self.frames)))
        writer.close()


def always(frame: Frame, _number: int) -> bytes:
    """Acknowledge every frame."""
    return acknowledge(frame, LABEL)


@asynccontextmanager
async def listening(answer: Callable[[Frame, int], bytes]) -> AsyncIterator[TestCentre]:
    """Run a centre on a free port."""
    centre = TestCentre(answer)
    server = await asyncio.start_server(centre.serve, "127.0.0.1", 0)
    centre.port = server.sockets[0].getsockname()[1]
    try:
        yield centre
    finally:
        server.close()
        for writer in centre.writers:
            writer.close()
        # Connections end with their peers; give their tasks the turn to notice.
        await asyncio.sleep(0)


async def eventually(condition: Callable[[], bool], *, within_s: float = 5) -> None:
    """Wait until a condition of the real world holds."""
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.01)
