"""Keeps requests small: a body over 64 KiB is refused before anybody reads it; a clip may be larger."""

from contextlib import suppress

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problem import problem

BODY_MAX = 64 * 1024
LARGER = {"/page/cameras/clip": 64 << 20}
"""What people bring by these paths is read in pieces, and only after it was asked who they are."""

# The page's framework builds its components from texts, in the browser: it needs eval, and its pages
# hold their own start in a script. What comes from elsewhere is never run, and neither is an
# attribute such as onerror, by which a name that somebody gave a device would act.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; script-src-attr 'none';"
    " style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:;"
    " media-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'self';"
    " form-action 'self'; frame-ancestors 'none'"
)
"""No page loads, sends or embeds anything beyond this hub."""

_HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)
PAGE_PREFIX = "/_nicegui/"
"""The page's own framework limits its uploads itself, and its files may be kept."""


class BodyTooLarge(Exception):  # noqa: N818 - reads as a word at the raise
    """The body has grown over the limit while it was read."""


class Limits:
    """Middleware: refuses large bodies (413) and marks answers as not to be kept or guessed at."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or str(scope["path"]).startswith(PAGE_PREFIX):
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        most = LARGER.get(str(scope["path"]), BODY_MAX)
        if not declared.isdecimal() or int(declared) > most:
            await _refuse(scope, receive, send, most)
            return
        exchange = _Exchange(receive, send, most)
        with suppress(BodyTooLarge):
            await self._app(scope, exchange.receive, exchange.send)
        if exchange.too_large and not exchange.started:
            await _refuse(scope, receive, send, most)


class _Exchange:
    """One request and its answer; counts a body that came without a declared length."""

    def __init__(self, receive: Receive, send: Send, most: int) -> None:
        self._most = most
        self.started = False
        self.too_large = False
        self._receive = receive
        self._send = send
        self._taken = 0

    async def receive(self) -> Message:
        """Pass on a part of the body; raises BodyTooLarge."""
        message = await self._receive()
        self._taken += len(message.get("body", b""))
        if self._taken > self._most:
            self.too_large = True
            raise BodyTooLarge
        return message

    async def send(self, message: Message) -> None:
        """Pass on a part of the answer, with our headers."""
        if self.too_large and not self.started:
            # The framework takes the exception for a body it cannot read; the refusal says why.
            return
        if message["type"] == "http.response.start":
            self.started = True
            present = {name for name, _ in message["headers"]}
            message["headers"] += [pair for pair in _HEADERS if pair[0] not in present]
        await self._send(message)


async def _refuse(scope: Scope, receive: Receive, send: Send, most: int) -> None:
    refusal = problem(413, f"at most {most} bytes", headers={"connection": "close"})
    await refusal(scope, receive, send)
