"""Puts the API together."""

import os
from importlib.metadata import version
from zoneinfo import ZoneInfo

from fastapi import APIRouter, FastAPI

from hub.access import Access

from . import (
    accounts,
    cameras,
    cases,
    channels,
    devices,
    evidence,
    handovers,
    ledger,
    readings,
    reports,
    silences,
    stream,
    system,
    walk_tests,
)
from .limits import Limits
from .problem import install
from .services import Services

PREFIX = "/api/v1"
TOKEN_VARIABLE = "SMARTHUB_TOKEN"  # noqa: S105 - the variable's name, not a token


def create_app(
    services: Services, *, master_token: str | None = None, timezone: str = "Asia/Shanghai"
) -> FastAPI:
    """Return the API of a hub, ready to be served.

    `master_token` is accepted as administrator; None means the environment's `SMARTHUB_TOKEN`.
    `timezone` says by which hours contacts answer. Interactive documentation is off, since it would
    load scripts from elsewhere; `/openapi.json` describes everything.
    """
    app = FastAPI(title="smarthub", version=version("smarthub"), docs_url=None, redoc_url=None)
    if master_token is None:
        master_token = os.environ.get(TOKEN_VARIABLE, "")
    app.state.services = services
    app.state.access = Access(
        services.store.accounts, clock=services.now, master_token=master_token
    )
    app.state.zone = ZoneInfo(timezone)
    install(app)
    app.add_middleware(Limits)
    api = APIRouter(prefix=PREFIX)
    parts = (
        cases, devices, readings, reports, stream, system, accounts, channels, walk_tests, silences,
        handovers, ledger, cameras, evidence,
    )  # fmt: skip
    for part in parts:
        api.include_router(part.router)
    app.include_router(api)
    app.include_router(system.beside)
    return app
