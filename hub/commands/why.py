"""`smarthub rules why`: why a case is there, or why a rule said nothing of a device at a moment."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from model.errors import HubError

from .moments import moment_of, zone_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from hub.backtest.why import Answer, Future
    from model.reading import Reading

Json = dict[str, object]


def why(
    case: Annotated[str, typer.Argument(help="a case of a running hub 案件号")] = "",
    *,
    rule: Annotated[str, typer.Option(help="or: a rule's id 规则")] = "",
    device: Annotated[str, typer.Option(help="… and a device's 设备")] = "",
    at: Annotated[str, typer.Option(help="… and a local time: 2026-11-20T08:00:30 时刻")] = "",
    data: Annotated[Path, typer.Option(help="data folder of a hub, or its log")] = Path("data"),
    zone: Annotated[str, typer.Option(help="time zone of the site 时区")] = "Asia/Shanghai",
    url: Annotated[
        str, typer.Option(help="the hub's address", envvar="SMARTHUB_URL")
    ] = "http://127.0.0.1:8080",
) -> None:
    """Say why a case is there, or why a rule did (not) fire. 为什么立案，或为什么没有。

    With CASE a running hub is asked; with --rule, --device and --at the recorded log is replayed.
    """
    if case and not (rule or device):
        _of_case(case, url)
    elif rule and device and at and not case:
        _of_rule(rule, device, at, data, zone)
    else:
        raise HubError("name a CASE, or all of --rule, --device and --at")


def _of_case(case: str, url: str) -> None:
    from rich.console import Console

    from .client import ask

    console = Console()
    found = ask(url, f"/api/v1/cases/{case}/why")
    console.print(f"{found['id']}: {found['category']} at {found['place']}", markup=False)
    for part in cast("list[Json]", found["rules"]):
        console.print(
            f"\n{part['zh']} / {part['en']}  ({part['rule']} · {part['hash']})", markup=False
        )
        for line in cast("list[str]", part["explained"]):
            console.print(f"  {line}", markup=False)
        for held in cast("list[Json]", part["now"]):
            console.print(f"  now 现在: {held['holds']}", markup=False, style="dim")
        if part["text"]:
            console.print(str(part["text"]), markup=False, style="dim")
        else:
            console.print("  the version that fired was not kept", style="yellow")
    for item in cast("list[Json]", found["evidence"]):
        said = json.dumps(item.get("values", {}), ensure_ascii=False)
        console.print(
            f"  {item['at']} {item['device']} {item.get('event', '')} {said}", markup=False
        )


def _of_rule(rule: str, device: str, at: str, data: Path, zone_name: str) -> None:
    from rich.console import Console

    from hub.backtest.source import from_log, log_folder
    from hub.backtest.why import HORIZON_MS, why

    zone = zone_of(zone_name)
    moment = moment_of(at, zone, "--at")
    recording = from_log(log_folder(data), since=moment, until=moment + HORIZON_MS, whole=False)
    console = Console()
    for line in told(why(recording, rule=rule, device=device, at=moment), zone):
        console.print(line, markup=False, soft_wrap=True)
    for remark in recording.remarks:
        console.print(f"note 注意: {remark}", style="yellow", markup=False)


def told(answer: "Answer", zone: "ZoneInfo") -> list[str]:
    """Return the answer in lines for people."""
    lines = [f"{answer.rule} · {answer.device} · {_clock(answer.at, zone)}", f"  {answer.holds}"]
    if not answer.watches:
        lines.append("  the rule is not about this device 规则不涉及该设备: see its `devices`")
    doubts = [*answer.flags, *(["walk_test 巡检测试"] if answer.walk_test else [])]
    state = f"  device 设备: {answer.state}" + (f" ({', '.join(doubts)})" if doubts else "")
    lines.append(
        state
        + (f"; gateway 网关 {answer.gateway}: {answer.gateway_state}" if answer.gateway else "")
    )
    lines += [f"  silenced by 被静默: {silence}" for silence in answer.muted_by]
    lines += [f"  before 之前 {_said(reading, zone)}" for reading in answer.before]
    lines += [f"  after  之后 {_said(reading, zone)}" for reading in answer.after]
    lines += [
        f"  {anomaly.phase.value} {_clock(anomaly.started_at, zone)}: {anomaly.explanation}"
        for anomaly in answer.said
    ]
    lines.append(f"  had nobody said more 若无后续: {_future(answer.if_nothing_more, answer.at)}")
    lines.append(f"  what came 实际: {_future(answer.really, answer.at)}")
    if answer.short_by_ms is not None:
        lines.append(f"  would have fired with {answer.short_by_ms / 1000:g} s more 再持续即触发")
    return lines


def _future(future: "Future", at: int) -> str:
    if future.at is None or future.anomaly is None:
        return "nothing within an hour 一小时内无"
    by = f" by {future.anomaly.ended_by}" if future.anomaly.ended_by else ""
    return f"{future.anomaly.phase.value}{by} after {(future.at - at) / 1000:g} s"


def _said(reading: "Reading", zone: "ZoneInfo") -> str:
    values = ", ".join(f"{name}={value}" for name, value in reading.values.items())
    late = " (historical)" if reading.historical else ""
    return f"{_clock(reading.received_at, zone)} {reading.event.value} {values}{late}"


def _clock(at: int, zone: "ZoneInfo") -> str:
    return datetime.fromtimestamp(at / 1000, zone).isoformat(sep=" ", timespec="milliseconds")[:23]
