"""Walk tests 巡检测试 over HTTP: what is tried on purpose now, by whom and until when."""

import secrets
from typing import Annotated

import msgspec
from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cases.events import rfc3339
from hub.access import Principal
from model.place import Registry
from model.walk_test import LASTS_MS, LONGEST_MS, Scope, WalkTest, WalkTestOrder

from .answer import answer
from .auth import Hub, Reader, Tester
from .devices import in_territory
from .services import Json, Services
from .words import Name

router = APIRouter(prefix="/walk-tests", tags=["walk tests"])

MINUTE = 60_000
_ID = r"^[0-9A-Za-z_.:-]+$"
Reason = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]


class StartBody(BaseModel):
    """What is tried, why, and for how long; `id` makes a repeat of the request harmless."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope = Scope.DEVICE
    subject: Name = Field(description="id of a device (with all that it fronts) or compound")
    reason: Reason
    minutes: int = Field(default=LASTS_MS // MINUTE, ge=1, le=LONGEST_MS // MINUTE)
    id: Annotated[str, Field(max_length=64, pattern=_ID)] | None = None


@router.get("", summary="Walk tests, the running ones first 巡检测试")
def list_walk_tests(
    hub: Hub,
    who: Reader,
    *,
    running: Annotated[bool, Query(description="only those that run now")] = False,
) -> Response:
    """Return the tests of the asker's territory, each with the devices that alarmed in it."""
    tests = hub.running_walk_tests() if running else hub.walk_tests()
    registry = hub.registry()
    mine = [shown(test) for test in tests if concerns(test, who, registry)]
    return answer({"items": mine, "next": None})


@router.post("", summary="Start a walk test 开始巡检测试", status_code=201)
async def start(hub: Hub, who: Tester, body: StartBody) -> Response:
    """Start it; it ends by itself. 409 when the subject is under test already."""
    await run_in_threadpool(known, hub, who, body.scope, body.subject)
    order = WalkTestOrder(
        id=body.id or secrets.token_hex(8),
        actor=who.name,
        scope=body.scope,
        subject=body.subject,
        reason=body.reason,
        lasts_ms=body.minutes * MINUTE,
    )
    return answer(shown(await hub.order_walk_test(order)), status=201)


@router.delete("/{walk_test}", summary="Stop a walk test 结束巡检测试")
async def stop(
    hub: Hub, who: Tester, walk_test: Annotated[str, Path(max_length=64, pattern=_ID)]
) -> Response:
    """Stop it and return it; what its devices still say is real at once."""
    found = next((test for test in hub.walk_tests() if test.id == walk_test), None)
    if found is None or not concerns(found, who, hub.registry()):
        raise HTTPException(404, f"no walk test {walk_test}")
    order = WalkTestOrder(id=walk_test, actor=who.name, stops=True)
    return answer(shown(await hub.order_walk_test(order)))


def shown(test: WalkTest) -> Json:
    """Return a test as JSON; times are RFC 3339."""
    found: Json = msgspec.to_builtins(test)
    del found["started_awake"]
    ended = None if test.ended_at is None else rfc3339(test.ended_at)
    alarmed = {device: rfc3339(at) for device, at in test.alarmed.items()}
    return found | {
        "started_at": rfc3339(test.started_at),
        "until": rfc3339(test.until),
        "ended_at": ended,
        "alarmed": alarmed,
    }


def concerns(test: WalkTest, who: Principal, registry: Registry) -> bool:
    """Return whether a test lies in somebody's territory."""
    return in_territory(_subject(test.scope, test.subject), who, registry)


def subject_name(registry: Registry, test: WalkTest) -> str:
    """Return what a test covers, by the name that people know."""
    if test.scope is Scope.COMPOUND:
        compound = registry.compounds.get(test.subject)
        return compound.name if compound else test.subject
    place = registry.place_of(test.subject)
    return " ".join(str(part) for part in (place.name if place else "", test.subject) if part)


def known(hub: Services, who: Principal, scope: Scope, subject: str) -> None:
    """Raise LookupError when there is no such device or compound in somebody's territory."""
    registry = hub.registry()
    if scope is Scope.COMPOUND:
        there = subject in registry.compounds
    else:
        there = hub.device(subject) is not None
    if not there or not in_territory(_subject(scope, subject), who, registry):
        raise LookupError(f"no {scope} {subject}")


def _subject(scope: Scope, subject: str) -> str:
    return f"place:{subject}" if scope is Scope.COMPOUND else subject
