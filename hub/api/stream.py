"""Tells listeners at once what happens, as server-sent events (WHATWG HTML, 9.2)."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Protocol

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from hub.access import Access, Principal

from .answer import encode
from .auth import Accounts, Hub, Reader
from .services import Json

router = APIRouter(tags=["stream"])

HEARTBEAT_S = 2.0
RECHECK_BEATS = 15  # a withdrawn token stops listening within 30 s


@router.get("/stream", summary="Changes as they happen 实时事件")
async def stream(hub: Hub, access: Accounts, who: Reader, request: Request) -> StreamingResponse:
    """Send `case` and `status` events, and a comment every 2 s so that a dead line shows."""
    token = request.headers.get("authorization", "").partition(" ")[2]
    events = listen(hub.subscribe(), who, StillAllowed(access, token))
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


class StillAllowed:
    """Asks now and then whether the listener's token still holds."""

    def __init__(self, access: Access, token: str) -> None:
        self._access = access
        self._token = token
        self._beats = 0

    async def __call__(self) -> bool:
        """Return False once the token was withdrawn or has expired; looks every 30 s."""
        self._beats += 1
        if self._beats % RECHECK_BEATS:
            return True
        return await run_in_threadpool(self._access.authenticate, self._token) is not None


class Allowed(Protocol):
    """Says whether to go on."""

    async def __call__(self) -> bool:
        """Return whether the listener may still listen."""


async def listen(
    events: AsyncIterator[tuple[str, Json]],
    who: Principal,
    allowed: Allowed,
    *,
    heartbeat_s: float = HEARTBEAT_S,
) -> AsyncIterator[bytes]:
    """Yield server-sent events of what the listener may see, with a comment between them."""
    queue: asyncio.Queue[bytes] = asyncio.Queue(1)
    reading = asyncio.create_task(_read(events, who, queue), name="stream-reader")
    loop = asyncio.get_running_loop()
    beat_at = loop.time()
    try:
        yield b": smarthub\n\n"
        while not (reading.done() and queue.empty()):
            try:
                async with asyncio.timeout_at(beat_at + heartbeat_s):
                    message = await queue.get()
            except TimeoutError:
                # A comment even when events flow: proxies and people watch for it.
                beat_at = loop.time()
                if not await allowed():
                    return
                message = b": \n\n"
            yield message
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        if isinstance(events, AsyncGenerator):
            await events.aclose()


async def _read(
    events: AsyncIterator[tuple[str, Json]], who: Principal, queue: asyncio.Queue[bytes]
) -> None:
    async for name, data in events:
        if shown(name, data, who):
            await queue.put(f"event: {name}\ndata: ".encode() + encode(data) + b"\n\n")


def shown(name: str, data: Mapping[str, object], who: Principal) -> bool:
    """Return whether a listener may see an event: a limited one sees cases of its grids only."""
    if not who.grid:
        return True
    if name != "case":
        return name in {"status", "resync"}
    case = data.get("case", data)
    return isinstance(case, Mapping) and who.sees(str(case.get("grid", "")))
