"""Our own styles and scripts: kept for good under the address of their content, and under no other."""

from pathlib import Path

import httpx
from fastapi import FastAPI

from hub.page.assets import Assets, routes


async def asked(assets: Assets, address: str) -> httpx.Response:
    """Ask a server of these files."""
    app = FastAPI()
    app.include_router(routes(assets))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        return await client.get(address)


async def test_a_file_is_kept_under_the_address_of_its_content(tmp_path: Path) -> None:
    """So an opened page asks for none of them again."""
    (tmp_path / "page.css").write_text("a {}")
    assets = Assets(tmp_path)
    found = await asked(assets, assets.address("page.css"))
    assert (found.text, found.headers["content-type"]) == ("a {}", "text/css; charset=utf-8")
    assert "immutable" in found.headers["cache-control"]


async def test_no_browser_keeps_what_an_address_does_not_promise(tmp_path: Path) -> None:
    """An old address, or none, is answered with what is there now, for this once."""
    (tmp_path / "live.js").write_text("old")
    old = Assets(tmp_path).address("live.js")
    (tmp_path / "live.js").write_text("new")
    assets = Assets(tmp_path)
    assert assets.address("live.js") != old
    for address in (old, "/page/static/live.js"):
        found = await asked(assets, address)
        assert (found.text, found.headers["cache-control"]) == ("new", "no-cache")
    assert (await asked(assets, "/page/static/none.js")).status_code == 404


async def test_a_file_that_changes_under_a_running_hub_is_not_sent_under_the_old_address(
    tmp_path: Path,
) -> None:
    """What was read when the hub started is what all screens get until it starts again."""
    (tmp_path / "keep.js").write_text("old")
    assets = Assets(tmp_path)
    (tmp_path / "keep.js").write_text("new")
    assert (await asked(assets, assets.address("keep.js"))).text == "old"
