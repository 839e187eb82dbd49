"""Silences 静默 and maintenance windows over HTTP: list, preview, create, approve, end."""

import secrets
from collections import Counter
from collections.abc import Iterable
from typing import Annotated

import msgspec
from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cases.events import rfc3339
from cases.taxonomy import CATEGORIES
from hub.access import Principal, Role
from hub.silence_preview import Preview
from model.errors import Refused
from model.place import Registry
from model.silence import Deed, Scope, Silence, SilenceOrder

from .answer import answer
from .auth import Dispatcher, Hub, Reader, Tester
from .devices import in_territory
from .services import Json, Services

router = APIRouter(prefix="/silences", tags=["silences"])

MINUTE, DAY = 60_000, 86_400_000
PREVIEW_DAYS = 30
_ID = r"^[0-9A-Za-z_.:-]+$"
_PLAIN = r"^[^\x00-\x1f\x7f]*$"
_Reason = Annotated[str, Field(min_length=1, max_length=500, pattern=_PLAIN)]
_Part = Annotated[str, Field(max_length=128, pattern=_PLAIN)]
_Code = Annotated[str, Field(max_length=15, pattern=r"^[0-9]*$")]
SilenceId = Annotated[str, Path(max_length=64, pattern=_ID)]


class ScopeBody(BaseModel):
    """What is covered: all that is named must fit; at least one is named."""

    model_config = ConfigDict(extra="forbid")

    device: _Part = Field(default="", description="with all that it fronts")
    building: _Part = ""
    compound: _Part = ""
    grid: _Code = Field(default="", description="a grid's or division's code, or how it begins")
    rule: _Part = ""
    category: _Part = ""

    def scope(self) -> Scope:
        """Return it as the hub knows it."""
        return Scope(**{name: getattr(self, name) for name in ScopeBody.model_fields})


class PreviewQuery(ScopeBody):
    """A scope, and how far back to look."""

    emergencies: bool = False
    days: Annotated[int, Field(ge=1, le=366)] = PREVIEW_DAYS


class SilenceBody(BaseModel):
    """Who expects what, why, and until when; `id` makes a repeat of the request harmless."""

    model_config = ConfigDict(extra="forbid")

    scope: ScopeBody
    reason: _Reason
    starts: AwareDatetime | None = Field(default=None, description="left out: at once")
    ends: AwareDatetime | None = None
    minutes: Annotated[int, Field(ge=1, le=366 * 1440)] | None = None
    emergencies: bool = Field(
        default=False,
        description="their sound too, never their case; a second person approves, `patrol` walks",
    )
    patrol: _Part = ""
    id: Annotated[str, Field(min_length=1, max_length=64, pattern=_ID)] | None = None

    @model_validator(mode="after")
    def _ends_once(self) -> "SilenceBody":
        if (self.ends is None) == (self.minutes is None):
            raise ValueError("give exactly one of `ends` and `minutes`: a silence always ends")
        return self

    def order(self, actor: str, now: int) -> SilenceOrder:
        """Return the order that it asks for."""
        begin = now if self.starts is None else max(now, _ms(self.starts))
        end = begin + (self.minutes or 0) * MINUTE if self.ends is None else _ms(self.ends)
        return SilenceOrder(
            id=self.id or secrets.token_hex(8),
            actor=actor,
            scope=self.scope.scope(),
            reason=self.reason,
            starts_at=0 if self.starts is None else begin,
            ends_at=end,
            emergencies=self.emergencies,
            patrol=self.patrol,
        )


@router.get("", summary="Silences, those that have not ended first 静默")
def list_silences(
    hub: Hub,
    who: Reader,
    *,
    active: Annotated[bool, Query(description="only those that hold now")] = False,
) -> Response:
    """Return the silences that touch the asker's territory, each with what it muted."""
    registry = hub.registry()
    found = [s for s in hub.silences() if s.state == "active" or not active]
    return answer({"items": [shown(s) for s in seen_by(found, who, registry)], "next": None})


@router.get("/preview", summary="What a silence would have muted 预览")
async def preview_silence(
    hub: Hub,
    who: Tester,
    wanted: Annotated[PreviewQuery, Query()],
) -> Response:
    """Return the cases of the last days that would not have been opened, or not told aloud."""
    scope = await run_in_threadpool(limited, hub, who, wanted.scope())
    since = hub.now() - wanted.days * DAY
    found = await run_in_threadpool(
        hub.preview_silence, scope, emergencies=wanted.emergencies, since=since
    )
    return answer(previewed(found))


@router.post("", summary="Create a silence 新建静默", status_code=201)
async def create_silence(hub: Hub, who: Tester, body: SilenceBody) -> Response:
    """Create it; over emergencies it waits for a second person's approval."""
    order = body.order(who.name, hub.now())
    return answer(_told(hub, who, await created(hub, who, order)), status=201)


@router.post("/{silence}/approve", summary="Approve a silence over emergencies 批准")
async def approve_silence(hub: Hub, who: Dispatcher, silence: SilenceId) -> Response:
    """Approve it as a second person; 409 for its author."""
    _mine(hub, who, silence)
    order = SilenceOrder(silence, who.name, Deed.APPROVE)
    return answer(_told(hub, who, await hub.order_silence(order)))


@router.delete("/{silence}", summary="End a silence early 提前结束")
async def end_silence(hub: Hub, who: Tester, silence: SilenceId) -> Response:
    """End it and return it; what still holds opens its case at once."""
    _mine(hub, who, silence)
    order = SilenceOrder(silence, who.name, Deed.END)
    return answer(_told(hub, who, await hub.order_silence(order)))


async def created(hub: Services, who: Principal, order: SilenceOrder) -> Silence:
    """Create a silence of somebody's territory; raises Refused and LookupError."""
    scope = await run_in_threadpool(limited, hub, who, order.scope)
    start = max(hub.now(), order.starts_at)
    longest = hub.longest_silence()
    if order.ends_at - start > longest:
        days = longest // DAY
        raise Refused(
            f"a silence here lasts at most {days} days (最长 {days} 天)", missing=("ends",)
        )
    if order.emergencies and not who.role.includes(Role.DISPATCH):
        raise Refused(
            "a silence over emergencies is ordered by who dispatches (须由调度人员提出)",
            missing=("role",),
        )
    return await hub.order_silence(msgspec.structs.replace(order, scope=scope))


def limited(hub: Services, who: Principal, scope: Scope) -> Scope:
    """Return a scope within somebody's territory; raises LookupError for what is not there."""
    registry = hub.registry()
    if scope.device and not (
        scope.device.startswith("gateway:") or hub.device(scope.device) is not None
    ):
        raise LookupError(f"no device {scope.device}")
    if not who.grid:
        return scope
    if scope.device and not in_territory(scope.device, who, registry):
        raise LookupError(f"no device {scope.device}")
    for place in (scope.building, scope.compound):
        if place and not in_territory(f"place:{place}", who, registry):
            raise LookupError(f"no place {place}")
    if scope.grid and not who.sees(scope.grid):
        raise LookupError(f"no grid {scope.grid}")
    return msgspec.structs.replace(scope, grid=scope.grid or who.grid)


def touches(scope: Scope, who: Principal, registry: Registry) -> bool:
    """Return whether a silence concerns a territory: it lies in it, or covers it."""
    if not who.grid:
        return True
    if scope.grid:
        return scope.grid.startswith(who.grid) or who.grid.startswith(scope.grid)
    place = scope.place
    return not place or in_territory(place, who, registry)


def within(scope: Scope, who: Principal, registry: Registry) -> bool:
    """Return whether somebody may approve or end it: it reaches no further than their territory."""
    if not who.grid:
        return True
    if scope.grid:
        return scope.grid.startswith(who.grid)
    return bool(scope.place) and in_territory(scope.place, who, registry)


def seen_by(silences: Iterable[Silence], who: Principal, registry: Registry) -> list[Silence]:
    """Return the silences that touch a territory, each with only what it muted there.

    Of one that reaches further, only what is listed (its first 500) can be counted for a territory.
    """
    found = [s for s in silences if touches(s.scope, who, registry)]
    return [_narrowed(s, who, registry) for s in found] if who.grid else found


def _narrowed(silence: Silence, who: Principal, registry: Registry) -> Silence:
    def mine(subjects: dict[str, str]) -> dict[str, str]:
        return {k: v for k, v in subjects.items() if in_territory(v, who, registry)}

    muted = [m for m in silence.muted if in_territory(m.subject, who, registry)]
    count, counts = silence.count, silence.counts
    if not within(silence.scope, who, registry) or len(muted) < len(silence.muted):
        count, counts = len(muted), dict(Counter(m.category for m in muted))
    return msgspec.structs.replace(
        silence, muted=muted, count=count, counts=counts,
        held=mine(silence.held), quiet=mine(silence.quiet),
    )  # fmt: skip


def shown(silence: Silence) -> Json:
    """Return a silence as JSON; times are RFC 3339."""
    found: Json = msgspec.to_builtins(silence)
    for name in ("began_awake", "held", "quiet", "quiet_since"):
        found.pop(name, None)
    times = ("created_at", "starts_at", "ends_at", "approved_at", "began_at", "ended_at")
    found |= {name: _time(getattr(silence, name)) for name in times}
    muted = [
        {"emergency": False, **item, "at": _time(m.at), "ended_at": _time(m.ended_at)}
        for item, m in zip(msgspec.to_builtins(silence.muted), silence.muted, strict=True)
    ]
    return {
        "count": 0, "counts": {}, "emergencies": False, "patrol": "", "approved_by": "", "ended_by": "",
        **found, "scope": silence.scope.named(), "state": silence.state, "muted": muted,
        "holds": len(silence.held) + len(silence.quiet),
    }  # fmt: skip


def previewed(found: Preview) -> Json:
    """Return a preview as JSON."""
    made: Json = msgspec.to_builtins(found)
    cases = [
        {"id": c.id, "category": c.category, "class": c.cls, "place": c.place,
         "opened_at": rfc3339(c.opened_at), "what": c.what}
        for c in found.cases
    ]  # fmt: skip
    return made | {"since": rfc3339(found.since), "cases": cases}


def _told(hub: Services, who: Principal, silence: Silence) -> Json:
    return shown(_narrowed(silence, who, hub.registry()) if who.grid else silence)


def _mine(hub: Services, who: Principal, silence: str) -> None:
    found = next((s for s in hub.silences() if s.id == silence), None)
    if found is None or not within(found.scope, who, hub.registry()):
        raise HTTPException(404, f"no silence {silence}")


def _time(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)


def _ms(at: AwareDatetime) -> int:
    return round(at.timestamp() * 1000)


def scope_name(registry: Registry, scope: Scope) -> str:
    """Return what a silence covers: places by their names, categories in both languages."""
    parts = []
    for name, value in scope.named().items():
        place = registry.place(value) if name in {"building", "compound"} else None
        known = CATEGORIES.get(value) if name == "category" else None
        parts.append(place.name if place else f"{known.zh} {known.en}" if known else value)
    return " · ".join(parts)
