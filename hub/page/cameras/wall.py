"""The wall of cameras 摄像机墙: what needs a look first; it keeps itself current without drawing anew."""

from collections.abc import Mapping
from typing import NamedTuple

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from hub.access import PICTURE_ROLES, Principal
from hub.camera_views import CameraView
from hub.evidence.live import LivePurpose
from hub.page.case.markup import Markup, tag
from hub.page.site import Site, Visit
from hub.page.words import Lang

from .tile import OLD, aged
from .tiles import Drawn, Tiles

PURPOSE = LivePurpose.DUTY.value
WALL = "wall 摄像机墙"
QUIET = frozenset({"online"})


class Asked(NamedTuple):
    """Which cameras are shown."""

    compound: str = ""
    attention: bool = False
    text: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Asked":
        """Return what an address asks for."""
        return cls(query.get("compound", ""), query.get("show") == "attention", query.get("q", "")[:100])  # fmt: skip

    def shows(self, view: CameraView) -> bool:
        """Whether a camera is among them."""
        if self.compound and view.compound != self.compound:
            return False
        if self.attention and view.state in QUIET:
            return False
        said = f"{view.id} {view.name} {view.place}".lower()
        return all(word in said for word in self.text.lower().split())


def sees_pictures(who: Principal) -> bool:
    """Whether somebody's role shows pictures; a viewer sees states only."""
    return any(who.role.includes(role) for role in PICTURE_ROLES)


def chosen(tiles: Tiles, who: Principal, asked: Asked, lang: Lang) -> tuple[list[Drawn], int]:
    """Return the tiles that somebody asked for, in their territory; for worker threads."""
    drawn, version = tiles.now(lang, pictures=sees_pictures(who))
    found = [d for d in drawn.values() if who.sees(d.view.grid) and asked.shows(d.view)]
    return found, version


async def build(visit: Visit, tiles: Tiles) -> None:
    """Draw filter, figures and tiles; the browser's own script keeps them current."""
    head(visit.site, "cameras.js")
    asked = Asked.of(visit.query)
    everything, version = await run_in_threadpool(chosen, tiles, visit.who, Asked(), visit.lang)
    if not everything:
        ui.html(empty_html(visit), sanitize=False)
        return
    if sees_pictures(visit.who):
        await run_in_threadpool(visit.hub.looks.note, visit.who, WALL, PURPOSE)
    shown = [drawn for drawn in everything if asked.shows(drawn.view)]
    ui.html(filter_html(visit, asked, [d.view for d in everything]), sanitize=False)
    none = visit.say("没有符合条件的摄像机", "No camera is like that")
    ui.html(
        tag("p", figures([d.view for d in everything], visit.lang), id="cw-figures", role="status", class_="sh-muted")
        + tag("div", *(aged(d.html, d.view, visit.hub.now(), visit.lang) for d in shown), id="cw-grid",
              class_="cw-grid", data_version=version, data_old=visit.say(*OLD))
        + tag("p", none, id="cw-nothing", class_="sh-empty", hidden=bool(shown)),
        sanitize=False,
    )  # fmt: skip


def head(site: Site, *scripts: str) -> None:
    """Load the style and scripts of these pages."""
    ui.add_head_html(
        f'<link rel="stylesheet" href="{site.asset("cameras.css")}">'
        + "".join(f'<script defer src="{site.asset(name)}"></script>' for name in scripts)
    )


def figures(views: list[CameraView], lang: Lang) -> str:
    """Say how many cameras there are and how they are."""
    states = [view.state for view in views]
    away = sum(state in ("offline", "silent", "never") for state in states)
    seeing = states.count("active")
    if lang is Lang.ZH:
        return f"{len(views)} 台摄像机 · 有发现 {seeing} · 无画面 {away}"
    return f"{len(views)} cameras · {seeing} see something · {away} without pictures"


def filter_html(visit: Visit, asked: Asked, views: list[CameraView]) -> Markup:
    """Return the form that narrows the wall."""
    say = visit.say
    names = {view.compound: view.compound_name or view.compound for view in views if view.compound}
    compounds = [
        tag("option", name, value=key, selected=key == asked.compound)
        for key, name in sorted(names.items(), key=lambda item: item[1])
    ]
    return tag(
        "form",
        tag("label", say("搜索", "Search"), tag("br"),
            tag("input", class_="sh-input", name="q", value=asked.text,
                placeholder=say("名称、位置", "name, place"))),
        tag("label", say("小区", "Compound"), tag("br"),
            tag("select", tag("option", say("全部", "all"), value=""), *compounds,
                name="compound", class_="sh-select")),
        tag("label", say("显示", "Show"), tag("br"),
            tag("select", tag("option", say("全部", "all"), value=""),
                tag("option", say("只看需要关注的", "only what needs a look"), value="attention",
                    selected=asked.attention), name="show", class_="sh-select")),
        tag("button", say("筛选", "Filter"), type="submit", class_="sh-button"),
        class_="sh-form cw-filter", method="get", action="/cameras", role="search",
    )  # fmt: skip


def empty_html(visit: Visit) -> Markup:
    """Say how a camera is added."""
    say = visit.say
    text = """video:
  cameras:
    - camera: east-gate
      compound: c1
      source:
        url: rtsp://192.0.2.10:554/sub
        login: {user: viewer, password_file: /etc/smarthub/east-gate.password}
      zones:
        gate: [[0.1, 0.4], [0.9, 0.4], [0.9, 1], [0.1, 1]]
      observations:
        motion: {zones: [gate]}"""
    lines = (
        say("还没有摄像机。", "There is no camera yet."),
        say("1. 在网关上查找：smarthub discover onvif", "1. Look for cameras from the gateway: smarthub discover onvif"),
        say("2. 写入网关文件（例如 gateway.yaml）：", "2. Write it into the gateway's file (gateway.yaml, for example):"),
    )  # fmt: skip
    after = (
        say("3. 检查：smarthub check gateway.yaml，然后重启网关。", "3. Check it: smarthub check gateway.yaml, and restart the gateway."),
        say("4. 在设备页登记它的位置；画面会出现在这里，区域与遮挡可在它的页面上画。", "4. Register where it is on the Devices page; its picture appears here, and zones and masks are drawn on its page."),
    )  # fmt: skip
    return tag(
        "section", *(tag("p", line) for line in lines), tag("pre", text, class_="sh-pre", tabindex="0"),
        *(tag("p", line) for line in after), class_="sh-card",
    )  # fmt: skip


def poll(
    tiles: Tiles, who: Principal, asked: Asked, lang: Lang, *, after: int, now: int
) -> dict[str, object]:
    """Return the order of the tiles now, and those that changed after a version; for worker threads."""
    drawn, version = tiles.now(lang, pictures=sees_pictures(who))
    mine = [d for d in drawn.values() if who.sees(d.view.grid)]
    shown = [d for d in mine if asked.shows(d.view)]
    return {
        "version": version,
        "figures": figures([d.view for d in mine], lang),
        "order": [d.view.id for d in shown],
        # A tile can come among those asked for without having changed: what it is not, is not known here.
        "tiles": {
            d.view.id: str(aged(d.html, d.view, now, lang)) for d in shown if d.version > after
        },
    }
