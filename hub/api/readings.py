"""Readings of one device over HTTP."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from starlette.responses import Response

from .answer import answer
from .auth import Hub, Reader
from .devices import in_territory
from .words import Millis, Name

router = APIRouter(tags=["readings"])

DAY = 86_400_000


@router.get("/readings", summary="Readings of a device, newest first 读数")
def list_readings(
    hub: Hub,
    who: Reader,
    *,
    device: Name,
    since: Annotated[Millis | None, Query(description="default: a day before until")] = None,
    until: Annotated[Millis | None, Query(description="default: now")] = None,
    limit: Annotated[int, Query(ge=1, le=5000)] = 500,
) -> Response:
    """Return Readings with since <= received_at < until; 503 while their store is away."""
    if not in_territory(device, who, hub.registry()):
        raise HTTPException(404, f"no device {device}")
    end = hub.now() + 1 if until is None else until
    begin = max(0, end - DAY) if since is None else since
    if begin > end:
        raise HTTPException(422, "since is after until")
    return answer({"items": hub.readings.query(device, begin, end, limit), "next": None})
