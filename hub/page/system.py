"""System 系统: what is wrong and what to do, hop by hop from the gateway to the dispatcher."""

from functools import partial
from html import escape

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from hub.access import Role
from hub.api.services import Json
from hub.balance import Balance, balances_of
from hub.outgoing.channel import Gone, RetryLater
from hub.outgoing.courier import TooSoon
from model.errors import HubError

from .fragment import Fragment
from .letters import Letters
from .site import Site, Title, Visit
from .system_facts import facts_html, more_troubles
from .tables import Cell, Row, inert, table
from .troubles import troubles, troubles_html
from .words import SEVERITY, age, category, word

LOOK_S = 3.0
_TONES = {"online": "normal", "stopped": "minor", "lost": "critical", "silent": "critical"}
_GATEWAY = {
    "online": ("在线", "online"),
    "stopped": ("已停止", "stopped"),
    "lost": ("断线", "lost"),
    "silent": ("无心跳", "silent"),
}
_HOPS = {
    "intake": ("中枢接收（行）", "hub intake (rows)"),
    "desk": ("规则与案件台（条目）", "rules and desk (entries)"),
    "recorder": ("读数库写入（条目）", "recorder (entries)"),
}
_WENT = {
    "stored": ("已存", "stored"),
    "logged": ("已入日志", "logged"),
    "repeated": ("重复", "repeated"),
    "not_durable": ("仅在内存", "in memory only"),
    "refused_by_disk": ("磁盘拒绝", "refused by the disk"),
    "rejected.encode": ("无法编码", "not encodable"),
    "expired.disk_full": ("磁盘满而弃", "given up, disk full"),
    "read": ("已读", "read"),
}


def register(site: Site) -> None:
    """Serve the page."""
    site.page("/system", Title("系统", "System"), build)


async def build(visit: Visit) -> None:
    """Draw every part, and draw it anew every few seconds."""
    if visit.who.grid:
        # As the API does: gateways and channels belong to no territory.
        said = ("此页仅对全辖区用户开放", "This page is for people of the whole district only")
        ui.label(visit.say(*said)).classes("sh-card")
        return
    parts = {
        name: _section(visit.say(zh, en))
        for name, zh, en in (
            ("troubles", "待处理的问题", "What is wrong, and what to do"),
            ("facts", "运行状况", "How the hub is"),
            ("gateways", "网关", "Gateways"),
            ("balances", "逐跳核对", "Balance of every hop"),
            ("rules", "规则", "Rules loaded"),
        )
    }
    channels = ui.element("div")
    letters = Letters(visit) if visit.may(Role.ADMINISTRATOR) else None
    with ui.element("section").classes("sh-card"):
        ui.label(
            visit.say(
                "本安装不含 Grafana：用 “smarthub grafana write DIR” 生成看板文件，见 docs/dashboards.md。",
                "There is no Grafana here: “smarthub grafana write DIR” writes the dashboards for yours, see docs/dashboards.md.",
            )
        )

    async def look() -> None:
        found = await run_in_threadpool(_look, visit)
        for name, content in found.items():
            if name in parts and parts[name].content != content:
                parts[name].set_content(content)
        if letters is not None:
            await letters.look()

    await look()
    await _draw_channels(visit, channels)
    ui.timer(LOOK_S, look, immediate=False)  # drawn a moment ago


def _section(name: str) -> Fragment:
    with ui.element("section").classes("sh-card").style("margin-bottom:12px"):
        ui.label(name).classes("sh-h2").props('role="heading" aria-level="2"')
        return Fragment()


def _look(visit: Visit) -> dict[str, str]:
    hub = visit.hub
    gateways, counters, machine = hub.gateways(), hub.counters(), hub.machine()
    balances = balances_of(gateways, counters)
    wrong = troubles(visit, gateways, balances, counters)
    wrong += more_troubles(visit, machine, counters, hub.channels())
    wrong.sort(key=lambda trouble: list(SEVERITY).index(trouble.severity))
    return {
        "facts": facts_html(visit, machine, counters),
        "troubles": troubles_html(visit, wrong),
        "gateways": _gateways_html(visit, gateways),
        "balances": _balances_html(visit, balances),
        "rules": _rules_html(visit, hub.rules()),
    }


def _numbers(found: object) -> dict[str, int]:
    return {str(k): int(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _gateways_html(visit: Visit, gateways: list[Json]) -> str:
    now, say = visit.hub.now(), visit.say
    rows: list[Row] = [
        [
            str(item["id"]),
            Cell(
                word(_GATEWAY, item["state"], visit.lang), _TONES.get(str(item["state"]), "minor")
            ),
            age(item.get("last_heard"), now, visit.lang),
            _lane(item, "alarm"),
            _lane(item, "telemetry"),
            str(item.get("devices", "")),
        ]
        for item in gateways
    ]
    head = [say("网关", "Gateway"), say("状态", "State"), say("最近心跳", "Heard"), say("待发报警", "Alarms waiting"), say("待发遥测", "Telemetry waiting"), say("设备", "Devices")]  # fmt: skip
    return table(
        say("网关", "Gateways"), head, rows, empty=say("还没有网关报到", "No gateway was heard yet")
    )


def _lane(gateway: Json, lane: str) -> Cell:
    waiting = _numbers(gateway.get("depth")).get(lane, 0)
    return Cell(f"{waiting:,}", "critical" if waiting and lane == "alarm" else "")


def _balances_html(visit: Visit, balances: list[Balance]) -> str:
    say = visit.say
    rows: list[Row] = [
        [
            word(_HOPS, b.hop, visit.lang),
            f"{b.received:,}",
            " + ".join(f"{word(_WENT, name, visit.lang)} {n:,}" for name, n in b.went.items()),
            f"{b.in_hand:,}",
            Cell(say("平", "holds"), "normal")
            if b.holds
            else Cell(say("不平", "DOES NOT HOLD"), "critical"),
        ]
        for b in balances
    ]
    head = [
        say("环节", "Hop"),
        say("收到", "Received"),
        say("去向", "Went"),
        say("处理中", "In hand"),
        say("核对", "Balance"),
    ]
    return table(
        say("逐跳核对", "Balance of every hop"),
        head,
        rows,
        empty=say("尚无计数", "Nothing was counted yet"),
    )


def _rules_html(visit: Visit, rules: list[Json]) -> str:
    say = visit.say
    rows: list[Row] = [
        [
            str(rule["id"]),
            str(rule["title_zh"] if visit.say("zh", "en") == "zh" else rule["title_en"]),
            str(rule["kind"]),
            Cell(word(SEVERITY, rule["severity"], visit.lang), str(rule["severity"])),
            category(rule["category"], visit.lang),
            str(rule["open"]),
            Cell(str(rule["failures"]), "critical" if rule["failures"] else ""),
            str(rule["hash"])[:10],
        ]
        for rule in rules
    ]
    head = [
        "id",
        say("名称", "Title"),
        say("种类", "Kind"),
        say("等级", "Severity"),
        say("类别", "Category"),
        say("进行中", "Open"),
        say("出错", "Failures"),
        "hash",
    ]
    return table(say("规则", "Rules"), head, rows, empty=say("没有规则", "No rule is loaded"))


async def _draw_channels(visit: Visit, where: ui.element) -> None:
    """Draw the channels to people and programs, each with a test for the administrator."""
    found = await run_in_threadpool(visit.hub.channels)
    where.clear()
    with where, ui.element("section").classes("sh-card").style("margin-bottom:12px"):
        ui.label(visit.say("通知通道", "Notice channels")).classes("sh-h2").props(
            'role="heading" aria-level="2"'
        )
        for item in found:
            with ui.element("div").classes("sh-form"):
                state = item.disabled_reason or item.failure or "ok"
                Fragment(
                    f"<b>{inert(item.name)}</b> {inert(item.address)} · {inert(state)} · "
                    f"{visit.say('待发', 'waiting')} {item.waiting}"
                )
                if item.testable and visit.may(Role.ADMINISTRATOR):
                    button = ui.element("button").classes("sh-button").props('type="button"')
                    with button:
                        ui.label(visit.say("测试", "Test"))
                    button.on("click", partial(_test, visit, item.name))


async def _test(visit: Visit, name: str) -> None:
    if not await visit.still(Role.ADMINISTRATOR):
        return
    try:
        await visit.hub.test_channel(name)
    except (TooSoon, RetryLater, Gone, HubError, OSError) as error:
        ui.notify(escape(str(error)), type="negative")
    else:
        ui.notify(visit.say("已发送", "Sent"), type="positive")
