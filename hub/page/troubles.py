"""Says what is wrong now, how bad it is, and what to do about it."""

from typing import NamedTuple

from hub.api.services import Json
from hub.balance import Balance

from .site import Visit
from .tables import inert


class Trouble(NamedTuple):
    """Something that is wrong, how bad, and what to do about it."""

    severity: str
    what: str
    remedy: str


def troubles(
    visit: Visit, gateways: list[Json], balances: list[Balance], counters: dict[str, int]
) -> list[Trouble]:
    """Return everything that is wrong now, the worst first."""
    say = visit.say
    _, detail = visit.hub.ready()
    found = _hub_troubles(visit)
    if not gateways:
        found.append(Trouble("critical", *_no_gateway(visit)))
    for gateway in gateways:
        if gateway["state"] != "online":
            found.append(
                Trouble(
                    "critical",
                    say(
                        f"网关 {gateway['id']} 状态 {gateway['state']}",
                        f"gateway {gateway['id']} is {gateway['state']}",
                    ),
                    say("检查其电源与网络", "check its power and network"),
                )
            )
        warnings = gateway.get("warnings")
        found += [
            Trouble("major", f"{gateway['id']}: {text}", say("见网关日志", "see the gateway's log"))
            for text in (warnings if isinstance(warnings, list) else ())
        ]
    found += [
        Trouble(
            "major",
            say(
                f"{b.hop} 计数不平：相差 {b.in_hand}",
                f"{b.hop} does not add up: {b.in_hand} missing",
            ),
            say("保留日志并上报", "keep the logs and report it"),
        )
        for b in balances
        if not b.holds
    ]
    found += _beside(visit, detail)
    failures = sum(n for name, n in counters.items() if name.startswith("rules.failed."))
    defects = counters.get("desk.defects", 0)
    if failures or defects:
        found.append(
            Trouble(
                "major",
                say(
                    f"规则或案件台出错 {failures + defects} 次",
                    f"rules or desk broke {failures + defects} times",
                ),
                say("查看中枢日志并上报", "see the hub's log and report it"),
            )
        )
    return found


def troubles_html(visit: Visit, found: list[Trouble]) -> str:
    """Return the list, or one sentence that all is well."""
    if not found:
        return f'<p class="sh-normal sh-tone">✓ {visit.say("一切正常", "Nothing is wrong")}</p>'
    items = "".join(
        f'<li class="sh-trouble sh-{item.severity}"><b class="sh-tone">{inert(item.what)}</b>'
        f"<br>→ {inert(item.remedy)}</li>"
        for item in found
    )
    return f'<ul class="sh-troubles">{items}</ul>'


def _no_gateway(visit: Visit) -> tuple[str, str]:
    """Return what it means that no gateway was ever heard, and what to look at."""
    say = visit.say
    return (
        say("从未收到任何网关的消息：现场报警到不了这里", "no gateway was ever heard: no alarm can come here"),
        say(
            "启动网关；核对 gateway.yaml 与 hub.yaml 的 site、消息代理的地址与账号是否一致，并查看网关日志",
            "start one; see that gateway.yaml and hub.yaml name the same site and broker, and read the gateway's log",
        ),
    )  # fmt: skip


def _beside(visit: Visit, detail: Json) -> list[Trouble]:
    """Return what is wrong beside the way of alarms, which goes on."""
    say = visit.say
    ways = {
        "reading_store": (
            "读数库", "reading store",
            "报警不受影响；恢复后自动补写", "alarms are unaffected; it is filled up when it is back",
        ),
        "evidence": (
            "画面证据", "evidence of cameras",
            "报警不受影响；空间满则加大 evidence.max_mb，代理拒绝则再运行 smarthub deploy init",
            "alarms are unaffected; full: raise evidence.max_mb; the broker refuses: smarthub deploy init",
        ),
    }  # fmt: skip
    return [
        Trouble("minor", f"{say(zh, en)}: {state}", say(do_zh, do_en))
        for name, (zh, en, do_zh, do_en) in ways.items()
        if (state := str(detail.get(name, "ok"))) != "ok"
    ]


def _hub_troubles(visit: Visit) -> list[Trouble]:
    """Return what keeps alarms from becoming cases now."""
    say = visit.say
    ready, detail = visit.hub.ready()
    found: list[Trouble] = []
    remedies = {
        "broker": (
            "消息代理",
            "broker",
            "启动它，或检查地址与口令",
            "start it, or check address and password",
        ),
        "log": ("持久日志", "durable log", "清理数据盘空间", "free space on the data disk"),
        "desk": ("案件台", "desk", "查看中枢日志", "see the hub's log"),
    }
    for name, (zh, en, do_zh, do_en) in remedies.items():
        state = str(detail.get(name, "ok"))
        if state != "ok":
            found.append(Trouble("critical", f"{say(zh, en)}: {state}", say(do_zh, do_en)))
    if not ready and not found:
        found.append(Trouble("critical", say("中枢未就绪", "the hub is not ready"), str(detail)))
    return found
