"""Our own styles and scripts: asked for once, then a page opens without asking the hub for any of them."""

from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

STATIC = Path(__file__).parent / "static"
KEPT = "public, max-age=31536000, immutable"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Asset(NamedTuple):
    """A file as it was when the hub started, and the mark of its content."""

    content: bytes
    mark: str
    media_type: str


class Assets:
    """All files of ours, read once: what an address promises is what is sent under it."""

    def __init__(self, folder: Path = STATIC) -> None:
        """Read the files."""
        self.files = {path.name: _read(path) for path in sorted(folder.iterdir())}

    def address(self, name: str) -> str:
        """Return the address of a file; another content has another address."""
        return f"/page/static/{name}?{self.files[name].mark}"

    def read(self, name: str) -> str:
        """Return the text of a file."""
        return self.files[name].content.decode()


def routes(assets: Assets) -> APIRouter:
    """Return the route of the files; a browser keeps one for good only under the address of its content."""
    router = APIRouter(include_in_schema=False)

    @router.get("/page/static/{name}")
    async def show(request: Request, name: str) -> Response:
        asset = assets.files.get(name)
        if asset is None:
            raise HTTPException(404, "the page has no such file")
        kept = KEPT if request.url.query == asset.mark else "no-cache"
        return Response(asset.content, media_type=asset.media_type, headers={"cache-control": kept})

    return router


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    mark = blake2b(content, digest_size=6).hexdigest()
    return Asset(content, mark, _TYPES.get(path.suffix, "application/octet-stream"))
