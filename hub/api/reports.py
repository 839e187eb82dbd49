"""What people report: a place, a category and a text become a case."""

import secrets
from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from cases.events import case_json
from hub.access import Principal
from model.entry import Report
from model.place import Registry

from .answer import answer
from .auth import Dispatcher, Hub
from .words import Name, Text, Word

router = APIRouter(tags=["reports"])


class ReportBody(BaseModel):
    """A matter as a grid worker writes it down; `reporter` is who raised it, else who sends it."""

    model_config = ConfigDict(extra="forbid")

    place: Name = Field(description="id of a building, compound or device")
    category: Name = "matter"
    text: Annotated[Text, Field(min_length=1)]
    reporter: Name | None = None
    contact: Word = ""
    id: Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Za-z_.:-]+$")] | None = None


@router.post("/reports", summary="Report a matter 上报", status_code=201)
async def report(hub: Hub, who: Dispatcher, body: ReportBody) -> Response:
    """Return the case that the report became; the same `id` sent again is refused (409)."""
    if who.grid and not covers(who, hub.registry(), body.place):
        raise HTTPException(403, f"{body.place} is not in the token's territory {who.grid}")
    submitted = Report(
        id=body.id or secrets.token_hex(12),
        place=body.place,
        category=body.category,
        text=body.text,
        reporter=body.reporter or who.name,
        at=hub.now(),
        contact=body.contact,
    )
    return answer(case_json(await hub.submit_report(submitted)), status=201)


def covers(who: Principal, registry: Registry, where: str) -> bool:
    """Return whether a place, or where a device is, lies in somebody's territory."""
    place = registry.place(where) or registry.place_of(where)
    return place is not None and who.sees(place.grid)
