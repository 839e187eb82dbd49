"""Says what an import would change, row by row, or what is wrong with it."""

from hub.territory.registry_import import DeviceChange, Merge
from model.errors import ConfigError
from model.yamlfile import ConfigErrors

from .import_words import in_chinese
from .site import Visit
from .tables import inert
from .words import Lang

SHOWN = 50


def changes_html(visit: Visit, merge: Merge) -> str:
    """Return what an import adds and changes, in words; what was never heard of comes first."""
    say = visit.say
    said = say(
        f"新增 {len(merge.added)}，修改 {len(merge.changed)}，不变 {merge.unchanged}；不会删除任何设备",
        f"{len(merge.added)} added, {len(merge.changed)} changed, {merge.unchanged} as they were; none is removed",
    )
    unheard = set(merge.never_heard)
    added = sorted(merge.added, key=lambda name: (name not in unheard, merge.listed[name].line))
    items = [_added(visit, merge, name, unheard=name in unheard) for name in added[:SHOWN]]
    items += [_changed(visit, merge, change) for change in merge.changed[:SHOWN]]
    rest = max(0, len(added) - SHOWN) + max(0, len(merge.changed) - SHOWN)
    return (
        f"<p><b>{said}</b></p>{_warning(visit, len(unheard))}"
        f'<ul class="sh-troubles">{"".join(items)}</ul>{_more(visit, rest)}'
    )


def problems_html(visit: Visit, error: Exception, *, name: str = "") -> str:
    """Return every problem of an import as a list, so many as fit, and how many more there are.

    `name` is the imported file's, which Chinese leaves out.
    """
    lines = _lines(visit, error, name)
    items = "".join(
        f'<li class="sh-trouble sh-critical">{inert(line)}</li>' for line in lines[:SHOWN]
    )
    rest = max(0, len(lines) - SHOWN)
    nothing = visit.say("没有写入任何内容", "Nothing was written")
    return f'<p><b>{nothing}</b></p><ul class="sh-troubles">{items}</ul>{_more(visit, rest)}'


def _lines(visit: Visit, error: Exception, name: str) -> list[str]:
    if visit.lang is Lang.EN or not isinstance(error, ConfigError):
        return str(error).splitlines()
    problems = error.problems if isinstance(error, ConfigErrors) else (error,)
    return [in_chinese(problem, name) for problem in problems]


def _warning(visit: Visit, count: int) -> str:
    if not count:
        return ""
    said = visit.say(
        f"其中 {count} 个编号从未上报：请核对行号所指的地址，写错的地址会登记一台不存在的设备",
        f"{count} of these ids never reported: check the addresses in the rows named, a wrong one registers a device that is not there",
    )
    return f'<p class="sh-major sh-tone">{said}</p>'


def _added(visit: Visit, merge: Merge, name: str, *, unheard: bool) -> str:
    entry = merge.listed[name]
    cells = [f"{key} {value}" for key, value in entry.cells.items() if value and key != "id"]
    mark = visit.say("从未上报", "never heard")
    flag = f' <span class="sh-badge sh-major sh-tone">{mark}</span>' if unheard else ""
    tone = "major" if unheard else "normal"
    return (
        f'<li class="sh-trouble sh-{tone}">{_row(visit, entry.line)} + <b>{inert(name)}</b>{flag}'
        f'<br><span class="sh-muted">{inert(" · ".join(cells))}</span></li>'
    )


def _changed(visit: Visit, merge: Merge, change: DeviceChange) -> str:
    line = merge.listed[change.device].line
    empty = visit.say("（空）", "(empty)")
    columns = ", ".join(
        f"{inert(key)}: {inert(before or empty)} → {inert(after or empty)}"
        for key, (before, after) in change.columns.items()
    )
    return (
        f'<li class="sh-trouble sh-warning">{_row(visit, line)} ~ <b>{inert(change.device)}</b>'
        f"<br>{columns}</li>"
    )


def _row(visit: Visit, line: int) -> str:
    return f'<span class="sh-muted">{visit.say(f"第 {line} 行", f"row {line}")}</span>'


def _more(visit: Visit, rest: int) -> str:
    if not rest:
        return ""
    return f'<p class="sh-muted">{visit.say(f"另有 {rest} 项未列出", f"and {rest} more")}</p>'
