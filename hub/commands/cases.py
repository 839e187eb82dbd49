"""`smarthub cases list|show` and `smarthub deadletter list`, from a running hub."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from .client import ask

app = typer.Typer(no_args_is_help=True, help="Cases of a running hub. 案件。")
letters = typer.Typer(no_args_is_help=True, help="What could not be understood. 死信。")
Url = Annotated[str, typer.Option(help="the hub's address", envvar="SMARTHUB_URL")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
COLUMNS = ("id", "category", "severity", "state", "place_name", "opened_at", "due")
TIMES = frozenset({"opened_at", "due", "at"})


@app.command("list")
def list_cases(
    *,
    url: Url = "http://127.0.0.1:8080",
    state: str = "",
    category: str = "",
    severity: str = "",
    limit: int = 50,
    as_json: AsJson = False,
) -> None:
    """List cases, newest first. 案件列表。"""
    found = ask(
        url, "/api/v1/cases", state=state, category=category, severity=severity, limit=limit
    )
    _show(found, COLUMNS, title="Cases 案件", as_json=as_json)


@app.command()
def show(case: str, *, url: Url = "http://127.0.0.1:8080") -> None:
    """Show one case whole, with its history. 案件详情。"""
    typer.echo(json.dumps(ask(url, f"/api/v1/cases/{case}"), ensure_ascii=False, indent=2))


@letters.command("list")
def list_letters(
    *, url: Url = "http://127.0.0.1:8080", limit: int = 50, as_json: AsJson = False
) -> None:
    """List messages that could not be understood, with the reason. 死信列表。"""
    found = ask(url, "/api/v1/deadletters", limit=limit)
    columns = ("at", "source", "reason", "detail", "count", "payload")
    _show(found, columns, title="Dead letters 死信", as_json=as_json)


def _show(found: dict[str, object], columns: tuple[str, ...], *, title: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    table = Table(title=title)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column == "id" or column in TIMES)
    items = found.get("items")
    for item in items if isinstance(items, list) else []:
        table.add_row(*(_cell(column, item.get(column)) for column in columns))
    Console().print(table)


def _cell(column: str, value: object) -> str:
    if value is None:
        return ""
    if column in TIMES:
        return _local(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _local(value: object) -> str:
    """Show a time (RFC 3339 text or ms) as this machine's own, to the second."""
    when = (
        datetime.fromisoformat(value)
        if isinstance(value, str)
        else datetime.fromtimestamp(float(str(value)) / 1000, UTC)
    )
    return when.astimezone().strftime("%m-%d %H:%M:%S")
