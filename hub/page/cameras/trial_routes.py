"""What the editor asks for: whether settings are valid, and trials of them with a clip."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hub.access import Principal, Role
from hub.api.answer import answer
from hub.api.services import Services
from hub.camera_settings import checked, settings_of
from hub.camera_trials import Trials
from hub.camera_views import gateway_of, visible
from hub.evidence.looking import Purpose, look
from hub.page.entrance import from_here
from hub.page.site import Site, language_of
from hub.page.words import Lang
from model.errors import ConfigError, Refused, Transient
from model.footage import Kind
from model.yamlfile import ConfigErrors

from .routes import Door
from .trial_html import result_html


class Written(BaseModel):
    """A camera and what somebody wrote of it."""

    model_config = ConfigDict(extra="forbid")
    camera: str = Field(min_length=1, max_length=64)
    text: str = Field(max_length=48_000)
    clip: str = Field(default="", max_length=64, description="one that was brought")
    stored: str = Field(default="", pattern=r"^([0-9a-f]{64})?$", description="one of the evidence")


def routes(site: Site, trials: Trials) -> APIRouter:
    """Return the routes; all are for maintenance, and for pages of this hub."""
    router = APIRouter(include_in_schema=False)
    desk = _Desk(site, trials)

    @router.post("/page/cameras/check")
    async def check(request: Request, written: Written) -> Response:
        await desk.enter(request)
        return await desk.check(written)

    @router.post("/page/cameras/clip")
    async def clip(request: Request) -> Response:
        who = await desk.enter(request)
        return await desk.keep(who, request)

    @router.post("/page/cameras/trial")
    async def start(request: Request, written: Written) -> Response:
        return await desk.start(await desk.enter(request), written)

    @router.get("/page/cameras/trial")
    async def state(request: Request, trial: Annotated[str, Query(max_length=64)]) -> Response:
        who = await desk.enter(request)
        found = trials.state(who.name, trial)
        if found is None:
            raise HTTPException(404, "no such trial")
        return answer(_shown(found, language_of(request)))

    @router.delete("/page/cameras/trial")
    async def stop(request: Request, trial: Annotated[str, Query(max_length=64)]) -> Response:
        trials.stop((await desk.enter(request)).name, trial)
        return answer({})

    return router


def clip_for(hub: Services, trials: Trials, who: Principal, written: Written) -> Path:
    """Return the clip to look at; raises LookupError. Of the evidence only this camera's own.

    To try settings on kept evidence is to look at it: it needs the same right, and is written down.
    """
    if not written.stored:
        return trials.clip(who.name, written.clip)
    kept = hub.store.footage.by_hash(written.stored)
    if not any(one.kind == Kind.CLIP and one.camera == written.camera for one in kept):
        raise LookupError("the clip is not kept any more; choose another one 录像已清除，请另选")
    try:
        return look(hub, who, written.stored, Purpose.TECHNICAL)[1]
    except Refused as error:
        raise HTTPException(403, str(error)) from error


class _Desk:
    """Does what the routes ask; what cannot be done is said as the API says it."""

    def __init__(self, site: Site, trials: Trials) -> None:
        self._hub, self._trials, self._door = site.hub, trials, Door(site)

    async def enter(self, request: Request) -> Principal:
        if not from_here(request):
            raise HTTPException(403, "this came from another site")
        return await self._door.enter(request, Role.MAINTENANCE)

    async def check(self, written: Written) -> Response:
        try:
            await run_in_threadpool(checked, written.text, written.camera)
        except ConfigError as error:
            return answer({"ok": False, "errors": _problems(error)})
        return answer({"ok": True, "errors": []})

    async def keep(self, who: Principal, request: Request) -> Response:
        try:
            return answer({"clip": await self._trials.keep(who.name, request.stream())})
        except Refused as error:
            raise HTTPException(413, str(error)) from error
        except (Transient, OSError) as error:
            raise HTTPException(503, str(error)) from error

    async def start(self, who: Principal, written: Written) -> Response:
        cameras = self._hub.cameras
        device = await run_in_threadpool(self._hub.device, written.camera)
        if not visible(device, cameras, written.camera, who.sees):
            raise HTTPException(404, "no such camera")
        try:
            checked_one = await run_in_threadpool(checked, written.text, written.camera)
        except ConfigError as error:
            return answer({"errors": _problems(error)}, status=422)
        after = checked_one.model_dump(mode="json", exclude_unset=True)
        known = cameras.known(written.camera, gateway=gateway_of(device))
        before = settings_of(known.settings) if known else after
        after.setdefault(
            "fps", before.get("fps", 5.0)
        )  # the same frames for both, unless it was changed
        try:
            clip = await run_in_threadpool(clip_for, self._hub, self._trials, who, written)
            return answer({"trial": self._trials.start(who.name, clip, before, after)})
        except Refused as error:
            raise HTTPException(409, str(error)) from error
        except LookupError as error:
            raise HTTPException(404, str(error.args[0])) from error


def _shown(state: Mapping[str, object], lang: Lang) -> dict[str, object]:
    """Return a trial's state with its result as HTML."""
    found = dict(state)
    result = found.pop("result", None)
    if isinstance(result, dict):
        found["html"] = str(result_html(result, lang))
    return found


def _problems(error: ConfigError) -> list[str]:
    problems = error.problems if isinstance(error, ConfigErrors) else (error,)
    return [f"{f'line {one.line}: ' if one.line else ''}{_without_line(one)}" for one in problems]


def _without_line(error: ConfigError) -> str:
    return str(error).removeprefix(f"{error.line}: ")
