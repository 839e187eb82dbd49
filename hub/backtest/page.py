"""Writes what a backtest found as one HTML file: no script, no picture from elsewhere, for a review."""

from datetime import datetime, tzinfo
from html import escape

from cases.comparing import Kind, Row, outcome_of

from . import charts
from .result import Result, judged_count
from .words import KINDS, OUTCOMES, both, category_of, percent, shift

ROWS_SHOWN = 2_000
GRIDS_SHOWN = 60
CIRCLES_SHOWN = 20_000
_STYLE = """
:root{color-scheme:light dark;--old:#8a94a0;--new:#1769c2;--bad:#b3261e;--ok:#1a7f37;--line:#d5dae0}
@media(prefers-color-scheme:dark){:root{--old:#7d8894;--new:#6db3ff;--bad:#ff8a80;--ok:#63d897;
--line:#39434e}body{background:#12171c;color:#e6ebf0}}
body{font:15px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;margin:0 auto;max-width:1100px;padding:16px}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:4px 10px 4px 0;
border-bottom:1px solid var(--line);vertical-align:top}td.n,th.n{text-align:right;
font-variant-numeric:tabular-nums}.wide{overflow-x:auto}.bad{color:var(--bad);font-weight:600}
.ok{color:var(--ok);font-weight:600}h1{font-size:1.4em}h2{font-size:1.1em;margin-top:2em}
.old{fill:var(--old)}.new{fill:var(--new)}.gone{fill:var(--bad)}text{fill:currentColor;font-size:11px}
.key b{display:inline-block;width:.9em;height:.9em;margin:0 .3em 0 1em;vertical-align:-.1em}
pre{white-space:pre-wrap;overflow-wrap:anywhere}
"""


def written(result: Result, zone: tzinfo, *, made_by: str) -> str:
    """Return the report; `made_by` is the command that made it."""
    parts = [
        _verdict(result, zone),
        _sums(result),
        "<h2>Load by day 每日案件数</h2>",
        _key(result),
        charts.by_day(result.loads),
        "<h2>When they open 时间分布</h2>",
        charts.timeline(
            result.rows[:CIRCLES_SHOWN], since=result.since, until=result.until, zone=zone
        ),
        _grids(result),
        _table(result, zone),
        f"<pre>{escape(made_by)}</pre>",
    ]
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Backtest 回测</title><style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>"
    )


def _verdict(result: Result, zone: tzinfo) -> str:
    span = f"{_moment(result.since, zone)} – {_moment(result.until, zone)}"
    kind = "exact 精确 (from the log 源自日志)" if result.exact else "approximate 近似"
    lines = [
        "<h1>Backtest of rules by their cases 规则回测</h1>",
        f"<p>{escape(span)} · {escape(result.old_name)} → {escape(result.new_name)} · {kind}</p>",
    ]
    if result.passes:
        lines.append(
            '<p class="ok">No real case and no emergency would have been missed. 无漏报。</p>'
        )
    lost = [case for row in result.missed for case in row.lost]
    lines += [
        f'<p class="bad">MISSED 漏报: {escape(case.id)} {escape(category_of(case))},'
        f" {escape(case.place_name or case.place)}, {_moment(case.opened_at, zone)}"
        f" ({both(OUTCOMES[outcome_of(case)])})</p>"
        for case in lost[:ROWS_SHOWN]
    ]
    if len(lost) > ROWS_SHOWN:
        lines.append(f'<p class="bad">… {len(lost) - ROWS_SHOWN:,} more</p>')
    lines += [f'<p class="bad">DEFECT 缺陷: {escape(text)}</p>' for text in result.defects]
    lines += [f"<p>Note 注意: {escape(text)}</p>" for text in result.remarks]
    return "".join(lines)


def _sums(result: Result) -> str:
    old, new = result.old_precision, result.new_precision
    lines = [
        ("Cases 案件", *result.counts),
        ("Notices 通知", *result.notices),
        ("Precision 准确率", percent(old.share), percent(new.share)),
        ("Found real 真实", old.real, new.real),
        ("Found false 误报", old.false, new.false),
        ("Not judged 未定", old.unknown, new.unknown),
    ]
    kinds = " · ".join(f"{both(KINDS[kind])} {count}" for kind, count in result.kinds.items())
    body = "".join(
        f'<tr><td>{name}</td><td class="n">{first}</td><td class="n">{second}</td></tr>'
        for name, first, second in lines
    )
    return (
        f"<table><thead><tr><th></th><th class=n>{escape(result.old_name)}</th>"
        f"<th class=n>{escape(result.new_name)}</th></tr></thead><tbody>{body}</tbody></table>"
        f"<p>{kinds or '–'}. Judged by people 已认定: {judged_count(result.rows)}.</p>"
    )


def _key(result: Result) -> str:
    return (
        '<p class="key"><b style="background:var(--old)"></b>'
        f'{escape(result.old_name)}<b style="background:var(--new)"></b>{escape(result.new_name)}</p>'
    )


def _grids(result: Result) -> str:
    found = sorted(result.loads, key=lambda load: (-max(load.old, load.new), load.grid, load.day))
    rows = "".join(
        f'<tr><td>{escape(load.grid)}</td><td>{load.day}</td><td class="n">{load.old}</td>'
        f'<td class="n">{load.new}</td></tr>'
        for load in found[:GRIDS_SHOWN]
    )
    more = f"<p>… {len(found) - GRIDS_SHOWN} more</p>" if len(found) > GRIDS_SHOWN else ""
    return (
        '<h2>Load by grid and day 网格每日负荷</h2><div class="wide"><table><thead><tr>'
        "<th>Grid 网格</th><th>Day 日期</th><th class=n>Old 旧</th><th class=n>New 新</th></tr>"
        f"</thead><tbody>{rows}</tbody></table></div>{more}"
    )


def _table(result: Result, zone: tzinfo) -> str:
    changed = [row for row in result.rows if row.changed]
    rows = "".join(_row(row, zone) for row in changed[:ROWS_SHOWN])
    more = f"<p>… {len(changed) - ROWS_SHOWN} more</p>" if len(changed) > ROWS_SHOWN else ""
    return (
        f"<h2>Cases that differ 案件差异 ({len(changed)})</h2>"
        '<div class="wide"><table><thead><tr><th>What 变化</th><th>Case 案件</th><th>About 类别</th>'
        "<th>Place 地点</th><th>Opened 立案</th><th>By</th><th>Found 认定</th><th>Why 原因</th></tr>"
        f"</thead><tbody>{rows}</tbody></table></div>{more}"
    )


def _row(row: Row, zone: tzinfo) -> str:
    case = row.case
    kinds = ", ".join(both(KINDS[kind]) for kind in row.kinds)
    ids = " ".join(found.id for found in (row.new or row.old))
    why = next((member.explanation for member in case.members if member.explanation), "")
    mark = ' class="bad"' if Kind.GONE in row.kinds else ""
    cells = (ids, category_of(case), case.place_name or case.place, _moment(case.opened_at, zone),
             shift(row.shift_ms), both(OUTCOMES[row.outcome]), why)  # fmt: skip
    body = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f"<tr><td{mark}>{kinds}</td>{body}</tr>"


def _moment(at: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at / 1000, zone).strftime("%Y-%m-%d %H:%M:%S")
