"""Registers pages: each knows who is looking, in which language, and what they may do."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import Request
from nicegui import ui
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from hub.access import Access, Principal, Role
from hub.api.services import Services
from hub.rule_trials import RuleTrials
from hub.simulation.orders import Orders

from .assets import Assets
from .board import Board, Json
from .ledgers import Ledgers
from .words import Lang, local

SESSION_COOKIE = "smarthub_session"
LANGUAGE_COOKIE = "smarthub_lang"


class Title(NamedTuple):
    """A page's name in both languages."""

    zh: str
    en: str

    def say(self, lang: Lang) -> str:
        """Return it in one language."""
        return self.zh if lang is Lang.ZH else self.en


class Visit:
    """One person looking at one page."""

    def __init__(self, site: "Site", who: Principal, request: Request, token: str) -> None:
        """Take who looks at what; `token` is asked again before anything is done."""
        self.site, self.who = site, who
        self.hub, self.board, self.zone = site.hub, site.board, site.zone
        self.lang = language_of(request)
        self.path = path_of(request)
        self.given: dict[str, str] = {k: str(v) for k, v in request.path_params.items()}
        self.query = dict(request.query_params)
        self.token = token

    def say(self, zh: str, en: str) -> str:
        """Return one of two texts that mean the same."""
        return zh if self.lang is Lang.ZH else en

    def time(self, at: object, *, day: bool = True, seconds: bool = True) -> str:
        """Return a time on the clock of the place."""
        return local(at, self.zone, day=day, seconds=seconds)

    def sees(self, case: Json) -> bool:
        """Whether a case lies in the visitor's territory."""
        return self.who.sees(str(case.get("grid", "")))

    def may(self, role: Role) -> bool:
        """Whether the visitor has that role."""
        return self.who.role.includes(role)

    async def still(self, role: Role) -> bool:
        """Ask again whether the visitor may act: a session can have been withdrawn meanwhile."""
        who = await run_in_threadpool(self.site.access.authenticate, self.token)
        if who is not None and who.role.includes(role):
            return True
        ui.notify(
            self.say("会话已失效或无权限，请重新登录", "Your session has ended; sign in again"),
            type="negative",
        )
        ui.navigate.to(f"/login?next={quote(self.path)}")
        return False


Build = Callable[[Visit], Awaitable[None]]


class Site:
    """All pages of one hub."""

    def __init__(
        self,
        hub: Services,
        access: Access,
        board: Board,
        *,
        zone: ZoneInfo,
        secure: bool,
        orders: Orders | None = None,
    ) -> None:
        """Take the hub, who may enter, what is open, the clock's zone, and whether only HTTPS is used.

        With `orders` the territory is simulated: each page says so, and incidents can be planted.
        """
        self.hub, self.access, self.board = hub, access, board
        self.zone, self.secure, self.orders = zone, secure, orders
        self.assets = Assets()
        self.ledgers = Ledgers(hub, board, zone)
        self.rule_trials = RuleTrials(hub.scratch, zone)

    def asset(self, name: str) -> str:
        """Return the address of a file of ours; it changes with its content, so browsers may keep it."""
        return self.assets.address(name)

    def page(self, path: str, title: Title, build: Build, *, role: Role = Role.READ) -> None:
        """Serve a page to whoever has the role; others are asked to sign in."""
        from .shell import frame, refuse  # noqa: PLC0415 - the frame names pages, too

        async def serve(request: Request) -> Response | None:
            token = request.cookies.get(SESSION_COOKIE, "")
            who = await run_in_threadpool(self.access.authenticate, token) if token else None
            if who is None:
                where = quote(path_of(request))
                return RedirectResponse(f"/login?next={where}", status_code=303)
            visit = Visit(self, who, request, token)
            ui.page_title(f"{title.say(visit.lang)} · smarthub")
            with frame(visit, title):
                if who.role.includes(role):
                    await build(visit)
                else:
                    refuse(visit, role)
            return None

        ui.page(path, response_timeout=15)(serve)


def path_of(request: Request) -> str:
    """Return the path that was asked for as an address: what a device's id holds stays a part of it."""
    return quote(str(request.scope["path"]))


def language_of(request: Request) -> Lang:
    """Return the language that was chosen, else the browser's, else Chinese."""
    chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE, "")
    accepted = request.headers.get("accept-language", "zh")[:2].lower()
    return Lang.of(chosen, Lang.of(accepted, Lang.ZH))
