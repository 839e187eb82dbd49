"""Shift hand-over 交接班: what the next shift must know, two names, and a sheet to sign."""

from collections.abc import Mapping
from functools import partial

from nicegui import ui
from nicegui.events import GenericEventArguments
from starlette.concurrency import run_in_threadpool

from hub.access import Role, SignInRefused
from hub.api.shift import read_snapshot
from hub.case_store.handovers import Snapshot
from hub.handover import Given, hand_over, unacknowledged
from model.errors import Refused

from .case.markup import joined, tag
from .entrance import refusal
from .fragment import Fragment, link
from .handover_html import Reader, form_html, kept_html, past_html, sheet_html
from .site import Site, Title, Visit

LOOK_S = 3.0
EVENTS = {
    "change": "(e) => { const t = e.target.dataset.tick; if (t) emit({tick: t, on: e.target.checked}); }",
    "submit": (
        "(e) => { if (!e.target.dataset.form) return; e.preventDefault();"
        " emit({typed: Object.fromEntries(new FormData(e.target))}); }"
    ),
}
_MISSING = {
    "notes": ("备注太长", "The notes are too long"),
    "incoming": ("接班人须是另一个人", "The incoming person must be somebody else"),
    "incoming_role": ("接班人没有调度权限", "The incoming person may not dispatch"),
    "incoming_grid": ("接班人的辖区不包含本辖区", "The incoming person's territory is another"),
    "role": ("只有调度人员可以交班", "Only who dispatches hands a shift over"),
}


def register(site: Site) -> None:
    """Serve the page of the present shift, and the sheet of each past hand-over."""
    title = Title("交接班", "Shift hand-over")
    site.page("/handover", title, build)
    site.page("/handover/{number}", title, build_kept)


async def build(visit: Visit) -> None:
    """Draw how things stand now, and the form for the two people."""
    _head(visit)
    page = HandoverPage(visit)
    page.draw()
    await page.look()
    ui.timer(LOOK_S, page.look, immediate=False)  # drawn a moment ago


async def build_kept(visit: Visit) -> None:
    """Draw a kept hand-over as a sheet; one of another territory is as if it were not there."""
    _head(visit)
    number = visit.given["number"]
    store = visit.hub.store.handovers
    made = None
    if number.isdecimal() and len(number) < 18:  # noqa: PLR2004 - what a database takes as a number
        made = await run_in_threadpool(store.get, int(number))
    if made is None or not visit.who.sees(made.grid):
        said = visit.say("没有这份交接记录，或不在您的辖区。",
                         "There is no such hand-over in your territory.")  # fmt: skip
        Fragment(tag("p", said, class_="sh-card"))
        return
    intact = await run_in_threadpool(store.intact, made.id)
    with ui.element("div").classes("pp-tools"):
        link(visit.say("← 返回", "← Back"), "/handover")
        button = ui.element("button").classes("sh-button").props('type="button" id="ho-print"')
        with button:
            ui.label(visit.say("打印", "Print"))
        button.on("click", js_handler="() => window.print()")
    sheet = kept_html(Reader(visit.lang, visit.zone), made, intact=intact)
    Fragment(sheet).classes("pp-page pp-sheet")


class HandoverPage:
    """One person who hands over now."""

    def __init__(self, visit: Visit) -> None:
        """Take who looks; nothing is drawn yet."""
        self._visit = visit
        self._ticked: set[str] = set()
        self._drawn: dict[str, str] = {}
        self._regions: dict[str, Fragment] = {}
        self._busy = False
        self._newest = -1  # the past that is drawn: the number of its newest

    def draw(self) -> None:
        """Draw the regions once; afterwards only what changed is sent, never the form."""
        visit = self._visit
        host = ui.element("div").classes("pp-page")
        host.on("change", self._tick, js_handler=EVENTS["change"])
        host.on("submit", self._submit, js_handler=EVENTS["submit"])
        with host:
            for name in ("since", "sheet"):
                self._regions[name] = Fragment()
            self._regions["sheet"].classes("pp-page")
            self._regions["said"] = Fragment().props('role="alert"')
            if visit.may(Role.DISPATCH):
                with ui.element("section").classes("sh-card"):
                    Fragment(form_html(self._reader, visit.who.name))
            with ui.element("section").classes("sh-card"):
                ui.label(visit.say("以往交接", "Past hand-overs")).classes("sh-h2").props(
                    'role="heading" aria-level="2"'
                )
                self._regions["past"] = Fragment()

    @property
    def _reader(self) -> Reader:
        ticked = self._ticked if self._visit.may(Role.DISPATCH) else None
        return Reader(self._visit.lang, self._visit.zone, ticked)

    async def look(self) -> None:
        """Show how things stand now."""
        snapshot = await self._snapshot()
        self._ticked &= set(unacknowledged(snapshot))
        visit, reader = self._visit, self._reader
        self._put("sheet", sheet_html(reader, snapshot))
        await self._look_back(reader)
        since = snapshot["since"]
        said = visit.say("上次交接：", "Last hand-over: ") + (
            reader.time(since) if since else visit.say("尚无，以下按全部记录统计",
                                                       "none yet; the counts are of all time")
        )  # fmt: skip
        self._put("since", tag("p", said, class_="sh-muted"))

    async def _look_back(self, reader: Reader) -> None:
        """Show the hand-overs before, read anew only when there is another one."""
        kept, grid = self._visit.hub.store.handovers, self._visit.who.grid
        newest = await run_in_threadpool(kept.newest_number, grid)
        if newest != self._newest:
            self._put("past", past_html(reader, await run_in_threadpool(kept.newest, grid)))
            self._newest = newest

    async def _snapshot(self) -> Snapshot:
        visit = self._visit
        # On the loop: the board changes there, and a thread would see it change under its hands.
        cases = visit.board.ordered(visit.sees)
        return await run_in_threadpool(partial(read_snapshot, visit.hub, visit.who, cases))

    def _tick(self, event: GenericEventArguments) -> None:
        """Remember a tick, so that drawing the list anew keeps it."""
        case = str(event.args["tick"])
        (self._ticked.add if event.args["on"] else self._ticked.discard)(case)

    async def _submit(self, event: GenericEventArguments) -> None:
        """Hand the shift over; what is missing is said, and nothing typed is lost."""
        if self._busy or not await self._visit.still(Role.DISPATCH):
            return
        self._busy = True
        try:
            await self._hand_over(event.args["typed"])
        finally:
            self._busy = False

    async def _hand_over(self, typed: Mapping[str, str]) -> None:
        visit = self._visit
        given = Given(
            frozenset(self._ticked), str(typed["notes"]), str(typed["incoming"]),
            str(typed["password"]),
        )  # fmt: skip
        snapshot = await self._snapshot()
        try:
            made = await run_in_threadpool(
                partial(
                    hand_over, visit.hub.store, visit.site.access, given,
                    who=visit.who, snapshot=snapshot,
                )
            )  # fmt: skip
        except SignInRefused as error:
            self._refuse([refusal(error, visit.lang)])
        except Refused as error:
            self._refuse(list(error.missing))
            await self.look()
        else:
            ui.navigate.to(f"/handover/{made.id}")

    def _refuse(self, missing: list[str]) -> None:
        """Say each missing part in words."""
        say = self._visit.say
        title = say("还不能交接：", "Not possible yet: ")
        items = []
        for part in missing:
            known = _MISSING.get(part)
            if known is not None:
                items.append(say(*known))
            elif part in self._visit.board.cases:
                items.append(say(f"未勾选紧急案件 {part}", f"emergency {part} is not ticked"))
            else:
                items.append(part)
        body = joined((tag("b", title), tag("ul", *(tag("li", text) for text in items))))
        self._put("said", tag("div", body, class_="pp-said pp-refused"))

    def _put(self, name: str, content: str) -> None:
        if self._drawn.get(name) != content:
            self._drawn[name] = content
            self._regions[name].set_content(content)


def _head(visit: Visit) -> None:
    ui.add_head_html(f'<link rel="stylesheet" href="{visit.site.asset("people.css")}">')
