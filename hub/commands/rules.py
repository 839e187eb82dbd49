"""`smarthub rules check|test|backtest|why|ledger|propose`: rules, their tests, and their cases."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from model.calendar import is_calendar

from .backtest import backtest
from .ledger import ledger, propose
from .why import why

if TYPE_CHECKING:
    from rules.rulestest import Coverage

app = typer.Typer(no_args_is_help=True, help="Rule files. 规则文件。")
app.command()(backtest)
app.command()(why)
app.command()(ledger)
app.command()(propose)
Folder = Annotated[Path | None, typer.Argument(help="a rule file or folder; default: the library")]


@app.command()
def check(folder: Folder = None) -> None:
    """Check rule files; names file, line and key of every problem. 检查规则。

    A kind or quantity that nothing of ours says is a warning: a mapping of yours may say it.
    """
    from hub.rule_words import doubtful, our_words
    from rules.rulefile import load_rules

    from .check import summary

    texts = _texts(folder)
    load_rules(texts)
    warnings = doubtful(texts, our_words())
    for warning in warnings:
        typer.echo(f"warning 提醒: {warning}", err=True)
    files = sum(not is_calendar(name) for name in texts)
    typer.echo(summary(files, len(warnings)))


@app.command()
def test(folder: Folder = None) -> None:
    """Run the `tests:` blocks of rule files, and say what they did not reach. 运行规则自带测试。"""
    from rules.rulestest import run_all

    results, coverage = run_all(_texts(folder))
    table = Table(title="Rule tests 规则测试")
    for column in ("rule", "test", "file", "result"):
        table.add_column(column, overflow="fold")
    for result in results:
        outcome = "passed" if result.passed else f"FAILED {result.message}"
        table.add_row(result.rule, result.name, f"{result.file}:{result.line}", outcome)
    Console().print(table)
    Console().print(_coverage_table(coverage))
    failed = sum(not result.passed for result in results)
    typer.echo(f"{len(results) - failed} passed, {failed} failed")
    if failed or not results:
        raise typer.Exit(1)


def _coverage_table(coverage: "list[Coverage]") -> Table:
    """Return, rule by rule, how many branches its tests reached, and which they did not."""
    from rules.branches import BRANCHES

    every = sum(len(each.branches) for each in coverage)
    missed = sum(len(each.missed) for each in coverage)
    table = Table(title=f"Branches that the tests reach 测试覆盖的分支: {every - missed}/{every}")
    for column in ("rule 规则", "reached 覆盖", "no test reaches 未覆盖"):
        table.add_column(column, overflow="fold")
    for each in coverage:
        left = "; ".join(BRANCHES[branch] for branch in each.missed)
        reached = f"{len(each.branches) - len(each.missed)}/{len(each.branches)}"
        table.add_row(each.rule, reached, left)
    return table


def _texts(folder: Path | None) -> dict[str, str]:
    from hub.documents import folder_rules, library_rules

    return library_rules() if folder is None else folder_rules(folder)
