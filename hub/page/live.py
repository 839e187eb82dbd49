"""Tells every open screen each second that the picture is true, and what must sound."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
from fastapi import APIRouter, HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from hub.access import Principal

from .board import Board, Json, follow
from .memory import sounding
from .site import SESSION_COOKIE, Site

BEAT_S = 1.0
RECHECK_BEATS = 10  # a withdrawn session ends within 10 s
TOLD = 50  # alarms in one message; a screen sounds for the first and counts the rest


def routes(site: Site) -> APIRouter:
    """Return the stream that the browser's own script listens to."""
    router = APIRouter(include_in_schema=False)

    @router.get("/page/live")
    async def live(request: Request) -> StreamingResponse:
        token = request.cookies.get(SESSION_COOKIE, "")
        who = await run_in_threadpool(site.access.authenticate, token)
        if who is None:
            raise HTTPException(401, "sign in first")
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(
            _beats(site, who, token), media_type="text/event-stream", headers=headers
        )

    return router


async def _beats(site: Site, who: Principal, token: str) -> AsyncIterator[bytes]:
    beats = 0
    async for _ in follow(site.board, every_s=BEAT_S):
        beats += 1
        look = beats % RECHECK_BEATS == 0
        if look and await run_in_threadpool(site.access.authenticate, token) is None:
            yield b"event: ended\ndata: {}\n\n"
            return
        yield b"event: beat\ndata: " + msgspec.json.encode(beat(site.board, who)) + b"\n\n"
        await asyncio.sleep(0.1)  # a storm is told ten times a second, not ten thousand


def beat(board: Board, who: Principal) -> Json:
    """Return what a screen needs to sound and to show that it lives."""

    def shows(case: Json) -> bool:
        return who.sees(str(case["grid"]))

    memory = sounding([alarm for alarm in board.memory if shows(alarm)], board.now())
    waiting = memory + board.unacknowledged(shows)
    return {
        "ready": board.status.get("ready", False),
        "version": board.version,
        "raised": board.raised,
        "waiting": len(waiting),
        "alarms": [
            {"id": case["id"], "category": case["category"], "mode": case["mode"]}
            for case in waiting[:TOLD]
        ],
    }
