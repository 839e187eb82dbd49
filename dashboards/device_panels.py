"""Panels about what devices measure and whether they are heard."""

from grafana_foundation_sdk.models import dashboard as sdk

from model.place import Registry

from .influxql import ANY, Query, latest, over_time, where
from .names import clean
from .panels import Override, bars, column, heartbeats, lines, named, table
from .words import EVENTS, GREEN, KIND_NAMES, MODES, RED, YELLOW

NO_READING = "时段内无读数 no readings in this range"
NOT_HEARD = "时段内无报文:失联 nothing heard: silent"
LOW_KPA, WEAK_KPA = 70.0, 250.0
"""Our assumption: below 0.07 MPa a hydrant is dry, below 0.25 MPa somebody should look."""
LOW_BATTERY_PCT = 20
ABNORMAL = "|".join(sorted(set(EVENTS) - {"normal", "access_granted"}))
_PRESSURE_STEPS = ((None, RED), (LOW_KPA, YELLOW), (WEAK_KPA, GREEN))


def temperature(*scope: str, by: str = "building") -> sdk.Panel:
    """Return indoor temperatures over time."""
    query = over_time('mean("temperature_c")', ANY, *scope, by=by, alias=f"$tag_{by} $m")
    return lines("温度 Temperature", [query], unit="celsius", no_data=NO_READING, decimals=1)


def smoke(*scope: str, by: str = "building") -> sdk.Panel:
    """Return the densest smoke in each interval; cooking shows at noon and in the evening."""
    query = over_time('max("smoke_db_m")', ANY, *scope, by=by)
    about = (
        "光密度 dB/m;做饭时的小峰是正常的。 Optical density; small peaks at meal times are cooking."
    )
    return lines("烟雾 Smoke (dB/m)", [query], unit="suffix: dB/m", no_data=NO_READING, about=about)


def pressure(*scope: str) -> sdk.Panel:
    """Return water pressure at the pumps over time, with the limits as lines."""
    query = over_time(
        'mean("pressure_kpa")', ANY, *scope,
        by="building,device", alias="$tag_building $tag_device",
    )  # fmt: skip
    return lines(
        "消防水压 Water pressure", [query], unit="pressurekpa", no_data=NO_READING,
        steps=_PRESSURE_STEPS, show_steps=True, decimals=0,
    )  # fmt: skip


def pressure_now(registry: Registry, *scope: str) -> sdk.Panel:
    """Return the lowest water pressure of each building now."""
    query = latest("pressure_kpa", ANY, *scope, by="building")
    return bars(
        "各楼水压 Water pressure by building", query, unit="pressurekpa", no_data=NO_READING,
        steps=_PRESSURE_STEPS, limits=(0, 600), overrides=building_names(registry),
    )  # fmt: skip


def building_names(registry: Registry) -> list[Override]:
    """Return how a series is called that has a building's id for a name."""
    found = []
    for building in registry.buildings.values():
        compound = registry.compounds.get(building.compound)
        name = f"{compound.name} {building.name}" if compound else building.name
        found.append(named(building.id, clean(name)))
    return found


def heard_now(registry: Registry, *scope: str) -> sdk.Panel:
    """Return how many devices of each kind were heard lately, beside how many there should be."""
    known: dict[str, int] = {}
    for device in registry.devices.values():
        known[device.kind] = known.get(device.kind, 0) + 1
    inner = f'SELECT last("order") AS "n" FROM {ANY} WHERE {where(*scope)} GROUP BY "device"'  # noqa: S608
    names = [
        named(kind, f"{shown} / {known[kind]}" if kind in known else shown)
        for kind, shown in KIND_NAMES.items()
    ]
    return bars(
        "近 30 分钟有报文的设备 / 登记数 Devices heard in 30 min / registered",
        Query(f'SELECT count("n") FROM ({inner})', alias="$m"),  # noqa: S608
        unit="short", no_data=NOT_HEARD, steps=((None, GREEN),), overrides=names, span="30m",
    )  # fmt: skip


def heard_over_time(*scope: str) -> sdk.Panel:
    """Return how many devices were heard in each interval, by kind."""
    inner = (
        f'SELECT last("order") AS "n" FROM {ANY} WHERE {where(*scope)} '  # noqa: S608
        'GROUP BY time($__interval), "device"'
    )
    query = Query(
        f'SELECT count("n") FROM ({inner}) WHERE $timeFilter GROUP BY time($__interval) fill(none)',  # noqa: S608
        alias="$m",
    )
    names = [named(kind, shown) for kind, shown in KIND_NAMES.items()]
    return lines(
        "有报文的设备数 Devices heard", [query], unit="short", no_data=NOT_HEARD, overrides=names,
        decimals=0, period="1h", span="6h",
    )  # fmt: skip


def bars_of_life(*scope: str, span: str = "3h") -> sdk.Panel:
    """Return a bar every ten minutes for each device: heard, or not."""
    query = over_time('count("order")', ANY, *scope, by="device", period="10m", fill="0")
    return heartbeats(
        "设备心跳 Heartbeat bars", query, no_data=NOT_HEARD, span=span,
        about="每格 10 分钟:绿=有报文,灰=失联。无任何报文的设备不在此列,见失联设备。 One bar is ten "
        "minutes: green heard, grey silent. A device that said nothing at all is not listed here: "
        "see silent devices.",
    )  # fmt: skip


def passages(*scope: str) -> sdk.Panel:
    """Return how many people passed the doors, and how many were refused."""
    queries = [
        over_time('count("event")', "door", *scope, f"\"event\" = '{event}'", alias=event, ref=ref,
                  period="1h", fill="0")
        for ref, event in (("A", "access_granted"), ("B", "access_denied"))
    ]  # fmt: skip
    names = [named(event, *EVENTS[event]) for event in ("access_granted", "access_denied")]
    return lines(
        "门禁通行 Passages an hour", queries, unit="short", no_data=NO_READING, bars=True, stack=True,
        overrides=names, decimals=0, period="1h",
    )  # fmt: skip


def batteries(*scope: str) -> sdk.Panel:
    """Return the devices whose battery is nearly empty."""
    inner = (
        'SELECT last("battery_pct") AS "battery" FROM /./ '  # noqa: S608
        f'WHERE {where(*scope)} GROUP BY "device", "building"'
    )
    query = Query(
        f'SELECT "battery", "device", "building" FROM ({inner}) WHERE "battery" < {LOW_BATTERY_PCT}',  # noqa: S608
        table=True,
    )
    columns = [
        column("Time", "报于 heard", unit="dateTimeFromNow", width=140),
        column("battery", "电量 battery", unit="percent", width=110),
        column("device", "设备 device"),
        column("building", "楼栋 building"),
    ]
    return table(
        "低电量 Low batteries", query, no_data="无低电量 none", columns=columns, sort="电量 battery"
    )


def events(*scope: str) -> sdk.Panel:
    """Return the newest words of devices that are not everyday life."""
    abnormal = f'"event" =~ /^({ABNORMAL})$/'
    text = (
        f'SELECT "event", "device", "building", "mode" FROM {ANY} '  # noqa: S608
        f"WHERE {where(*scope, abnormal)} ORDER BY time DESC LIMIT 100"
    )
    columns = [
        column("Time", "时间 time", unit="dateTimeAsIso", width=180),
        column("event", "事件 event", words=EVENTS, filled=True, width=200),
        column("device", "设备 device"),
        column("building", "楼栋 building", width=120),
        column("mode", "方式 mode", words=MODES, width=150),
    ]
    return table(
        "设备事件 Device events", Query(text, table=True), no_data="无异常事件 nothing unusual",
        columns=columns, sort="时间 time", descending=True,
    )  # fmt: skip


def last_heard(*scope: str) -> sdk.Panel:
    """Return when each chosen device was last heard."""
    text = (
        f'SELECT last("order") AS "order" FROM {ANY} WHERE {where(*scope)} '  # noqa: S608
        'GROUP BY "device", "building", "compound"'
    )
    columns = [
        column("Time", "最后报文 last heard", unit="dateTimeFromNow"),
        column("order", "序号 order"),
        column("device", "设备 device"),
        column("building", "楼栋 building"),
        column("compound", "小区 compound"),
    ]
    return table(
        "最后报文 Last heard", Query(text, table=True), no_data=NOT_HEARD, columns=columns,
        sort="设备 device",
    )  # fmt: skip


def quantity(title: str, names: str, *scope: str, unit: str) -> sdk.Panel:
    """Return some quantities of the chosen devices over time; `names` is a regular expression."""
    query = over_time(f"mean(/^({names})$/)", ANY, *scope, by="device", alias="$tag_device $col")  # fmt: skip
    return lines(title, [query], unit=unit, no_data=NO_READING)
