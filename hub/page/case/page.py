"""The page of one case: shows it, keeps it true while one looks, and does what one asks."""

from collections.abc import Callable

from nicegui import ui
from nicegui.events import GenericEventArguments
from starlette.concurrency import run_in_threadpool

from hub.api.contacts import QUIET
from hub.evidence.looking import Purpose, may_look
from hub.page.fragment import Fragment
from hub.page.site import Visit

from .chain_html import history_html, people_html
from .chart import Chart
from .deeds import Desk
from .evidence_html import frames_html
from .head_html import call_html, facts_html, head_html, proof_html
from .markup import Markup, tag
from .offers import offers
from .pictures_html import LOOK, pack_html, pictures_html, purpose_of
from .view import View, read_view
from .why_html import sequence_html, why_html

LOOK_S = 0.5
STORM_MEMBERS, STORM_S = 200, 3.0  # a case of a storm is large: it is read less often
REREAD_S = 15.0  # deadlines, hours of contacts and "normal for 10 minutes" change by themselves
CLICKS = (
    '(e) => { const b = e.target.closest("[data-deed]"); if (b)'
    ' emit({deed: b.dataset.deed, once: b.dataset.once || ""}); }'
)
SUBMITS = (
    "(e) => { const f = e.target; if (!f.dataset.form) return; e.preventDefault();"
    " if (f.dataset.busy) return;"
    ' f.dataset.busy = "1"; emit({deed: f.dataset.form,'
    " typed: Object.fromEntries(new FormData(f))}); }"
)


async def build(visit: Visit) -> None:
    """Draw the case of the address, or say that there is none."""
    assets(visit)
    view = await run_in_threadpool(read_view, visit, visit.given.get("case_id", ""))
    if view is None:
        said = visit.say(
            "没有这个案件，或不在您的辖区。", "There is no such case in your territory."
        )
        Fragment(tag("p", said, class_="sh-card"))
        return
    page = CasePage(visit, view)
    page.draw()
    await page.paint()
    await page.chart.show(view)
    ui.timer(LOOK_S, page.look)


def assets(visit: Visit) -> None:
    """Link the style and the script of the pages of cases."""
    ui.add_head_html(
        f'<link rel="stylesheet" href="{visit.site.asset("case.css")}">'
        f'<script defer src="{visit.site.asset("case.js")}"></script>'
    )


class CasePage:
    """One person's look at one case."""

    def __init__(self, visit: Visit, view: View) -> None:
        """Take who looks at what; nothing is drawn yet."""
        self._visit = visit
        self._view = view
        self._regions: dict[str, Fragment] = {}
        self._seen = visit.board.version
        self._shown = visit.board.cases.get(view.case.id)
        self._read_at = visit.hub.now()
        self._desk = Desk(visit, view)
        self._purpose: Purpose | None = None  # why one looks at the pictures; asked on every page
        self.chart = Chart(visit)

    def draw(self) -> None:
        """Draw every region once; afterwards only what changed is sent."""
        host = ui.element("div").classes("cp").props(f'data-now="{self._visit.hub.now()}"')
        host.props["data-case"] = self._view.case.id
        # Buttons and forms are plain HTML inside the regions: their events rise to here.
        host.on("click", self._clicked, js_handler=CLICKS)
        host.on("submit", self._submitted, js_handler=SUBMITS)
        with host:
            with ui.element("div").classes("cp-main"):
                self._region("head")
                if offers(self._view.case, self._visit.who):
                    self._desk.draw()
                else:
                    self._region("no-role")
                for name in ("pictures", "facts", "sequence", "why"):
                    self._region(name)
                self.chart.draw(self._view)
                for name in ("frames", "history", "pack"):
                    self._region(name)
            with ui.element("div").classes("cp-side"):
                for name in ("call", "proof", "people"):
                    self._region(name)

    async def look(self) -> None:
        """Show what changed; a closed case is not on the board, so it is read again on any news."""
        board, now = self._visit.board, self._visit.hub.now()
        fresh = board.cases.get(self._view.case.id)
        news = board.version != self._seen and (fresh is None or fresh is not self._shown)
        if now - self._read_at < self._pause_ms(news=news, closed=fresh is None):
            return
        await self._reread()

    def _pause_ms(self, *, news: bool, closed: bool) -> float:
        """Return how long what is shown may stand: large cases and closed ones are read less often."""
        if not news:
            return REREAD_S * 1000
        large = len(self._view.case.members) > STORM_MEMBERS
        return STORM_S * 1000 if large or (closed and self._shown is None) else 0

    async def _reread(self) -> None:
        board = self._visit.board
        self._seen, self._read_at = board.version, self._visit.hub.now()
        self._shown = board.cases.get(self._view.case.id)
        view = await run_in_threadpool(read_view, self._visit, self._view.case.id)
        if view is None:
            ui.navigate.to("/cases")
            return
        self._view = view
        await self.paint()
        self._desk.changed(view)
        await self.chart.show(view)

    async def _clicked(self, event: GenericEventArguments) -> None:
        if await self._desk.clicked(event.args):
            await self._reread()

    async def _submitted(self, event: GenericEventArguments) -> None:
        if event.args.get("deed") == LOOK:
            self._purpose = purpose_of(event.args.get("typed"))
            await self.paint()
            return
        if await self._desk.submitted(event.args):
            await self._reread()

    def _region(self, name: str) -> None:
        self._regions[name] = Fragment("").classes(f"cp-r cp-r-{name}")

    async def paint(self) -> None:
        """Draw what changed; in a thread, since a storm's case is long and alarms pass meanwhile."""
        contents = await run_in_threadpool(self._contents)
        for name, content in contents.items():
            if self._regions[name].content != content:
                self._regions[name].set_content(content)

    def _contents(self) -> dict[str, Markup]:
        return {name: self._content(name) for name in self._regions}

    def _content(self, name: str) -> Markup:
        visit, view = self._visit, self._view
        case, zone, lang = view.case, visit.zone, visit.lang
        now, registry = visit.hub.now(), visit.hub.registry()
        whole = visit.query.get("history") == "all"
        drawn: dict[str, Callable[[], Markup]] = {
            "head": lambda: head_html(case, registry, now=now, zone=zone, lang=lang),
            "facts": lambda: facts_html(case, now=now, zone=zone, lang=lang),
            "no-role": self._looks_only,
            "call": lambda: call_html(view.contacts, case, quiet=QUIET in case.flags, lang=lang),
            "proof": lambda: proof_html(view.parts, case, lang),
            "people": lambda: people_html(
                case, view.chain, contact=self._contact(), zone=zone, lang=lang
            ),
            "why": lambda: why_html(case, view.rules, zone=zone, lang=lang),
            "sequence": lambda: sequence_html(case, registry, zone=zone, lang=lang),
            "frames": lambda: frames_html(
                case,
                whole=visit.query.get("frames") == "all",
                path=visit.path,
                zone=zone,
                lang=lang,
            ),
            "pictures": lambda: pictures_html(
                case,
                view.episodes,
                looks=view.looks,
                may=may_look(visit.who, case),
                purpose=self._purpose,
                zone=zone,
                lang=lang,
            ),
            "pack": lambda: pack_html(case, may=may_look(visit.who, case), lang=lang),
            "history": lambda: history_html(
                view.chain, whole=whole, zone=zone, lang=lang, path=visit.path
            ),
        }
        return drawn[name]()

    def _looks_only(self) -> Markup:
        said = self._visit.say("您的角色只能查看此案件。", "Your role can only look at this case.")
        return tag("p", said, class_="sh-card sh-muted")

    def _contact(self) -> str:
        """The reporter's telephone is for those who have to ask back, not for everybody."""
        acts = offers(self._view.case, self._visit.who)
        return self._view.case.reporter_contact if acts else ""
