"""Why a case is there: the rule as it fired, the values against its limits, and what came after."""

import re
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from hub.case_store.rule_records import RuleText
from hub.page.words import SEVERITY, Lang, category, local, span, word
from model.case import Case, Member
from model.place import Registry

from .markup import Markup, badge, tag
from .reason_words import in_words
from .vocabulary import ENDED_BY, SCOPES

SHOWN = 100  # members in the timeline; the first ones tell the story, the rest is counted
RULES_SHOWN = 6
_MOMENT = re.compile(r"\b1[5-9]\d{11}\b")  # ms since 1970, from 2017 to 2033

Rules = Mapping[tuple[str, str], RuleText | None]


def in_order(members: Sequence[Member]) -> list[Member]:
    """Return members by the time at which each began: what came first, and what followed."""
    return sorted(members, key=lambda member: (member.started_at, member.joined_at, member.subject))


def rules_of(case: Case) -> list[tuple[str, str]]:
    """Return (rule, hash) of everything that fired, the first one first; reports have no rule."""
    named = dict.fromkeys((m.rule, m.rule_hash) for m in in_order(case.members) if m.rule_hash)
    return list(named)[:RULES_SHOWN]


def why_html(case: Case, rules: Rules, *, zone: ZoneInfo, lang: Lang) -> Markup:
    """Return each rule that fired, with its values in words and its text of that time."""
    zh = lang is Lang.ZH
    blocks = [
        _rule(
            key,
            rules.get(key),
            _explained(case, key, rules.get(key), zone, lang),
            zone=zone,
            lang=lang,
        )
        for key in rules_of(case)
    ]
    if not blocks:
        said = "此案由人员上报，没有规则触发。" if zh else "A person reported this; no rule fired."
        blocks = [tag("p", said), tag("p", case.text, class_="cp-text")]
    return tag(
        "section", tag("h2", "为什么" if zh else "Why", class_="sh-h2"), *blocks, class_="sh-card"
    )


def _explained(
    case: Case, key: tuple[str, str], known: RuleText | None, zone: ZoneInfo, lang: Lang
) -> list[str]:
    title = f"{known.zh} / {known.en}" if known else ""
    found = dict.fromkeys(
        in_words(readable(member.explanation, zone), lang, title=title)
        for member in in_order(case.members)
        if (member.rule, member.rule_hash) == key and member.explanation
    )
    return list(found)[:3]


def readable(explanation: str, zone: ZoneInfo) -> str:
    """Return an explanation with its moments on the clock of the place."""
    return _MOMENT.sub(lambda found: local(int(found[0]), zone), explanation)


def _rule(
    key: tuple[str, str],
    known: RuleText | None,
    explained: Sequence[str],
    *,
    zone: ZoneInfo,
    lang: Lang,
) -> Markup:
    zh = lang is Lang.ZH
    name, hashed = key
    if known is None:
        gone = (
            "触发时的规则版本未能保存，无法显示原文。"
            if zh
            else "The version that fired was not kept, so its text cannot be shown."
        )
        text = tag("p", gone, class_="sh-muted")
    else:
        state = ("现行" if known.in_force else "已修改，此为触发时的版本") if zh else (
            "in force" if known.in_force else "changed since; this is the version that fired"
        )  # fmt: skip
        logged = local(known.logged_at, zone)
        text = tag(
            "details",
            tag("summary", "规则原文" if zh else "Text of the rule", " ", badge(state)),
            tag("p", f"{known.file} · {'载入于' if zh else 'loaded'} {logged}", class_="sh-muted"),
            tag("pre", known.text, tabindex="0"),
        )
    title = name if known is None else (known.zh if zh else known.en)
    return tag(
        "article",
        tag("h3", title, " ", tag("code", f"{name} · {hashed}"), class_="cp-rule"),
        *(tag("p", line, class_="cp-because") for line in explained),
        text,
    )


def sequence_html(case: Case, registry: Registry, *, zone: ZoneInfo, lang: Lang) -> Markup:
    """Return the first alarm and what followed, by time, each line with its count."""
    zh = lang is Lang.ZH
    members = in_order(case.members)
    first = min((case.started_at, *(member.started_at for member in members)))
    rows = [_row(m, first, registry, zone=zone, lang=lang) for m in members[:SHOWN]]
    heads = (
        ("时间", "对象", "报警", "次数", "结束")
        if zh
        else ("Time", "Subject", "Alarm", "Count", "Ended")
    )
    left = len(members) - len(rows)
    more = f"另有 {left} 条报警" if zh else f"{left} more alarms"
    title = "首报及后续" if zh else "First alarm and what followed"
    return tag(
        "section",
        tag("h2", title, class_="sh-h2"),
        _first(case, registry, zone=zone, lang=lang),
        tag("div", tag("table",
            tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads))),
            tag("tbody", *rows), class_="cp-table"),
            class_="cp-scroll", tabindex="0", role="region", aria_label=title),
        tag("p", more, class_="sh-muted") if left > 0 else None,
        class_="sh-card",
    )  # fmt: skip


def _first(case: Case, registry: Registry, *, zone: ZoneInfo, lang: Lang) -> Markup | None:
    """Return what was said first, also when the same device has said it again since."""
    if not case.evidence:
        return None
    begun = case.evidence[0]
    said = "首报" if lang is Lang.ZH else "First"
    where = named(begun.device, registry)
    return tag(
        "p",
        tag("b", f"{said} {local(begun.at, zone)} "),
        f"{where} ",
        tag("small", f"{begun.device} {begun.event}", class_="sh-muted"),
    )


def _row(member: Member, first: int, registry: Registry, *, zone: ZoneInfo, lang: Lang) -> Markup:
    zh = lang is Lang.ZH
    after = member.started_at - first
    when = ("首报" if zh else "first") if after <= 0 else f"+{span(after, lang)}"
    ended = "仍在报警" if zh else "still alarming"
    if member.ended_at is not None:
        ended = f"{local(member.ended_at, zone, day=False)} {word(ENDED_BY, member.ended_by, lang)}"
    hand = ("人工" if zh else "by hand") if member.manual else ""
    return tag(
        "tr",
        tag("td", local(member.started_at, zone, day=False), " ", badge(when), class_="sh-num"),
        tag("td", named(member.subject, registry), tag("small", f" {member.subject}", class_="sh-muted")),
        tag("td", tag("b", category(member.category, lang), class_="sh-tone"), " ",
            word(SEVERITY, member.severity.value, lang), " · ",
            word(SCOPES, member.scope, lang), f" · {hand}" if hand else None,
            class_=f"sh-{member.severity.value}"),
        tag("td", str(member.count), class_="sh-num"),
        tag("td", ended, class_="cp-over" if member.ended_at is None else None),
    )  # fmt: skip


def named(subject: str, registry: Registry) -> str:
    """Return where a subject is, or what the registry calls it."""
    if subject.startswith("place:"):
        place = registry.place(subject.removeprefix("place:"))
        return place.name if place else subject.removeprefix("place:")
    device = registry.device(subject)
    at = registry.place_of(subject)
    return " ".join(text for text in (device.name if device else "", at.name if at else "") if text)
