"""Silences 静默 and maintenance windows: look at history first, create, approve, end."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from nicegui import ui
from nicegui.events import GenericEventArguments
from starlette.concurrency import run_in_threadpool

from hub.access import Role
from hub.api.silences import DAY, PREVIEW_DAYS, created, limited, seen_by, within
from model.errors import HubError, Refused
from model.silence import REASON_MAX, Deed, Silence, SilenceOrder

from .case.markup import tag
from .fragment import Fragment
from .silences_html import MINUTE, Typed, form_html, list_html, may_silence, preview_html
from .site import Site, Title, Visit

LOOK_S = 3.0
SUBMIT = (
    "(e) => { if (!e.target.dataset.form) return; e.preventDefault();"
    " emit({typed: Object.fromEntries(new FormData(e.target)),"
    " todo: e.submitter ? e.submitter.value : 'preview'}); }"
)
CLICK = (
    "(e) => { const b = e.target.closest('[data-deed]');"
    " if (b) emit({deed: b.dataset.deed, silence: b.dataset.silence}); }"
)


def register(site: Site) -> None:
    """Serve the page."""
    site.page("/silences", Title("静默与维护", "Silences and maintenance"), build)


async def build(visit: Visit) -> None:
    """Draw the form and the list, and keep the list current."""
    page = SilencePage(visit)
    page.draw()
    page.look()
    ui.timer(LOOK_S, page.look, immediate=False)  # drawn a moment ago


class SilencePage:
    """One person who looks at silences, and may order them."""

    def __init__(self, visit: Visit) -> None:
        """Take who looks; nothing is drawn yet."""
        self._visit = visit
        self._drawn = ""
        self._order = secrets.token_hex(8)  # so that a form sent twice makes one silence

    def draw(self) -> None:
        """Draw what says what happened, the form, the preview's place and the list's."""
        visit = self._visit
        host = ui.element("div").classes("sh-walk-page").style("width:100%")
        host.on("submit", self._submit, js_handler=SUBMIT)
        host.on("click", self._click, js_handler=CLICK)
        with host:
            self._said = Fragment().props('role="alert"')
            if may_silence(visit):
                Fragment(form_html(visit)).classes("sh-card")
            self._preview = Fragment().props('aria-live="polite"')
            self._list = Fragment()

    def look(self) -> None:
        """Show the silences as they are now."""
        visit = self._visit
        registry = visit.hub.registry()
        found = seen_by(visit.hub.silences(), visit.who, registry)
        content = list_html(visit, found, lambda s: within(s.scope, visit.who, registry))
        if content != self._drawn:
            self._drawn = content
            self._list.set_content(content)

    async def _submit(self, event: GenericEventArguments) -> None:
        """Show what it would have muted, or create it; what is wrong is said, nothing typed is lost."""
        typed: Mapping[str, str] = event.args["typed"]
        create = event.args["todo"] == "create"
        if not await self._still():
            return
        await self._tried(partial(self._create if create else self._look_back, Typed(typed)))

    async def _look_back(self, typed: Typed) -> None:
        visit, hub = self._visit, self._visit.hub
        if not typed.scope.named():
            raise Refused(visit.say("请先选择范围", "choose a scope first"), missing=("scope",))
        scope = await run_in_threadpool(limited, hub, visit.who, typed.scope)
        since = hub.now() - PREVIEW_DAYS * DAY
        ask = partial(hub.preview_silence, scope, emergencies=typed.emergencies, since=since)
        self._preview.set_content(preview_html(visit, await run_in_threadpool(ask)))

    async def _create(self, typed: Typed) -> None:
        visit = self._visit
        now = visit.hub.now()
        start = typed.starts(visit.zone) or 0
        order = SilenceOrder(
            id=self._order, actor=visit.who.name, scope=typed.scope,
            reason=typed.text("reason")[:REASON_MAX], starts_at=start,
            ends_at=max(now, start) + typed.minutes * MINUTE,
            emergencies=typed.emergencies, patrol=typed.text("patrol"),
        )  # fmt: skip
        try:
            silence = await created(visit.hub, visit.who, order)
        except Refused:  # the next one is another order
            self._order = secrets.token_hex(8)
            raise
        self._order = secrets.token_hex(8)
        self._preview.set_content("")
        self._say(_told(visit, silence), good=True)
        self.look()

    async def _click(self, event: GenericEventArguments) -> None:
        """Approve or end a silence of the visitor's territory."""
        deed, ident = Deed(str(event.args["deed"])), str(event.args["silence"])
        visit, registry = self._visit, self._visit.hub.registry()
        role = Role.DISPATCH if deed is Deed.APPROVE else None
        if not await self._still(role):
            return
        mine = {s.id for s in visit.hub.silences() if within(s.scope, visit.who, registry)}
        if ident in mine and deed is not Deed.CREATE:
            await self._tried(partial(self._order_deed, ident, deed))

    async def _order_deed(self, ident: str, deed: Deed) -> None:
        visit = self._visit
        silence = await visit.hub.order_silence(SilenceOrder(ident, visit.who.name, deed))
        self._say(_told(visit, silence), good=True)
        self.look()

    async def _tried(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except LookupError:
            self._say(
                self._visit.say("没有这个对象，或不在您的辖区", "No such thing in your territory")
            )
        except HubError as error:
            self._say(str(error))

    async def _still(self, needed: Role | None = None) -> bool:
        visit = self._visit
        role = Role.DISPATCH if visit.may(Role.DISPATCH) else Role.MAINTENANCE
        return await visit.still(needed or role)

    def _say(self, text: str, *, good: bool = False) -> None:
        self._said.set_content(tag("p", text, class_="sh-card" if good else "sh-card sh-walk-no"))


def _told(visit: Visit, silence: Silence) -> str:
    until = visit.time(silence.ends_at, seconds=False)
    return {
        "awaiting_approval": visit.say(
            "已提交，等待第二人批准", "Sent; a second person must approve it"
        ),
        "planned": visit.say("已计划，到时自动开始", "Planned; it begins by itself"),
        "active": visit.say(f"已生效，至 {until}", f"In force, until {until}"),
        "ended": visit.say(
            "已结束。仍在持续的异常已立案。", "Ended. What still holds has its case now."
        ),
    }[silence.state]
