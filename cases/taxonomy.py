"""What kinds of events there are, who owns them, and what it takes to close them.

One line of the table is one category 类别. The classes are design §7; severities, owners and causes
are our assumption. A word that is not in the table is never dropped: see `category`.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from model.anomaly import Severity, endangers
from model.case import EventClass


class Closing(StrEnum):
    """What must be shown before a case may be closed (销号条件)."""

    DISPUTE = "dispute"  # 三不销号
    MATTER = "matter"
    EMERGENCY = "emergency"
    MAINTENANCE = "maintenance"
    DUTY = "duty"
    FALSE_ALARM = "false_alarm"


class Category(msgspec.Struct, frozen=True):
    """One kind of event: its class, how bad it is by default, who answers, and how it is grouped."""

    word: str
    cls: EventClass
    severity: Severity
    owner: str  # role in the registry's contacts
    zh: str
    en: str
    closing: Closing
    cause: str  # cases of one cause at one place are one case
    echoes: bool = False  # panel and 用户信息传输装置 repeat what the component said
    by_device: bool = False  # two devices are two cases, even in one building
    tells_each: bool = False  # another device of the same place is news to people
    together: bool = (
        False  # many at once behind one gateway are one job: a switch, a recorder, the power
    )


_CLOSING = {
    EventClass.EMERGENCY: Closing.EMERGENCY,
    EventClass.IMPAIRMENT: Closing.MAINTENANCE,
    EventClass.DUTY: Closing.DUTY,
    EventClass.MAINTENANCE: Closing.MAINTENANCE,
    EventClass.REPORT: Closing.MATTER,
}


def _row(  # noqa: PLR0917 - a line of the table reads by its columns
    word: str, cls: EventClass, severity: Severity, owner: str, zh: str, en: str, **more: bool
) -> Category:
    return Category(word, cls, severity, owner, zh, en, _CLOSING[cls], word, **more)


_E, _I = EventClass.EMERGENCY, EventClass.IMPAIRMENT
_D, _M, _R = EventClass.DUTY, EventClass.MAINTENANCE, EventClass.REPORT
_CRITICAL, _MAJOR, _MINOR = Severity.CRITICAL, Severity.MAJOR, Severity.MINOR
_FIRE_ROOM, _PROPERTY = "fire_control_room", "property"
_CONTRACTOR, _GRID = "contractor", "grid_worker"

PATROL = "patrol"
"""Somebody walks the round while a silence keeps emergencies quiet; each silence has its own."""

STORM = "storm"
"""What gathers the alarms of a grid that has had its cases of this minute."""

_ROWS = (
    _row("fire", _E, _CRITICAL, _FIRE_ROOM, "火警", "fire", echoes=True),
    _row("water_flow", _E, _CRITICAL, _FIRE_ROOM, "水流报警", "water flow", echoes=True),
    _row("gas", _E, _CRITICAL, _FIRE_ROOM, "燃气报警", "gas alarm", echoes=True),
    _row("duress", _E, _CRITICAL, _PROPERTY, "胁迫", "duress", by_device=True),
    _row("panic", _E, _CRITICAL, _PROPERTY, "紧急求助", "panic button", by_device=True),
    _row("door_forced", _E, _MAJOR, _PROPERTY, "强行开门", "door forced", tells_each=True),
    _row("intrusion", _E, _MAJOR, _PROPERTY, "入侵", "intrusion", tells_each=True),
    _row(
        "doors_not_released",
        _I,
        _CRITICAL,
        _FIRE_ROOM,
        "火警时门未释放",
        "doors not released in a fire",
    ),
    # A camera's flame is no detector's alarm: somebody looks at the picture, and nothing sounds.
    _row("fire_hint", _I, _MAJOR, _FIRE_ROOM, "视频疑似火情", "possible fire seen by a camera"),
    _row("fire_pre_alarm", _I, _MAJOR, _FIRE_ROOM, "火灾预警", "fire pre-alarm"),
    _row("high_temperature", _I, _MAJOR, _FIRE_ROOM, "高温", "high temperature"),
    _row("isolation", _I, _MAJOR, _FIRE_ROOM, "屏蔽", "isolation", echoes=True),
    _row("isolation_long", _I, _MAJOR, _FIRE_ROOM, "屏蔽过久", "isolated for too long"),
    _row("panel_fault", _I, _MAJOR, _CONTRACTOR, "控制器故障", "panel fault"),
    _row("mains_fault", _I, _MAJOR, _CONTRACTOR, "主电故障", "mains fault"),
    _row("line_fault", _I, _MAJOR, _CONTRACTOR, "线路故障", "line fault"),
    _row("low_pressure", _I, _MAJOR, _CONTRACTOR, "水压低", "low water pressure"),
    _row("tank_level", _I, _MAJOR, _CONTRACTOR, "消防水位低", "fire-water tank low"),
    _row("electrical", _I, _MAJOR, _CONTRACTOR, "电气火灾隐患", "electrical fire hazard"),
    _row("pump_fault", _I, _MAJOR, _CONTRACTOR, "消防泵异常", "pump stopped or not in auto"),
    _row("not_automatic", _I, _MAJOR, _FIRE_ROOM, "未处于自动状态", "not in automatic mode"),
    _row("gateway_lost", _I, _MAJOR, _CONTRACTOR, "网关失联", "gateway lost"),
    _row("crowd", _I, _MAJOR, _PROPERTY, "人数超限", "crowd over the limit"),
    _row("fire_lane_blocked", _I, _MAJOR, _PROPERTY, "消防通道被占用", "fire lane occupied"),
    _row("ebike_indoors", _I, _MAJOR, _PROPERTY, "电动自行车进楼", "e-bike indoors"),
    _row("after_hours", _I, _MAJOR, _PROPERTY, "非开放时段有人", "presence after hours"),
    _row(
        "resident_unseen", _I, _MAJOR, _GRID, "独居居民未见活动", "resident living alone not seen"
    ),
    _row(PATROL, _D, _MAJOR, _PROPERTY, "静默期间巡查", "patrol while silenced"),
    _row(STORM, _I, _MAJOR, _CONTRACTOR, "告警风暴汇总", "many alarms at once"),
    _row("duty_unanswered", _D, _MAJOR, _PROPERTY, "查岗无应答", "inspection call unanswered"),
    # Removed or tampered with is looked at as security first, hence the guard and not the contractor.
    _row("tamper", _M, _MAJOR, _PROPERTY, "防拆", "removed or tampered with", tells_each=True),
    _row(
        "camera_tampered",
        _M,
        _MAJOR,
        _PROPERTY,
        "摄像机被遮挡或移动",
        "camera covered or moved",
        by_device=True,
        tells_each=True,
        together=True,
    ),
    _row("camera_offline", _M, _MINOR, _CONTRACTOR, "摄像机离线", "camera offline", together=True),
    _row("loitering", _M, _MINOR, _PROPERTY, "徘徊", "loitering", by_device=True),
    _row("object_left", _M, _MINOR, _PROPERTY, "遗留物", "object left", by_device=True),
    _row("device_fault", _M, _MINOR, _CONTRACTOR, "设备故障", "device fault"),
    _row("battery_low", _M, _MINOR, _CONTRACTOR, "电池低", "battery low"),
    _row("silent", _M, _MINOR, _CONTRACTOR, "设备失联", "device silent"),
    _row("door_held_open", _M, _MINOR, _PROPERTY, "门未关", "door held open"),
    _row("access_suspicious", _M, _MINOR, _PROPERTY, "可疑通行", "suspicious access"),
    _row("high_pressure", _M, _MINOR, _CONTRACTOR, "水压过高", "water pressure too high"),
    _row("flow_unusual", _M, _MINOR, _CONTRACTOR, "流量异常", "unusual flow"),
    _row("pressure_drift", _M, _MINOR, _CONTRACTOR, "水压漂移", "pressure drifts"),
    _row("value_stuck", _M, _MINOR, _CONTRACTOR, "数值不变", "value is stuck", by_device=True),
    _row(
        "detector_dirty", _M, _MINOR, _CONTRACTOR, "探测器污染", "detector is dirty", by_device=True
    ),
    _row("building_risk", _M, _MINOR, _GRID, "综合风险", "risk adds up"),
    _row("chattering", _M, _MINOR, _CONTRACTOR, "反复报警", "chattering"),
    msgspec.structs.replace(
        _row("dispute", _R, _MAJOR, _GRID, "矛盾纠纷", "dispute"), closing=Closing.DISPUTE
    ),
    _row("matter", _R, _MINOR, _GRID, "上报事项", "reported matter"),
)

CATEGORIES: Mapping[str, Category] = MappingProxyType({row.word: row for row in _ROWS})

CALLED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        _FIRE_ROOM: (_FIRE_ROOM, "micro_fire_station", _PROPERTY, _GRID),
        _PROPERTY: (_PROPERTY, "grid_police", _GRID),
        _CONTRACTOR: (_CONTRACTOR, _PROPERTY, _GRID),
        _GRID: (_GRID,),
    }
)
"""Whom to call, in order, by the role that owns the case; the grid worker is informed."""

FALSE_ALARM_CAUSES: Mapping[str, str] = MappingProxyType(
    {
        "cooking": "烹饪油烟",
        "smoking": "吸烟",
        "steam": "水蒸气",
        "dust": "灰尘",
        "insects": "昆虫",
        "construction": "施工",
        "exhaust": "尾气",
        "detector_defect": "探测器故障",
        "wiring": "线路原因",
        "interference": "电磁干扰",
        "misoperation": "误操作",
        "malicious": "恶意触发",
        "announced_test": "已报备测试（巡检测试）",
        "unannounced_test": "未报备测试",
        "lost_card_or_key": "忘带卡或钥匙",
        "door_hardware": "门锁硬件",
        "unknown": "原因不明",
    }
)
"""Cause codes of a false alarm (误报原因), for the ledger; our assumption."""


def category(word: str, severity: Severity) -> Category:
    """Return what the table says of a category; a word nobody listed is judged by its severity.

    Critical becomes an emergency, major an impairment, the rest maintenance: rather too loud than
    lost.
    """
    known = CATEGORIES.get(word)
    if known is not None:
        return known
    if severity is Severity.CRITICAL:
        return _row(word, _E, severity, _PROPERTY, word, word, tells_each=True)
    if severity is Severity.MAJOR:
        return _row(word, _I, severity, _CONTRACTOR, word, word)
    return _row(word, _M, severity, _CONTRACTOR, word, word)


FIRST_SIGNS = frozenset({"high_temperature"})
"""What may be the first sign of a fire, though hours may be written for it (a kitchen, a boiler room)."""


def is_never_hidden(kind: Category, severity: Severity) -> bool:
    """Return whether a silence may take the sound from it and never the case: emergencies, and what may become one."""
    sign = kind.word in FIRST_SIGNS or endangers(kind.word, severity)
    return sign or kind.cls is EventClass.EMERGENCY


def reported_category(word: str) -> Category:
    """Return the category of what a person reports; free words are a reported matter.

    A person who reports a word of the emergency class (a fire) has raised an emergency.
    """
    known = CATEGORIES.get(word)
    if known is None or known.cls not in {EventClass.EMERGENCY, EventClass.REPORT}:
        return CATEGORIES["matter"]
    return known
