"""The false-alarm ledger 误报台账 over HTTP: which rules, devices and hours people found false."""

from collections.abc import Iterator
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from cases.comparing import Precision
from cases.ledger import Line, ledger
from hub.case_store import CaseFilter
from model.case import Case

from .answer import answer
from .auth import Hub, Reader
from .services import Json, Services

router = APIRouter(tags=["rules"])

DAY_MS = 86_400_000
PAGE = 500
CASES_MAX = 20_000
"""So many of the newest cases are looked at; the answer says when there were more."""


@router.get("/ledger", summary="False alarms by rule, device and hour 误报台账")
def show_ledger(
    hub: Hub, who: Reader, request: Request, *, days: Annotated[int, Query(ge=1, le=366)] = 30
) -> Response:
    """Return a line for each rule with what people found; tests and drills are not in it."""
    zone: ZoneInfo = request.app.state.zone
    found, complete = looked_at(hub, since=hub.now() - days * DAY_MS, grid=who.grid)
    items = [shown(line) for line in ledger(found, zone)]
    return answer({"items": items, "next": None, "cases": len(found), "complete": complete})


def looked_at(hub: Services, *, since: int, grid: str) -> tuple[list[Case], bool]:
    """Return the cases of a territory opened since a time (ms), and whether those are all."""
    found: list[Case] = []
    for case in _newest(hub, grid):
        if case.opened_at < since:
            return found, True
        if len(found) == CASES_MAX:
            return found, False
        found.append(case)
    return found, True


def _newest(hub: Services, grid: str) -> Iterator[Case]:
    cursor: str | None = ""
    while cursor is not None:
        page, cursor = hub.store.find(CaseFilter(grid_prefix=grid), cursor=cursor, limit=PAGE)
        yield from page


def shown(line: Line) -> Json:
    """Return a line as JSON; `precision` is 0 to 1, null when nobody has judged any case."""
    return {
        "rule": line.rule,
        **_found(line.found),
        "causes": line.causes,
        "devices": [{"device": device, **_found(found)} for device, found in line.devices],
        "hours": [_found(found) for found in line.hours],
    }


def _found(found: Precision) -> Json:
    return {
        "real": found.real,
        "false": found.false,
        "unknown": found.unknown,
        "precision": None if found.share is None else round(found.share, 4),
    }
