"""Writes the strip of figures: how much is open, how fast it came, and whether all is heard."""

from collections.abc import Callable
from html import escape

from hub.page.board import Json
from hub.page.site import Visit
from hub.page.vitals import silent_seen
from hub.page.words import SEVERITY, word

LATE_MS = 10_000  # GB 25506: a fire is shown within 10 s
LAG = 2_000  # entries of the log; about a second of a busy district (our assumption)


def figures(visit: Visit, shows: Callable[[Json], bool]) -> str:
    """Return the strip: open by severity, how fast, what is heard, what lags.

    Who is limited to a territory sees its own figures only, as the API does: gateways, the census and
    the hub's pace belong to no territory.
    """
    found = [
        _figure(str(n), word(SEVERITY, name, visit.lang), f"sh-{name}" if n else "")
        for name, n in visit.board.by_severity(shows).items()
    ]
    if visit.who.grid:
        silent = silent_seen(visit.board.vitals, visit.who, visit.hub.registry())
        found.append(_silent(visit, sum(silent.values())))
    else:
        found += _district(visit)
    return "".join(found + _wrong(visit, sum(map(shows, visit.board.memory))))


def _district(visit: Visit) -> list[str]:
    """Return what concerns all: how fast, what is heard, what lags."""
    say, vitals = visit.say, visit.board.vitals
    latency = visit.board.latency()
    shown = "–" if latency is None else f"{_seconds(latency[0])} / {_seconds(latency[1])}"
    late = latency is not None and latency[1] > LATE_MS
    return [
        _figure(
            shown, say("报文→案件 中位/p99", "frame → case p50/p99"), "sh-critical" if late else ""
        ),
        _figure(f"{vitals.heard:,}", say("在线设备", "devices heard")),
        _silent(visit, vitals.silent),
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


def _wrong(visit: Visit, unstored: int) -> list[str]:
    """Return what is wrong now; `unstored` alarms of the territory are in memory only."""
    say, vitals = visit.say, visit.board.vitals
    away = 0 if visit.who.grid else vitals.gateways_away
    wrong = [
        (
            bool(unstored),
            say(f"{unstored} 条报警仅在内存", f"{unstored} alarms in memory only"),
            "sh-critical",
        ),
        (
            bool(away),
            say(f"{away} 台网关离线", f"{away} gateways away"),
            "sh-critical",
        ),
        (
            bool(visit.who.grid) and vitals.lag > LAG,
            say("规则滞后", "the rules lag"),
            "sh-critical",
        ),
        (
            vitals.reading_store != "ok",
            say("读数库不可用（不影响报警）", "reading store away (alarms unaffected)"),
            "sh-minor",
        ),
        (
            not visit.board.status.get("ready", True),
            say("中枢未就绪", "hub NOT READY"),
            "sh-critical",
        ),
    ]
    return [_figure("!", name, tone) for bad, name, tone in wrong if bad]


def _silent(visit: Visit, count: int) -> str:
    said = visit.say("失联设备", "devices silent")
    return _figure(f"{count:,}", said, "sh-major" if count else "")


def _figure(value: str, name: str, tone: str = "") -> str:
    return f'<div class="sh-kpi {tone}"><b>{escape(value)}</b><span>{escape(name)}</span></div>'


def _seconds(ms: int) -> str:
    return f"{ms} ms" if ms < 1000 else f"{ms / 1000:.1f} s"  # noqa: PLR2004 - a second
