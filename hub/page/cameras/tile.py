"""One camera on the wall: its picture with its age, how it is, what it sees, and what to do."""

from hub.camera_views import STALE_MS, CameraView
from hub.page.case.markup import Markup, icon, tag
from hub.page.links import camera_path, picture_path
from hub.page.words import Lang, span

from .words import STATES, chip, observation, remedy, state_word

CHIPS = 4
OLD = ("旧画面", "OLD PICTURE")
_COUNTING = "…"  # the browser counts on from what `aged` puts here


def tile_html(view: CameraView, case: str, *, now: int, lang: Lang, pictures: bool) -> Markup:
    """Return the tile; `case` is the id of an open case of this camera, or empty."""
    stale = is_stale(view, now)
    return tag(
        "article",
        shot_html(view, lang, pictures=pictures, stale=stale),
        tag("div", *_body(view, case, lang, stale=stale, pictures=pictures), class_="cw-body"),
        class_=f"cw-tile sh-{tone_of(view)}{' cw-old' if stale else ''}",
        data_camera=view.id,
        data_at=view.picture_at or 0,
    )


def aged(tile: Markup, view: CameraView, now: int, lang: Lang) -> Markup:
    """Return a tile that says how old its picture is now; a tile is drawn without, since that always changes."""
    if view.picture_at is None:
        return tile
    said = _time(span(now - view.picture_at, lang), view.picture_at)
    return Markup(tile.replace(_time(_COUNTING, view.picture_at), said, 1))


def tone_of(view: CameraView) -> str:
    """Return the tone of a tile: the worst of what the camera sees, else that of its state."""
    tones = {observation(item.observation).tone for item in view.active}
    worst = next((t for t in ("critical", "major", "minor", "warning") if t in tones), "")
    return worst or STATES[view.state].tone


def is_stale(view: CameraView, now: int) -> bool:
    """Whether the newest picture is no view of now."""
    if view.picture_at is None:
        return False
    return view.state in ("offline", "silent") or now - view.picture_at > STALE_MS


def shot_html(view: CameraView, lang: Lang, *, pictures: bool, stale: bool) -> Markup:
    """Return the picture as a way to the camera's page; what it shows is said in the link's name."""
    zh = lang is Lang.ZH
    label = (view.name or view.id) + (" 的画面" if zh else ": picture")
    if not pictures:
        inside = tag("span", "您的角色不显示画面" if zh else "Your role shows no pictures", class_="cw-none")  # fmt: skip
    elif view.picture_at is None:
        inside = tag("span", "尚无画面" if zh else "No picture yet", class_="cw-none")
    else:
        inside = tag("img", alt="", loading="lazy", decoding="async", width=320, height=180,
                     src=picture_path(view.id, view.picture_at))  # fmt: skip
    return tag(
        "a", inside,
        tag("span", OLD[not zh], class_="cw-stale") if stale and pictures else None,
        href=camera_path(view.id), class_="cw-shot", aria_label=label, data_keep=f"shot:{view.id}",
    )  # fmt: skip


def _time(said: str, at: int) -> Markup:
    return tag("time", said, data_since=at)


def _body(
    view: CameraView, case: str, lang: Lang, *, stale: bool, pictures: bool
) -> list[Markup | None]:
    zh = lang is Lang.ZH
    why = remedy(view.state, view.reason)
    where = view.place or view.compound_name or ("未登记位置" if zh else "no place registered")
    age: Markup | None = None
    if view.picture_at is not None and pictures:
        age = tag(
            "span", "画面 " if zh else "picture ",
            _time(_COUNTING, view.picture_at), "前" if zh else " old",
            "，不是现在的情况" if zh and stale else ", not what is there now" if stale else "",
            class_="cw-age",
        )  # fmt: skip
    chips = [chip(item.observation, item.zone, lang) for item in view.active[:CHIPS]]
    if len(view.active) > CHIPS:
        chips.append(tag("span", f"+{len(view.active) - CHIPS}", class_="sh-badge"))
    chips += [
        tag("span", icon("groups"), f"{count:g}", tag("bdi", zone, class_="cw-zone") if zone else None,
            class_="cw-chip", title="人数" if zh else "people")
        for zone, count in view.counts.items()
    ]  # fmt: skip
    return [
        tag("h2", tag("a", view.name or view.id, href=camera_path(view.id), tabindex="-1"),
            class_="cw-name"),
        tag("div", tag("bdi", where), class_="sh-muted cw-where"),
        tag("div", state_word(view.state, lang), " ", age, class_="cw-line"),
        tag("div", tag("strong", why.zh if zh else why.en), tag("br"),
            why.do_zh if zh else why.do_en, class_="cw-why") if why else None,
        tag("div", *chips, class_="cw-chips") if chips else None,
        tag("a", icon("assignment"), " ", ("未结案件 " if zh else "Open case ") + case,
            href=f"/cases/{case}", class_="cw-case", data_keep=f"case:{view.id}") if case else None,
        tag("span", "巡检测试" if zh else "Walk test", class_="sh-badge sh-mode")
        if view.walk_test else None,
    ]  # fmt: skip
