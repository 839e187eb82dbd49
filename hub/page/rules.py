"""The rules in force with what people found of their cases: the false-alarm ledger 误报台账."""

from collections.abc import Sequence
from html import escape

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from cases.comparing import Precision
from cases.ledger import Line
from cases.taxonomy import FALSE_ALARM_CAUSES
from hub.api.services import Json

from .fragment import Fragment
from .ledgers import DAYS, Counted
from .links import device_path, rule_path
from .rule_trial import TrialPanel, may_try
from .site import Site, Title, Visit
from .tables import Cell, Row, inert, table
from .words import SEVERITY, category, word

_HOUR_WIDTH, _HOUR_HEIGHT = 24, 72
_NOTHING = Precision(0, 0, 0)


def register(site: Site) -> None:
    """Serve the list and the page of one rule."""
    site.page("/rules", Title("规则", "Rules"), build)
    site.page("/rules/{rule}", Title("规则", "Rule"), build_one)


async def build(visit: Visit) -> None:
    """Draw every rule in force, the one with most false alarms first."""
    rules, counted = await run_in_threadpool(_looked, visit)
    Fragment(f'<section class="sh-card">{_list_html(visit, rules, counted.lines)}</section>')
    ui.label(_legend(visit, counted)).classes("sh-muted")


async def build_one(visit: Visit) -> None:
    """Draw one rule: what people found, at which hours, of which devices, and its text."""
    rules, counted = await run_in_threadpool(_looked, visit)
    name = visit.given["rule"]
    rule = next((rule for rule in rules if rule["id"] == name), None)
    if rule is None:
        ui.label(visit.say("没有这条现行规则", "No such rule is in force")).classes("sh-empty")
        return
    known = await run_in_threadpool(visit.hub.rule, name, str(rule["hash"]))
    line = counted.lines.get(name)
    parts = [_head_html(visit, rule, line)]
    if line is not None:
        parts += [_hours_html(visit, line.hours), _devices_html(visit, line)]
    if known is not None:
        parts.append(
            f'<h2 class="sh-h2">{visit.say("规则原文", "Text of the rule")}</h2>'
            f'<pre class="sh-pre" tabindex="0">{escape(known.text)}</pre>'
            f'<p class="sh-muted">{inert(known.file)} · {inert(rule["hash"])} · '
            f"{visit.say('载入于', 'loaded')} {visit.time(known.logged_at)}</p>"
        )
    Fragment(f'<section class="sh-card">{"".join(parts)}</section>')
    if known is not None and may_try(visit.who):
        TrialPanel(visit, name, known.text, has_limit=bool(known.limits)).draw()
    ui.label(_legend(visit, counted)).classes("sh-muted")


def _looked(visit: Visit) -> tuple[list[Json], Counted]:
    counted = visit.site.ledgers.of(visit.who.grid)
    lines = counted.lines
    rules = sorted(
        visit.hub.rules(),
        key=lambda rule: (-_found(lines, rule).false, -int(str(rule["open"])), str(rule["id"])),
    )
    return rules, counted


def _found(lines: dict[str, Line], rule: Json) -> Precision:
    line = lines.get(str(rule["id"]))
    return line.found if line else _NOTHING


def _title(visit: Visit, rule: Json) -> str:
    return visit.say(str(rule["title_zh"]), str(rule["title_en"]))


def _list_html(visit: Visit, rules: Sequence[Json], lines: dict[str, Line]) -> str:
    say = visit.say
    rows: list[Row] = []
    for rule in rules:
        found = _found(lines, rule)
        rows.append([
            Cell(_title(visit, rule), link=rule_path(str(rule["id"]))),
            Cell(word(SEVERITY, rule["severity"], visit.lang), str(rule["severity"])),
            category(rule["category"], visit.lang),
            "" if visit.who.grid else str(rule["open"]),  # of the whole district
            str(found.real or ""),
            Cell(str(found.false or ""), "minor" if found.false else ""),
            str(found.unknown or ""),
            _share(found),
            Cell(str(rule["failures"] or ""), "critical" if rule["failures"] else ""),
        ])  # fmt: skip
    head = [
        say("规则", "Rule"), say("等级", "Severity"), say("类别", "Category"),
        say("进行中", "Open"), say("真实", "Real"), say("误报", "False"),
        say("未定", "Not judged"), say("准确率", "Precision"), say("出错", "Failures"),
    ]  # fmt: skip
    return table(
        say("规则", "Rules"), head, rows,
        empty=say("没有规则", "No rule is loaded"), stacks=True,
    )  # fmt: skip


def _head_html(visit: Visit, rule: Json, line: Line | None) -> str:
    say = visit.say
    found = line.found if line else _NOTHING
    causes = ", ".join(
        f"{visit.say(FALSE_ALARM_CAUSES.get(cause, cause), cause)} {count}"
        for cause, count in (line.causes if line else {}).items()
    )
    facts = (
        (say("编号", "Id"), rule["id"]),
        (say("种类", "Kind"), rule["kind"]),
        (say("类别", "Category"), category(rule["category"], visit.lang)),
        (say("等级", "Severity"), word(SEVERITY, rule["severity"], visit.lang)),
        *(() if visit.who.grid else ((say("进行中", "Open"), rule["open"]),)),
        (say("真实 / 误报 / 未定", "Real / false / not judged"),
         f"{found.real} / {found.false} / {found.unknown}"),
        (say("准确率", "Precision"), _share(found)),
        (say("误报原因", "Causes of false alarms"), causes or "–"),
    )  # fmt: skip
    body = "".join(
        f'<dt class="sh-muted">{inert(name)}</dt><dd>{inert(value)}</dd>' for name, value in facts
    )
    return f'<h2 class="sh-h2">{inert(_title(visit, rule))}</h2><dl class="sh-facts">{body}</dl>'


def _hours_html(visit: Visit, hours: Sequence[Precision]) -> str:
    """Draw real and false ones by local hour, one bar upon the other."""
    most = max((hour.real + hour.false for hour in hours), default=0)
    if not most:
        return ""
    bars = []
    for number, hour in enumerate(hours):
        left = number * _HOUR_WIDTH
        false, real = (count / most * _HOUR_HEIGHT for count in (hour.false, hour.real))
        title = f"{number}:00 · {visit.say('真实', 'real')} {hour.real} · {visit.say('误报', 'false')} {hour.false}"
        bars.append(
            f"<g><title>{title}</title>"
            f'<rect x="{left}" y="{_HOUR_HEIGHT - false:.1f}" width="18" height="{false:.1f}" fill="#ffab4a"/>'
            f'<rect x="{left}" y="{_HOUR_HEIGHT - false - real:.1f}" width="18" height="{real:.1f}" fill="#63d897"/>'
            "</g>"
        )
        if number % 3 == 0:
            bars.append(
                f'<text x="{left}" y="{_HOUR_HEIGHT + 16}" fill="currentColor" font-size="12">{number}</text>'
            )
    said = visit.say("按小时：绿色真实，橙色误报", "By hour: green real, orange false")
    width = 24 * _HOUR_WIDTH
    return (
        f'<h2 class="sh-h2">{said}</h2><div class="sh-scroll" tabindex="0" role="region" aria-label="{escape(said, quote=True)}">'
        f'<svg viewBox="0 0 {width} {_HOUR_HEIGHT + 20}" width="{width}" role="img"'
        f' aria-label="{escape(said, quote=True)}">{"".join(bars)}</svg></div>'
    )


def _devices_html(visit: Visit, line: Line) -> str:
    say = visit.say
    rows: list[Row] = [
        [Cell(device, link=device_path(device)), str(found.real), str(found.false), _share(found)]
        for device, found in line.devices
    ]
    if not rows:
        return ""
    head = [
        say("设备", "Device"),
        say("真实", "Real"),
        say("误报", "False"),
        say("准确率", "Precision"),
    ]
    title = say("误报最多的设备", "Devices with most false alarms")
    return f'<h2 class="sh-h2">{title}</h2>' + table(title, head, rows, empty="", stacks=True)


def _share(found: Precision) -> str:
    return "" if found.share is None else f"{100 * found.share:.0f} %"


def _legend(visit: Visit, counted: Counted) -> str:
    at = visit.time(counted.at, day=False)
    said = visit.say(
        f"最近 {DAYS} 天（截至 {at}），按人员认定统计；测试与演练不计入。调整规则前请先试算：在规则页面，或 smarthub rules backtest。",
        f"Last {DAYS} days until {at}, as people found; tests and drills are not in it. Before changing a rule,"
        " try it: on its page here, or by smarthub rules backtest.",
    )
    more = visit.say(
        "案件过多，仅统计最新部分。", "There are more cases; only the newest were looked at."
    )
    return said if counted.complete else f"{said} {more}"
