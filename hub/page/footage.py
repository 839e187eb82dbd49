"""Serves pictures and clips to whoever is signed in and may look; each look is written down before."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hub.access import Principal
from hub.api.evidence import pack_of, shown_file
from hub.evidence.looking import Purpose

from .site import SESSION_COOKIE, Site

PACK_PATH = "/page/pack/"


def footage_path(sha256: str, case: str, purpose: Purpose) -> str:
    """Return the address of a picture or clip of a case, looked at for a purpose."""
    return f"/page/evidence/{sha256}?case={case}&purpose={purpose.value}"


def routes(site: Site) -> APIRouter:
    """Return the route that the page's pictures and players fetch."""
    router = APIRouter(include_in_schema=False)

    @router.get("/page/evidence/{sha256}")
    async def show(
        request: Request,
        sha256: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")],
        case: Annotated[str, Query(max_length=64, pattern=r"^[0-9A-Za-z_-]+$")],
        purpose: Purpose,
    ) -> Response:
        who = await run_in_threadpool(_signed_in, site, request)
        return await shown_file(site.hub, who, sha256=sha256, purpose=purpose, case=case)

    @router.get(PACK_PATH + "{case}")
    def pack(
        request: Request,
        case: Annotated[str, Path(max_length=64, pattern=r"^[0-9A-Za-z_-]+$")],
        purpose: Purpose,
    ) -> Response:
        return pack_of(site.hub, _signed_in(site, request), case, purpose)

    return router


def _signed_in(site: Site, request: Request) -> Principal:
    who = site.access.authenticate(request.cookies.get(SESSION_COOKIE, ""))
    if who is None:
        raise HTTPException(401, "sign in first")
    return who
