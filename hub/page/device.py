"""One device: what it is and says now, its quantities over time, what the rules concluded."""

from functools import partial
from urllib.parse import quote

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from hub.access import Role
from hub.device_search import Found
from model.errors import Transient
from model.reading import Reading

from .case.reason_words import in_words
from .case.why_html import readable
from .device_charts import options
from .device_history import History, history
from .device_points import fronts, points
from .device_tap import tap
from .device_words import PHASES, quantities, said, state_cell
from .devices import bars
from .event_words import EVENTS, KINDS
from .fragment import Fragment, link
from .links import device_path
from .plot import Plot
from .site import Site, Title, Visit
from .tables import Cell, Row, inert, table
from .words import MODE, SEVERITY, age, category, word

MINUTE = 60_000
HOUR = 60 * MINUTE
RANGES = {"1h": HOUR, "24h": 24 * HOUR, "7d": 7 * 24 * HOUR}
TABLE_ROWS = 20
PANELS = frozenset({"fire_transmitter", "fire_system"})
_COLOURS = ("#7fc8ff", "#63d897", "#ffab4a", "#e7b6ff", "#ffdf5d")


def register(site: Site) -> None:
    """Serve the page of one device."""
    site.page("/devices/{device:path}", Title("设备", "Device"), build)


async def build(visit: Visit) -> None:
    """Draw the device, or say that nobody knows it."""
    name = visit.given["device"]
    found = await run_in_threadpool(visit.hub.device, name)
    if found is None and await fronts(visit, name):
        await _silent_panel(visit, name)
        return
    if found is None or not visit.who.sees(found.place.grid if found.place else ""):
        ui.label(visit.say("没有这台设备", "No such device")).classes("sh-empty")
        return
    Fragment(head_html(visit, found)).classes("sh-card")
    link(
        visit.say("巡检测试 →", "Walk test →"), f"/walk-tests?device={quote(name, safe='')}"
    ).classes("sh-navlink")
    _ranges(visit, name)
    await _charts(visit, name)
    _work(visit, name)
    if visit.may(Role.MAINTENANCE) or visit.may(Role.DISPATCH):
        tap(visit, name)
    if found.view.kind in PANELS:
        await points(visit, name)


async def _silent_panel(visit: Visit, name: str) -> None:
    """Draw a panel that says nothing of itself and is known by what hangs on it."""
    with ui.element("section").classes("sh-card"):
        Fragment(f'<h2 style="font-size:18px;color:var(--text)">{inert(name)}</h2>')
        ui.label(
            visit.say(
                "控制器本身未登记、也未单独上报，以下是经它上报或登记在其地址下的部件",
                "The panel itself is not registered and says nothing of itself; this is what reports through it",
            )
        ).classes("sh-muted")
    await points(visit, name)


def head_html(visit: Visit, found: Found) -> str:
    """Return the head: id, state, place, what the registry and the gateway say."""
    view, device, say = found.view, found.device, visit.say
    unknown = say("未登记", "not registered")
    facts = (
        (say("类型", "Kind"), word(KINDS, view.kind, visit.lang)),
        (say("名称", "Name"), device.name if device else ""),
        (say("角色", "Role"), device.role if device else ""),
        (say("位置", "Place"), found.place.name if found.place else unknown),
        (say("网格", "Grid"), found.place.grid if found.place else ""),
        (say("网关", "Gateway"), view.gateway),
        (say("最近上报", "Heard"), age(view.last_heard, visit.hub.now(), visit.lang)),
        (say("最近事件", "Last event"), word(EVENTS, view.event, visit.lang)),
    )
    rows = "".join(
        f'<div><span class="sh-muted">{inert(name)}</span><br>{inert(value)}</div>'
        for name, value in facts
        if value
    )
    if view.source and view.source != view.id:
        source = f'<a href="{device_path(view.source)}">{inert(view.source)}</a>'
        title = say("上级设备", "Fronted by")
        rows += f'<div><span class="sh-muted">{title}</span><br>{source}</div>'
    return (
        f'<h2 style="font-size:18px;color:var(--text)">{inert(view.id)}</h2>{state_cell(view, visit.lang)}'
        f"<p>{quantities(view.values, visit.lang, limit=12)}</p>"
        f'<div class="sh-form" style="gap:8px 28px">{rows}</div><p>{bars(visit, view)}</p>'
    )


def _ranges(visit: Visit, name: str) -> None:
    chosen = visit.query.get("range", "24h")
    with (
        ui.element("nav").classes("sh-form").props(f'aria-label="{visit.say("时间范围", "Range")}"')
    ):
        for key in RANGES:
            here = " sh-here" if key == chosen else ""
            link(key, f"{device_path(name)}?range={key}").classes(f"sh-navlink{here}")


async def _charts(visit: Visit, name: str) -> None:
    """Draw a chart for each quantity and the newest Readings as a table beside them."""
    span = RANGES.get(visit.query.get("range", ""), RANGES["24h"])
    now = visit.hub.now()
    read = partial(history, visit.hub.readings, name, now - span, now + 1, kept=TABLE_ROWS)
    try:
        found = await run_in_threadpool(read)
    except Transient as error:
        ui.label(
            visit.say(f"读数库暂不可用：{error}", f"The reading store is away: {error}")
        ).classes("sh-card sh-major sh-tone")
        return
    if not found.total:
        ui.label(visit.say("此时段没有读数", "No readings in this range")).classes("sh-empty")
        return
    ui.label(_how_true(visit, found)).classes("sh-muted" if found.whole else "sh-major sh-tone")
    with ui.element("div").classes("sh-charts"):
        for place, series in enumerate(found.series):
            with ui.element("section").classes("sh-card"):
                colour = _COLOURS[place % len(_COLOURS)]
                Plot(options(visit, series, colour)).style("height:210px")
    Fragment(_readings_html(visit, found.newest)).classes("sh-card")


def _how_true(visit: Visit, found: History) -> str:
    """Say how many Readings the charts are made of, and what they do not show."""
    said = visit.say(
        f"{found.total:,} 条读数", f"{found.total:,} reading{'' if found.total == 1 else 's'}"
    )
    if found.bucket_ms:
        span = _length(visit, found.bucket_ms)
        said += visit.say(
            f"；每 {span} 只画首、末、最低、最高值，峰值不会丢失",
            f"; of every {span} the first, lowest, highest and last are drawn, so no peak is lost",
        )
    if not found.whole:
        since = visit.time(found.from_ms)
        said += visit.say(
            f"；读数过多，只画到 {since}，请选更短的时间范围看更早的",
            f"; there are too many: drawn only from {since} on, choose a shorter range",
        )
    return said


def _length(visit: Visit, ms: int) -> str:
    if ms < MINUTE:
        return visit.say(f"{ms / 1000:.0f} 秒", f"{ms / 1000:.0f} s")
    return visit.say(f"{ms / MINUTE:.0f} 分钟", f"{ms / MINUTE:.0f} min")


def _readings_html(visit: Visit, readings: list[Reading]) -> str:
    rows: list[Row] = [
        [
            visit.time(item.received_at),
            said(item),
            word(EVENTS, str(item.event), visit.lang),
            ", ".join(item.quality),
            word(MODE, str(item.mode), visit.lang),
        ]
        for item in readings
    ]
    head = [
        visit.say("时间", "Time"),
        visit.say("数值", "Values"),
        visit.say("事件", "Event"),
        visit.say("标记", "Flags"),
        visit.say("性质", "Mode"),
    ]
    caption = visit.say("最近读数", "Newest readings")
    return table(caption, head, rows, empty=visit.say("没有读数", "No readings"), stacks=True)


def _work(visit: Visit, name: str) -> None:
    """List the open cases with this device in them, and what the rules said lately."""
    say = visit.say
    cases = [
        case
        for case in visit.board.ordered(visit.sees)
        if case["subject"] == name or any(m["subject"] == name for m in _members(case))
    ]
    rows: list[Row] = [
        [
            Cell(str(case["id"]), link=f"/cases/{case['id']}"),
            Cell(word(SEVERITY, case["severity"], visit.lang), str(case["severity"])),
            category(case["category"], visit.lang),
            visit.time(case["opened_at"]),
        ]
        for case in cases
    ]
    head = [
        say("案件", "Case"),
        say("等级", "Severity"),
        say("类别", "Category"),
        say("立案", "Opened"),
    ]
    html = table(
        say("未结案件", "Open cases"), head, rows, empty=say("没有未结案件", "No open case")
    )
    said = [item for item in visit.hub.anomalies(1_000) if item.subject == name][:TABLE_ROWS]
    rows = [
        [
            visit.time(item.last_at or item.started_at),
            item.rule,
            Cell(word(SEVERITY, str(item.severity), visit.lang), str(item.severity)),
            word(PHASES, str(item.phase), visit.lang),
            in_words(readable(item.explanation, visit.zone), visit.lang),
        ]
        for item in said
    ]
    head = [
        say("时间", "Time"),
        say("规则", "Rule"),
        say("等级", "Severity"),
        say("阶段", "Phase"),
        say("依据", "Why"),
    ]
    html += table(
        say("异常", "Anomalies"),
        head,
        rows,
        empty=say(
            "本次启动以来没有异常；之前的见其案件",
            "No anomaly since the hub started; what was before is in its cases",
        ),
        stacks=True,
    )
    with ui.element("section").classes("sh-card"):
        ui.label(say("案件与异常", "Cases and anomalies")).classes("sh-h2").props(
            'role="heading" aria-level="2"'
        )
        Fragment(html)


def _members(case: dict[str, object]) -> list[dict[str, object]]:
    members = case.get("members")
    return members if isinstance(members, list) else []
