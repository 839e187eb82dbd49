"""The list of cases as HTML: tabs by class, filters, one page of rows; and what fills it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cases.events import case_json
from hub.case_store import BadCursor
from hub.page.board import Json, number
from hub.page.site import Visit
from hub.page.words import (
    CLASS,
    LEVEL,
    MODE,
    SEVERITY,
    STATE,
    UNHEARD,
    VERIFICATION,
    Lang,
    age,
    category,
    moment,
    word,
)
from hub.urgency import rank, unheard
from model.case import EventClass, State
from model.reading import Mode

from .markup import Markup, badge, icon, joined, tag
from .vocabulary import FLAGS
from .wanted import ALL, CLOSED, OPEN, Wanted, compound_names, matches, store_filter

PAGE = 50  # rows on a page: so many are sent, however many cases there are
SCANNED = 3_000  # cases looked through for one page of a text search


class Rows(NamedTuple):
    """One page: its cases, how many there are (None: not counted), and where the next begins."""

    cases: Sequence[Json]
    total: int | None
    next: str = ""


def draw(visit: Visit, want: Wanted, cases: Sequence[Json]) -> tuple[Markup, Markup]:
    """Return tabs and list; `cases` are all that are open. For worker threads: alarms pass meanwhile."""
    seen = [case for case in cases if visit.sees(case)]
    names = compound_names(visit.hub.registry())
    rows = from_board(seen, want, names) if want.shown == OPEN else from_store(visit, want, names)
    return tabs_html(visit, want, seen), list_html(visit, want, rows)


def from_board(cases: Sequence[Json], want: Wanted, names: Mapping[str, str]) -> Rows:
    """Return a page of open cases, the most urgent first."""
    found = sorted((case for case in cases if matches(case, want, names)), key=rank)
    begin = (want.page - 1) * PAGE
    following = want.address(page=want.page + 1) if len(found) > begin + PAGE else ""
    return Rows(found[begin : begin + PAGE], len(found), following)


def from_store(visit: Visit, want: Wanted, names: Mapping[str, str]) -> Rows:
    """Return a page of closed or all cases, newest first; reads the disk, for worker threads."""
    rows: list[Json] = []
    cursor, scanned = want.cursor, 0
    while scanned < SCANNED:
        try:
            found, after = visit.hub.store.find(
                store_filter(want, visit.who), cursor=cursor, limit=PAGE
            )
        except BadCursor:
            return from_store(visit, want._replace(cursor=""), names)
        scanned += len(found)
        rows += [case for case in map(case_json, found) if matches(case, want, names)]
        cursor = after or ""
        if not cursor or len(rows) >= PAGE:
            break
    following = want.address(cursor=cursor) if cursor else ""
    return Rows(rows, None, following)


def tabs_html(visit: Visit, want: Wanted, cases: Sequence[Json]) -> Markup:
    """Return a tab for each class with the number of open cases: they never share a list."""
    counts = Counter(str(case["class"]) for case in cases)
    links = [
        tag("a", word(CLASS, cls.value, visit.lang), " ",
            tag("b", str(counts[cls.value]), class_="sh-num"),
            href=want.address(cls=cls.value, state="", severity=""),
            class_=f"cl-tab cl-{cls.value}" + (" cl-here" if cls is want.cls else ""),
            aria_current="page" if cls is want.cls else None, data_keep=f"tab-{cls.value}")
        for cls in EventClass
    ]  # fmt: skip
    return tag("nav", *links, class_="cl-tabs", aria_label=visit.say("类别", "Class"))


def filters_html(want: Wanted, lang: Lang) -> Markup:
    """Return the filters as a plain form: the address keeps them, so a list can be bookmarked."""
    zh = lang is Lang.ZH
    shown = {OPEN: ("未结", "Open"), CLOSED: ("已结", "Closed"), ALL: ("全部", "All")}
    state = {key: words for key, words in STATE.items() if (key == State.CLOSED) is False}
    form = tag(
        "form",
        tag("input", type="hidden", name="class", value=want.cls.value),
        _choice("shown", "范围" if zh else "Show", shown, want.shown, lang, empty=False),
        _choice("severity", "严重程度" if zh else "Severity", SEVERITY, want.severity, lang),
        _choice("state", "状态" if zh else "State", state, want.state, lang),
        _choice("level", "层级" if zh else "Level", LEVEL, want.level, lang),
        _choice("mode", "性质" if zh else "Mode", MODE, want.mode, lang),
        _line("place", "小区或网格" if zh else "Compound or grid", want.place),
        _line("assignee", "在办人" if zh else "Assignee", want.assignee),
        _line("text", "文字" if zh else "Text", want.text),
        tag("button", "筛选" if zh else "Filter", type="submit", class_="sh-button"),
        tag("a", "清除" if zh else "Clear", href=Wanted(cls=want.cls).address(), class_="sh-navlink"),
        method="get", action="/cases", class_="cl-filters", role="search",
    )  # fmt: skip
    # On a phone the cases come first; the page's script opens the filters where there is room.
    narrowed = want._replace(page=1, cursor="") != Wanted(cls=want.cls)
    head = tag("summary", "筛选" if zh else "Filters")
    return tag("details", head, form, class_="cl-fold", open=narrowed, data_wide=True)


def list_html(visit: Visit, want: Wanted, rows: Rows) -> Markup:
    """Return one page of rows and the way to the next."""
    say, now = visit.say, visit.hub.now()
    lines = [tag("li", row_html(case, now, visit.lang)) for case in rows.cases]
    count = "" if rows.total is None else say(f"共 {rows.total} 件", f"{rows.total} cases")
    first = want.page > 1 or want.cursor
    return joined(
        (
            tag("p", count, class_="sh-muted cl-count"),
            tag("ol", *lines, class_="cl-list")
            if lines
            else tag("p", say("没有符合条件的案件。", "No such case."), class_="sh-card sh-empty"),
            tag(
                "nav",
                tag("a", say("« 第一页", "« First"), href=want.address(), class_="cp-chip")
                if first
                else None,
                tag("a", say("‹ 上一页", "‹ Previous"), href=want.address(page=want.page - 1),
                    class_="cp-chip") if want.page > 1 else None,
                tag("a", say("下一页 ›", "Next ›"), href=rows.next, class_="cp-chip", rel="next")
                if rows.next
                else None,
                class_="cp-chips", aria_label=say("翻页", "Pages"),
            )
            if first or rows.next
            else None,
        )
    )  # fmt: skip


def row_html(case: Json, now: int, lang: Lang) -> Markup:
    """Return one case as a line that leads to its page; severity by colour, symbol and word."""
    zh = lang is Lang.ZH
    severity, mode = str(case["severity"]), str(case["mode"])
    flags = case["flags"] if isinstance(case["flags"], list) else []
    again = "again" if case["acknowledged_by"] else "never"
    due = moment(case["due"])
    over = due is not None and due.timestamp() * 1000 <= now
    with_whom = str(case["assignee"] or ("无人在办" if zh else "nobody"))
    return tag(
        "a",
        icon(SEVERITY[severity][2]),
        tag("span", word(SEVERITY, severity, lang), class_="sh-word"),
        tag("strong", category(case["category"], lang)),
        badge(word(VERIFICATION, case["verification"], lang)) if case["verification"] else None,
        badge(word(MODE, mode, lang), "sh-mode") if mode != Mode.REAL else None,
        badge(word(UNHEARD, again, lang), "cp-over") if unheard(case) else None,
        badge("超时" if zh else "overdue", "cp-over") if over else None,
        tag("span", str(case["place_name"] or case["place"]), class_="cl-where"),
        *(tag("small", word(FLAGS, flag, lang), class_="cl-flag") for flag in flags),
        tag("span", f"{word(STATE, case['state'], lang)} · {word(LEVEL, case['level'], lang)}"
            f" · {with_whom} · {'报警' if zh else 'alarms'} {number(case, 'active_members')}",
            class_="cl-more"),
        tag("span", age(case["opened_at"], now, lang), class_="sh-num cl-age"),
        tag("span", str(case["id"]), class_="cp-id"),
        href=f"/cases/{case['id']}", class_=f"sh-case sh-{severity} sh-mode-{mode} cl-row",
        data_keep=str(case["id"]),
    )  # fmt: skip


def _choice(
    name: str,
    label: str,
    words: Mapping[str, tuple[str, ...]],
    chosen: str,
    lang: Lang,
    *,
    empty: bool = True,
) -> Markup:
    options = [tag("option", "–", value="")] if empty else []
    options += [
        tag("option", word(words, key, lang), value=key, selected=key == chosen) for key in words
    ]
    ident = f"q-{name}"
    return tag(
        "span", tag("label", label, for_=ident), tag("select", *options, id=ident, name=name)
    )


def _line(name: str, label: str, value: str) -> Markup:
    ident = f"q-{name}"
    control = tag("input", type="search", id=ident, name=name, value=value, maxlength=100)
    return tag("span", tag("label", label, for_=ident), control)
