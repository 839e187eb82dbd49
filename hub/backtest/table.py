"""Prints what a backtest found."""

from datetime import datetime, tzinfo

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cases.comparing import Precision, Row, outcome_of

from .result import Result
from .words import KINDS, OUTCOMES, both, category_of, percent, shift

ROWS_SHOWN = 40


def show(result: Result, console: Console, zone: tzinfo) -> None:
    """Print the differences, the sums and the verdict."""
    changed = [row for row in result.rows if row.changed]
    table = Table(title="Cases that differ 案件差异")
    for column in ("what 变化", "case 案件", "place 地点", "opened 立案", "by", "found 认定"):
        table.add_column(column, overflow="fold", no_wrap=column.startswith(("case", "opened")))
    for row in changed[:ROWS_SHOWN]:
        table.add_row(*map(escape, _cells(row, zone)))
    if changed:
        console.print(table)
    if len(changed) > ROWS_SHOWN:
        console.print(f"… and {len(changed) - ROWS_SHOWN} more: see the report (`--html`)")
    _sums(result, console)
    for remark in result.remarks:
        console.print(f"note 注意: {remark}", style="yellow", markup=False)
    for defect in result.defects:
        console.print(f"DEFECT 缺陷: {defect}", style="bold red", markup=False)
    for row in result.missed:
        for case in row.lost:
            console.print(
                f"MISSED 漏报: {case.id} {category_of(case)} at {case.place_name or case.place}"
                f" ({both(OUTCOMES[outcome_of(case)])}) would not have been a case in time",
                style="bold red",
                markup=False,
            )


def _sums(result: Result, console: Console) -> None:
    table = Table(title="Sums 合计")
    for column in ("", escape(result.old_name), escape(result.new_name)):
        table.add_column(column)
    table.add_row("cases 案件", *map(str, result.counts))
    table.add_row("notices 通知", *map(str, result.notices))
    table.add_row(
        "precision 准确率", _precision(result.old_precision), _precision(result.new_precision)
    )
    busiest = {
        side: max(result.loads, key=lambda load: getattr(load, side), default=None)
        for side in ("old", "new")
    }
    cells = [
        "–" if load is None else f"{getattr(load, side)} ({load.grid}, {load.day})"
        for side, load in busiest.items()
    ]
    table.add_row("busiest grid and day 最忙网格日", *cells)
    console.print(table)
    kinds = ", ".join(f"{both(KINDS[kind])} {count}" for kind, count in result.kinds.items())
    console.print(f"{kinds or 'no cases 无案件'}", markup=False)
    if result.skipped:
        skipped = ", ".join(f"{why} {count}" for why, count in result.skipped.items())
        console.print(f"what people did then without effect 未生效的操作: {skipped}", markup=False)


def _precision(found: Precision) -> str:
    return f"{percent(found.share)} ({found.real} real 真, {found.false} false 误, {found.unknown} not judged 未定)"


def _cells(row: Row, zone: tzinfo) -> tuple[str, ...]:
    case = row.case
    opened = datetime.fromtimestamp(case.opened_at / 1000, zone).strftime("%m-%d %H:%M:%S")
    return (
        ", ".join(both(KINDS[kind]) for kind in row.kinds),
        " ".join(found.id for found in (row.new or row.old)),
        f"{case.place_name or case.place}: {category_of(case)}",
        opened,
        shift(row.shift_ms),
        both(OUTCOMES[row.outcome]),
    )
