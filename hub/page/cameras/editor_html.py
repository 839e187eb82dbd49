"""The editor of zones and masks, and trials of changed settings with a clip, as HTML; scripts do the rest."""

import json
from collections.abc import Sequence

from hub.camera_views import MISFIT, CameraView
from hub.case_store.footage import Shown
from hub.evidence.looking import Purpose
from hub.page.case.markup import Markup, joined, tag
from hub.page.links import picture_path
from hub.page.site import Visit

from .words import observation


def editor_html(visit: Visit, view: CameraView) -> Markup:
    """Return the editor over the newest picture; what it makes is text for the gateway's file."""
    say, settings = visit.say, view.settings
    drawn = {
        "zones": {name: [list(c) for c in corners] for name, corners in settings.zones.items()},
        "masks": [[list(c) for c in corners] for corners in settings.masks],
        "drawn_on": settings.masks_drawn_on,
    } if settings else {"zones": {}, "masks": [], "drawn_on": ""}  # fmt: skip
    written = dict(settings.observations) if settings else {}
    observations = "\n".join(f"{name}: {json.dumps(keys, ensure_ascii=False)}" for name, keys in written.items())  # fmt: skip
    return tag(
        "section",
        tag("h2", say("区域与遮挡", "Zones and masks"), class_="sh-h2"),
        tag("p", say(
            "在画面上点击角点；回到第一个角点或按 Enter 结束。区域（蓝）是要看的地方；遮挡（黑、红虚线）在分析与保存之前永久涂黑。",
            "Click corners on the picture; click the first one again, or press Enter, to end. Zones (blue) are where to look; masks (black, dashed red) are blanked for good before anything looks or is kept.",
        ), class_="sh-muted"),
        _bar(visit),
        tag("div", _stage(visit, view), tag("div",
            tag("ul", id="ce-list", class_="ce-list"),
            tag("label", say("检测项 observations（YAML，可修改）", "observations (YAML, may be changed)"), for_="ce-observations"),
            tag("textarea", observations, id="ce-observations", class_="ce-text", spellcheck="false"),
        ), class_="ce-cols"),
        _result(visit),
        id="ce", class_="sh-card", data_camera=view.id, data_drawn=json.dumps(drawn),
        data_misfit="1" if view.reason == MISFIT else None,
        **{f"data_{key}": value for key, value in _words(visit).items()},
    )  # fmt: skip


def _bar(visit: Visit) -> Markup:
    say = visit.say
    return tag(
        "div",
        tag("button", say("画区域", "Draw a zone"), type="button", id="ce-zone", class_="cw-plain cw-toggle", aria_pressed="false"),
        tag("button", say("画遮挡（永久遮挡）", "Draw a mask (blanked for good)"), type="button", id="ce-mask", class_="cw-plain cw-toggle", aria_pressed="false"),
        tag("button", say("撤销", "Undo"), type="button", id="ce-undo", class_="cw-plain", disabled=True),
        tag("button", say("换最新画面", "Newest picture"), type="button", id="ce-fresh", class_="cw-plain"),
        tag("span", id="ce-hint", class_="sh-muted", role="status"),
        class_="cw-bar",
    )  # fmt: skip


def _stage(visit: Visit, view: CameraView) -> Markup:
    say = visit.say
    return tag(
        "div",
        tag("img", id="ce-picture", alt=say("用于画区域的画面", "the picture to draw on"), draggable="false",
            src=picture_path(view.id, view.picture_at or 0, purpose=Purpose.TECHNICAL.value)),
        Markup('<svg id="ce-svg" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true"></svg>'),
        tag("div", id="ce-handles"),
        id="ce-stage", class_="cw-stage", tabindex="0", role="group",
        aria_label=say("画面：方向键移动角点，Delete 删除，Insert 加角点",
                       "picture: arrow keys move a corner, Delete removes it, Insert adds one"),
    )  # fmt: skip


def _result(visit: Visit) -> Markup:
    say = visit.say
    return joined([
        tag("h3", say("写入网关文件的内容", "What to write into the gateway's file"), class_="sh-h2"),
        tag("pre", id="ce-yaml", class_="sh-pre", tabindex="0"),
        tag("div",
            tag("button", say("复制", "Copy"), type="button", id="ce-copy", class_="sh-button"),
            tag("span", id="ce-said", role="status"), class_="cw-bar"),
        tag("ul", id="ce-errors", class_="sh-troubles"),
        tag("p", say(
            "本页不修改网关：把它粘贴到网关文件 video.cameras 下这台摄像机的条目里（替换原有 masks、masks_drawn_on、zones、observations），用 smarthub check 检查，用 smarthub video test 试，然后重启网关。",
            "This page does not change the gateway: paste it into this camera's entry under video.cameras in the gateway's file (in place of masks, masks_drawn_on, zones, observations), check it with smarthub check, try it with smarthub video test, and restart the gateway.",
        ), class_="sh-muted"),
    ])  # fmt: skip


def trial_html(visit: Visit, clips: Sequence[Shown]) -> Markup:
    """Return the form of a trial: a clip, and the settings of the editor against those in force."""
    say = visit.say
    stored = [
        tag("option", f"{visit.time(clip.since)} · {observation(clip.observation).say(visit.lang)}",
            value=clip.sha256)
        for clip in clips
    ]  # fmt: skip
    return tag(
        "section",
        tag("h2", say("用录像试新设置", "Try the new settings with a clip"), class_="sh-h2"),
        tag("p", say(
            "选择一段录像（不超过 64 MiB），比较现行设置与上面的新设置会发现什么。录像只在试运行时使用，半小时后清除；没有识别模型的检测项会说明未检测。",
            "Choose a clip (at most 64 MiB) and compare what the settings in force and the new ones above notice in it. The clip is used for trials only and removed after half an hour; observations that need a detector say that they were not looked for.",
        ), class_="sh-muted"),
        tag("div",
            tag("label", say("已存的录像", "Kept clip"), tag("br"),
                tag("select", tag("option", say("（用旁边的文件）", "(the file beside)"), value=""), *stored,
                    id="cr-stored", class_="sh-select"), hidden=not stored),
            tag("label", say("录像文件", "Clip"), tag("br"),
                tag("input", type="file", id="cr-file", class_="sh-input", accept="video/*,.mkv,.avi,.mov")),
            tag("button", say("试运行", "Try"), type="button", id="cr-start", class_="sh-button", disabled=True),
            tag("button", say("停止", "Stop"), type="button", id="cr-stop", class_="cw-plain", hidden=True),
            class_="sh-form"),
        tag("p", tag("label", say("进度", "Progress"), for_="cr-bar", class_="sh-hidden"),
            tag("progress", id="cr-bar", class_="cr-bar", max="1", value="0"), id="cr-progress", hidden=True),
        tag("p", id="cr-said", role="status"),
        tag("div", id="cr-result"),
        id="cr", class_="sh-card",
    )  # fmt: skip


def _words(visit: Visit) -> dict[str, str]:
    """Return the words that the editor's script says."""
    say = visit.say
    return {
        "say_zone": say("区域", "Zone"),
        "say_mask": say("遮挡（永久遮挡）", "Mask (blanked for good)"),
        "say_choose": say("选择", "Choose"),
        "say_delete": say("删除", "Delete"),
        "say_name": say("区域名称", "name of the zone"),
        "say_corner": say("角点", "corner"),
        "say_drawing": say(
            "点击至少三个角点；Enter 结束（没有角点时放入一个矩形），Esc 取消",
            "Click at least three corners; Enter ends (without corners it puts a rectangle), Esc gives up",
        ),
        "say_chosen": say(
            "拖动角点，或用方向键；Insert 加角点，Delete 删角点",
            "Drag corners, or use arrow keys; Insert adds a corner, Delete removes it",
        ),
        "say_good": say("设置有效", "These settings are valid"),
        "say_bad": say("有错误：", "There are mistakes:"),
        "say_copied": say("已复制", "Copied"),
        "say_checking": say("检查中…", "checking …"),
        "say_uploading": say("上传中…", "uploading …"),
        "say_running": say("分析中…", "looking …"),
        "say_large": say("超过 64 MiB，请截取", "over 64 MiB; cut the clip"),
    }
