"""A sink whose disk answers when the test says so."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Sequence

from model.reading import Reading


class MemorySink:
    """Keeps what it is given; `answer` None lets the test answer each store itself."""

    def __init__(self, *, answer: bool | None = True) -> None:
        self.answer = answer
        self.readings: list[Reading] = []
        self.rejected: list[tuple[str, str, bytes, str]] = []
        self.counters: Counter[str] = Counter()
        self.stores: list[asyncio.Future[bool]] = []

    def now(self) -> int:
        """Return the wall clock: brokers live in real time."""
        return time.time_ns() // 1_000_000

    def store(
        self, readings: Sequence[Reading], *, fingerprints: Sequence[str] = ()
    ) -> Awaitable[bool]:
        """Keep the Readings and answer at once, or when the test does."""
        del fingerprints
        self.readings += readings
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.stores.append(future)
        if self.answer is not None:
            future.set_result(self.answer)
        return future

    def seen(self, fingerprint: str) -> bool:
        """Nothing here is known by fingerprint."""
        del fingerprint
        return False

    def reject(self, source: str, reason: str, payload: bytes, detail: str) -> None:
        """Keep a message that was refused."""
        self.rejected.append((source, reason, payload, detail))

    def count(self, name: str, n: int = 1) -> None:
        """Add to a counter."""
        self.counters[name] += n
