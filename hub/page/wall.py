"""The wall 态势: what is open, where, and whether anybody has it."""

from nicegui import ui

from .site import Site, Title, Visit
from .words import SEVERITY, age, category, word


def register(site: Site) -> None:
    """Serve the wall at the page's root."""
    site.page("/", Title("态势", "Wall"), build)


async def build(visit: Visit) -> None:
    """Draw the list of open cases and keep it current."""

    @ui.refreshable
    def cases() -> None:
        now = visit.hub.now()
        for case in visit.board.ordered(visit.sees)[:100]:
            with ui.link(target=f"/cases/{case['id']}").classes(
                f"sh-case sh-{case['severity']} sh-mode-{case['mode']}"
            ):
                ui.icon(SEVERITY[str(case["severity"])][2]).props('aria-hidden="true"')
                ui.label(word(SEVERITY, case["severity"], visit.lang)).classes("sh-word")
                ui.label(category(case["category"], visit.lang))
                ui.label(str(case["place_name"] or case["place"])).classes("sh-grow")
                ui.label(age(case["opened_at"], now, visit.lang))

    cases()
    seen = visit.board.version

    def look() -> None:
        nonlocal seen
        if visit.board.version != seen:
            seen = visit.board.version
            cases.refresh()

    ui.timer(0.5, look)
