"""Cameras 摄像机 over HTTP: how each is and what it sees, and its newest picture."""

from functools import partial
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hub.access import PICTURE_ROLES, Principal
from hub.camera_views import camera_views, gateway_of, visible
from hub.evidence.live import LivePurpose

from .answer import answer
from .auth import Hub, Reader, require
from .words import Name

router = APIRouter(tags=["cameras"])

Watcher = Annotated[Principal, Depends(require(*PICTURE_ROLES))]


@router.get("/cameras", summary="Cameras: state, load, what they see now 摄像机")
def list_cameras(hub: Hub, who: Reader) -> Response:
    """Return the cameras of a territory, what needs a look first; `picture_at` is the newest picture's time."""
    found = camera_views(hub, who.sees)
    return answer({"items": msgspec.to_builtins(found), "next": None})


@router.get(
    "/cameras/{name}/picture",
    summary="The newest picture of a camera, masked (JPEG) 最新画面",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}},
)
async def picture(
    hub: Hub,
    who: Watcher,
    name: Annotated[Name, Path()],
    *,
    purpose: Annotated[LivePurpose, Query(description="what for; noted with the name")],
    view: Annotated[
        Literal["plain", "seen"], Query(description="seen: with what the algorithms saw")
    ] = "plain",
) -> Response:
    """Return the picture; its age in ms is in `X-Picture-Age`. A camera without one answers 404.

    Asking for it makes the gateway send newer ones for half a minute.
    """
    found = await run_in_threadpool(hub.device, name)
    if not visible(found, hub.cameras, name, who.sees):
        raise HTTPException(404, f"no camera {name}")
    grid = found.place.grid if found and found.place else ""
    await run_in_threadpool(partial(hub.looks.note, who, name, purpose.value, grid=grid))
    shot = hub.cameras.shot(name, view, gateway=gateway_of(found))
    if shot is None:
        raise HTTPException(404, f"no picture of {name} yet; ask again in 10 s")
    age = str(max(0, hub.now() - shot.at))
    headers = {"cache-control": "no-store", "x-picture-age": age}
    return Response(shot.jpeg, media_type="image/jpeg", headers=headers)
