"""Draws silences: the form, what history would have been, and the list with what each muted."""

from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from cases.taxonomy import CATEGORIES
from hub.access import Role
from hub.silence_preview import Preview
from model.case import EventClass
from model.silence import REASON_MAX, Scope, Silence

from .case.markup import Markup, Part, badge, joined, tag
from .site import Visit
from .words import category, span

MINUTE = 60_000
LENGTHS = (60, 240, 480, 1440, 3 * 1440, 7 * 1440, 30 * 1440)
ENDED_SHOWN = 30
MUTED_SHOWN = 100
_STATES = {
    "awaiting_approval": ("待第二人批准", "Awaiting approval"),
    "planned": ("已计划", "Planned"),
    "active": ("生效中", "In force"),
    "ended": ("已结束", "Ended"),
}
_PARTS = {
    "device": ("设备", "device"), "building": ("楼栋", "building"), "compound": ("小区", "compound"),
    "grid": ("网格", "grid"), "rule": ("规则", "rule"), "category": ("类别", "category"),
}  # fmt: skip
_WHAT = {
    "muted": ("不会立案", "no case"),
    "quiet": ("立案但不响铃", "a case without a sound"),
    "partly": ("部分静默", "partly"),
}


class Typed:
    """What somebody typed into the form."""

    def __init__(self, typed: Mapping[str, str]) -> None:
        """Take the form's fields."""
        self._typed = typed
        self.scope = Scope(**{name: self.text(name)[:128] for name in _PARTS})
        self.emergencies = bool(self.text("emergencies"))
        minutes = self.text("minutes")
        known = minutes.isascii() and minutes.isdecimal() and int(minutes) in LENGTHS
        self.minutes = int(minutes) if known else 0

    def text(self, name: str) -> str:
        """Return a field in one line."""
        return " ".join(str(self._typed.get(name, "")).split())

    def starts(self, zone: ZoneInfo) -> int | None:
        """Return when it is to begin (ms), None for at once or what is no time."""
        try:
            local = datetime.fromisoformat(self.text("starts"))
        except ValueError:
            return None
        return round(local.replace(tzinfo=zone).timestamp() * 1000)


def may_silence(visit: Visit) -> bool:
    """Return whether the visitor may order silences."""
    return visit.may(Role.MAINTENANCE) or visit.may(Role.DISPATCH)


def form_html(visit: Visit) -> Markup:
    """Return the form; a device is given by its page's link."""
    say, registry = visit.say, visit.hub.registry()
    compounds = [c for c in registry.compounds.values() if visit.who.sees(c.grid)]
    words = [tag("option", category(word, visit.lang), value=word) for word in CATEGORIES
             if CATEGORIES[word].cls is not EventClass.REPORT]  # fmt: skip
    lengths = [tag("option", span(m * MINUTE, visit.lang), value=m) for m in LENGTHS]
    hint = say(
        "静默期间，范围内的异常照常记录，但不立案；到期自动结束，仍在持续的立即立案。紧急报警（火警等）、火灾预警和特别严重的异常永远立案："
        "勾选「紧急」只是不响铃、不发通知，且须第二人批准，并生成巡查任务；两分钟内无人接警即恢复响铃。",
        "While it holds, what it covers is recorded and opens no case; it ends by itself, and what still holds"
        " opens its case at once. An emergency, its first sign and whatever is critical always have their case: with the tick below it only makes no sound"
        " and sends no notice, needs a second person, and leaves a patrol; unacknowledged for two minutes, it sounds.",
    )
    device = visit.query.get("device", "")[:128]
    return joined((
        tag("h2", say("新建静默", "New silence"), class_="sh-h2"),
        tag("p", hint, class_="sh-muted"),
        tag(
            "form",
            _select("compound", say("小区", "Compound"),
                    [tag("option", c.name, value=c.id) for c in compounds]),
            _input("building", say("楼栋编号", "Building's id")),
            _input("device", say("设备编号", "Device's id"), value=device),
            _input("grid", say("网格编码", "Grid code"), inputmode="numeric"),
            _select("category", say("类别", "Category"), words),
            _input("rule", say("规则编号", "Rule's id")),
            _input("starts", say("开始（空：立即）", "From (empty: now)"), kind="datetime-local"),
            _select("minutes", say("时长", "For"), lengths, empty=False),
            _input("reason", say("原因", "Reason"), maxlength=REASON_MAX, needed=True),
            tag("label", tag("input", type="checkbox", name="emergencies", value="1", id="si-emergencies"),
                say(" 紧急报警也不响铃（须第二人批准）", " emergencies without a sound too (second person)")),
            _input("patrol", say("巡查人", "Who patrols")),
            tag("button", say("预览历史", "Preview on history"), type="submit", value="preview",
                class_="sh-button", formnovalidate=True),
            tag("button", say("提交", "Create"), type="submit", value="create", class_="sh-button"),
            class_="sh-form", data_form="silence",
        ),
    ))  # fmt: skip


def preview_html(visit: Visit, found: Preview) -> Markup:
    """Return what the last days would have been like."""
    say = visit.say
    counts = found.counts
    head = say(
        f"自 {visit.time(found.since, seconds=False)} 起：{counts['muted']} 件不会立案，{counts['quiet']} 件紧急案件不响铃，"
        f"{counts['partly']} 件部分静默（共 {found.anomalies} 次异常，查看了 {found.looked_at} 件）",
        f"Since {visit.time(found.since, seconds=False)}: {counts['muted']} cases would not have been opened,"
        f" {counts['quiet']} emergencies without a sound, {counts['partly']} partly"
        f" ({found.anomalies} anomalies; {found.looked_at} cases looked at)",
    )
    rows = [
        tag("li", tag("a", category(c.category, visit.lang), " ", c.id, href=f"/cases/{c.id}"), " ",
            tag("bdi", c.place), " ", tag("span", visit.time(c.opened_at, seconds=False), class_="sh-muted"),
            " ", badge(say(*_WHAT[c.what]), "sh-critical sh-tone" if c.what == "quiet" else ""))
        for c in found.cases
    ]  # fmt: skip
    more = None if found.whole else tag("p", say("更早的未查看", "older ones were not looked at"))
    return tag(
        "section", tag("h2", say("预览", "Preview"), class_="sh-h2"), tag("p", head),
        tag("ul", *rows) if rows else None, more, class_="sh-card sh-silence-preview",
    )  # fmt: skip


def list_html(visit: Visit, silences: list[Silence], mine: Callable[[Silence], bool]) -> Markup:
    """Return what has not ended as cards, and what has as a list."""
    say = visit.say
    live = [s for s in silences if s.ended_at is None]
    over = [s for s in silences if s.ended_at is not None][:ENDED_SHOWN]
    none = tag("p", say("当前没有静默", "Nothing is silenced"), class_="sh-empty")
    return joined((
        *([_card(visit, s, mine=mine(s)) for s in live] or [none]),
        tag("section", tag("h2", say("已结束", "Ended"), class_="sh-h2"),
            *(_card(visit, s, mine=False, plain=True) for s in over),
            class_="sh-card sh-walk-ended") if over else None,
    ))  # fmt: skip


def scope_name(visit: Visit, scope: Scope) -> str:
    """Return what a silence covers, in the words that people know."""
    registry, parts = visit.hub.registry(), []
    for name, value in scope.named().items():
        place = registry.place(value) if name in {"building", "compound"} else None
        said = place.name if place else category(value, visit.lang) if name == "category" else value
        parts.append(f"{visit.say(*_PARTS[name])} {said}")
    return " · ".join(parts)


def _card(visit: Visit, silence: Silence, *, mine: bool, plain: bool = False) -> Markup:
    say = visit.say
    times = f"{visit.time(silence.starts_at, seconds=False)} → {visit.time(silence.ends_at, seconds=False)}"
    ended = None
    if silence.ended_at is not None:
        by = say("到时自动", "its time") if silence.ended_by == "hub" else silence.ended_by
        ended = tag("p", say("结束：", "Ended: "), visit.time(silence.ended_at, seconds=False), " ", tag("bdi", by))  # fmt: skip
    return tag(
        "article" if plain else "section",
        tag("h3" if plain else "h2", tag("bdi", scope_name(visit, silence.scope)), " ",
            badge(say(*_STATES[silence.state])),
            badge(say("紧急不响铃", "EMERGENCIES QUIET"), "sh-critical sh-tone")
            if silence.emergencies else None, class_="sh-h2"),
        tag("p", say("申请人：", "By "), tag("bdi", silence.author),
            say("，原因：", ", because: "), tag("bdi", silence.reason)),
        _second(visit, silence),
        tag("p", times, class_="sh-num"), ended, _muted(visit, silence),
        *(_buttons(visit, silence) if mine and may_silence(visit) else ()),
        class_="sh-silence" if plain else "sh-card sh-mode-test sh-walk-card",
    )  # fmt: skip


def _second(visit: Visit, silence: Silence) -> Markup | None:
    if not silence.emergencies:
        return None
    say = visit.say
    return tag(
        "p", say("批准人：", "Approved by "), tag("bdi", silence.approved_by or "–"),
        say("，巡查人：", ", patrol: "), tag("bdi", silence.patrol),
    )  # fmt: skip


def _buttons(visit: Visit, silence: Silence) -> tuple[Part, ...]:
    say = visit.say
    approve = tag("button", say("批准", "Approve"), type="button", class_="sh-button",
                  data_deed="approve", data_silence=silence.id)  # fmt: skip
    end = tag("button", say("提前结束", "End now"), type="button", class_="sh-button",
              data_deed="end", data_silence=silence.id)  # fmt: skip
    waits = silence.state == "awaiting_approval" and visit.may(Role.DISPATCH)
    return (approve if waits and silence.author != visit.who.name else None, end)


def _muted(visit: Visit, silence: Silence) -> Markup:
    say = visit.say
    title = say(f"已静默 {silence.count} 项异常", f"{silence.count} anomalies muted")
    if not silence.count:
        return tag("p", title, class_="sh-muted")
    items = [
        tag("li", tag("span", visit.time(m.at, seconds=False), class_="sh-num sh-muted"), " ",
            category(m.category, visit.lang), " ", tag("bdi", m.subject),
            say("（已恢复）", " (over)") if m.ended_at is not None else None)
        for m in silence.muted[-MUTED_SHOWN:]
    ]  # fmt: skip
    return tag("details", tag("summary", title), tag("ul", *items))


def _select(name: str, label: str, options: list[Markup], *, empty: bool = True) -> Markup:
    first = [tag("option", "–", value="")] if empty else []
    control = tag("select", *first, *options, id=f"si-{name}", name=name, class_="sh-input")
    return tag("span", tag("label", label, for_=f"si-{name}"), tag("br"), control)


def _input(
    name: str,
    label: str,
    *,
    value: str = "",
    kind: str = "text",
    maxlength: int = 128,
    inputmode: str | None = None,
    needed: bool = False,
) -> Markup:
    control = tag(
        "input", id=f"si-{name}", name=name, value=value, type=kind, maxlength=maxlength,
        inputmode=inputmode, required=needed, class_="sh-input", autocomplete="off",
    )  # fmt: skip
    return tag("span", tag("label", label, for_=f"si-{name}"), tag("br"), control)
