"""Puts the page into the hub's web server."""

from zoneinfo import ZoneInfo

from fastapi import FastAPI, HTTPException, Request
from nicegui import ui
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Match
from starlette.types import ASGIApp

from hub.access import Access
from hub.api.services import Services
from hub.simulation.orders import Orders

from . import (
    accounts,
    assets,
    cameras,
    cases,
    demo,
    device,
    devices,
    entrance,
    footage,
    handover,
    live,
    rule_trial,
    rules,
    silences,
    system,
    unregistered,
    walk_tests,
    wall,
)
from .board import Board
from .guard import Guard
from .site import Site

RECONNECT_S = 8.0
GZIP_LEVEL = 3
# The list of unregistered devices comes before a device of any name.
_PARTS = (
    wall,
    cases,
    devices,
    unregistered,
    device,
    walk_tests,
    silences,
    handover,
    rules,
    system,
    accounts,
)


def install_page(
    app: FastAPI,
    hub: Services,
    access: Access,
    *,
    zone: ZoneInfo,
    secure: bool = False,
    orders: Orders | None = None,
) -> Board:
    """Serve the page beside the API; the caller runs the returned board."""
    app.add_middleware(Guard)
    board = Board(hub)
    site = Site(hub, access, board, zone=zone, secure=secure, orders=orders)
    app.include_router(cameras.install(site))
    app.include_router(assets.routes(site.assets))
    for part in (entrance, live, unregistered, footage, rule_trial):
        app.include_router(part.routes(site))
    for part in (*_PARTS, *([demo] if orders else [])):
        part.register(site)
    _close_api(app)
    ui.run_with(
        app,
        title="smarthub",
        favicon=site.assets.read("mark.svg"),  # in the page itself: nothing more to ask for
        dark=True,
        tailwind=False,
        reconnect_timeout=RECONNECT_S,
        show_welcome_message=False,
        binding_refresh_interval=None,
        gzip_middleware_factory=_gzip,
    )
    return board


def _gzip(app: ASGIApp) -> GZipMiddleware:
    """Pack answers quickly: the last tenth of their size would cost most of the time."""
    return GZipMiddleware(app, compresslevel=GZIP_LEVEL)


def _close_api(app: FastAPI) -> None:
    """Answer what the API does not know as the API does; the page would answer with a picture."""

    async def unknown(request: Request) -> None:
        for route in app.router.routes:
            if route.matches(request.scope)[0] is Match.PARTIAL:
                raise HTTPException(405, "Method Not Allowed")
        raise HTTPException(404, "Not Found")

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    app.add_api_route("/api/{rest:path}", unknown, methods=methods, include_in_schema=False)
