"""What the scripts of the camera pages ask for: tiles that changed, and pictures."""

from collections import OrderedDict, deque
from functools import partial
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hub.access import PICTURE_ROLES, Principal, Role
from hub.api.answer import answer
from hub.camera_views import gateway_of, visible
from hub.cameras import PLAIN, VIEWS
from hub.evidence.live import LivePurpose
from hub.looks import REMEMBERED, SHIFT_MS
from hub.page.case.markup import Markup
from hub.page.site import SESSION_COOKIE, Site, language_of
from hub.page.words import Lang

from .facts import facts_html
from .tiles import Tiles, open_cases
from .wall import PURPOSE, WALL, Asked, poll, sees_pictures

WALL_EVERY_MS = 1_900
"""The wall's script asks every 2 s (static/cameras.js)."""

WALL_SCREENS = 4
"""So many walls somebody may have open at once; our assumption."""


class Pace:
    """How often the wall's pictures may be asked for; who wants to watch one camera says what for."""

    def __init__(self) -> None:
        """Remember nobody yet."""
        self._asked: OrderedDict[tuple[str, str], deque[int]] = OrderedDict()

    def allows(self, key: tuple[str, str], now: int) -> bool:
        """Whether somebody may have a camera's picture for the wall now (ms); counts the question."""
        asked = self._asked.setdefault(key, deque(maxlen=WALL_SCREENS))
        self._asked.move_to_end(key)
        if len(self._asked) > REMEMBERED:
            self._asked.popitem(last=False)
        if len(asked) == WALL_SCREENS and 0 <= now - asked[0] < WALL_EVERY_MS:
            return False
        asked.append(now)
        return True


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
    door, hub, pace = Door(site), site.hub, Pace()

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
        of: str = "",
        purpose: LivePurpose | None = None,
    ) -> Response:
        who = await door.enter(request, *PICTURE_ROLES)
        wall = of == "wall" and view == PLAIN
        if view not in VIEWS or (purpose is None and not wall):
            raise HTTPException(
                422, "view is plain or seen; a purpose is needed, except for the wall"
            )
        if purpose is None and not pace.allows((who.name, name), hub.now()):
            raise HTTPException(429, "the wall asks for each picture every 2 s")

        def look() -> str | None:
            """Return the gateway whose picture is shown; None for a camera that is not there to see."""
            found = hub.device(name)
            if not visible(found, hub.cameras, name, who.sees):
                return None
            grid = found.place.grid if found and found.place else ""
            if purpose is None:
                hub.looks.note(who, WALL, PURPOSE)
                hub.looks.note(who, name, PURPOSE, grid=grid, again_ms=SHIFT_MS)
            else:
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
