"""`smarthub rules ledger|propose`: which rules cry wolf, and what a stricter limit would have done."""

import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from .moments import moment_of, zone_of
from .replayed import compared

if TYPE_CHECKING:
    from rich.console import Console

    from hub.backtest.proposal import Judged

Json = dict[str, object]
EXIT_NONE = 1


def ledger(
    *,
    days: Annotated[int, typer.Option(min=1, max=366, help="so many days back 天数")] = 30,
    url: Annotated[
        str, typer.Option(help="the hub's address", envvar="SMARTHUB_URL")
    ] = "http://127.0.0.1:8080",
) -> None:
    """Show false alarms by rule, device and hour, from a running hub. 误报台账。"""
    from rich.console import Console
    from rich.table import Table

    from .client import ask

    found = ask(url, "/api/v1/ledger", days=days)
    table = Table(title=f"False alarms, {days} days 误报台账")
    for column in ("rule 规则", "real 真", "false 误", "not judged 未定", "precision 准确率",
                   "causes 原因", "devices 设备", "hours 时段"):  # fmt: skip
        table.add_column(column, overflow="fold")
    for line in cast("list[Json]", found["items"]):
        table.add_row(*_cells(line))
    Console().print(table)
    if not found["complete"]:
        typer.echo(f"only the newest {found['cases']} cases were looked at; ask for fewer --days")


def propose(
    rule: Annotated[str, typer.Argument(help="a threshold rule's id 规则")],
    *,
    data: Annotated[Path, typer.Option(help="data folder of a hub, or its log 数据目录")] = Path(
        "data"
    ),
    out: Annotated[Path, typer.Option(help="folder for the proposal and its backtest")] = Path(
        "proposal"
    ),
    since: Annotated[str, typer.Option("--from", help="local time 起")] = "",
    until: Annotated[str, typer.Option("--to", help="local time 止")] = "",
    zone: Annotated[str, typer.Option(help="time zone of the site 时区")] = "Asia/Shanghai",
) -> None:
    """Try stricter limits on the recorded log and write the best as a proposal. 规则调整建议。

    Nothing is applied. Exit code 1: no candidate spares a false alarm without losing a real one.
    """
    from rich.console import Console as Screen

    from hub.backtest.page import written
    from hub.backtest.proposal import best, judged
    from hub.backtest.source import from_log, log_folder

    here = zone_of(zone)
    begin = moment_of(since, here, "--from") if since else None
    end = moment_of(until, here, "--to") if until else None
    recording = from_log(log_folder(data), since=begin, until=end, whole=begin is None)
    compare = partial(compared, span=(begin, end), zone=here)
    tried = judged(recording, rule, in_force=None, compare=compare)
    console = Screen()
    _show(tried, console)
    chosen = best(tried)
    if chosen is None:
        console.print("no candidate spares a false alarm without losing a real one 无可行建议")
        raise typer.Exit(EXIT_NONE)
    out.mkdir(parents=True, exist_ok=True)
    for name, text in chosen.candidate.rules.documents.items():
        (out / Path(name).name).write_text(text, encoding="utf-8")
    report = out / "backtest.html"
    made_by = shlex.join(sys.argv)
    report.write_text(written(chosen.result, here, made_by=made_by), encoding="utf-8")
    console.print(f"proposal 建议: {chosen.candidate.change}; written to {out}", markup=False)
    for name in chosen.candidate.failing:
        console.print(f"  its own test no longer holds 自带测试需修改: {name}", markup=False)
    console.print("nothing was applied 未生效: read the report, then change the rule file yourself")


def _show(tried: "list[Judged]", console: "Console") -> None:
    from rich.table import Table

    table = Table(title="Candidates 候选")
    for column in (
        "change 改动",
        "fewer false 减少误报",
        "missed 漏报",
        "cases 案件",
        "its tests 自带测试",
    ):
        table.add_column(column, overflow="fold")
    for one in tried:
        _, cases = one.result.counts
        failing = len(one.candidate.failing)
        table.add_row(
            one.candidate.change,
            str(one.fewer_false),
            str(len(one.result.missed)),
            str(cases),
            f"{failing} fail" if failing else "hold",
        )
    console.print(table)


def _cells(line: Json) -> tuple[str, ...]:
    share = cast("float | None", line["precision"])
    causes = ", ".join(
        f"{cause} {n}" for cause, n in cast("dict[str, int]", line["causes"]).items()
    )
    devices = cast("list[Json]", line["devices"])[:3]
    hours = [
        f"{hour}h {found['false']}"
        for hour, found in enumerate(cast("list[Json]", line["hours"]))
        if found["false"]
    ]
    return (
        str(line["rule"]), str(line["real"]), str(line["false"]), str(line["unknown"]),
        "–" if share is None else f"{100 * share:.0f} %",
        causes, ", ".join(f"{item['device']} {item['false']}" for item in devices), ", ".join(hours),
    )  # fmt: skip
