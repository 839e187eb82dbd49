"""Shift hand-overs 交接班 over HTTP: how things stand, and who gave the shift to whom."""

from functools import partial
from typing import Annotated

import msgspec
from fastapi import APIRouter, HTTPException, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cases.events import rfc3339
from hub.access import Principal, SignInRefused
from hub.case_store.handovers import Handover
from hub.handover import NOTES_MAX, Given, hand_over
from model.errors import Refused

from .answer import answer
from .auth import Accounts, Dispatcher, Hub, Reader
from .services import Json, Services
from .shift import open_cases, read_snapshot
from .words import Limit, Name, Word

router = APIRouter(prefix="/handovers", tags=["shift hand-overs"])

Number = Annotated[int, Path(ge=1, le=2**53 - 1)]
TICKED_MAX = 20_000


class GiveBody(BaseModel):
    """Who takes the shift over, proven by their own password, and what both have looked at."""

    model_config = ConfigDict(extra="forbid")

    incoming: Name
    password: Annotated[str, Field(min_length=1, max_length=200)]
    notes: Annotated[str, Field(max_length=NOTES_MAX, pattern=r"^[^\x00]*$")] = ""
    ticked: Annotated[list[Word], Field(max_length=TICKED_MAX)] = Field(
        default=[], description="ids of every emergency that nobody has acknowledged"
    )


@router.get("", summary="Hand-overs, the newest first 交接记录")
def list_handovers(hub: Hub, who: Reader, limit: Limit = 20) -> Response:
    """Return the hand-overs of the asker's territory, without how things stood."""
    found = hub.store.handovers.newest(who.grid, limit=limit)
    items = [shown(made) for made in found]
    for item in items:
        del item["snapshot"]
    return answer({"items": items, "next": None})


@router.get("/current", summary="How things stand now 当前班情")
def current(hub: Hub, who: Reader) -> Response:
    """Return what a hand-over made now would keep; unacknowledged emergencies are to be ticked."""
    return answer(read_snapshot(hub, who, open_cases(hub.store, who)))


@router.get("/{number}", summary="One hand-over, whole 交接单")
def get_handover(hub: Hub, who: Reader, number: Number) -> Response:
    """Return how things stood; `intact` is false when the record was changed after it was made."""
    made = hub.store.handovers.get(number)
    if made is None or not who.sees(made.grid):
        raise HTTPException(404, f"no hand-over {number}")
    return answer(shown(made) | {"intact": hub.store.handovers.intact(number)})


@router.post("", summary="Hand the shift over 交班", status_code=201)
async def give(hub: Hub, who: Dispatcher, access: Accounts, body: GiveBody) -> Response:
    """Keep the hand-over. 409 names what is missing: an id that is not ticked, the other person."""
    given = Given(frozenset(body.ticked), body.notes, body.incoming, body.password)
    # The password of somebody else was wrong; the token that asks is as good as before.
    try:
        made = await run_in_threadpool(partial(_give, hub, who, given, check=access))
    except SignInRefused as error:
        if error.wait_s:
            raise
        raise Refused(f"the incoming person: {error}", missing=("password",)) from error
    return answer(shown(made), status=201)


def _give(hub: Services, who: Principal, given: Given, *, check: Accounts) -> Handover:
    snapshot = read_snapshot(hub, who, open_cases(hub.store, who))
    return hand_over(hub.store, check, given, who=who, snapshot=snapshot)


def shown(made: Handover) -> Json:
    """Return a hand-over as JSON; its time is RFC 3339."""
    found: Json = msgspec.to_builtins(made)
    return found | {"at": rfc3339(made.at)}
