"""Asks gateways for a heartbeat at the moment at which it would settle something."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

import structlog

from model.codec import ASKED_MAX, Ask, encode
from model.topics import GatewayTopics

log = structlog.get_logger()
MERGED_MS = 100
"""Times of one gateway that lie so close are asked for as one, the last of them."""


class Asking:
    """The way from the desk's thread to the gateways; a wish that is lost costs a heartbeat's time."""

    def __init__(self, site: str, publish: Callable[[str, bytes], Awaitable[None]]) -> None:
        self._site = site
        self._publish = publish
        self._loop = asyncio.get_running_loop()
        self._sending: set[asyncio.Task[None]] = set()

    def wish(self, wanted: Mapping[str, Iterable[int]]) -> None:
        """Take what the rules wait for (gateway -> data times, ms); from any thread."""
        asks = {gateway: Ask(merged(times)) for gateway, times in wanted.items()}
        self._loop.call_soon_threadsafe(self._send_soon, asks)

    def _send_soon(self, asks: dict[str, Ask]) -> None:
        task = self._loop.create_task(self._send(asks), name="ask")
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send(self, asks: dict[str, Ask]) -> None:
        try:
            for gateway, ask in asks.items():
                await self._publish(GatewayTopics.of(self._site, gateway).ask, encode(ask))
        except ConnectionError as error:
            log.debug("gateways_not_asked", why=str(error))


def merged(times: Iterable[int]) -> list[int]:
    """Return the times (ms) to ask for: of those that lie close together the last; the first ones, if many."""
    asked: list[int] = []
    begin = 0
    for at in sorted(times):
        if asked and at - begin <= MERGED_MS:
            asked[-1] = at
        else:
            asked.append(at)
            begin = at
    return asked[:ASKED_MAX]
