"""Says in figures how the hub is: version, uptime, lags, sizes and room; and what follows from them."""

from collections.abc import Sequence

from hub.machine import Machine
from hub.outgoing.status import Shown

from .case.markup import Markup, joined, tag
from .site import Visit
from .troubles import Trouble
from .words import span

LAG = 2_000  # entries of the log; about a second of a busy district (our assumption)
WAITING = 20  # notices that a channel holds back (our assumption)
HOUR_MS = 3_600_000


def facts_html(visit: Visit, machine: Machine, counters: dict[str, int]) -> Markup:
    """Return the strip of figures."""
    say = visit.say
    lag, recorder = counters.get("desk.lag", 0), counters.get("recorder.lag", 0)
    up = span(visit.hub.now() - machine.started_at, visit.lang)
    found = (
        (machine.version, say("版本", "version"), ""),
        (up, say("已运行", "running for"), ""),
        (
            f"{lag:,}",
            say("规则与案件台滞后", "rules and desk lag"),
            "critical" if lag > LAG else "",
        ),
        (f"{recorder:,}", say("读数库滞后", "recorder lag"), "minor" if recorder > LAG else ""),
        (f"{counters.get('log.end', 0):,}", say("日志条目", "log entries"), ""),
        (size(machine.log_bytes), say("日志大小", "log size"), ""),
        (size(machine.cases_bytes), say("案件库", "case database"), ""),
        (
            f"{size(machine.disk_free)} / {size(machine.disk_total)}",
            say("磁盘剩余 / 总量", "disk free / total"),
            "critical" if machine.disk_low else "",
        ),
    )
    figures = joined(
        tag("div", tag("b", value), tag("span", name),
            class_=f"sh-kpi sh-{tone}" if tone else "sh-kpi")
        for value, name, tone in found
    )  # fmt: skip
    return tag("div", figures, class_="sh-kpis")


def more_troubles(
    visit: Visit, machine: Machine, counters: dict[str, int], channels: Sequence[Shown]
) -> list[Trouble]:
    """Return what is wrong with disk, lags, channels and messages, each with what to do."""
    say, found = visit.say, list[Trouble]()
    if machine.disk_low:
        free = size(machine.disk_free)
        found.append(
            Trouble(
                "critical",
                say(f"数据盘仅剩 {free}", f"only {free} left on the data disk"),
                say(
                    "清理磁盘或缩小 log.keep_mb；写满后新报警只在内存中",
                    "free space, or keep less (log.keep_mb); on a full disk alarms are in memory only",
                ),
            )
        )
    for name, zh, en, severity in (
        ("desk.lag", "规则与案件台", "rules and desk", "critical"),
        ("recorder.lag", "读数库写入", "the recorder", "minor"),
    ):
        if (lag := counters.get(name, 0)) > LAG:
            what = say(f"{zh}滞后 {lag:,} 条", f"{en} lag {lag:,} entries behind")
            do = say("查看处理器与磁盘负荷", "look at the load of processor and disk")
            found.append(Trouble(severity, what, do))
    found += [trouble for item in channels if (trouble := _channel(visit, item))]
    rejected = sum(visit.hub.store.dead_letter_reasons(visit.hub.now() - HOUR_MS).values())
    if rejected:
        found.append(
            Trouble(
                "warning",
                say(
                    f"近一小时有 {rejected:,} 条报文无法理解",
                    f"{rejected:,} messages of the last hour were not understood",
                ),
                say(
                    "管理员可在下方“死信”查看原因与字节",
                    "an administrator finds reason and bytes below",
                ),
            )
        )
    return found


def _channel(visit: Visit, item: Shown) -> Trouble | None:
    say = visit.say
    if not item.enabled:
        what = say(f"通道 {item.name} 已停用：{item.disabled_reason}",
                   f"channel {item.name} is off: {item.disabled_reason}")  # fmt: skip
        return Trouble(
            "major",
            what,
            say("修正地址或密钥后重启中枢", "mend address or secret, restart the hub"),
        )
    failing = (item.last_failure or "") > (item.last_success or "")
    if (item.waiting and failing) or item.waiting > WAITING:
        what = say(
            f"通道 {item.name} 有 {item.waiting} 条未送达 {item.failure}",
            f"channel {item.name} holds {item.waiting} back {item.failure}",
        )
        return Trouble(
            "major",
            what,
            say(
                "检查对方与网络，并用“测试”发送",
                "check the other side and the network, then press Test",
            ),
        )
    return None


def size(count: int) -> str:
    """Return bytes in the unit that people read: `3.2 GiB`."""
    units = ("B", "KiB", "MiB", "GiB", "TiB")
    power = min(len(units) - 1, max(0, count.bit_length() - 1) // 10)
    return f"{count} B" if power == 0 else f"{count / 1024**power:.1f} {units[power]}"
