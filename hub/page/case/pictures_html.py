"""What cameras saw of a case 画面: shown only once somebody has said why they look."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from hub.case_store.footage import Look, Shown
from hub.evidence.looking import PURPOSES, Episode, Purpose
from hub.page.footage import PACK_PATH, footage_path
from hub.page.words import Lang, local, span, word
from model.case import Case

from .markup import Markup, badge, icon, tag

LOOK = "look"
"""The name of the form in which somebody says why they look."""

_WHY = {purpose.value: both for purpose, both in PURPOSES.items()}
_STATES = {
    "here": ("录像已到", "Clip is here"),
    "on_its_way": ("录像上传中", "Clip still on its way"),
    "missing": ("录像未收到", "Clip was not received"),
    "none": ("没有录像", "No clip"),
}
_MORE = {
    "on_its_way": (
        "网关先发快照，录像在事件开始约十秒后才录完，随后按限速上传。",
        "The gateway sends the picture first; the clip ends about ten seconds after the start, then travels.",
    ),
    "missing": (
        "网关可能离线或证据空间已满，请看“系统”页的网关。",
        "The gateway may be away or its evidence folder full: see the gateway on the page System.",
    ),
}


def purpose_of(typed: object) -> Purpose | None:
    """Return the purpose that was chosen in the form, None for none of ours."""
    chosen = typed.get("purpose") if isinstance(typed, dict) else None
    return Purpose(chosen) if chosen in list(Purpose) else None


def pictures_html(
    case: Case,
    episodes: Sequence[Episode],
    *,
    looks: Sequence[Look],
    may: bool,
    purpose: Purpose | None,
    zone: ZoneInfo,
    lang: Lang,
) -> Markup:
    """Return the episodes with what can be seen of each; empty for a case without cameras."""
    if not episodes:
        return Markup("")
    seen = [
        _episode(case, episode, purpose if may else None, zone=zone, lang=lang)
        for episode in episodes
    ]
    return tag(
        "section",
        tag("h2", "画面" if lang is Lang.ZH else "Pictures", class_="sh-h2"),
        _asked(purpose, lang) if may else _for_others(lang),
        *seen,
        _looks(looks, zone, lang) if may and looks else None,
        class_="sh-card cp-seen", id="pictures",
    )  # fmt: skip


def pack_html(case: Case, *, may: bool, lang: Lang) -> Markup:
    """Return how the evidence pack is fetched; empty for those who do not work on the case."""
    if not may:
        return Markup("")
    zh = lang is Lang.ZH
    said = (
        "ZIP：案件、过程记录、触发时的规则原文与画面，各附 SHA-256；画面的每次导出均有记录。"
        if zh
        else "A ZIP of the case, its history, the rules as they fired and the pictures, each with its SHA-256;"
        " every look at pictures is recorded."
    )
    return tag(
        "section",
        tag("h2", "证据包" if zh else "Evidence pack", class_="sh-h2"),
        tag(
            "form",
            tag("div",
                tag("label", "用途" if zh else "What for", for_="f-pack"),
                tag("select", *_purposes(lang), id="f-pack", name="purpose"),
                class_="cp-field"),
            tag("button", icon("folder_zip"), "下载" if zh else "Fetch", type="submit", class_="cp-deed"),
            tag("small", said, class_="sh-muted"),
            class_="cp-look", method="get", action=f"{PACK_PATH}{case.id}",
        ),
        class_="sh-card", id="pack",
    )  # fmt: skip


def _purposes(lang: Lang) -> list[Markup]:
    zh = lang is Lang.ZH
    return [
        tag("option", both[0] if zh else both[1], value=key.value) for key, both in PURPOSES.items()
    ]


def _asked(purpose: Purpose | None, lang: Lang) -> Markup:
    """Return the question why somebody looks, or what they answered."""
    zh = lang is Lang.ZH
    said = (
        "每次查看都会记录：何人、何时、为何。" if zh else "Each look is recorded: who, when, why."
    )
    if purpose is not None:
        word_ = PURPOSES[purpose][0 if zh else 1]
        why = f"查看目的：{word_}。" if zh else f"Purpose: {word_}."
        return tag("p", icon("visibility"), why, " ", said, class_="cp-why", role="status")
    return tag(
        "form",
        tag("div",
            tag("label", "为何查看" if zh else "Why do you look?", for_="f-purpose"),
            tag("select", *_purposes(lang), id="f-purpose", name="purpose"),
            class_="cp-field"),
        tag("button", icon("visibility"), "查看画面" if zh else "Show the pictures",
            type="submit", class_="cp-deed"),
        tag("small", said, class_="sh-muted"),
        class_="cp-look", data_form=LOOK,
    )  # fmt: skip


def _looks(looks: Sequence[Look], zone: ZoneInfo, lang: Lang) -> Markup:
    """Return who looked, when and why, the newest first: also those who look are seen."""
    zh = lang is Lang.ZH
    kinds = {
        "snapshot": ("快照", "picture"),
        "clip": ("录像", "clip"),
        "manifest": ("清单", "manifest"),
    }
    rows = [
        tag("li", tag("b", look.who), " ", local(look.at, zone), " · ", word(kinds, look.kind, lang),
            " · ", word(_WHY, look.purpose, lang))
        for look in looks
    ]  # fmt: skip
    head = "谁看过画面" if zh else "Who looked at the pictures"
    return tag("details", tag("summary", head), tag("ul", *rows, class_="cp-fine"))


def _for_others(lang: Lang) -> Markup:
    zh = lang is Lang.ZH
    said = (
        "画面只供处置本案件的人员查看。" if zh else "Pictures are for those who work on this case."
    )
    return tag("p", icon("lock"), said, class_="sh-muted cp-why")


def _episode(
    case: Case, episode: Episode, purpose: Purpose | None, *, zone: ZoneInfo, lang: Lang
) -> Markup:
    named, manifest = episode.named, episode.manifest
    what = episode.files[0].observation if episode.files else ""
    if manifest is not None and all(manifest.title):
        what = manifest.title[lang is not Lang.ZH]
    more = word(_MORE, episode.state, lang) if episode.state in _MORE else ""
    if episode.state == "none" and manifest is not None:
        more = manifest.note
    return tag(
        "article",
        tag("p",
            tag("b", what) if what else None,
            tag("span", named.device, class_="cp-id"),
            tag("span", local(named.at, zone), class_="sh-num"),
            badge(word(_STATES, episode.state, lang)),
            class_="cp-line"),
        tag("p", _hidden(episode, lang), class_="sh-muted cp-fine"),
        tag("p", more, class_="sh-muted") if more else None,
        _views(case, episode, purpose, zone=zone, lang=lang) if purpose else None,
    )  # fmt: skip


def _hidden(episode: Episode, lang: Lang) -> str:
    """Say what is hidden in the pictures, as their manifest tells."""
    zh, manifest = lang is Lang.ZH, episode.manifest
    if manifest is None:
        return "遮挡信息随录像到达。" if zh else "What is masked is told when the clip is here."
    n = manifest.masks
    if zh:
        said = f"隐私遮挡 {n} 处，存储前已涂黑" if n else "本摄像机未设隐私遮挡"
        return said + ("；人员已打马赛克。" if manifest.pixelated else "。")
    areas = "one area is" if n == 1 else f"{n} areas are"
    said = f"{areas} masked, black before anything was stored" if n else "no privacy mask is set"
    said = said[0].upper() + said[1:]
    return said + ("; persons are pixelated." if manifest.pixelated else ".")


def _views(case: Case, episode: Episode, purpose: Purpose, *, zone: ZoneInfo, lang: Lang) -> Markup:
    clip, pictures = episode.clip(), episode.pictures()
    shown = [_picture(case, picture, purpose, zone, lang) for picture in pictures[:1]]
    if clip is not None:
        shown.append(_player(case, clip, purpose, zone, lang))
    return tag("div", *shown, class_="cp-views")


def _picture(case: Case, shown: Shown, purpose: Purpose, zone: ZoneInfo, lang: Lang) -> Markup:
    at = local(shown.since, zone)
    said = f"快照 {at}" if lang is Lang.ZH else f"Picture at {at}"
    path = footage_path(shown.sha256, case.id, purpose)
    return tag(
        "figure",
        tag("a", tag("img", src=path, alt=f"{said}, {shown.device}"), href=path, target="_blank"),
        tag("figcaption", said),
    )


def _player(case: Case, shown: Shown, purpose: Purpose, zone: ZoneInfo, lang: Lang) -> Markup:
    begun, length = local(shown.since, zone), span(shown.until - shown.since, lang)
    said = f"录像 {begun} 起，{length}" if lang is Lang.ZH else f"Clip from {begun}, {length}"
    # Nothing is fetched before somebody plays it: only then it is a look.
    player = tag(
        "video", src=footage_path(shown.sha256, case.id, purpose), controls=True, preload="none",
        playsinline=True, muted=True, aria_label=f"{said}, {shown.device}",
    )  # fmt: skip
    return tag("figure", player, tag("figcaption", said))
