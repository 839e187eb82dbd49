"""Cases over HTTP: the list, one case with whom to call, its history, and what people do to it."""

import secrets
from collections.abc import Sequence
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, StrictBool, model_validator
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cases.actions import ACTIONS
from cases.closing import Item
from cases.events import case_json, rfc3339
from hub.access import Principal, Role
from hub.case_store import CaseFilter
from hub.case_store.store import LIMIT_MAX
from model.case import Case, EventClass, HistoryItem, State
from model.entry import Action
from model.place import Level

from .answer import answer
from .auth import Hub, Reader
from .contacts import whom_to_call
from .reasons import reasons
from .services import Json, Services
from .words import Name, Text, Word

router = APIRouter(prefix="/cases", tags=["cases"])

FIELDS_MAX = 40
MAINTENANCE_CLASSES = frozenset({EventClass.MAINTENANCE, EventClass.IMPAIRMENT})
"""What the role `maintenance` works on; the role `dispatch` works on all."""

_RANK = {level: rank for rank, level in enumerate(Level)}

CaseId = Annotated[str, Path(max_length=64, pattern=r"^[0-9A-Za-z_-]+$")]
FieldValue = StrictBool | FiniteFloat | Text | Annotated[list[Text], Field(max_length=50)] | None


def may_work_on(who: Principal, cls: EventClass) -> bool:
    """Return whether somebody's role lets them act on cases of a class."""
    if who.role.includes(Role.DISPATCH):
        return True
    return who.role.includes(Role.MAINTENANCE) and cls in MAINTENANCE_CLASSES


def worker(who: Reader) -> Principal:
    """Let pass who may work on cases of some class."""
    if not any(may_work_on(who, cls) for cls in EventClass):
        roles = f"{Role.DISPATCH} or {Role.MAINTENANCE}"
        raise HTTPException(403, f"this needs the role {roles}; the token has {who.role}")
    return who


Worker = Annotated[Principal, Depends(worker)]


class CaseQuery(BaseModel):
    """Which cases: every field given must hold; a field given twice means either."""

    model_config = ConfigDict(extra="forbid")

    cls: list[EventClass] = Field(default=[], alias="class")
    category: list[Word] = []
    severity: list[Word] = []
    state: list[State] = []
    level: list[Level] = []
    mode: list[Word] = []
    grid: list[Word] = []
    place: list[Word] = []
    subject: list[Word] = []
    rule: list[Word] = []
    compound: list[Word] = []
    assignee: list[Word] = []
    open: bool | None = None
    cursor: Word = ""
    limit: int = Field(default=100, ge=1, le=LIMIT_MAX)

    def filter(self, who: Principal) -> CaseFilter:
        """Return the store's filter, limited to the asker's territory."""
        words = self.model_dump(mode="json", exclude={"open", "cursor", "limit"})
        fields = {name: tuple(found) for name, found in words.items()}
        return CaseFilter(**fields, open=self.open, grid_prefix=who.grid)


class ActionBody(BaseModel):
    """Who does it, at which level, and the fields of the action itself beside them.

    `id` makes a repeat of the request harmless. Only an administrator may name another `actor`.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, FieldValue]

    actor: Name | None = None
    level: Level | None = None
    id: Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Za-z_.:-]+$")] | None = None

    @model_validator(mode="after")
    def _few_and_short(self) -> "ActionBody":
        names = self.__pydantic_extra__
        if len(names) > FIELDS_MAX or any(len(name) > 64 for name in names):  # noqa: PLR2004 - a word
            raise ValueError(f"at most {FIELDS_MAX} fields with names of at most 64 letters")
        return self


@router.get("", summary="Cases, newest first 案件列表")
def list_cases(hub: Hub, who: Reader, query: Annotated[CaseQuery, Query()]) -> Response:
    """Return `{"items": […], "next": cursor}`; give the cursor back for the next page."""
    found, cursor = hub.store.find(query.filter(who), cursor=query.cursor, limit=query.limit)
    return answer({"items": [case_json(case) for case in found], "next": cursor})


@router.get("/{case_id}", summary="One case, with its history and whom to call 案件详情")
def show_case(hub: Hub, who: Reader, request: Request, case_id: CaseId) -> Response:
    """Return the case; `contacts` are in the order in which to call them at this hour.

    `closing_parts` says which proof a closing by the asker needs, and what of it is there.
    """
    case = visible(hub, who, case_id)
    zone: ZoneInfo = request.app.state.zone
    body = case_json(case)
    body["history"] = [_line(item) for item in hub.store.history(case.id)]
    body["contacts"] = whom_to_call(case, hub.registry(), now=hub.now(), zone=zone)
    body["closing_parts"] = [item._asdict() for item in closing_parts(hub, who, case)]
    return answer(body)


@router.get("/{case_id}/history", summary="A case's history, hash-chained 案件历史")
def show_history(hub: Hub, who: Reader, case_id: CaseId) -> Response:
    """Return every line from the first."""
    case = visible(hub, who, case_id)
    items = [_line(item) for item in hub.store.history(case.id)]
    return answer({"items": items, "next": None})


@router.get("/{case_id}/why", summary="Why a case is there 立案依据")
def show_why(hub: Hub, who: Reader, case_id: CaseId) -> Response:
    """Return each rule that fired: its text then, its values in words, and what it holds now."""
    case = visible(hub, who, case_id)
    return answer(reasons(hub, case, who))


@router.post("/{case_id}/actions/{action}", summary="Do something to a case 案件操作")
async def act(
    hub: Hub, who: Worker, case_id: CaseId, action: Word, body: ActionBody | None = None
) -> Response:
    """Return the case afterwards; 409 names what is missing.

    The role `dispatch` acts on every case, `maintenance` on maintenance and impairment.
    """
    if action not in ACTIONS:
        raise HTTPException(404, f"no action {action}; there are: {', '.join(sorted(ACTIONS))}")
    body = body or ActionBody()
    case = await run_in_threadpool(visible, hub, who, case_id)
    if not may_work_on(who, case.cls):
        raise HTTPException(403, f"the role {who.role} does not work on cases of class {case.cls}")
    submitted = Action(
        case=case.id,
        name=action,
        actor=_actor(who, body),
        at=hub.now(),
        fields=dict(body.__pydantic_extra__),
        level=_level(who, body).value,
        id=body.id or secrets.token_hex(12),
    )
    return answer(case_json(await hub.submit(submitted)))


def closing_parts(hub: Services, who: Principal, case: Case) -> Sequence[Item]:
    """Return what a closing by somebody needs, and what is there; a closed case needs nothing."""
    return () if case.state is State.CLOSED else hub.closing_parts(case, who.name)


def visible(hub: Services, who: Principal, case_id: str) -> Case:
    """Return a case in the asker's territory; elsewhere it is as if there were none."""
    case = hub.store.get(case_id)
    if case is None or not who.sees(case.grid):
        raise HTTPException(404, f"no case {case_id}")
    return case


def _line(item: HistoryItem) -> Json:
    """Return a line of history; its hash covers the time in ms, so that is there too."""
    return {**msgspec.structs.asdict(item), "at": rfc3339(item.at), "at_ms": item.at}


def _actor(who: Principal, body: ActionBody) -> str:
    if body.actor is None or body.actor == who.name:
        return who.name
    # The rule "verifier ≠ handler" means something only if names are not free.
    if who.role is not Role.ADMINISTRATOR:
        raise HTTPException(403, "only an administrator may name another actor")
    return body.actor


def _level(who: Principal, body: ActionBody) -> Level:
    if body.level is None:
        # Whoever acts for another says so at which level; the lowest holds otherwise.
        return who.level if body.actor in {None, who.name} else Level.GRID
    if _RANK[body.level] > _RANK[who.level]:
        raise HTTPException(403, f"the token acts at level {who.level}, not {body.level}")
    return body.level
