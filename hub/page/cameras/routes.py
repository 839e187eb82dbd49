"""What the scripts of the camera pages ask for: tiles that changed, and pictures."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hub.access import Principal, Role
from hub.api.answer import answer
from hub.camera_views import gateway_of, visible
from hub.cameras import VIEWS
from hub.evidence.live import LivePurpose
from hub.page.case.markup import Markup
from hub.page.site import SESSION_COOKIE, Site, language_of
from hub.page.words import Lang

from .facts import facts_html
from .tiles import Tiles, open_cases
from .wall import PICTURE_ROLES, PURPOSE, WALL, Asked, poll, sees_pictures


class Door:
    """Asks who looks, for each request anew."""

    def __init__(self, site: Site) -> None:
        """Take who may enter."""
        self._site = site

    async def enter(self, request: Request, *roles: Role) -> Principal:
        """Return who asks; raises 401, and 403 for whoever has none of the roles."""
        token = request.cookies.get(SESSION_COOKIE, "")
        who = await run_in_threadpool(self._site.access.authenticate, token)
        if who is None:
            raise HTTPException(401, "sign in first")
        if not any(who.role.includes(role) for role in roles):
            raise HTTPException(403, "your role may not")
        return who


def routes(site: Site, tiles: Tiles) -> APIRouter:
    """Return the routes of pictures and tiles."""
    router = APIRouter(include_in_schema=False)
    door, hub = Door(site), site.hub

    @router.get("/page/cameras/tiles")
    async def changed(request: Request, after: Annotated[int, Query(ge=0)] = 0) -> Response:
        who = await door.enter(request, Role.READ)
        asked = Asked.of(request.query_params)
        lang = language_of(request)
        draw = partial(poll, tiles, who, asked, lang, after=after, now=hub.now())
        return answer(await run_in_threadpool(draw))

    @router.get("/page/cameras/picture")
    async def picture(
        request: Request,
        name: Annotated[str, Query(max_length=64)],
        view: str = "plain",
        of: str = "page",
        purpose: LivePurpose = LivePurpose.DUTY,
    ) -> Response:
        who = await door.enter(request, *PICTURE_ROLES)
        if view not in VIEWS:
            raise HTTPException(422, "view is plain or seen")

        def look() -> str | None:
            """Return the gateway whose picture is shown; None for a camera that is not there to see."""
            found = hub.device(name)
            if not visible(found, hub.cameras, name, who.sees):
                return None
            if of == "wall":
                hub.looks.note(who, WALL, PURPOSE)
            else:
                grid = found.place.grid if found and found.place else ""
                hub.looks.note(who, name, purpose.value, grid=grid)
            return gateway_of(found)

        gateway = await run_in_threadpool(look)
        if gateway is None:
            raise HTTPException(404, "no such camera")
        shot = hub.cameras.shot(name, view, gateway=gateway)
        if shot is None:
            raise HTTPException(404, "no picture yet")
        headers = {"cache-control": "no-store", "x-picture-at": str(shot.at)}
        return Response(shot.jpeg, media_type="image/jpeg", headers=headers)

    @router.get("/page/cameras/facts")
    async def facts(request: Request, name: Annotated[str, Query(max_length=64)]) -> Response:
        who = await door.enter(request, Role.READ)
        lang = language_of(request)
        html = await run_in_threadpool(facts_of, tiles, who, name, lang)
        if html is None:
            raise HTTPException(404, "no such camera")
        return answer({"html": str(html), "now": hub.now()})

    return router


def facts_of(tiles: Tiles, who: Principal, name: str, lang: Lang) -> Markup | None:
    """Return what is known of a camera now, None for one that somebody may not see; for worker threads."""
    drawn, _ = tiles.now(lang, pictures=sees_pictures(who))
    one = drawn.get(name)
    if one is None or not who.sees(one.view.grid):
        return None
    return facts_html(one.view, open_cases(tiles.board).get(name, ""), lang)
