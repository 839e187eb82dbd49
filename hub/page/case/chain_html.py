"""Who did what: the people of a case, its history line by line, and whether that is untouched."""

from collections.abc import Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cases.chain import verify_chain
from cases.closing import HUB
from cases.opening import REPORT_RULE
from cases.taxonomy import FALSE_ALARM_CAUSES
from hub.page.words import (
    LEVEL,
    OWNER,
    SEVERITY,
    STATE,
    VERIFICATION,
    Lang,
    category,
    local,
    outcome,
    word,
)
from model.case import Case, HistoryItem
from model.reading import Value

from .markup import Markup, icon, tag
from .reason_words import in_words
from .vocabulary import DEADLINES, DETAILS, DONE, ENDED_BY, FALSE_CAUSES_EN, FLAGS, part
from .why_html import readable

SHOWN = 150  # lines of history: the first and the newest, all on demand
_TIMES = frozenset({"at", "until", "started_at", "ended_at"})
_HIDDEN = frozenset({"anomaly"})
_PEOPLE = frozenset({REPORT_RULE, "silence"})  # what they say is a person's words, no engine's
_KNOWN_AS = {
    "state": STATE, "level": LEVEL, "role": OWNER, "flag": FLAGS, "ended_by": ENDED_BY,
    "from": SEVERITY, "to": SEVERITY, "deadline": DEADLINES,
}  # fmt: skip


class Chain(NamedTuple):
    """A case's history and whether its hashes hold: None, else the first wrong line."""

    items: Sequence[HistoryItem]
    broken_at: int | None


def checked(case: Case, items: Sequence[HistoryItem]) -> Chain:
    """Verify a history line by line; also lines that were cut off at its end are found out."""
    broken = verify_chain(items)
    if broken is None and items and case.history_length <= len(items):
        # Read after the case, it may be longer by what came meanwhile, never different.
        known = items[case.history_length - 1]
        broken = None if known.hash == case.history_hash else known.number
    elif broken is None and case.history_length > len(items):
        broken = len(items) + 1
    return Chain(items, broken)


def people_html(case: Case, chain: Chain, *, contact: str, zone: ZoneInfo, lang: Lang) -> Markup:
    """Return who had to do with the case, in the order of its life."""
    zh = lang is Lang.ZH
    confirmed = _last(chain, "confirm")
    verified = str(case.proof.get("verifier") or "")
    rows = [
        ("反映人" if zh else "Reported by", case.reporter, contact),
        ("接警" if zh else "Acknowledged by", case.acknowledged_by or "", local(case.acknowledged_at, zone)),
        ("确警" if zh else "Confirmed by", confirmed.actor if confirmed else "",
         word(VERIFICATION, case.verification.value, lang) if confirmed else ""),
        ("派给" if zh else "Assigned to", case.assignee or "", ""),
        ("处置人" if zh else "Handled by", "、".join(case.handlers), ""),
        ("核查人" if zh else "Verified by", verified, ""),
        ("结案人" if zh else "Closed by", str(case.proof.get("closed_by") or ""), local(case.closed_at, zone)),
    ]  # fmt: skip
    lines = [
        tag("li", tag("small", what, class_="sh-muted"), tag("b", who),
            tag("small", more, class_="sh-muted") if more and more != "–" else None)
        for what, who, more in rows
        if who
    ]  # fmt: skip
    empty = "还没有人接手。" if zh else "Nobody has touched it yet."
    return tag(
        "section",
        tag("h2", "人员链" if zh else "People", class_="sh-h2"),
        tag("ul", *lines, class_="cp-people") if lines else tag("p", empty, class_="sh-muted"),
        class_="sh-card",
    )


def history_html(chain: Chain, *, whole: bool, zone: ZoneInfo, lang: Lang, path: str) -> Markup:
    """Return the history, newest first, with the proof that nobody changed it."""
    zh = lang is Lang.ZH
    items = list(chain.items)
    left_out = 0 if whole else max(0, len(items) - SHOWN)
    if left_out:
        items = [*items[:10], *items[10 + left_out :]]
    rows = [_row(item, zone, lang) for item in reversed(items)]
    if left_out:
        every = f"另有 {left_out} 行，全部显示" if zh else f"{left_out} more lines: show all"
        rows.insert(
            -10, tag("tr", tag("td", tag("a", every, href=f"{path}?history=all"), colspan=4))
        )
    heads = (
        ("序号", "时间", "何人何事", "内容") if zh else ("No.", "Time", "Who and what", "Detail")
    )
    return tag(
        "section",
        tag("h2", "过程记录" if zh else "History", class_="sh-h2"),
        _seal(chain, lang),
        tag("div", tag("table",
            tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads))),
            tag("tbody", *rows), class_="cp-table"),
            class_="cp-scroll", tabindex="0", role="region",
            aria_label="过程记录" if zh else "History"),
        class_="sh-card",
    )  # fmt: skip


def _seal(chain: Chain, lang: Lang) -> Markup:
    zh = lang is Lang.ZH
    if chain.broken_at is not None:
        n = chain.broken_at
        said = (
            f"哈希链在第 {n} 行断裂：记录被改动"
            if zh
            else f"The hash chain breaks at line {n}: the record was changed"
        )
        return tag("p", icon("gpp_bad"), said, class_="cp-wrong", role="alert")
    count = len(chain.items)
    last = chain.items[-1].hash[:16] if chain.items else ""
    said = (
        f"{count} 行，哈希链完整，末行 {last}"
        if zh
        else f"{count} lines, hash chain whole, last {last}"
    )
    return tag("p", icon("verified_user"), said, class_="cp-sealed")


def _row(item: HistoryItem, zone: ZoneInfo, lang: Lang) -> Markup:
    hub = "系统" if lang is Lang.ZH else "hub"
    actor = hub if item.actor == HUB else item.actor
    said = [
        tag("span", tag("small", f"{word(DETAILS, name, lang)} ", class_="sh-muted"), _told(name, value, zone, lang, people=item.detail.get("rule", REPORT_RULE) in _PEOPLE))
        for name, value in item.detail.items()
        if name not in _HIDDEN and value is not None
    ]  # fmt: skip
    return tag(
        "tr",
        tag("td", str(item.number), class_="sh-num", title=item.hash),
        tag("td", local(item.at, zone), class_="sh-num"),
        tag("td", tag("b", actor), " ", word(DONE, item.action, lang)),
        tag("td", *said, class_="cp-detail"),
    )


def _told(name: str, value: Value | list[str], zone: ZoneInfo, lang: Lang, *, people: bool) -> str:
    """Return a value of the history the way people say it; what `people` wrote stays as it is."""
    zh = lang is Lang.ZH
    if isinstance(value, bool):
        return ("是" if value else "否") if zh else ("yes" if value else "no")
    if isinstance(value, list):
        return "、".join(part(item, lang) for item in value)
    if isinstance(value, float | int):
        return local(value, zone) if name in _TIMES else f"{value:g}"
    if name == "explanation":
        return value if people else in_words(readable(value, zone), lang)
    return _word(name, value, lang)


def _word(name: str, value: str, lang: Lang) -> str:
    if name == "category":
        return category(value, lang)
    if name in {"cause", "false_alarm_cause"} and value in FALSE_ALARM_CAUSES:
        return FALSE_ALARM_CAUSES[value] if lang is Lang.ZH else FALSE_CAUSES_EN[value]
    if name == "outcome":
        return outcome(value, lang)
    return word(_KNOWN_AS.get(name, {}), value, lang)


def _last(chain: Chain, action: str) -> HistoryItem | None:
    return next((item for item in reversed(chain.items) if item.action == action), None)
