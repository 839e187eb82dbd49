"""The head of a case: how bad, what, where, since when, who has it, and what time is left."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from cases.closing import Item
from cases.deadlines import UNDECIDED
from hub.page.words import (
    CLASS,
    LEVEL,
    MODE,
    OWNER,
    SEVERITY,
    STATE,
    VERIFICATION,
    Lang,
    category,
    local,
    span,
    word,
)
from model.case import ENDED_STATES, Case, State
from model.place import Contact, Registry
from model.reading import Mode

from .markup import Markup, badge, icon, joined, tag
from .vocabulary import DEADLINES, FLAGS, part

_UNACCEPTED = frozenset({State.FILED, State.DISPATCHED, State.REWORK})


def head_html(case: Case, registry: Registry, *, now: int, zone: ZoneInfo, lang: Lang) -> Markup:
    """Return what a duty officer must know within a second; what is closed burns no more."""
    over = case.state is State.CLOSED
    tone = "sh-normal" if over else f"sh-{case.severity.value}"
    return tag(
        "section",
        tag(
            "div",
            icon("lock" if over else SEVERITY[case.severity.value][2]),
            tag("strong", word(SEVERITY, case.severity.value, lang), class_="sh-tone"),
            tag("strong", category(case.category, lang), class_="cp-what"),
            badge(word(VERIFICATION, case.verification.value, lang)) if case.verification else None,
            badge(word(MODE, case.mode.value, lang), "sh-mode") if case.mode is not Mode.REAL else None,
            badge(word(CLASS, case.cls.value, lang)),
            badge(word(STATE, case.state.value, lang)) if over else None,
            tag("span", case.id, class_="cp-id"),
            class_="cp-line",
        ),
        tag("div", icon("place"), tag("span", where(case, registry), class_="cp-where"), class_="cp-line cp-place"),
        tag("p", icon("notifications_active"), word(FLAGS, "alarmed_again", lang), class_="cp-flagline sh-critical sh-tone")
        if case.alarmed_at is not None else None,
        *(tag("p", icon("flag"), word(FLAGS, flag, lang), class_="cp-flagline") for flag in case.flags),
        tag("p", case.text, class_="cp-text") if case.text else None,
        deadlines_html(case, now=now, zone=zone, lang=lang),
        class_=f"sh-card cp-head {tone} sh-mode-{case.mode.value}",
    )  # fmt: skip


def facts_html(case: Case, *, now: int, zone: ZoneInfo, lang: Lang) -> Markup:
    """Return how far the case is, and who has it."""
    zh = lang is Lang.ZH
    return tag(
        "section",
        tag(
            "dl",
            _pair("状态" if zh else "State", word(STATE, case.state.value, lang)),
            _pair("层级" if zh else "Level", word(LEVEL, case.level.value, lang)),
            _pair("在办" if zh else "With", case.assignee or ("无人" if zh else "nobody")),
            _pair("责任" if zh else "Owner", word(OWNER, case.owner, lang)),
            _pair("立案" if zh else "Opened", _since(case, now, zone, lang)),
            _pair("仍在报警" if zh else "Still alarming", f"{case.active} / {len(case.members)}"),
            class_="cp-facts",
        ),
        class_="sh-card",
    )


def where(case: Case, registry: Registry) -> str:
    """Return the place in full, from the district down to the room."""
    codes = dict.fromkeys((case.grid[:6], case.grid[:9], case.grid[:12], case.grid))
    names = [registry.divisions[code].name for code in codes if code in registry.divisions]
    return " › ".join([*names, case.place_name or case.place])


def deadlines_html(case: Case, *, now: int, zone: ZoneInfo, lang: Lang) -> Markup | None:
    """Return the limits that are still to be kept, each with what is left of it."""
    zh = lang is Lang.ZH
    lines = [
        tag(
            "li",
            tag("span", word(DEADLINES, name, lang)),
            tag("time", _left(at - now, lang), data_due=at, data_over="已超时" if zh else "overdue",
                data_left="剩余" if zh else "left", class_="cp-over" if at <= now else None),
            tag("small", local(at, zone, seconds=False), class_="sh-muted"),
        )
        for name, at in pending(case)
    ]  # fmt: skip
    if case.state is State.SUSPENDED and case.suspended_until:
        until = local(case.suspended_until, zone, seconds=False)
        lines.append(tag("li", f"挂起至 {until}" if zh else f"Suspended until {until}"))
    if not lines:
        return None
    return tag("ul", *lines, class_="cp-due", aria_label="时限" if zh else "Deadlines")


def pending(case: Case) -> list[tuple[str, int]]:
    """Return the limits that somebody has still to keep, the nearest first."""
    if case.state in ENDED_STATES or case.state is State.SUSPENDED:
        return []
    limits = (
        ("acknowledge", case.acknowledge_due, case.acknowledged_by is None),
        ("confirm", case.confirm_due, case.verification in UNDECIDED),
        ("accept", case.accept_due, case.state in _UNACCEPTED),
        ("resolve", case.resolve_due, True),
    )
    found = [(name, at) for name, at, open_ in limits if at is not None and open_]
    return sorted(found, key=lambda item: item[1])


def call_html(contacts: Sequence[Contact], case: Case, *, quiet: bool, lang: Lang) -> Markup:
    """Return whom to call now, in order, each telephone one touch away; nobody about a closed case."""
    if case.state is State.CLOSED:
        return joined(())
    zh = lang is Lang.ZH
    lines = [
        tag(
            "li",
            tag("span", tag("small", word(OWNER, c.role, lang), class_="sh-muted"), tag("b", c.name)),
            tag("a", icon("call"), c.phone, href=f"tel:{_dialled(c.phone)}", class_="cp-tel",
                aria_label=f"{'拨打' if zh else 'Call'} {c.name} {c.phone}", data_keep=f"tel-{c.phone}"),
        )
        for c in contacts
    ]  # fmt: skip
    nobody = (
        "此时无登记的联系人，由值班台处置。" if zh else "Nobody registered answers now: the duty desk keeps it."
    )  # fmt: skip
    return tag(
        "section",
        tag("h2", "现在打给谁" if zh else "Whom to call now", class_="sh-h2"),
        tag("p", icon("volume_off"), word(FLAGS, "quiet_at_compound", lang), class_="cp-quiet")
        if quiet
        else None,
        tag("ol", *lines, class_="cp-calls") if lines else None if quiet else tag("p", nobody, class_="sh-muted"),
        tag("p", "119 / 110 由人拨打，系统只记录。" if zh else "People dial 119 or 110; the hub records it.",
            class_="sh-muted cp-fine") if case.cls.value == "emergency" else None,
        class_="sh-card",
    )  # fmt: skip


def proof_html(items: Sequence[Item], case: Case, lang: Lang) -> Markup:
    """Return what a closing needs: what is there and what is missing, before one tries."""
    zh = lang is Lang.ZH
    if case.state is State.CLOSED:
        return joined(())
    there, missing = ("已具备", "缺少") if zh else ("there", "missing")
    lines = [
        tag(
            "li",
            icon("check_circle" if item.met else "radio_button_unchecked"),
            tag("span", part(item.word, lang)),
            tag("b", there if item.met else missing),
            class_="cp-met" if item.met else "cp-unmet",
            data_part=item.word,
        )
        for item in items
    ]
    lacking = sum(not item.met for item in items)
    said = (
        (f"还缺 {lacking} 项" if lacking else "证据齐全，可以结案")
        if zh
        else (f"{lacking} parts missing" if lacking else "Complete: it can be closed")
    )
    return tag(
        "section",
        tag("h2", "结案所需证据（由您结案时）" if zh else "Proof for closing (by you)", class_="sh-h2"),
        tag("p", said, class_="cp-said"),
        tag("ul", *lines, class_="cp-proof"),
        class_="sh-card",
    )  # fmt: skip


def _pair(name: str, value: str | Markup) -> Markup:
    return tag("div", tag("dt", name), tag("dd", value))


def _since(case: Case, now: int, zone: ZoneInfo, lang: Lang) -> Markup:
    if case.closed_at is not None:
        took = span(case.closed_at - case.opened_at, lang)
        lasted = f"用时 {took}" if lang is Lang.ZH else f"took {took}"
        return joined((local(case.opened_at, zone), " · ", lasted))
    ago = span(now - case.opened_at, lang)
    return joined((local(case.opened_at, zone), " · ", tag("span", ago, data_since=case.opened_at)))


def _left(ms: int, lang: Lang) -> str:
    zh = lang is Lang.ZH
    if ms > 0:
        return f"剩余 {span(ms, lang)}" if zh else f"{span(ms, lang)} left"
    return f"已超时 {span(-ms, lang)}" if zh else f"overdue {span(-ms, lang)}"


def _dialled(phone: str) -> str:
    """Return what a telephone dials: digits and a leading plus, whatever was written."""
    return "".join(c for n, c in enumerate(phone) if c in "0123456789" or (c == "+" and not n))
