"""A camera's picture with its switches, and what is known of the camera now."""

from hub.camera_views import CameraView
from hub.evidence.live import LIVE_PURPOSES, LivePurpose
from hub.page.case.markup import Markup, icon, joined, tag
from hub.page.links import picture_path
from hub.page.site import Visit
from hub.page.words import Lang

from .tile import is_stale
from .words import chip, observation, remedy, state_word


def stage_html(visit: Visit, view: CameraView, *, chosen: LivePurpose, pictures: bool) -> Markup:
    """Return the picture and its switches; the browser's own script keeps it current."""
    say = visit.say
    if not pictures:
        said = say("您的角色不显示画面", "Your role shows no pictures")
        return tag("div", tag("p", said, class_="sh-empty"), class_="sh-card")
    choices = [
        tag("option", say(*words), value=purpose.value, selected=purpose is chosen)
        for purpose, words in LIVE_PURPOSES.items()
    ]
    alt = say(f"{view.name or view.id} 的最新画面", f"newest picture of {view.name or view.id}")
    at = view.picture_at or 0
    age_s = max(0, visit.hub.now() - at) // 1000
    return joined([
        tag("div",
            tag("img", id="cm-picture", alt=alt, hidden=not at, data_at=at,
                src=picture_path(view.id, at, purpose=chosen.value) if at else None),
            tag("p", say("尚无画面，正在向网关请求…", "No picture yet; asking the gateway …"), id="cm-none",
                class_="sh-empty", style="line-height:1.4", hidden=bool(at)),
            id="cm-stage", class_=f"cw-stage{' cw-old' if is_stale(view, visit.hub.now()) else ''}",
            data_camera=view.id),
        tag("div",
            tag("button", icon("query_stats"), " ", say("算法所见", "What the algorithm saw"), type="button",
                id="cm-seen", class_="cw-plain cw-toggle", aria_pressed="false"),
            tag("label", say("查看目的（留痕） ", "Looking for (noted) "),
                tag("select", *choices, id="cm-purpose", class_="sh-select")),
            tag("span", say(f"画面：{age_s} 秒前", f"picture: {age_s} s ago") if at else None, id="cm-age",
                class_="sh-muted", role="status", data_old=say("画面已旧 ", "OLD PICTURE "),
                data_age=say("画面：", "picture: "), data_ago=say(" 秒前", " s ago"),
                data_waiting=say("等待画面…", "waiting for a picture …")),
            class_="cw-bar"),
        tag("p", say(
            "“算法所见”画出区域（蓝）、移动（黄）、识别物（绿）与发现（红）；画面已遮挡隐私区。",
            "“What the algorithm saw” draws zones (blue), what moves (yellow), named things (green) and what was noticed (red); privacy masks are blank in every picture.",
        ), class_="sh-muted"),
    ])  # fmt: skip


def facts_html(view: CameraView, case: str, lang: Lang) -> Markup:
    """Return state, place, load, every known state by zone, and the settings."""
    zh = lang is Lang.ZH

    def say(zh_: str, en: str) -> str:
        return zh_ if zh else en

    why = remedy(view.state, view.reason)
    health = view.health
    facts = [
        (say("编号", "Id"), view.id),
        (say("位置", "Place"), view.place or view.compound_name or say("未登记", "not registered")),
        (say("网关", "Gateway"), view.gateway),
        (say("帧率", "Frames a second"), _number(health.get("fps"))),
        (say("每帧耗时", "Time a frame"), _number(health.get("look_ms"), " ms")),
        (say("占用单核", "CPU of one core"), _number(health.get("cpu_pct"), " %")),
        (say("跳过的帧", "Frames skipped"), _number(health.get("frames_skipped"))),
        (say("重连次数", "Reconnects"), _number(health.get("reconnects"))),
    ]
    settings = view.settings
    if settings is not None:
        facts += [
            (say("来源", "Source"), f"{settings.source} {settings.host}".strip()),
            (say("识别模型", "Detector"), say("有", "yes") if settings.detector else say("无", "none")),
            (say("遮挡", "Masks"), str(len(settings.masks))),
        ]  # fmt: skip
    rows = [joined([tag("dt", name, class_="sh-muted"), tag("dd", tag("bdi", value))]) for name, value in facts if value]  # fmt: skip
    return joined([
        tag("h2", view.name or view.id, class_="cw-name"),
        tag("p", state_word(view.state, lang)),
        tag("p", tag("strong", why.zh if zh else why.en), tag("br"), why.do_zh if zh else why.do_en,
            class_="cw-why") if why else None,
        tag("div", *(chip(a.observation, a.zone, lang) for a in view.active), class_="cw-chips"),
        tag("p", tag("a", icon("assignment"), " ", say("未结案件 ", "Open case "), case,
                     href=f"/cases/{case}")) if case else None,
        tag("dl", *rows, class_="sh-facts"),
        _looked_for(view, lang),
    ])  # fmt: skip


def _number(value: float | None, unit: str = "") -> str:
    return "" if value is None else f"{value:g}{unit}"


def _looked_for(view: CameraView, lang: Lang) -> Markup | None:
    """Say what the camera is asked to notice, and what it says of it; nothing where nothing is known."""
    zh = lang is Lang.ZH
    rows = []
    for zone, states in view.zones.items():
        for name, on in states.items():
            said = ("是" if on else "否") if zh else ("yes" if on else "no")
            place = zone or ("整个画面" if zh else "whole picture")
            rows.append(tag("li", f"{observation(name).say(lang)} · ", tag("bdi", place), f": {said}"))  # fmt: skip
    if not rows:
        return None
    return joined(
        [tag("h3", "当前判断" if zh else "What it says now", class_="sh-h2"), tag("ul", *rows)]
    )
