"""The frame around every page: where one can go, who is looking, and whether the picture is true."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from nicegui import __version__, ui

from hub.access import Role

from .case.markup import Markup, icon, joined, tag
from .fragment import Fragment, link
from .site import Title, Visit
from .walk_strip import LOOK_S, strip
from .words import ROLE, Lang, word

# The framework asks for this one only when all else is there and begins to run.
FRAMEWORK = f"/_nicegui/{__version__}/static"
DEMO = ("/demo", "theater_comedy", Title("演示", "Demo"), Role.READ)
PAGES = (
    ("/", "dashboard", Title("态势", "Wall"), Role.READ),
    ("/cases", "assignment", Title("案件", "Cases"), Role.READ),
    ("/devices", "sensors", Title("设备", "Devices"), Role.READ),
    ("/cameras", "videocam", Title("摄像机", "Cameras"), Role.READ),
    ("/handover", "swap_horiz", Title("交接班", "Hand-over"), Role.READ),
    ("/rules", "rule", Title("规则", "Rules"), Role.READ),
    ("/system", "monitor_heart", Title("系统", "System"), Role.READ),
    ("/accounts", "group", Title("账户", "Accounts"), Role.ADMINISTRATOR),
)


@contextmanager
def frame(visit: Visit, title: Title) -> Iterator[None]:
    """Draw header, banner and navigation; what is drawn inside is the page."""
    _head(visit)
    Fragment(header_html(visit), tag="header").classes("sh-header")
    if visit.site.orders:
        _simulated(visit)
    look = strip(visit)
    with ui.element("main").props('id="sh-main" tabindex="-1"').classes("sh-main"):
        ui.label(title.say(visit.lang)).classes("sh-title").props('role="heading" aria-level="1"')
        yield
    ui.timer(LOOK_S, look, immediate=False)  # drawn a moment ago


def refuse(visit: Visit, role: Role) -> None:
    """Say that the visitor's role is not enough."""
    needed, has = word(ROLE, role, visit.lang), word(ROLE, visit.who.role, visit.lang)
    ui.label(
        visit.say(
            f"此页需要角色「{needed}」，您是「{has}」。",
            f"This page needs {needed}; you are {has}.",
        )
    ).classes("sh-card")


def _simulated(visit: Visit) -> None:
    """Say on every page that nothing here is real."""
    with ui.element("aside").classes("sh-simulated"):
        ui.label(
            visit.say(
                "模拟演示：所有设备、人员与事件均为虚构，请勿据此行动。",
                "SIMULATED: every device, person and incident here is invented; do not act on it.",
            )
        )
        link(visit.say("制造事件 →", "Plant an incident →"), "/demo")


def _head(visit: Visit) -> None:
    lang = "zh-CN" if visit.lang is Lang.ZH else "en"
    ui.add_head_html(
        f'<link rel="stylesheet" href="{visit.site.asset("page.css")}">'
        f'<link rel="stylesheet" href="{visit.site.asset("walk.css")}">'
        f'<script>document.documentElement.lang="{lang}"</script>'
        f'<link rel="modulepreload" href="{FRAMEWORK}/dompurify.mjs">'
        f'<script defer src="{visit.site.asset("sounds.js")}"></script>'
        f'<script defer src="{visit.site.asset("live.js")}"></script>'
        f'<script defer src="{visit.site.asset("keep.js")}"></script>'
    )


def header_html(visit: Visit) -> Markup:
    """Return the header: where one can go, who is looking, and the lamps."""
    pages = (*PAGES, *([DEMO] if visit.site.orders else []))
    ways = (_way(visit, path, sign, name) for path, sign, name, role in pages if visit.may(role))
    return joined((
        tag("a", "⇥", class_="sh-skip", href="#sh-main"),
        tag("div", "smarthub", tag("span", " 智慧社区"), class_="sh-brand"),
        # On a phone one line that is pushed sideways; on a desk its parts stand in the header's own.
        tag(
            "div",
            tag("nav", *ways, aria_label=visit.say("主导航", "Main"), class_="sh-nav"),
            _who(visit),
            class_="sh-ways",
        ),
        tag("div", class_="sh-grow"),
        tag("div", _lamps(visit), class_="sh-lamps-host"),
    ))  # fmt: skip


def _way(visit: Visit, path: str, sign: str, name: Title) -> Markup:
    here = visit.path == path or (path != "/" and visit.path.startswith(f"{path}/"))
    return tag(
        "a",
        icon(sign),
        tag("span", name.say(visit.lang)),
        href=path,
        class_="sh-navlink sh-here" if here else "sh-navlink",
        aria_current="page" if here else None,
    )


def _lamps(visit: Visit) -> Markup:
    """Return the lamps that the browser's own script keeps: sound, and whether the stream lives."""
    texts = {
        "armed": visit.say("声音已开启", "Sound on"),
        "test": visit.say("试音", "Test"),
        "live": visit.say("实时", "Live"),
        "notready": visit.say("中枢未就绪", "Hub not ready"),
        "stale": visit.say(
            "画面已停止更新：与中枢的连接中断，所示内容可能过时",
            "NOT LIVE: the hub does not answer, what you see may be out of date",
        ),
        "unsent": visit.say(
            "操作未提交：与中枢的连接中断。恢复后请重新操作；紧急时请打电话",
            "NOT SENT: the hub does not answer. Do it again when it is back; if it cannot wait, telephone",
        ),
        "quiet": visit.say("静音 60 秒", "Quiet 60 s"),
        "hushed": visit.say("已静音", "quiet"),
        "unarmed": visit.say("声音未开启，点此开启", "Sound OFF: click to arm"),
        "full": visit.say("全屏", "Full screen"),
        "armed-short": visit.say("有声", "Sound"),
        "unarmed-short": visit.say("声音未开", "Sound OFF"),
        "quiet-short": visit.say("静音", "Quiet"),
    }
    unheard = visit.say(
        "有未接警的紧急案件，但本机声音未开启", "An emergency waits, and this screen's sound is OFF"
    )
    data = " ".join(f'data-{name}="{text}"' for name, text in texts.items())
    return Markup(
        f'<div id="sh-lamps" {data}>'
        f'<button type="button" id="sh-sound" class="sh-lamp sh-off" aria-pressed="false">{texts["unarmed"]}</button>'
        f'<button type="button" id="sh-test" class="sh-lamp" title="{visit.say("试音", "Test tone")}">{texts["test"]}</button>'
        f'<button type="button" id="sh-quiet" class="sh-lamp" hidden>{texts["quiet"]}</button>'
        f'<span id="sh-live" class="sh-lamp" role="status">…</span>'
        f'<button type="button" id="sh-full" class="sh-lamp" aria-label="{texts["full"]}"><svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true"><path d="M1 5V1h4M9 1h4v4M13 9v4H9M5 13H1V9" fill="none" stroke="currentColor" stroke-width="1.6"/></svg></button></div>'
        f'<div id="sh-stale" role="alert" hidden>{texts["stale"]}</div>'
        f'<div id="sh-unarmed" role="alert" hidden>{unheard}</div>'
    )


def _who(visit: Visit) -> Markup:
    other, name = (Lang.EN, "English") if visit.lang is Lang.ZH else (Lang.ZH, "中文")
    return joined((
        tag("a", name, href=f"/language/{other}?next={quote(visit.path)}",
            class_="sh-navlink sh-lang", lang=str(other)),
        tag(
            "div",
            icon("person"),
            # Where everybody changes their own password.
            tag("a", visit.who.name, href="/accounts", class_="sh-navlink sh-me",
                title=f"{visit.who.name} · {word(ROLE, visit.who.role, visit.lang)}"),
            tag("form", tag("button", visit.say("退出", "Sign out"), class_="sh-navlink", type="submit"),
                method="post", action="/logout"),
            class_="sh-who",
        ),
    ))  # fmt: skip
