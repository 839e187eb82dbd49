"""Whether the hub lives, is ready, and what it counted and could not understand."""

from ipaddress import ip_address

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from hub.case_store import DeadLetter

from .answer import answer
from .auth import Accounts, Administrator, Hub, UnlimitedReader
from .words import Limit, Word

router = APIRouter(tags=["system"])
beside = APIRouter(tags=["system"])

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


@beside.get("/livez", summary="The process answers 存活")
async def livez() -> Response:
    """Return 200 while the process answers at all."""
    return answer({"alive": True})


@beside.get("/readyz", summary="Alarms become cases now 就绪")
async def readyz(hub: Hub) -> Response:
    """Return 200, or 503 with what is wrong; does not depend on the store of readings."""
    ready, detail = hub.ready()
    return answer({"ready": ready, **detail}, status=200 if ready else 503)


@beside.get("/metrics", summary="Prometheus metrics 指标")
def metrics(hub: Hub, access: Accounts, request: Request) -> Response:
    """Return metrics to this machine, and elsewhere to any unlimited token.

    Behind a proxy every request seems to come from this machine, so one that says it was forwarded
    needs a token too.
    """
    if not _is_local(request):
        token = request.headers.get("authorization", "").partition(" ")[2]
        who = access.authenticate(token) if token else None
        if who is None or who.grid:
            headers = {"WWW-Authenticate": "Bearer"}
            raise HTTPException(401, "a bearer token is needed from elsewhere", headers=headers)
    return Response(hub.metrics(), media_type=METRICS_TYPE)


@router.get("/counters", summary="What every hop counted 计数")
def counters(hub: Hub, _who: UnlimitedReader) -> Response:
    """Return the counters of every hop, and those that survive a restart."""
    kept = {f"kept.{name}": value for name, value in hub.store.counters().items()}
    waiting = {f"outgoing.{name}": value for name, value in hub.store.outbox.depth().items()}
    return answer({**kept, **waiting, **hub.counters()})


@router.get("/deadletters", summary="Messages that were rejected, newest first 死信")
def list_dead_letters(
    hub: Hub, _who: Administrator, *, reason: Word = "", limit: Limit = 100
) -> Response:
    """Return rejected messages with reason and first bytes (hex); they may hold personal data."""
    found = hub.store.dead_letters(limit, reason)
    return answer({"items": [_shown(letter) for letter in found], "next": None})


def _shown(letter: DeadLetter) -> dict[str, object]:
    return {
        "id": letter.id,
        "at": letter.at,
        "origin": letter.origin,
        "source": letter.source,
        "reason": letter.reason,
        "detail": letter.detail,
        "count": letter.count,
        "payload": letter.payload.hex(),
    }


def _is_local(request: Request) -> bool:
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
