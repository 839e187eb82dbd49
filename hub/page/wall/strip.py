"""Writes the strip of figures: how much is open, how fast it came, and whether all is heard."""

from collections.abc import Callable
from html import escape

from hub.page.board import Json
from hub.page.site import Visit
from hub.page.words import SEVERITY, word

LATE_MS = 10_000  # GB 25506: a fire is shown within 10 s
LAG = 2_000  # entries of the log; about a second of a busy district (our assumption)


def figures(visit: Visit, shows: Callable[[Json], bool]) -> str:
    """Return the strip: open by severity, how fast, what is heard, what lags."""
    say, vitals, board = visit.say, visit.board.vitals, visit.board
    found = [
        _figure(str(n), word(SEVERITY, name, visit.lang), f"sh-{name}" if n else "")
        for name, n in board.by_severity(shows).items()
    ]
    latency = board.latency()
    shown = "–" if latency is None else f"{_seconds(latency[0])} / {_seconds(latency[1])}"
    late = latency is not None and latency[1] > LATE_MS
    found += [
        _figure(
            shown, say("报文→案件 中位/p99", "frame → case p50/p99"), "sh-critical" if late else ""
        ),
        _figure(f"{vitals.heard:,}", say("在线设备", "devices heard")),
        _figure(
            f"{vitals.silent:,}",
            say("失联设备", "devices silent"),
            "sh-major" if vitals.silent else "",
        ),
        _figure(
            f"{vitals.unregistered:,}",
            say("未登记", "unregistered"),
            "sh-minor" if vitals.unregistered else "",
        ),
        _figure(
            f"{vitals.lag:,}",
            say("规则滞后", "rules lag"),
            "sh-critical" if vitals.lag > LAG else "",
        ),
        _figure(
            f"{vitals.alarms_waiting} / {vitals.telemetry_waiting:,}",
            say("网关待发 报警/遥测", "outbox alarm/telemetry"),
            "sh-critical" if vitals.alarms_waiting else "",
        ),
    ]
    unstored = sum(map(shows, board.memory))
    wrong = [
        (
            bool(unstored),
            say(f"{unstored} 条报警仅在内存", f"{unstored} alarms in memory only"),
            "sh-critical",
        ),
        (
            vitals.gateways_away,
            say(f"{vitals.gateways_away} 台网关离线", f"{vitals.gateways_away} gateways away"),
            "sh-critical",
        ),
        (
            vitals.reading_store != "ok",
            say("读数库不可用（不影响报警）", "reading store away (alarms unaffected)"),
            "sh-minor",
        ),
        (not board.status.get("ready", True), say("中枢未就绪", "hub NOT READY"), "sh-critical"),
    ]
    found += [_figure("!", name, tone) for bad, name, tone in wrong if bad]
    return "".join(found)


def _figure(value: str, name: str, tone: str = "") -> str:
    return f'<div class="sh-kpi {tone}"><b>{escape(value)}</b><span>{escape(name)}</span></div>'


def _seconds(ms: int) -> str:
    return f"{ms} ms" if ms < 1000 else f"{ms / 1000:.1f} s"  # noqa: PLR2004 - a second
