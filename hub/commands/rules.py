"""`smarthub rules check|test`: reads rule files and runs the tests that they carry."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from model.calendar import is_calendar

app = typer.Typer(no_args_is_help=True, help="Rule files. 规则文件。")
Folder = Annotated[Path | None, typer.Argument(help="a rule file or folder; default: the library")]


@app.command()
def check(folder: Folder = None) -> None:
    """Check rule files; names file, line and key of every problem. 检查规则。"""
    from rules.rulefile import load_rules

    texts = _texts(folder)
    load_rules(texts)
    files = sum(not is_calendar(name) for name in texts)
    typer.echo(f"{files} rule file(s) without a problem 无误")


@app.command()
def test(folder: Folder = None) -> None:
    """Run the `tests:` blocks of rule files. 运行规则自带测试。"""
    from rules.rulestest import run_tests

    results = run_tests(_texts(folder))
    table = Table(title="Rule tests 规则测试")
    for column in ("rule", "test", "file", "result"):
        table.add_column(column, overflow="fold")
    for result in results:
        outcome = "passed" if result.passed else f"FAILED {result.message}"
        table.add_row(result.rule, result.name, f"{result.file}:{result.line}", outcome)
    Console().print(table)
    failed = sum(not result.passed for result in results)
    typer.echo(f"{len(results) - failed} passed, {failed} failed")
    if failed or not results:
        raise typer.Exit(1)


def _texts(folder: Path | None) -> dict[str, str]:
    from hub.documents import folder_rules, library_rules

    return library_rules() if folder is None else folder_rules(folder)
