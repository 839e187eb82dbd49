"""The cases 案件: lists by class that are never mixed, and the page of each case."""

from nicegui import ui
from nicegui.events import GenericEventArguments
from starlette.concurrency import run_in_threadpool

from hub.access import Role

from .case.listing import Rows, filters_html, from_board, from_store, list_html, tabs_html
from .case.page import CLICKS, SUBMITS, assets
from .case.page import build as build_case
from .case.reporting import Reporting
from .case.wanted import OPEN, Wanted, compound_names, wanted
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
    host = ui.element("div").classes("cl")
    host.props["data-case"] = "new"  # whose drafts the browser keeps for this page
    with host:
        tabs = ui.html(tabs_html(visit, want), sanitize=False)
        if visit.may(Role.DISPATCH):
            _report(visit, host)
        ui.html(filters_html(want, visit.lang), sanitize=False)
        body = ui.html(list_html(visit, want, await _rows(visit, want)), sanitize=False)
    seen, drawn_at = visit.board.version, visit.hub.now()

    async def look() -> None:
        nonlocal seen, drawn_at
        now = visit.hub.now()
        if visit.board.version == seen and now - drawn_at < AGES_S * 1000:
            return
        if want.shown != OPEN and now - drawn_at < AGES_S * 1000:
            return  # the store is not asked at each change of a storm
        seen, drawn_at = visit.board.version, now
        for region, content in (
            (tabs, tabs_html(visit, want)),
            (body, list_html(visit, want, await _rows(visit, want))),
        ):
            if region.content != content:
                region.set_content(content)

    ui.timer(LOOK_S, look)


async def _rows(visit: Visit, want: Wanted) -> Rows:
    names = compound_names(visit.hub.registry())
    if want.shown == OPEN:
        return from_board(visit, want, names)
    return await run_in_threadpool(from_store, visit, want, names)


def _report(visit: Visit, host: ui.element) -> None:
    reporting = Reporting(visit)

    async def clicked(event: GenericEventArguments) -> None:
        await reporting.clicked(event.args)

    async def submitted(event: GenericEventArguments) -> None:
        await reporting.submitted(event.args)

    host.on("click", clicked, js_handler=CLICKS)
    host.on("submit", submitted, js_handler=SUBMITS)
    reporting.draw()
