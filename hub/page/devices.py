"""Devices 设备: a searchable table, a page at a time, however many there are."""

from html import escape
from urllib.parse import urlencode

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from hub.device_search import Found, Page, Wanted

from .device_words import STATES, quantities, state_cell
from .pulse import SLOTS
from .site import Site, Title, Visit
from .tables import inert
from .words import age, word

SHOWN = 50
BAR = 4  # px of a half hour


def register(site: Site) -> None:
    """Serve the list."""
    site.page("/devices", Title("设备", "Devices"), build)


async def build(visit: Visit) -> None:
    """Draw filter and table; each search is an address, so it can be kept and sent."""
    wanted = wanted_of(visit.query)
    page = await run_in_threadpool(visit.hub.find_devices, wanted, visit.who.sees)
    ui.html(_filter(visit, wanted, page), sanitize=False)
    ui.html(_table(visit, page), sanitize=False)
    ui.html(_pager(visit, wanted, page), sanitize=False)


def wanted_of(query: dict[str, str]) -> Wanted:
    """Return the search that an address asks for; what is no number is the first page."""
    number = query.get("page", "1")
    page = max(1, int(number)) if number.isascii() and number.isdecimal() and len(number) < 7 else 1  # noqa: PLR2004 - digits
    return Wanted(
        text=query.get("q", "")[:200],
        state=query.get("state", ""),
        kind=query.get("kind", ""),
        compound=query.get("compound", ""),
        offset=(page - 1) * SHOWN,
        limit=SHOWN,
    )


def _filter(visit: Visit, wanted: Wanted, page: Page) -> str:
    say = visit.say
    compounds = {item.id: item.name for item in visit.hub.registry().compounds.values()}
    states = {name: word(STATES, name, visit.lang) for name in STATES}
    kinds = {kind: kind for kind in page.kinds if kind}
    return (
        '<form class="sh-form" method="get" action="/devices" role="search" style="margin-bottom:12px">'
        f'<label>{say("搜索", "Search")}<br><input class="sh-input" name="q" value="{escape(wanted.text, quote=True)}"'
        f' placeholder="{say("编号、名称、房间", "id, name, room")}"></label>'
        + _choice("state", say("状态", "State"), states, wanted.state)
        + _choice("kind", say("类型", "Kind"), kinds, wanted.kind)
        + _choice("compound", say("小区", "Compound"), compounds, wanted.compound)
        + f'<button class="sh-button" type="submit">{say("筛选", "Filter")}</button>'
        f'<a href="/devices/unregistered">{say("未登记设备", "Unregistered devices")}'
        f" ({visit.board.vitals.unregistered})</a>"
        f'<a href="/walk-tests">{say("巡检测试", "Walk tests")}</a>'
        f'<a href="/silences">{say("静默与维护", "Silences")}</a></form>'
    )


def _choice(name: str, label: str, choices: dict[str, str], chosen: str) -> str:
    options = "".join(
        f'<option value="{escape(key, quote=True)}"{" selected" if key == chosen else ""}>{escape(text)}</option>'
        for key, text in choices.items()
    )
    return (
        f'<label>{escape(label)}<br><select class="sh-input" name="{name}">'
        f'<option value="">–</option>{options}</select></label>'
    )


def _table(visit: Visit, page: Page) -> str:
    say = visit.say
    if not page.items:
        return f'<p class="sh-empty">{say("没有符合条件的设备", "No device matches")}</p>'
    head = (
        say("状态", "State"), say("设备", "Device"), say("近 24 小时", "Last 24 h"),
        say("最近数值", "Last values"), say("最近上报", "Heard"), say("位置", "Place"),
    )  # fmt: skip
    titles = "".join(f'<th scope="col">{name}</th>' for name in head)
    body = "".join(_row(visit, found) for found in page.items)
    return (
        f'<div class="sh-scroll" tabindex="0" role="region" aria-label="{say("设备表", "Devices")}">'
        f'<table class="sh-table"><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _row(visit: Visit, found: Found) -> str:
    view = found.view
    place = found.place.name if found.place else visit.say("未登记", "unregistered")
    name = found.device.name if found.device else ""
    link = f"/devices/{escape(view.id, quote=True)}"
    return (
        f"<tr><td>{state_cell(view, visit.lang)}</td>"
        f'<td><a href="{link}">{inert(view.id)}</a><br><span class="sh-muted">{inert(view.kind)} {inert(name)}</span></td>'
        f"<td>{bars(visit, view.id)}</td>"
        f"<td>{quantities(view.values, visit.lang)}</td>"
        f"<td>{age(view.last_heard, visit.hub.now(), visit.lang)}</td>"
        f"<td>{inert(place)}</td></tr>"
    )


def bars(visit: Visit, device: str) -> str:
    """Return the last day as small bars, one for each half hour; grey before remembering began."""
    signs = visit.board.pulse.bars(device)
    heard = "".join(
        f"M{n * BAR} 0h{BAR - 1}v16h-{BAR - 1}z" for n, sign in enumerate(signs) if sign == "1"
    )
    missed = "".join(
        f"M{n * BAR} 0h{BAR - 1}v16h-{BAR - 1}z" for n, sign in enumerate(signs) if sign == "0"
    )
    said = visit.say(
        f"近 24 小时有 {signs.count('1')} 个半小时上报",
        f"heard in {signs.count('1')} half hours of 24 h",
    )
    return (
        f'<svg width="{SLOTS * BAR}" height="16" role="img" aria-label="{said}">'
        f'<path d="{missed}" fill="#3a4754"/><path d="{heard}" fill="#63d897"/></svg>'
    )


def _pager(visit: Visit, wanted: Wanted, page: Page) -> str:
    number, last = wanted.offset // SHOWN + 1, max(1, -(-page.total // SHOWN))
    asked = {
        "q": wanted.text, "state": wanted.state, "kind": wanted.kind, "compound": wanted.compound,
    }  # fmt: skip

    def link(to: int, text: str) -> str:
        if not 1 <= to <= last:
            return ""
        query = urlencode({k: v for k, v in asked.items() if v} | {"page": str(to)})
        return f'<a class="sh-navlink" href="/devices?{escape(query, quote=True)}">{text}</a>'

    counted = visit.say(
        f"共 {page.total:,} 台 · 第 {number} / {last} 页",
        f"{page.total:,} devices · page {number} of {last}",
    )
    return (
        f'<nav class="sh-form" aria-label="{visit.say("翻页", "Pages")}"><span>{counted}</span>'
        f"{link(number - 1, visit.say('上一页', 'Previous'))}{link(number + 1, visit.say('下一页', 'Next'))}</nav>"
    )
