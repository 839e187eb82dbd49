"""`smarthub rules backtest`: which cases other rules would have made of what was recorded."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from model.errors import HubError

from .moments import moment_of, zone_of
from .replayed import compared

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from hub.backtest.result import Result
    from hub.backtest.source import Recording
    from model.entry import Versioned

EXIT_GATE = 1
LOG, STORES = "log", ("influx", "store")
Rules = Annotated[Path, typer.Option("--rules", help="rule file or folder to try 待测规则")]


def backtest(
    rules: Rules,
    *,
    data: Annotated[Path, typer.Option(help="data folder of a hub, or its log 数据目录")] = Path(
        "data"
    ),
    source: Annotated[
        str,
        typer.Option(help="log; influx (the store of --config); or a file of Readings 数据来源"),
    ] = LOG,
    config: Annotated[
        Path | None, typer.Option(help="hub.yaml: store, registry and rules, for --source")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="compare with these rules; default: as recorded 对照规则")
    ] = None,
    since: Annotated[str, typer.Option("--from", help="local time: 2026-11-20T08:00 起")] = "",
    until: Annotated[str, typer.Option("--to", help="local time 止")] = "",
    whole: Annotated[bool, typer.Option(help="read the log from its first entry 全量")] = False,
    html: Annotated[Path | None, typer.Option(help="write a report with charts 报告")] = None,
    strict: Annotated[bool, typer.Option(help="fail on any difference 有差异即失败")] = False,
    zone: Annotated[str, typer.Option(help="time zone of the site 时区")] = "Asia/Shanghai",
) -> None:
    """Try rules on a recorded log and compare the CASES. 规则回测：比较案件。

    Exit code 1: a case that people found real, or an emergency that nobody found false, would have
    been missed (a gate for merging); with --strict also any other difference.
    """
    from rich.console import Console

    from hub.backtest.page import written
    from hub.backtest.source import from_log, log_folder
    from hub.backtest.table import show

    here = zone_of(zone)
    begin = moment_of(since, here, "--from") if since else None
    end = moment_of(until, here, "--to") if until else None
    recording = (
        from_log(log_folder(data), since=begin, until=end, whole=whole)
        if source == LOG
        else _approximate(source, config, begin, end)
    )
    new = _version(rules)
    old = None if against is None else _version(against)
    names = (str(against) if against else "recorded 现行", str(rules))
    result = _run(recording, old, new, names, span=(begin, end), zone=here)
    console = Console()
    show(result, console, here)
    if html is not None:
        html.write_text(written(result, here, made_by=shlex.join(sys.argv)), encoding="utf-8")
        console.print(f"report 报告: {html}", markup=False)
    if not result.passes or (strict and result.changed):
        raise typer.Exit(EXIT_GATE)


def _run(
    recording: "Recording",
    old: "Versioned | None",
    new: "Versioned",
    names: tuple[str, str],
    *,
    span: tuple[int | None, int | None],
    zone: "ZoneInfo",
) -> "Result":
    from hub.backtest.replay import RECORDED, Side, recorded

    sides = [recorded(recording, RECORDED if old else names[0])]
    if old is not None:
        sides.append(Side(names[0], old, recording))
    sides.append(Side(names[1], new, recording))
    (result,) = compared(recording, sides, [(sides[-2], sides[-1])], span=span, zone=zone)
    return result


def _approximate(
    source: str, config: Path | None, since: int | None, until: int | None
) -> "Recording":
    """Take a store's Readings, or those of a file; without a hub's file, nothing is registered."""
    from hub.backtest.stored import from_file, from_store
    from hub.config import load
    from hub.documents import (
        empty_registry,
        library_rules,
        registry_version,
        rules_version,
        versioned,
    )
    from hub.reading_store.choose import open_store
    from hub.territory.registry_files import load_registry

    file = None if config is None else load(config)
    rules = versioned(library_rules()) if file is None else rules_version(file)
    registry = versioned(empty_registry()) if file is None else registry_version(file)
    if source not in STORES:
        return from_file(Path(source), rules=rules, registry=registry)
    if file is None or since is None or until is None:
        raise HubError(f"--source {source} needs --config hub.yaml, --from and --to")
    places = load_registry(registry.documents)
    store = open_store(file, lambda: places)
    return from_store(store, rules=rules, registry=registry, since=since, until=until)


def _version(path: Path) -> "Versioned":
    """Read and check rules; raises ConfigErrors naming file, line and key."""
    from hub.documents import folder_rules, versioned
    from rules.rulefile import load_rules

    texts = folder_rules(path)
    load_rules(texts)
    return versioned(texts)
