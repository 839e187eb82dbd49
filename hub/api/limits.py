"""Keeps requests small: a body over 64 KiB is refused before anybody reads it."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problem import problem

BODY_MAX = 64 * 1024

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
)


class BodyTooLarge(Exception):  # noqa: N818 - reads as a word at the raise
    """The body has grown over the limit while it was read."""


class Limits:
    """Middleware: refuses large bodies (413) and marks answers as not to be kept or guessed at."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared) > BODY_MAX:
            await _refuse(scope, receive, send)
            return
        started = False
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > BODY_MAX:
                # Sent in chunks without a declared length.
                raise BodyTooLarge
            return message

        async def marked(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                present = {name for name, _ in message["headers"]}
                message["headers"] += [pair for pair in _HEADERS if pair[0] not in present]
            await send(message)

        try:
            await self._app(scope, counted, marked)
        except BodyTooLarge:
            if not started:
                await _refuse(scope, receive, send)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    refusal = problem(413, f"at most {BODY_MAX} bytes", headers={"connection": "close"})
    await refusal(scope, receive, send)
