"""One device: what it is and says now, its quantities over time, what the rules concluded."""

from urllib.parse import quote

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from hub.access import Role
from hub.device_search import Found, Wanted
from model.errors import Transient
from model.reading import Reading

from .device_charts import options, series_of
from .device_words import quantities, state_cell
from .devices import bars
from .site import Site, Title, Visit
from .tables import Cell, Row, inert, table
from .words import SEVERITY, age, category, word

HOUR = 3_600_000
RANGES = {"1h": HOUR, "24h": 24 * HOUR, "7d": 7 * 24 * HOUR}
READINGS = 2_000
TABLE_ROWS = 20
TAPPED = 20
TAP_S = 1.0
_COLOURS = ("#7fc8ff", "#63d897", "#ffab4a", "#e7b6ff", "#ffdf5d")


def register(site: Site) -> None:
    """Serve the page of one device."""
    site.page("/devices/{device:path}", Title("设备", "Device"), build)


async def build(visit: Visit) -> None:
    """Draw the device, or say that nobody knows it."""
    name = visit.given["device"]
    found = await run_in_threadpool(visit.hub.device, name)
    if found is None or not visit.who.sees(found.place.grid if found.place else ""):
        ui.label(visit.say("没有这台设备", "No such device")).classes("sh-empty")
        return
    ui.html(head_html(visit, found), sanitize=False).classes("sh-card")
    ui.link(
        visit.say("巡检测试 →", "Walk test →"), f"/walk-tests?device={quote(name, safe='')}"
    ).classes("sh-navlink")
    _ranges(visit, name)
    await _charts(visit, name)
    _work(visit, name)
    if visit.may(Role.MAINTENANCE) or visit.may(Role.DISPATCH):
        _tap(visit, name)
    if found.view.kind in {"fire_transmitter", "fire_system"}:
        await _points(visit, found)


def head_html(visit: Visit, found: Found) -> str:
    """Return the head: id, state, place, what the registry and the gateway say."""
    view, device, say = found.view, found.device, visit.say
    unknown = say("未登记", "not registered")
    facts = (
        (say("类型", "Kind"), view.kind),
        (say("名称", "Name"), device.name if device else ""),
        (say("角色", "Role"), device.role if device else ""),
        (say("位置", "Place"), found.place.name if found.place else unknown),
        (say("网格", "Grid"), found.place.grid if found.place else ""),
        (say("网关", "Gateway"), view.gateway),
        (say("上级设备", "Fronted by"), view.source),
        (say("最近上报", "Heard"), age(view.last_heard, visit.hub.now(), visit.lang)),
        (say("最近事件", "Last event"), view.event),
    )
    rows = "".join(
        f'<div><span class="sh-muted">{inert(name)}</span><br>{inert(value)}</div>'
        for name, value in facts
        if value
    )
    return (
        f'<h2 style="font-size:18px;color:var(--text)">{inert(view.id)}</h2>{state_cell(view, visit.lang)}'
        f"<p>{quantities(view.values, visit.lang, limit=12)}</p>"
        f'<div class="sh-form" style="gap:8px 28px">{rows}</div><p>{bars(visit, view.id)}</p>'
    )


def _ranges(visit: Visit, name: str) -> None:
    chosen = visit.query.get("range", "24h")
    with (
        ui.element("nav").classes("sh-form").props(f'aria-label="{visit.say("时间范围", "Range")}"')
    ):
        for key in RANGES:
            here = " sh-here" if key == chosen else ""
            ui.link(key, f"/devices/{quote(name)}?range={key}").classes(f"sh-navlink{here}")


async def _charts(visit: Visit, name: str) -> None:
    """Draw a chart for each quantity and the newest Readings as a table beside them."""
    span = RANGES.get(visit.query.get("range", ""), RANGES["24h"])
    now = visit.hub.now()
    try:
        readings = await run_in_threadpool(
            visit.hub.readings.query, name, now - span, now + 1, READINGS
        )
    except Transient as error:
        ui.label(
            visit.say(f"读数库暂不可用：{error}", f"The reading store is away: {error}")
        ).classes("sh-card sh-major sh-tone")
        return
    if not readings:
        ui.label(visit.say("此时段没有读数", "No readings in this range")).classes("sh-empty")
        return
    with ui.element("div").classes("sh-charts"):
        for place, series in enumerate(series_of(readings)):
            with ui.element("section").classes("sh-card"):
                ui.echart(options(visit, series, _COLOURS[place % len(_COLOURS)])).style(
                    "height:210px"
                )
    ui.html(_readings_html(visit, readings[:TABLE_ROWS]), sanitize=False).classes("sh-card")


def _readings_html(visit: Visit, readings: list[Reading]) -> str:
    rows: list[Row] = [
        [
            visit.time(item.received_at),
            _said(item),
            str(item.event),
            ", ".join(item.quality),
            str(item.mode),
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
    return table(caption, head, rows, empty=visit.say("没有读数", "No readings"))


def _said(reading: Reading) -> str:
    """Say what a Reading carries; of its flags only those that hold."""
    return ", ".join(
        name
        if value is True
        else f"{name}={value:g}"
        if isinstance(value, float)
        else f"{name}={value}"
        for name, value in reading.values.items()
        if value is not False
    )


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
            Cell(str(item.severity), str(item.severity)),
            str(item.phase),
            item.explanation,
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
        say("异常", "Anomalies"), head, rows, empty=say("最近没有异常", "No anomaly lately")
    )
    with ui.element("section").classes("sh-card"):
        ui.label(say("案件与异常", "Cases and anomalies")).classes("sh-h2").props(
            'role="heading" aria-level="2"'
        )
        ui.html(html, sanitize=False)


def _members(case: dict[str, object]) -> list[dict[str, object]]:
    members = case.get("members")
    return members if isinstance(members, list) else []


def _tap(visit: Visit, name: str) -> None:
    """Show the device's frames as they come, while this page is open."""
    say = visit.say
    seen: list[Reading] = []
    with ui.element("section").classes("sh-card"):
        ui.label(say("实时报文", "Live tap")).classes("sh-h2").props(
            'role="heading" aria-level="2"'
        )
        shown = ui.html(sanitize=False)
    head = [
        say("时间", "Time"),
        say("序号", "Order"),
        say("事件", "Event"),
        say("数值", "Values"),
        say("原始报文", "Raw frame"),
    ]

    def look() -> None:
        last = visit.hub.last_reading(name)
        if last is None or (seen and seen[0].order == last.order and seen[0].epoch == last.epoch):
            return
        seen.insert(0, last)
        del seen[TAPPED:]
        rows: list[Row] = [
            [
                visit.time(item.received_at, day=False),
                str(item.order),
                str(item.event),
                _said(item),
                item.raw,
            ]
            for item in seen
        ]
        shown.set_content(table(say("实时报文", "Live tap"), head, rows, empty=""))

    look()
    ui.timer(TAP_S, look)


async def _points(visit: Visit, found: Found) -> None:
    """List what hangs on a panel (点位表), and offer it as a file."""
    source = found.view.source or found.view.id
    page = await run_in_threadpool(
        visit.hub.find_devices,
        Wanted(text=source, kind="fire_component", limit=500),
        visit.who.sees,
    )
    rows: list[Row] = [
        [
            Cell(item.view.id, link=f"/devices/{item.view.id}"),
            str(item.view.values.get("description", "")),
            item.device.room if item.device else "",
            item.place.name if item.place else visit.say("未登记", "unregistered"),
        ]
        for item in page.items
    ]
    say = visit.say
    head = [
        say("部件", "Component"),
        say("控制器描述", "Panel's text"),
        say("房间", "Room"),
        say("位置", "Place"),
    ]
    with ui.element("section").classes("sh-card"):
        ui.label(say("点位表", "Point list")).classes("sh-h2").props(
            'role="heading" aria-level="2"'
        )
        for ending in ("csv", "xlsx"):
            ui.link(
                say(f"导出 {ending.upper()}", f"Export {ending.upper()}"),
                f"/devices-export/points.{ending}?source={quote(source)}",
            ).classes("sh-navlink")
        ui.link(say("导入", "Import"), "/devices/unregistered").classes("sh-navlink")
        ui.html(
            table(say("点位表", "Point list"), head, rows, empty=say("没有部件", "No components")),
            sanitize=False,
        )
