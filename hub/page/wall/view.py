"""Puts the wall together and keeps it current."""

from html import escape

from nicegui import events, ui
from starlette.concurrency import run_in_threadpool

from hub.access import Role
from hub.page.board import Json
from hub.page.fragment import Fragment
from hub.page.site import Site, Title, Visit
from hub.page.vitals import silent_seen
from hub.page.words import CLASS, word
from hub.urgency import unheard
from model.case import EventClass
from model.entry import Action
from model.errors import HubError

from .ground import Drawn, Surveyor
from .map import heading, marks
from .rows import Reader, memory_rows, rows
from .strip import figures

SHOWN = 40  # of a list; the rest is a click away
LOOK_S = 0.4
FIGURES_S = 2.0
_OTHERS = (EventClass.IMPAIRMENT, EventClass.DUTY, EventClass.MAINTENANCE, EventClass.REPORT)
# At the press, not at the release: the list may be drawn anew between the two. A keyboard's click has
# no press before it (detail 0).
_ACKNOWLEDGE = """(event) => {
  const button = event.target.closest("[data-ack]");
  if (!button || (event.type === "click" && event.detail !== 0)) return;
  button.disabled = true;
  emit(button.dataset.ack);
}"""


def register(site: Site) -> None:
    """Serve the wall at the page's root."""
    surveyor = Surveyor()
    site.page("/", Title("态势", "Wall"), lambda visit: build(visit, surveyor))


async def build(visit: Visit, surveyor: Surveyor) -> None:
    """Draw the figures, the emergencies, the map and the other work."""
    ui.add_head_html(f'<link rel="stylesheet" href="{visit.site.asset("wall.css")}">')
    compound = visit.query.get("compound", "")
    registry = visit.hub.registry()
    wall = Wall(visit, await run_in_threadpool(surveyor.draw, registry, compound), compound)
    wall.figures = Fragment().classes("sh-kpis")
    with ui.element("div").classes("sh-wall"):
        with ui.element("section").classes("sh-card sh-emergencies"):
            wall.title(visit.say("紧急", "Emergencies"))
            wall.emergencies = wall.rows()
        with ui.element("section").classes("sh-card sh-map"):
            wall.title(wall.map_title())
            if only := wall.only():
                Fragment(only)
            with ui.element("div").classes("sh-layers"):
                Fragment(wall.sheet(wall.drawn.ground))
                wall.map = Fragment().classes("sh-layer")
            known = visit.hub.registry().compounds
            empty = visit.say("尚未登记小区", "No compound is registered yet")
            ui.label(wall.note() if known else empty).classes("sh-note")
        with ui.element("section").classes("sh-card sh-others"):
            if only := wall.only():
                Fragment(only)
            wall.others = {cls: wall.group(cls) for cls in _OTHERS}
    # Read out at once by screen readers; only fires interrupt.
    wall.said = Fragment().props('role="alert"').classes("sh-hidden")
    wall.draw_figures()
    wall.look()
    ui.timer(LOOK_S, wall.look)
    ui.timer(FIGURES_S, wall.draw_figures)


class Wall:
    """One open wall: what it shows, and what it showed last."""

    figures: Fragment
    emergencies: Fragment
    map: Fragment
    said: Fragment
    others: dict[EventClass, Fragment]

    def __init__(self, visit: Visit, drawn: Drawn, compound: str) -> None:
        """Take who looks, the ground under the marks, and the one compound that is looked at, if any."""
        self.drawn = drawn
        self._visit = visit
        self._compound = compound
        self._seen = -1
        self._drawn: dict[int, str] = {}
        self._heads: dict[EventClass, ui.label] = {}
        self._told: set[str] = set()

    def sheet(self, content: str) -> str:
        """Return a layer of the map."""
        height = self.drawn.sheet.height
        return f'<svg class="sh-svg" viewBox="0 0 1000 {height:.0f}" role="group">{content}</svg>'

    def map_title(self) -> str:
        """Name the map; nobody shall take a schematic one for a survey."""
        if self.drawn.schematic:
            return self._visit.say("辖区示意图", "Territory (schematic)")
        return self._visit.say("辖区图", "Territory")

    def note(self) -> str:
        """Say what the map is and what its forms mean."""
        forms = self._visit.say(
            "▲ 特别严重 ◆ 严重 ■ 一般 ● 提示 ○ 有设备失联",
            "▲ critical ◆ major ■ minor ● warning ○ silent devices",
        )
        if not self.drawn.schematic:
            return forms
        made = self._visit.say(
            "示意图：区域按登记位置生成，非测绘边界。",
            "Schematic: areas are made from registered positions, no survey.",
        )
        return f"{made} {forms}"

    def only(self) -> str:
        """Say to which compound the other work is limited, and the way back."""
        if not self._compound:
            return ""
        back = self._visit.say("显示全部", "show all")
        name = heading(self._visit.hub.registry(), self._compound)
        return f'<p class="sh-only">{name} · <a href="/">{back}</a></p>'

    def title(self, name: str) -> None:
        """Write a section's heading."""
        ui.label(name).classes("sh-h2").props('role="heading" aria-level="2"')

    def rows(self) -> Fragment:
        """Make a list whose rows may be acknowledged."""
        made = Fragment()
        for event in ("mousedown", "click"):
            made.on(event, self._acknowledge, js_handler=_ACKNOWLEDGE)
        return made

    def group(self, cls: EventClass) -> Fragment:
        """Make the list of a class that is no emergency, with its count above it."""
        self._heads[cls] = ui.label().classes("sh-h2").props('role="heading" aria-level="2"')
        return self.rows()

    def look(self) -> None:
        """Draw what has changed since the last look."""
        visit, board = self._visit, self._visit.board
        if board.version == self._seen:
            return
        self._seen = board.version
        seen = board.ordered(visit.sees)
        # A look at one compound hides no fire elsewhere.
        emergencies = [case for case in seen if case["class"] == EventClass.EMERGENCY]
        shown = [case for case in seen if self._here(case)]
        memory = [alarm for alarm in board.memory if visit.sees(alarm)]
        unstored = memory_rows(memory[:SHOWN], visit.lang)
        calm = "" if memory else self._quiet()
        self._put(self.emergencies, self._listed(emergencies, calm, first=unstored))
        for cls, made in self.others.items():
            of_class = [case for case in shown if case["class"] == cls]
            self._heads[cls].text = f"{word(CLASS, cls, self._visit.lang)} · {len(of_class)}"
            self._put(made, self._listed(of_class, ""))
        self._draw_map(seen)
        self._say_fires(emergencies)

    def draw_figures(self) -> None:
        """Draw the strip of figures."""
        self._put(self.figures, figures(self._visit, self._visit.sees))
        self._seen = -1  # limits run out, and devices fall silent, without a case that changes

    def _here(self, case: Json) -> bool:
        return not self._compound or case["compound"] == self._compound

    def _quiet(self) -> str:
        calm = self._visit.say("没有未结的紧急案件", "No open emergency")
        return f'<li class="sh-empty">✓ {calm}</li>'

    def _listed(self, cases: list[Json], otherwise: str, *, first: str = "") -> str:
        visit = self._visit
        reader = Reader(visit.lang, visit.zone, visit.hub.now(), visit.may(Role.DISPATCH))
        more = ""
        if len(cases) > SHOWN:
            rest = len(cases) - SHOWN
            said = visit.say(f"另有 {rest} 件 →", f"and {rest} more →")
            more = f'<li class="sh-more"><a href="/cases?class={escape(str(cases[0]["class"]))}">{said}</a></li>'
        return f'<ul class="sh-list">{first}{rows(cases[:SHOWN], reader) or otherwise}{more}</ul>'

    def _draw_map(self, cases: list[Json]) -> None:
        visit = self._visit
        registry = visit.hub.registry()
        silent = silent_seen(visit.board.vitals, visit.who, registry)
        self._put(
            self.map,
            self.sheet(
                marks(registry, cases, silent, self.drawn.sheet, visit.lang, only=self._compound)
            ),
        )

    def _say_fires(self, emergencies: list[Json]) -> None:
        fires = [case for case in emergencies if case["category"] == "fire" and unheard(case)]
        new = [case for case in fires if _told_as(case) not in self._told]
        self._told = {_told_as(case) for case in fires}
        if new:
            places = escape("；".join(str(c["place_name"] or c["place"]) for c in new[:3]))
            again = all(case.get("alarmed_at") for case in new)
            zh, en = ("又报火警", "Fire, alarmed again") if again else ("火警", "Fire")
            self._put(self.said, self._visit.say(f"{zh}：{places}", f"{en}: {places}"))

    def _put(self, element: Fragment, content: str) -> None:
        """Send a part to the browser only when it differs from what is there."""
        if self._drawn.get(element.id) != content:
            self._drawn[element.id] = content
            element.set_content(content)

    async def _acknowledge(self, event: events.GenericEventArguments) -> None:
        """Acknowledge 接警 the case whose button was pressed."""
        visit, case_id = self._visit, str(event.args)
        case = visit.board.cases.get(case_id)
        if case is None or not visit.sees(case) or not await visit.still(Role.DISPATCH):
            return
        action = Action(case_id, "acknowledge", visit.who.name, level=visit.who.level.value)
        try:
            await visit.hub.submit(action)
        except (HubError, LookupError) as error:
            ui.notify(str(error), type="negative")
            self._drawn.clear()  # the button is there again
            self._seen = -1


def _told_as(case: Json) -> str:
    """Name what is read out once: a fire, and the same fire after it alarmed again."""
    return f"{case['id']} {'again' if case.get('alarmed_at') else ''}"
