"""What another site's page wants of the page's framework is refused, without a browser."""

import httpx
import pytest
from fastapi import FastAPI

from hub.page.guard import Guard


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://hub.evil.example"])
async def test_polling_and_uploads_are_refused_as_well(origin: str) -> None:
    """What needs no WebSocket is no way around."""
    app = FastAPI()
    app.add_middleware(Guard)

    @app.api_route("/_nicegui_ws/socket.io/", methods=["GET", "POST"])
    @app.api_route("/_nicegui/1/static/x.css", methods=["GET", "POST"])
    def anything() -> str:
        return "ok"

    async def ask(method: str, path: str, origin: str | None) -> int:
        transport = httpx.ASGITransport(app)
        headers = {} if origin is None else {"origin": origin}
        async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
            return (await client.request(method, path, headers=headers)).status_code

    polls, files = "/_nicegui_ws/socket.io/", "/_nicegui/1/static/x.css"
    assert await ask("GET", polls, origin) == 403
    assert await ask("POST", polls, origin) == 403
    assert await ask("POST", files, origin) == 403
    assert await ask("GET", files, origin) == 200  # a style sheet is no secret
    for ours in ("http://hub", None):
        assert await ask("POST", polls, ours) == 200
