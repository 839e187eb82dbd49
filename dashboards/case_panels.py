"""Panels about cases: what is open, what is late, what is silent. Emergencies are never mixed in."""

from grafana_foundation_sdk.models import dashboard as sdk

from model.place import Registry

from .influxql import Query, cases_now, count_open, open_over_time, over_time, tag
from .layout import Tile
from .names import CASE_LINK, HUB_LINK, clean
from .panels import Override, bars, column, lines, named, stat, table, timeline
from .words import BLUE, CLASSES, GREEN, GREY, MODES, ORANGE, RED, SEVERITIES, STATES, VERIFIED

EMERGENCY = tag("class", "emergency")
IMPAIRMENT = tag("class", "impairment")
MAINTENANCE = tag("class", "maintenance")
SILENT = tag("category", "silent")
NO_EMERGENCY = "无紧急案件 no emergency"
NO_CASE = "无 none"
DUE = "期限 due"
OPENED = "立案 opened"
OVERDUE = {"0": ("按期 in time", GREEN), "1": ("超期 OVERDUE", RED)}
ACKNOWLEDGED = {"0": ("未接警 NOT ACKNOWLEDGED", RED), "1": ("已接警 acknowledged", GREEN)}
OPEN = {"0": ("已结 closed", GREY), "1": ("未结 OPEN", RED)}


def figures(*scope: str, height: int = 4) -> list[tuple[int, list[Tile]]]:
    """Return the row of big figures at the top: open by class, late, silent, and whether it is live."""
    red, orange, blue = ((None, GREEN), (1, RED)), ((None, GREEN), (1, ORANGE)), ((None, GREEN), (1, BLUE))  # fmt: skip
    emergency = ("🔥 紧急未结 Open emergencies", count_open(EMERGENCY, *scope), red)
    waiting = (
        "未接警紧急 Emergencies not acknowledged",
        _unacknowledged(*scope),
        red,
    )
    late = ("超期 Overdue", count_open(*scope, field="overdue"), red)
    impaired = ("⚠ 失效未结 Open impairments", count_open(IMPAIRMENT, *scope), orange)
    silent = ("失联设备 Silent devices", count_open(SILENT, *scope), orange)
    repair = ("🔧 维护未结 Open maintenance", count_open(MAINTENANCE, *scope), blue)
    tiles = [
        stat(title, query, no_data=NO_CASE, steps=steps, link=HUB_LINK)
        for title, query, steps in (emergency, waiting, late, impaired, silent, repair)
    ]
    tiles.append(alive())
    return [(4 if place == 0 else 3, [Tile(item, height)]) for place, item in enumerate(tiles[:-1])] + [
        (5, [Tile(tiles[-1], height)])
    ]  # fmt: skip


def _unacknowledged(*scope: str) -> Query:
    conditions = " AND ".join([EMERGENCY, *scope, "$timeFilter"])
    inner = (
        'SELECT last("open") AS "open", "acknowledged" FROM "case" '  # noqa: S608 - ours
        f'WHERE {conditions} GROUP BY "id"'
    )
    return Query(f'SELECT sum("open") - sum("done") FROM (SELECT "open", "open" * "acknowledged" AS "done" FROM ({inner}))')  # noqa: S608  # fmt: skip


def alive() -> sdk.Panel:
    """Return the lamp that says whether the figures are live; the hub writes a beat a minute."""
    query = Query('SELECT count("open") AS "beats" FROM "hub" WHERE $timeFilter')
    return stat(
        "数据时效 Are these figures live?",
        query,
        no_data="⚠ 中枢失联:数字已过期 HUB SILENT: figures are old",
        steps=((None, RED), (1, GREEN)),
        words=[{str(n): ("● 实时 live", GREEN) for n in range(1, 10)}],
        about="中枢每分钟写一次心跳;3 分钟没有心跳即过期。 The hub writes a beat every minute; "
        "without one for three minutes everything on this page is old.",
        span="3m",
    )


def emergencies(*scope: str, all_states: bool = False) -> sdk.Panel:
    """Return the emergencies; with `all_states` those of the time range that are closed too."""
    query = cases_now(EMERGENCY, *scope, open_only=not all_states)
    title = "🔥 紧急案件 Emergencies" + (
        " (时段内全部 whole range)" if all_states else " 未结 open"
    )
    return table(title, query, no_data=NO_EMERGENCY, columns=case_columns(), sort=OPENED, descending=True)  # fmt: skip


def work(title: str, *conditions: str) -> sdk.Panel:
    """Return open cases that are no emergency, most urgent first."""
    query = cases_now(*conditions)
    return table(title, query, no_data=NO_CASE, columns=case_columns(), sort=DUE)


def case_columns() -> list[Override]:
    """Return how the columns of a list of cases are shown; the id links to the case's page."""
    return [
        column("Time", "数据截至 as of", unit="dateTimeFromNow", width=120),
        column("severity", "级别 severity", words=SEVERITIES, filled=True, width=150),
        column("title", "事件 event", width=150),
        column("place_text", "地点 place"),
        column("status", "状态 state", words=STATES, filled=True, width=140),
        column("due", DUE, unit="dateTimeFromNow", width=120),
        column("id", "案件 case", link=CASE_LINK, width=130),
        column("verified", "核实 verified", words=VERIFIED, width=150),
        column("opened_at", OPENED, unit="dateTimeAsIso", width=160),
        column("class", "类 class", words=CLASSES, width=150),
        column("category", "category", hidden=True),
        column("overdue", "时限 deadline", words=OVERDUE, filled=True, width=120),
        column("mode", "方式 mode", words=MODES, width=140),
        column("open", "未结 open", words=OPEN, width=90),
        column("lat", "lat", hidden=True),
        column("lon", "lon", hidden=True),
    ]


def case_states(*scope: str) -> sdk.Panel:
    """Return how each emergency went through its states."""
    query = over_time(
        'last("status")', "case", EMERGENCY, *scope, by="id,compound,category",
        alias="$tag_compound $tag_category $tag_id",
    )  # fmt: skip
    return timeline("紧急案件进程 Emergencies through their states", query, no_data=NO_EMERGENCY, words=STATES)  # fmt: skip


def open_by_class(*scope: str) -> sdk.Panel:
    """Return how many cases were open at each time, by class."""
    return lines(
        "未结案件趋势 Open cases over time", [open_over_time(*scope, by="class")], unit="short",
        no_data=NO_CASE, stack=True, decimals=0,
        overrides=[named(word, text, color) for word, (text, color) in CLASSES.items()],
    )  # fmt: skip


def opened_a_day(*scope: str) -> sdk.Panel:
    """Return how many cases were opened each day, by class; days of China's time."""
    query = over_time('count("opened")', "case", *scope, by="class", period="1d, -8h")
    return lines(
        "每日立案 Cases opened a day", [query], unit="short", no_data=NO_CASE, bars=True, stack=True,
        decimals=0, span="7d", about="按北京时间的日界。 Days begin at midnight, China time.",
        overrides=[named(word, text, color) for word, (text, color) in CLASSES.items()],
    )  # fmt: skip


def open_by_compound(registry: Registry) -> sdk.Panel:
    """Return how many cases are open in each compound."""
    return bars(
        "各小区未结 Open cases by compound", count_open('"compound" =~ /^$compound$/', by="compound"),
        unit="short", no_data=NO_CASE, steps=((None, GREEN), (5, ORANGE), (20, RED)),
        overrides=[named(item.id, clean(item.name)) for item in registry.compounds.values()],
    )  # fmt: skip
