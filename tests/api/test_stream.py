"""Listeners learn of changes at once, each of what it may see."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from fastapi import FastAPI

from hub.access import Access, Principal, Role
from hub.api.services import Json
from hub.api.stream import RECHECK_BEATS, StillAllowed, listen

from .small_hub import GRID_A, SmallHub

EVERYWHERE = Principal("x", Role.READ)
ONLY_A = Principal("x", Role.READ, GRID_A)


async def always() -> bool:
    """Let everybody listen on."""
    return True


async def a_few(*events: tuple[str, Json]) -> AsyncIterator[tuple[str, Json]]:
    """Yield events and end."""
    for event in events:
        yield event


async def heard(who: Principal, *events: tuple[str, Json]) -> str:
    """Return all that a listener gets."""
    chunks = [chunk async for chunk in listen(a_few(*events), who, always, heartbeat_s=0.05)]
    return b"".join(chunks).decode()


async def test_a_case_is_told_in_one_line(hub: SmallHub) -> None:
    """A line break inside a text cannot forge another event."""
    case = hub.alarm()
    hub.announce(case)
    name, data = hub.events.get_nowait()
    text = await heard(EVERYWHERE, (name, {**data, "text": "a\n\nevent: forged"}))
    assert text.count("\nevent:") + text.count("\n\nevent: case\n") == 2
    assert f'"id":"{case.id}"' in text


async def test_a_territorys_listener_hears_its_cases_only(hub: SmallHub) -> None:
    """Of other grids, and of kinds of events that name no grid, nothing is told."""
    mine, theirs = hub.alarm("nb1"), hub.alarm("nb2")
    hub.announce(mine)
    hub.announce(theirs)
    events = [hub.events.get_nowait() for _ in range(2)]
    events += [("status", {"ready": True}), ("alarm_not_durable", {"device": "nb2"})]
    text = await heard(ONLY_A, *events)
    assert mine.id in text
    assert theirs.id not in text
    assert "event: status" in text
    assert "nb2" not in text


async def test_silence_is_broken_by_a_comment(hub: SmallHub) -> None:
    """A line that is dead can be told from one where nothing happens."""
    stream = listen(hub.subscribe(), EVERYWHERE, always, heartbeat_s=0.01)
    async with aclosing(stream), asyncio.timeout(5):  # type: ignore[type-var]
        chunks = [await anext(stream) for _ in range(3)]
        assert chunks[1:] == [b": \n\n", b": \n\n"]
        hub.announce(hub.alarm())
        while not (chunk := await anext(stream)).startswith(b"event: case"):
            assert chunk == b": \n\n"


async def test_a_withdrawn_token_stops_listening(hub: SmallHub) -> None:
    """Within 15 heartbeats, that is 30 s."""
    access = Access(hub.store.accounts, clock=hub.now)
    token, secret = access.create_token("x", Role.READ)
    allowed = StillAllowed(access, secret)
    assert all([await allowed() for _ in range(RECHECK_BEATS)])
    access.remove_token(token.id)
    assert [await allowed() for _ in range(RECHECK_BEATS)] == [True] * (RECHECK_BEATS - 1) + [False]


async def test_the_stream_is_an_event_stream(app: FastAPI, hub: SmallHub) -> None:
    """Headers and first event as a browser or program gets them, over the whole app."""
    hub.announce(hub.alarm())
    scope = {
        "type": "http", "method": "GET", "path": "/api/v1/stream", "raw_path": b"/api/v1/stream",
        "query_string": b"", "headers": [(b"authorization", b"Bearer master-secret")],
        "client": ("10.0.0.9", 1), "server": ("hub", 80), "scheme": "http", "http_version": "1.1",
        "asgi": {"version": "3.0", "spec_version": "2.4"}, "root_path": "",
    }  # fmt: skip
    gone = asyncio.Event()
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        if not sent:
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)
        if b"event: case" in bytes(str(message.get("body", b"")), "utf-8"):
            gone.set()

    serving = asyncio.create_task(app(scope, receive, send))  # type: ignore[arg-type]
    async with asyncio.timeout(10):
        await gone.wait()
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    headers = dict(sent[0]["headers"])  # type: ignore[call-overload]
    assert headers[b"content-type"].startswith(b"text/event-stream")
    assert headers[b"cache-control"] == b"no-store"
