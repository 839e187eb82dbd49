"""The cases 案件: lists by class that are never mixed, and the page of each case."""

from nicegui import ui
from nicegui.events import GenericEventArguments
from starlette.concurrency import run_in_threadpool

from hub.access import Role

from .case.listing import draw, filters_html
from .case.markup import Markup
from .case.page import CLICKS, SUBMITS, assets
from .case.page import build as build_case
from .case.reporting import Reporting
from .case.wanted import OPEN, Wanted, wanted
from .fragment import Fragment
from .site import Site, Title, Visit

LOOK_S = 0.5
AGES_S = 20.0  # ages and overdue marks change by themselves


def register(site: Site) -> None:
    """Serve the lists and the page of a case."""
    site.page("/cases", Title("案件", "Cases"), build)
    site.page("/cases/{case_id}", Title("案件", "Case"), build_case)


async def build(visit: Visit) -> None:
    """Draw the list of one class and keep it current."""
    assets(visit)
    want = wanted(visit.query)
    tabs, rows = await _drawn(visit, want)
    host = ui.element("div").classes("cl")
    host.props["data-case"] = "new"  # whose drafts the browser keeps for this page
    with host:
        head = Fragment(tabs)
        if visit.may(Role.DISPATCH):
            _report(visit, host)
        Fragment(filters_html(want, visit.lang))
        body = Fragment(rows)
    seen, drawn_at = visit.board.version, visit.hub.now()

    async def look() -> None:
        nonlocal seen, drawn_at
        version, now = visit.board.version, visit.hub.now()
        # The store is not asked at each change of a storm.
        news = version != seen and want.shown == OPEN
        if not news and now - drawn_at < AGES_S * 1000:
            return
        seen, drawn_at = version, now
        for region, content in zip((head, body), await _drawn(visit, want), strict=True):
            if region.content != content:
                region.set_content(content)

    ui.timer(LOOK_S, look)


async def _drawn(visit: Visit, want: Wanted) -> tuple[Markup, Markup]:
    # Copied here, where the board changes: the thread that draws must not see it change.
    return await run_in_threadpool(draw, visit, want, list(visit.board.cases.values()))


def _report(visit: Visit, host: ui.element) -> None:
    reporting = Reporting(visit)

    async def clicked(event: GenericEventArguments) -> None:
        await reporting.clicked(event.args)

    async def submitted(event: GenericEventArguments) -> None:
        await reporting.submitted(event.args)

    host.on("click", clicked, js_handler=CLICKS)
    host.on("submit", submitted, js_handler=SUBMITS)
    reporting.draw()
