"""Writes the lists of cases as HTML, each name made inert; the browser keeps the ages running."""

from collections.abc import Iterable
from html import escape
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hub.page.board import Json
from hub.page.tables import inert
from hub.page.words import (
    MARKS,
    MODE,
    SEVERITY,
    STATE,
    UNHEARD,
    VERIFICATION,
    Lang,
    category,
    local,
    moment,
    word,
)
from hub.urgency import unheard
from model.reading import Mode

_WARNINGS = frozenset({"quiet_at_compound", "isolated_during_fire", "fault_during_fire"})
_DUE = ("acknowledge_due", "confirm_due", "accept_due", "due")


class Reader(NamedTuple):
    """For whom a list is written."""

    lang: Lang
    zone: ZoneInfo
    now: int  # ms
    acknowledges: bool  # whether rows offer the button 接警


def rows(cases: Iterable[Json], reader: Reader) -> str:
    """Return a list of cases."""
    return "".join(row(case, reader) for case in cases)


def row(case: Json, reader: Reader) -> str:
    """Return one case as a list item: how bad, what, where, since when, who has it."""
    lang, severity = reader.lang, str(case["severity"])
    case_id = escape(str(case["id"]), quote=True)
    waits = unheard(case)
    kind = f"sh-case sh-{escape(severity)} sh-mode-{escape(str(case['mode']))}"
    icon = SEVERITY.get(severity, ("", "", "help"))[2]
    parts = [
        f'<i class="q-icon material-icons" aria-hidden="true">{icon}</i>',
        f'<span class="sh-word">{word(SEVERITY, severity, lang)}</span>',
        f'<a class="sh-what" href="/cases/{case_id}" data-keep="case:{case_id}">{inert(category(case["category"], lang))}</a>',
        _badges(case, lang),
        f'<span class="sh-where">{inert(case["place_name"] or case["place"])}</span>',
        _state(case, lang),
        _clock(case, reader),
    ]
    if waits and reader.acknowledges:
        label = "接警" if lang is Lang.ZH else "Acknowledge"
        parts.append(
            f'<button type="button" class="sh-button sh-ack" data-ack="{case_id}" data-keep="ack:{case_id}">{label}</button>'
        )
    return f'<li class="{kind}{" sh-waits" if waits else ""}" data-id="{case_id}">{"".join(parts)}</li>'


def memory_rows(alarms: Iterable[Json], lang: Lang) -> str:
    """Return what devices said that is on no disk: shown and heard, but there is no case to open."""
    badge = "仅在内存 · 未入库" if lang is Lang.ZH else "IN MEMORY ONLY, not stored"
    found = []
    for alarm in alarms:
        severity, mode = str(alarm["severity"]), escape(str(alarm["mode"]))
        found.append(
            f'<li class="sh-case sh-{escape(severity)} sh-mode-{mode} sh-waits sh-memory">'
            f'<i class="q-icon material-icons" aria-hidden="true">{SEVERITY[severity][2]}</i>'
            f'<span class="sh-word">{word(SEVERITY, severity, lang)}</span>'
            f'<strong class="sh-what">{inert(category(alarm["category"], lang))}</strong>'
            f'<span class="sh-badge sh-late">{badge}</span>{_mode(alarm, lang)}'
            f'<span class="sh-where">{inert(alarm["place_name"] or alarm["device"])}</span>'
            f'<time class="sh-age sh-num" data-since="{alarm["since"]}"></time></li>'
        )
    return "".join(found)


def _mode(case: Json, lang: Lang) -> str:
    if case["mode"] == Mode.REAL:
        return ""
    return f'<span class="sh-badge sh-mode">{escape(word(MODE, case["mode"], lang))}</span>'


def _badges(case: Json, lang: Lang) -> str:
    found = [_mode(case, lang)]
    if said := word(VERIFICATION, case["verification"], lang):
        found.append(f'<span class="sh-badge">{escape(said)}</span>')
    flags = case.get("flags")
    for flag, text in MARKS.items():
        if isinstance(flags, list | tuple) and flag in flags:
            tone = " sh-late" if flag in _WARNINGS else ""
            found.append(f'<span class="sh-badge{tone}">{text[lang is not Lang.ZH]}</span>')
    return "".join(found)


def _state(case: Json, lang: Lang) -> str:
    who = case["assignee"] or case["handler"] or case["acknowledged_by"]
    if not who and case["class"] == "emergency":
        return f'<span class="sh-state sh-unseen">{word(UNHEARD, "never", lang)}</span>'
    again = ""
    if unheard(case):
        again = f'<span class="sh-state sh-unseen">{word(UNHEARD, "again", lang)}</span>'
    said = escape(word(STATE, case["state"], lang))
    return f'{again}<span class="sh-state">{said}{" · " + inert(who) if who else ""}</span>'


def _clock(case: Json, reader: Reader) -> str:
    since = moment(case["opened_at"])
    at = int(since.timestamp() * 1000) if since else reader.now
    shown = local(case["opened_at"], reader.zone, day=False)
    late = ""
    if _overdue(case, reader.now):
        said = "超时" if reader.lang is Lang.ZH else "OVERDUE"
        late = f'<span class="sh-badge sh-late">{said}</span>'
    return f'{late}<time class="sh-age sh-num" data-since="{at}" title="{shown}">{shown}</time>'


def _overdue(case: Json, now: int) -> bool:
    """Whether the limit of the next step has passed."""
    limits = {
        "acknowledge_due": not case["acknowledged_by"],
        "confirm_due": case["verification"] in {"unconfirmed", "machine_corroborated"},
        "accept_due": case["state"] in {"filed", "dispatched"},
        "due": case["state"] not in {"resolved", "verifying"},
    }
    for name in _DUE:
        due = moment(case.get(name))
        if limits[name] and due is not None and due.timestamp() * 1000 < now:
            return True
    return False
