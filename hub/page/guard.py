"""Keeps other sites out of the page's framework: its connections and uploads are for our own pages.

The framework itself accepts a WebSocket from any site (its CORS setting is `*`), and a browser does
not hold one back as it would a request.
"""

import structlog
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from .entrance import from_here

log = structlog.get_logger()
FRAMEWORK = "/_nicegui"
READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """Middleware: refuses what another site's page wants of the framework (403)."""

    def __init__(self, app: ASGIApp) -> None:
        """Take what is served to our own pages."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or connection."""
        if not _acts(scope) or from_here(HTTPConnection(scope)):
            await self._app(scope, receive, send)
            return
        log.warning("foreign_connection_refused", path=scope["path"], kind=scope["type"])
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "another site"})
            return
        refusal = PlainTextResponse("403: this came from another site 拒绝跨站请求", 403)
        await refusal(scope, receive, send)


def _acts(scope: Scope) -> bool:
    if scope["type"] not in ("http", "websocket"):
        return False
    if not str(scope["path"]).startswith(FRAMEWORK):
        return False
    # Long polling reads by GET what a WebSocket would say, so both are asked where they come from.
    polls = "/_nicegui_ws" in str(scope["path"])
    return scope["type"] == "websocket" or polls or scope["method"] not in READS
