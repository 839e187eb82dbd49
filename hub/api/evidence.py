"""Pictures and clips of cases over HTTP: what there is, each look with its purpose, and who looked."""

from pathlib import Path
from typing import Annotated

import msgspec
import structlog
from fastapi import APIRouter, HTTPException, Query
from fastapi import Path as InPath
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from cases.events import rfc3339
from hub.access import Principal
from hub.case_store.footage import Shown
from hub.evidence.looking import Purpose, episodes_of, look, may_look
from hub.evidence.pack import Seen, listed, packed, purposes
from model.errors import Refused
from model.footage import Kind, Type, file_name

from .answer import answer
from .auth import Administrator, Hub, Reader
from .cases import CaseId, Worker, visible
from .services import Services
from .words import Limit

log = structlog.get_logger()
router = APIRouter(tags=["evidence"])

Digest = Annotated[str, InPath(pattern=r"^[0-9a-f]{64}$")]
OptionalCase = Annotated[str, Query(max_length=64, pattern=r"^[0-9A-Za-z_-]*$")]


@router.get("/cases/{case_id}/evidence", summary="The evidence of a case 案件证据清单")
def list_evidence(hub: Hub, who: Reader, case_id: CaseId) -> Response:
    """Return what its sensors said, and each episode of a camera with its files and their SHA-256.

    An episode's `state` is `here`, `on_its_way`, `missing` or `none` (`note` says why no clip comes).
    `may_look` says whether the asker may see the pictures; `purposes` are those that are accepted.
    """
    case = visible(hub, who, case_id)
    found = listed(case, episodes_of(hub, case))
    return answer(found | {"may_look": may_look(who, case), "purposes": purposes()})


@router.get("/cases/{case_id}/evidence/pack", summary="The evidence pack, as ZIP 证据包")
def get_pack(hub: Hub, who: Worker, case_id: CaseId, purpose: Purpose) -> Response:
    """Return the case, its history, every picture and clip, and a manifest; each look is logged."""
    return pack_of(hub, who, case_id, purpose)


def pack_of(hub: Services, who: Principal, case_id: str, purpose: Purpose) -> Response:
    """Return the evidence pack of a case for somebody's browser or program; for worker threads."""
    case = visible(hub, who, case_id)
    if not may_look(who, case):
        raise HTTPException(403, "these pictures are for those who work on the case")
    episodes = episodes_of(hub, case)
    seen = [
        Seen(*_look(hub, who, shown.sha256, purpose, case.id))
        for episode in episodes
        for shown in episode.files
        if hub.footage_path(shown.sha256, Type(shown.type)).exists()
    ]
    fired = sorted({(member.rule, member.rule_hash) for member in case.members if member.rule_hash})
    path = packed(
        case, hub.store.history(case.id), episodes, seen,
        rules=[text for name, hashed in fired if (text := hub.rule(name, hashed))],
        folder=hub.scratch / "packs",
    )  # fmt: skip
    return FileResponse(
        path,
        media_type="application/zip",
        filename=f"case-{case.id}-evidence.zip",
        background=BackgroundTask(path.unlink, missing_ok=True),
    )


@router.get("/evidence/views", summary="Who looked at pictures, and why 画面查看记录")
def list_views(
    hub: Hub, who: Administrator, case: OptionalCase = "", limit: Limit = 100
) -> Response:
    """Return the newest looks in the asker's territory, newest first."""
    found = hub.store.footage.looks(grid=who.grid, case=case, limit=limit)
    items = [msgspec.to_builtins(item) | {"at": rfc3339(item.at)} for item in found]
    return answer({"items": items, "next": None})


@router.get("/evidence/{sha256}", summary="One picture or clip 查看画面")
async def get_file(
    hub: Hub,
    who: Worker,
    *,
    sha256: Digest,
    purpose: Purpose,
    case: OptionalCase = "",
) -> Response:
    """Return the bytes; the look is logged before. Ranges are served, so that a clip can be wound."""
    return await shown_file(hub, who, sha256=sha256, purpose=purpose, case=case)


@router.put("/evidence/{sha256}/pin", summary="Keep a file until further notice 固定证据")
def pin(hub: Hub, who: Administrator, sha256: Digest) -> Response:
    """Let a file stay whatever the retention says, for instance since the police asked for it."""
    return _pin(hub, who, sha256, by=who.name)


@router.delete("/evidence/{sha256}/pin", summary="No longer keep a file 取消固定")
def unpin(hub: Hub, who: Administrator, sha256: Digest) -> Response:
    """Let the retention of its class hold again."""
    return _pin(hub, who, sha256, by="")


async def shown_file(
    hub: Services, who: Principal, *, sha256: str, purpose: Purpose, case: str
) -> Response:
    """Return a picture or clip for somebody's browser or program, and log the look."""
    shown, path = await run_in_threadpool(_look, hub, who, sha256, purpose, case)
    name = file_name(shown.episode, Kind(shown.kind), Type(shown.type), shown.number)
    return FileResponse(
        path,
        media_type=Type(shown.type).media,
        filename=name,
        content_disposition_type="inline",
        headers={"cache-control": "no-store"},
    )


def _look(
    hub: Services, who: Principal, sha256: str, purpose: Purpose, case: str
) -> tuple[Shown, Path]:
    try:
        return look(hub, who, sha256, purpose, case=case)
    except Refused as error:
        raise HTTPException(403, str(error)) from error
    except LookupError as error:
        raise HTTPException(404, str(error)) from error


def _pin(hub: Services, who: Principal, sha256: str, *, by: str) -> Response:
    mine = [
        shown
        for shown in hub.store.footage.by_hash(sha256)
        if not who.grid or any(_in_territory(hub, who, name) for name in hub.store.footage.cases_of(shown))
    ]  # fmt: skip
    if not mine:
        raise HTTPException(404, f"no picture or clip {sha256}")
    hub.store.footage.pin(sha256, by)
    log.info("evidence_pinned" if by else "evidence_unpinned", sha256=sha256, by=who.name)
    return answer({"sha256": sha256, "pinned_by": by})


def _in_territory(hub: Services, who: Principal, name: str) -> bool:
    case = hub.store.get(name)
    return case is not None and who.sees(case.grid)
