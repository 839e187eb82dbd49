"""Draws how things stand at a hand-over: the same sheet on the screen, kept, and on paper."""

from collections.abc import Collection
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hub.case_store.handovers import Handover, Snapshot
from hub.handover import NOTES_MAX, Json, listed
from hub.urgency import unheard
from model.silence import SILENCED

from .case.markup import Markup, Part, badge, joined, tag
from .words import CLASS, MARKS, MODE, SEVERITY, STATE, UNHEARD, Lang, category, local, word

_FLAGS = {
    "isolated": ("屏蔽", "isolated"),
    "testing": ("测试中", "testing"),
    "removed": ("被拆除", "removed"),
}


class Reader(NamedTuple):
    """Who reads the sheet: the language, the clock, and what is ticked (None: nothing to tick).

    `told` are the emergencies of a kept sheet that were ticked.
    """

    lang: Lang
    zone: ZoneInfo
    ticked: Collection[str] | None = None
    told: Collection[str] = ()

    def say(self, zh: str, en: str) -> str:
        """Return one of two texts that mean the same."""
        return zh if self.lang is Lang.ZH else en

    def time(self, at: object) -> str:
        """Return a time on the clock of the place, without seconds."""
        return local(at, self.zone, seconds=False)


def sheet_html(reader: Reader, snapshot: Snapshot) -> Markup:
    """Return how things stand: emergencies first, then what does not protect, other work, devices, and the shift's counts."""
    say = reader.say
    waiting = reader.ticked is not None
    hint = say("未接警的紧急案件须逐件勾选，表示已当面交代。",
               "Tick each emergency that nobody has acknowledged: it was told in person.")  # fmt: skip
    total = _number(snapshot, "emergencies_total")
    emergencies = listed(snapshot, "emergencies")
    asked = waiting and any(map(unheard, emergencies))
    overdue = listed(snapshot, "overdue")
    return joined((
        tag("div", *_figures(reader, snapshot), class_="sh-kpis"),
        _part(say(f"未结紧急案件（{total}）", f"Open emergencies ({total})"),
              tag("p", hint, class_="sh-muted") if asked else None,
              _cases(reader, emergencies, say("没有未结的紧急案件", "No open emergency"),
                     total=total)),
        _impairments(reader._replace(ticked=None), snapshot),
        _part(say(f"已超时（{_number(snapshot, 'overdue_total')}）",
                  f"Overdue ({_number(snapshot, 'overdue_total')})"),
              _cases(reader._replace(ticked=None), overdue,
                     say("没有超时案件", "Nothing is overdue"),
                     total=_number(snapshot, "overdue_total"))),
        _part(say("屏蔽、测试与拆除的设备", "Isolated, testing and removed devices"),
              _devices(reader, snapshot)),
        _walk_tests(reader, listed(snapshot, "walk_tests")),
        _silences(reader, listed(snapshot, "silences")),
    ))  # fmt: skip


def kept_html(reader: Reader, made: Handover, *, intact: bool) -> Markup:
    """Return a kept hand-over as a sheet to print and sign."""
    say = reader.say
    sound = say("记录完整", "record intact") if intact else say(
        "记录已被改动！", "THE RECORD WAS CHANGED!")  # fmt: skip
    since, kept = made.snapshot.get("since"), made.snapshot.get("ticked")
    told = [str(case) for case in kept] if isinstance(kept, list) else []
    before = reader.time(since) if since else say("首次交接", "the first hand-over")
    return joined((
        tag(
            "dl",
            *_pair(say("时间", "Time"), reader.time(made.at)),
            *_pair(say("交班", "Outgoing"), made.outgoing),
            *_pair(say("接班", "Incoming"), made.incoming),
            *_pair(say("辖区", "Territory"), made.grid or say("全部", "everywhere")),
            *_pair(say("上次交接", "The one before"), before),
            class_="pp-facts",
        ),
        sheet_html(reader._replace(told=told), made.snapshot),
        _part(say("备注", "Notes"), tag("p", made.notes or "–", class_="pp-notes")),
        tag(
            "div", _line(say("交班人签名", "Signature, outgoing"), made.outgoing),
            _line(say("接班人签名", "Signature, incoming"), made.incoming), class_="pp-signs",
        ),
        tag("p", f"№ {made.id} · {made.hash} · {sound}",
            class_="sh-muted" if intact else "pp-said pp-refused"),
    ))  # fmt: skip


def form_html(reader: Reader, outgoing: str) -> Markup:
    """Return what the two people fill in."""
    say = reader.say
    return tag(
        "form",
        tag("label", say("备注（设备检修、来访、待办事项）", "Notes (repairs, visitors, what is to be done)"),
            for_="ho-notes"),
        tag("textarea", id="ho-notes", name="notes", maxlength=NOTES_MAX),
        tag(
            "div",
            tag("span", tag("span", say("交班人", "Outgoing"), class_="sh-muted"),
                tag("b", tag("bdi", outgoing)), class_="pp-field pp-out"),
            _input("ho-incoming", "incoming", say("接班人用户名", "Incoming person's name"),
                   kind="text", auto="off"),
            _input("ho-password", "password", say("接班人密码", "Incoming person's password"),
                   kind="password", auto="off"),
            tag("button", say("确认交接", "Hand over"), type="submit", class_="sh-button"),
            class_="sh-form",
        ),
        data_form="handover", aria_label=say("交接班", "Hand the shift over"),
    )  # fmt: skip


def past_html(reader: Reader, found: Collection[Handover]) -> Markup:
    """Return the newest hand-overs, each a link to its sheet."""
    say = reader.say
    if not found:
        return tag("p", say("还没有交接记录", "No shift was handed over yet"), class_="sh-empty")
    return tag(
        "ul",
        *(
            tag("li", tag("a", reader.time(made.at), href=f"/handover/{made.id}"), " ",
                tag("bdi", made.outgoing), " → ", tag("bdi", made.incoming), " · ",
                say("未结紧急 ", "open emergencies "),
                str(_number(made.snapshot, "emergencies_total")))
            for made in found
        ),
        class_="pp-past",
    )  # fmt: skip


def _figures(reader: Reader, snapshot: Snapshot) -> list[Markup]:
    say = reader.say
    others = snapshot.get("others")
    counts = others if isinstance(others, dict) else {}
    gateways = snapshot.get("silent_gateways")
    away = [str(name) for name in gateways] if isinstance(gateways, list) else []
    emergencies = _number(snapshot, "emergencies_total")
    return [
        _figure(emergencies, say("紧急", "emergencies"), "critical" if emergencies else ""),
        *(_figure(counts.get(cls, 0), word(CLASS, cls, reader.lang)) for cls in counts),
        _figure(_number(snapshot, "overdue_total"), say("超时", "overdue"),
                "major" if _number(snapshot, "overdue_total") else ""),
        _figure(_number(snapshot, "silent_devices"), say("失联设备", "silent devices")),
        _figure(len(away), say("离线网关", "gateways away") + (f": {', '.join(away)}" if away else ""),
                "critical" if away else ""),
        _figure(_number(snapshot, "opened"), say("本班新开", "opened this shift")),
        _figure(_number(snapshot, "closed"), say("本班结案", "closed this shift")),
        _figure(_number(snapshot, "false"), say("其中误报", "of them false")),
    ]  # fmt: skip


def _impairments(reader: Reader, snapshot: Snapshot) -> Markup | None:
    """Return what does not protect now; nothing for a sheet of before it was kept."""
    if "impairments" not in snapshot:
        return None
    total = _number(snapshot, "impairments_total")
    return _part(reader.say(f"未结失效（{total}）", f"Open impairments ({total})"),
                 _cases(reader, listed(snapshot, "impairments"),
                        reader.say("没有未结的失效", "No open impairment"), total=total))  # fmt: skip


def _cases(reader: Reader, cases: list[Json], calm: str, *, total: int) -> Markup:
    if not cases:
        return tag("p", f"✓ {calm}", class_="sh-muted")
    rest = total - len(cases)
    more = reader.say(f"另有 {rest} 件", f"and {rest} more")
    return joined((
        tag("ul", *(_case(reader, case) for case in cases), class_="pp-cases"),
        tag("p", more, class_="sh-muted") if rest > 0 else None,
    ))  # fmt: skip


def _case(reader: Reader, case: Json) -> Markup:
    say, lang, ident = reader.say, reader.lang, str(case["id"])
    waiting = unheard(case)
    tick: Part = None
    if waiting and reader.ticked is not None:
        tick = tag(
            "label",
            tag("input", type="checkbox", data_tick=ident, checked=ident in reader.ticked,
                aria_label=say(f"已当面交代 {ident}", f"told in person: {ident}")),
            class_="pp-tick",
        )  # fmt: skip
    by = tag("span", "✓ ", tag("bdi", str(case["acknowledged_by"] or "")), class_="sh-muted")
    real = case["mode"] == "real"
    return tag(
        "li",
        tick,
        tag("b", word(SEVERITY, case["severity"], lang),
            class_=f"sh-{case['severity']} sh-tone"),
        tag("a", category(case["category"], lang), " ", ident, href=f"/cases/{ident}"),
        tag("span", tag("bdi", str(case["place_name"] or case["place"]))),
        badge(word(STATE, case["state"], lang)),
        None if real else badge(word(MODE, case["mode"], lang), "sh-mode"),
        badge(say("静默：勿让小区知晓", "SILENT: not to the compound"), "sh-critical sh-tone")
        if case.get("quiet") else None,
        badge(word(MARKS, SILENCED, lang)) if case.get(SILENCED) else None,
        tag("span", reader.time(case["opened_at"]), class_="sh-muted sh-num"),
        badge(word(UNHEARD, "again" if case["acknowledged_by"] else "never", lang),
              "sh-critical sh-tone") if waiting
        else by if case["acknowledged_by"] else None,
        tag("span", "☑ ", say("已当面交代", "told in person")) if ident in reader.told else None,
        class_="pp-waiting" if waiting else None,
    )  # fmt: skip


def _devices(reader: Reader, snapshot: Snapshot) -> Markup:
    found = listed(snapshot, "devices")
    if not found:
        return tag("p", f"✓ {reader.say('没有', 'None')}", class_="sh-muted")
    rest = _number(snapshot, "devices_total") - len(found)
    items = []
    for device in found:
        flags = device.get("flags")
        words = [word(_FLAGS, f, reader.lang) for f in flags] if isinstance(flags, list) else []
        items.append(
            tag("li", tag("bdi", str(device.get("name") or device["id"])), " ",
                *(badge(text) for text in words))
        )  # fmt: skip
    more = reader.say(f"另有 {rest} 台", f"and {rest} more")
    return joined((
        tag("ul", *items, class_="pp-devices"),
        tag("p", more, class_="sh-muted") if rest > 0 else None,
    ))  # fmt: skip


def _walk_tests(reader: Reader, tests: list[Json]) -> Markup | None:
    """Return the walk tests that run over the change of shift; nothing when there is none."""
    if not tests:
        return None
    items = [
        tag("li", tag("bdi", str(test["name"])), reader.say("，至 ", ", until "),
            reader.time(test["until"]), reader.say("，执行人 ", ", by "),
            tag("bdi", str(test["actor"])), reader.say("，原因：", ", because: "),
            tag("bdi", str(test["reason"])))
        for test in tests
    ]  # fmt: skip
    return _part(reader.say("巡检测试进行中", "Walk tests running"), tag("ul", *items))


def _silences(reader: Reader, silences: list[Json]) -> Markup | None:
    """Return what is silenced over the change of shift; nothing when nothing is."""
    if not silences:
        return None
    say = reader.say
    states = {"active": ("生效中", "in force"), "planned": ("已计划", "planned"),
              "awaiting_approval": ("待批准", "awaiting approval")}  # fmt: skip
    items = [
        tag("li", tag("bdi", str(item["name"])), "，" if reader.lang is Lang.ZH else ", ",
            word(states, item["state"], reader.lang), say("，至 ", ", until "),
            reader.time(item["until"]), say("，申请人 ", ", by "), tag("bdi", str(item["actor"])),
            say("，原因：", ", because: "), tag("bdi", str(item["reason"])),
            say(f"，已静默 {item['count']} 项", f", {item['count']} muted"),
            badge(say("紧急不响铃", "EMERGENCIES QUIET"), "sh-critical sh-tone")
            if item["emergencies"] else None)
        for item in silences
    ]  # fmt: skip
    return _part(say("静默与维护", "Silences and maintenance"), tag("ul", *items))


def _part(title: str, *content: Part) -> Markup:
    return tag("section", tag("h2", title, class_="sh-h2"), *content, class_="sh-card")


def _figure(value: object, name: str, tone: str = "") -> Markup:
    return tag("div", tag("b", f"{value:,}" if isinstance(value, int) else str(value)),
               tag("span", name), class_=f"sh-kpi sh-{tone}" if tone else "sh-kpi")  # fmt: skip


def _pair(name: str, value: str) -> tuple[Markup, Markup]:
    return tag("dt", name), tag("dd", tag("bdi", value))


def _line(title: str, name: str) -> Markup:
    return tag("div", tag("span", title, "（", tag("bdi", name), "）"), tag("i"))


def _input(ident: str, name: str, label: str, *, kind: str, auto: str) -> Markup:
    return tag(
        "span", tag("label", label, for_=ident),
        tag("input", id=ident, name=name, type=kind, maxlength=200, autocomplete=auto),
        class_="pp-field",
    )  # fmt: skip


def _number(snapshot: Snapshot, name: str) -> int:
    value = snapshot.get(name)
    return value if isinstance(value, int) else 0
