"""Walk tests 巡检测试: start one, see who alarmed in it, stop it; the record of those before."""

import secrets
from collections.abc import Mapping

from nicegui import ui
from nicegui.events import GenericEventArguments
from starlette.concurrency import run_in_threadpool

from hub.access import Role
from hub.api.walk_tests import concerns, known, subject_name
from model.errors import HubError, Refused
from model.walk_test import LASTS_MS, LONGEST_MS, Scope, WalkTest, WalkTestOrder

from .case.markup import Markup, Part, joined, tag
from .fragment import Fragment
from .site import Site, Title, Visit
from .words import span

MINUTE = 60_000
LOOK_S = 2.0
ENDED_SHOWN = 50
ALARMED_SHOWN = 200
SUBMIT = (
    "(e) => { if (!e.target.dataset.form) return; e.preventDefault();"
    " emit({typed: Object.fromEntries(new FormData(e.target))}); }"
)
CLICK = "(e) => { const b = e.target.closest('[data-stop]'); if (b) emit({stop: b.dataset.stop}); }"
LENGTHS = (30, 60, LASTS_MS // MINUTE, 240, LONGEST_MS // MINUTE)


def register(site: Site) -> None:
    """Serve the page."""
    site.page("/walk-tests", Title("巡检测试", "Walk tests"), build)


async def build(visit: Visit) -> None:
    """Draw the form and the list, and keep the list current."""
    page = WalkTestPage(visit)
    page.draw()
    page.look()
    ui.timer(LOOK_S, page.look, immediate=False)  # drawn a moment ago


class WalkTestPage:
    """One person who looks at walk tests, and may start and stop them."""

    def __init__(self, visit: Visit) -> None:
        """Take who looks; nothing is drawn yet."""
        self._visit = visit
        self._drawn = ""
        self._order = secrets.token_hex(8)  # so that a form sent twice starts one test

    def draw(self) -> None:
        """Draw what says what happened, the form for who may start one, and the place of the list."""
        visit = self._visit
        host = ui.element("div").classes("sh-walk-page").style("width:100%")
        host.on("submit", self._submit, js_handler=SUBMIT)
        host.on("click", self._stop, js_handler=CLICK)
        with host:
            self._said = Fragment().props('role="alert"')
            if may_test(visit):
                Fragment(form_html(visit)).classes("sh-card")
            self._list = Fragment()

    def look(self) -> None:
        """Show the tests as they are now."""
        visit = self._visit
        registry = visit.hub.registry()
        tests = [t for t in visit.hub.walk_tests() if concerns(t, visit.who, registry)]
        content = list_html(visit, tests)
        if content != self._drawn:
            self._drawn = content
            self._list.set_content(content)

    async def _submit(self, event: GenericEventArguments) -> None:
        """Start a test; what is wrong is said, and nothing typed is lost."""
        if not await self._still():
            return
        typed: Mapping[str, str] = event.args["typed"]
        visit = self._visit
        try:
            order = order_of(typed, actor=visit.who.name, ident=self._order)
            await run_in_threadpool(known, visit.hub, visit.who, order.scope, order.subject)
            test = await visit.hub.order_walk_test(order)
        except LookupError:
            self._say(visit.say("没有这台设备或小区", "There is no such device or compound"))
        except (Refused, HubError) as error:
            self._say(str(error))
        else:
            self._order = secrets.token_hex(8)
            name, until = (
                subject_name(visit.hub.registry(), test),
                visit.time(test.until, day=False),
            )
            self._say(
                visit.say(f"已开始：{name}，至 {until}", f"Started: {name}, until {until}"),
                good=True,
            )
            self.look()

    async def _stop(self, event: GenericEventArguments) -> None:
        """Stop a test of the visitor's territory."""
        if not await self._still():
            return
        visit, ident = self._visit, str(event.args["stop"])
        registry = visit.hub.registry()
        mine = {t.id for t in visit.hub.walk_tests() if concerns(t, visit.who, registry)}
        if ident not in mine:
            return
        try:
            await visit.hub.order_walk_test(WalkTestOrder(ident, visit.who.name, stops=True))
        except HubError as error:
            self._say(str(error))
        else:
            self._say(
                visit.say(
                    "已结束。仍在报警的设备已转为真实案件。",
                    "Stopped. What still says alarm is a real case now.",
                ),
                good=True,
            )
            self.look()

    async def _still(self) -> bool:
        visit = self._visit
        role = Role.DISPATCH if visit.may(Role.DISPATCH) else Role.MAINTENANCE
        return await visit.still(role)

    def _say(self, text: str, *, good: bool = False) -> None:
        self._said.set_content(tag("p", text, class_="sh-card" if good else "sh-card sh-walk-no"))


def may_test(visit: Visit) -> bool:
    """Return whether the visitor may start and stop walk tests."""
    return visit.may(Role.MAINTENANCE) or visit.may(Role.DISPATCH)


def order_of(typed: Mapping[str, str], *, actor: str, ident: str) -> WalkTestOrder:
    """Return the order that a form asks for: a device if one is named, else the compound."""
    device = str(typed.get("device", "")).strip()
    minutes = str(typed.get("minutes", ""))
    long = int(minutes) if minutes.isascii() and minutes.isdecimal() and len(minutes) < 5 else 0  # noqa: PLR2004 - digits
    return WalkTestOrder(
        id=ident,
        actor=actor,
        scope=Scope.DEVICE if device else Scope.COMPOUND,
        subject=device or str(typed.get("compound", "")),
        reason=" ".join(str(typed.get("reason", ""))[:500].split()),
        lasts_ms=long * MINUTE,
    )


def form_html(visit: Visit) -> Markup:
    """Return the form; a device is given by its page's link."""
    say = visit.say
    device = visit.query.get("device", "")[:128]
    compounds = [c for c in visit.hub.registry().compounds.values() if visit.who.sees(c.grid)]
    choices: list[Part] = [tag("option", "–", value="")]
    choices += [tag("option", c.name, value=c.id) for c in compounds]
    lengths = [
        tag("option", span(m * MINUTE, visit.lang), value=m, selected=m == LASTS_MS // MINUTE)
        for m in LENGTHS
    ]
    hint = say(
        "测试期间，所涉设备的报警标记为「测试」，不移交 119；火警仍会立案并带标记。"
        "到时自动结束；结束时仍在报警的设备转为真实案件。测试控制器后面的部件时，请选其用户信息传输装置或整个小区。",
        "While it runs, what the devices say is marked TEST and never handed to 119; a fire still opens a"
        " case, marked. It ends by itself, and what still says alarm then is real. For a component behind"
        " a panel choose its transmission device, or the compound.",
    )
    return joined((
        tag("h2", say("开始巡检测试", "Start a walk test"), class_="sh-h2"),
        tag("p", hint, class_="sh-muted"),
        tag(
            "form",
            _field("wt-compound", say("小区", "Compound"),
                   tag("select", *choices, id="wt-compound", name="compound", class_="sh-input")),
            _field("wt-device", say("或设备编号", "or a device's id"),
                   tag("input", id="wt-device", name="device", value=device, maxlength=128,
                       class_="sh-input", autocomplete="off")),
            _field("wt-reason", say("原因", "Reason"),
                   tag("input", id="wt-reason", name="reason", maxlength=500, required=True,
                       class_="sh-input", autocomplete="off")),
            _field("wt-minutes", say("时长", "For"),
                   tag("select", *lengths, id="wt-minutes", name="minutes", class_="sh-input")),
            tag("button", say("开始", "Start"), type="submit", class_="sh-button"),
            class_="sh-form", data_form="walk-test",
        ),
    ))  # fmt: skip


def list_html(visit: Visit, tests: list[WalkTest]) -> Markup:
    """Return the running tests as cards, and those that ended as a table."""
    say = visit.say
    live = [test for test in tests if test.ended_at is None]
    over = [test for test in tests if test.ended_at is not None][:ENDED_SHOWN]
    none = tag("p", say("当前没有巡检测试", "No walk test is running"), class_="sh-empty")
    return joined((
        *([none] if not live else [_card(visit, test) for test in live]),
        tag("section", tag("h2", say("已结束", "Ended"), class_="sh-h2"), _ended(visit, over),
            class_="sh-card sh-walk-ended") if over else None,
    ))  # fmt: skip


def _card(visit: Visit, test: WalkTest) -> Markup:
    say = visit.say
    stop = tag(
        "button", say("立即结束", "Stop now"), type="button", class_="sh-button", data_stop=test.id,
        aria_label=say(f"立即结束 {test.subject}", f"Stop now: {test.subject}"),
    )  # fmt: skip
    since, until = visit.time(test.started_at, seconds=False), visit.time(test.until, seconds=False)
    return tag(
        "section",
        tag("h2", tag("bdi", subject_name(visit.hub.registry(), test)), class_="sh-h2"),
        tag("p", say("执行人：", "By "), tag("bdi", test.actor), say("，原因：", ", because: "),
            tag("bdi", test.reason)),
        tag("p", f"{since} → {until}", class_="sh-num"),
        _alarmed(visit, test),
        stop if may_test(visit) else None,
        class_="sh-card sh-mode-test sh-walk-card",
    )  # fmt: skip


def _alarmed(visit: Visit, test: WalkTest) -> Markup:
    """List the devices that alarmed in a test: what it is for."""
    count = len(test.alarmed)
    title = visit.say(f"已触发 {count} 台设备", f"{count} devices alarmed")
    if not count:
        return tag("p", title, class_="sh-muted")
    newest = sorted(test.alarmed.items(), key=lambda item: (-item[1], item[0]))[:ALARMED_SHOWN]
    items = [
        tag(
            "li",
            tag("span", visit.time(at, day=False), class_="sh-num sh-muted"),
            " ",
            tag("bdi", d),
        )
        for d, at in newest
    ]
    return tag("details", tag("summary", title), tag("ul", *items))


def _ended(visit: Visit, tests: list[WalkTest]) -> Markup:
    say = visit.say
    names = (say("对象", "What"), say("开始", "Started"), say("结束", "Ended"), say("执行人", "By"),
             say("结束方式", "Ended by"), say("原因", "Reason"), say("触发", "Alarmed"))  # fmt: skip
    rows = [
        tag(
            "tr",
            tag("td", tag("bdi", subject_name(visit.hub.registry(), test))),
            tag("td", visit.time(test.started_at, seconds=False), class_="sh-num"),
            tag("td", visit.time(test.ended_at, seconds=False), class_="sh-num"),
            tag("td", tag("bdi", test.actor)),
            tag("td", say("到时自动", "its time") if test.ended_by == "hub"
                else tag("bdi", test.ended_by)),
            tag("td", tag("bdi", test.reason)),
            tag("td", str(len(test.alarmed)), class_="sh-num"),
        )
        for test in tests
    ]  # fmt: skip
    table = tag(
        "table", tag("thead", tag("tr", *(tag("th", name, scope="col") for name in names))),
        tag("tbody", *rows), class_="sh-table",
    )  # fmt: skip
    return tag("div", table, class_="sh-scroll", tabindex=0, role="region",
               aria_label=say("已结束的巡检测试", "Ended walk tests"))  # fmt: skip


def _field(ident: str, label: str, control: Markup) -> Markup:
    return tag("span", tag("label", label, for_=ident), tag("br"), control)
