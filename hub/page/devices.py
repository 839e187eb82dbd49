"""Devices 设备: a searchable table, a page at a time, however many there are."""

from html import escape
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool

from hub.device_search import Found, Page, Wanted
from rules.views import DeviceView

from .device_words import STATES, quantities, state_cell
from .event_words import KINDS
from .fragment import Fragment
from .links import device_path
from .paging import Part, page_of, pager
from .pulse import SLOTS
from .site import Site, Title, Visit
from .tables import inert
from .words import age, word

SHOWN = 50
BAR = 4  # px of a half hour
_BARS = {
    "1": (f"0h{BAR - 1}v16h-{BAR - 1}z", "#63d897"),
    "0": (f"0h{BAR - 1}v16h-{BAR - 1}z", "#566779"),
    "-": (f"7h{BAR - 1}v2h-{BAR - 1}z", "#8593a0"),
}
"""Heard, not heard, not known: told apart by shape where colours are alike."""


def register(site: Site) -> None:
    """Serve the list."""
    site.page("/devices", Title("设备", "Devices"), build)


async def build(visit: Visit) -> None:
    """Draw filter and table; each search is an address, so it can be kept and sent."""
    wanted = wanted_of(visit.query)
    page = await run_in_threadpool(visit.hub.find_devices, wanted, visit.who.sees)
    Fragment(filter_html(visit, wanted, page))
    Fragment(table_html(visit, page))
    Fragment(_pager(visit, wanted, page) + _legend(visit))


def wanted_of(query: dict[str, str]) -> Wanted:
    """Return the search that an address asks for; what is no number is the first page."""
    page = page_of(query, "page")
    return Wanted(
        text=query.get("q", "")[:200],
        state=query.get("state", ""),
        kind=query.get("kind", ""),
        compound=query.get("compound", ""),
        offset=(page - 1) * SHOWN,
        limit=SHOWN,
    )


def filter_html(visit: Visit, wanted: Wanted, page: Page) -> str:
    """Return the form that narrows the list."""
    say = visit.say
    compounds = {item.id: item.name for item in visit.hub.registry().compounds.values()}
    states = {name: word(STATES, name, visit.lang) for name in STATES}
    kinds = {kind: word(KINDS, kind, visit.lang) for kind in page.kinds if kind}
    return (
        '<form class="sh-form" method="get" action="/devices" role="search" style="margin-bottom:12px">'
        f'<label>{say("搜索", "Search")}<br><input class="sh-input" name="q" value="{escape(wanted.text, quote=True)}"'
        f' placeholder="{say("编号、名称、房间", "id, name, room")}"></label>'
        + _choice("state", say("状态", "State"), states, wanted.state)
        + _choice("kind", say("类型", "Kind"), kinds, wanted.kind)
        + _choice("compound", say("小区", "Compound"), compounds, wanted.compound)
        + f'<button class="sh-button" type="submit">{say("筛选", "Filter")}</button>'
        f'<a href="/devices/unregistered">{say("未登记设备", "Unregistered devices")}'
        + (f" ({visit.board.vitals.unregistered})" if visit.who.sees("") else "")
        + "</a>"
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


def table_html(visit: Visit, page: Page) -> str:
    """Return the devices of a page as a table, every name in it inert."""
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
        f'<table class="sh-table sh-stack"><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _row(visit: Visit, found: Found) -> str:
    view = found.view
    place = found.place.name if found.place else visit.say("未登记", "unregistered")
    name = found.device.name if found.device else ""
    link = device_path(view.id)
    return (
        f'<tr><td class="sh-short">{state_cell(view, visit.lang)}</td>'
        f'<td><a href="{link}">{inert(view.id)}</a><br><span class="sh-muted">{inert(word(KINDS, view.kind, visit.lang))} {inert(name)}</span></td>'
        f"<td>{bars(visit, view)}</td>"
        f"<td>{quantities(view.values, visit.lang)}</td>"
        f'<td class="sh-short">{age(view.last_heard, visit.hub.now(), visit.lang)}</td>'
        f"<td>{inert(place)}</td></tr>"
    )


def bars(visit: Visit, view: DeviceView) -> str:
    """Return the last day as small bars, one for each half hour; a grey line where nothing is known."""
    signs = visit.board.pulse.bars(view.id, view.last_heard)
    known = len(signs) - signs.count("-")
    said = visit.say(
        f"近 24 小时中已知 {known} 个半小时，有 {signs.count('1')} 个上报",
        f"heard in {signs.count('1')} of {known} known half hours of the last 24 h",
    )
    paths = "".join(
        f'<path d="{"".join(f"M{n * BAR} {shape}" for n, s in enumerate(signs) if s == sign)}" fill="{fill}"/>'
        for sign, (shape, fill) in _BARS.items()
    )
    return (
        f'<svg width="{SLOTS * BAR}" height="16" role="img" aria-label="{said}">'
        f"<title>{said}</title>{paths}</svg>"
    )


def _legend(visit: Visit) -> str:
    texts = {
        "1": visit.say("有上报", "heard"),
        "0": visit.say("无上报", "not heard"),
        "-": visit.say("未知（中枢启动前）", "not known (before the hub's start)"),
    }
    signs = "".join(
        f'<span><svg width="{BAR}" height="16" aria-hidden="true"><path d="M0 {shape}" fill="{fill}"/></svg> {texts[sign]}</span>'
        for sign, (shape, fill) in _BARS.items()
    )
    return f'<p class="sh-form sh-muted">{signs}</p>'


def _pager(visit: Visit, wanted: Wanted, page: Page) -> str:
    asked = {
        "q": wanted.text, "state": wanted.state, "kind": wanted.kind, "compound": wanted.compound,
    }  # fmt: skip
    kept = {k: v for k, v in asked.items() if v}
    counted = visit.say(f"共 {page.total:,} 台", f"{page.total:,} devices")
    part = Part(wanted.offset // SHOWN + 1, SHOWN, page.total)
    return pager(visit, part, counted, lambda to: f"/devices?{urlencode(kept | {'page': str(to)})}")
