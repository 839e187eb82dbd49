"""The tables of GB/T 26875.3-2011: what codes and bits mean, and the names we give them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from model.reading import Event

COMPONENT_TYPES: Mapping[int, str] = MappingProxyType(
    {
        0: "通用",
        1: "火灾报警控制器",
        10: "可燃气体探测器",
        11: "点型可燃气体探测器",
        12: "独立式可燃气体探测器",
        13: "线型可燃气体探测器",
        16: "电气火灾监控报警器",
        17: "剩余电流式电气火灾监控探测器",
        18: "测温式电气火灾监控探测器",
        21: "探测回路",
        22: "火灾显示盘",
        23: "手动火灾报警按钮",
        24: "消火栓按钮",
        25: "火灾探测器",
        30: "感温火灾探测器",
        31: "点型感温火灾探测器",
        32: "点型感温火灾探测器(S型)",
        33: "点型感温火灾探测器(R型)",
        34: "线型感温火灾探测器",
        35: "线型感温火灾探测器(S型)",
        36: "线型感温火灾探测器(R型)",
        37: "光纤感温火灾探测器",
        40: "感烟火灾探测器",
        41: "点型离子感烟火灾探测器",
        42: "点型光电感烟火灾探测器",
        43: "线型光束感烟火灾探测器",
        44: "吸气式感烟火灾探测器",
        50: "复合式火灾探测器",
        51: "复合式感烟感温火灾探测器",
        52: "复合式感光感温火灾探测器",
        53: "复合式感光感烟火灾探测器",
        61: "紫外火焰探测器",
        62: "红外火焰探测器",
        69: "感光火灾探测器",
        74: "气体探测器",
        78: "图像摄像方式火灾探测器",
        79: "感声火灾探测器",
        81: "气体灭火控制器",
        82: "消防电气控制装置",
        83: "消防控制室图形显示装置",
        84: "模块",
        85: "输入模块",
        86: "输出模块",
        87: "输入/输出模块",
        88: "中继模块",
        91: "消防水泵",
        92: "消防水箱",
        95: "喷淋泵",
        96: "水流指示器",
        97: "信号阀",
        98: "报警阀",
        99: "压力开关",
        101: "阀驱动装置",
        102: "防火门",
        103: "防火阀",
        104: "通风空调",
        105: "泡沫液泵",
        106: "管网电磁阀",
        111: "防烟排烟风机",
        113: "排烟防火阀",
        114: "常闭送风口",
        115: "排烟口",
        116: "电控挡烟垂壁",
        117: "防火卷帘控制器",
        118: "防火门监控器",
        121: "警报装置",
    }
)
"""Table 5, component type; the rest up to 127 is reserved, 128-255 belong to the vendor."""


class Bit(NamedTuple):
    """One bit of a state or operation word: our name for it while it is 1."""

    mask: int
    name: str
    event: Event = Event.NONE


NORMAL_BIT = 1
"""Bit 0: 1 = normal operation, 0 = test. Real panels send fires with it clear: a label only."""

# In each table the most serious bit comes first: it names the event of the whole word. The order
# is our assumption; every bit is a value of its own, so nothing is hidden behind a worse one.
COMPONENT_STATE = (
    Bit(1 << 1, "fire", Event.FIRE_ALARM),
    Bit(1 << 2, "fault", Event.FAULT),
    Bit(1 << 8, "mains_fault", Event.MAINS_FAULT),
    Bit(1 << 3, "isolated", Event.ISOLATED),
    Bit(1 << 4, "supervisory", Event.SUPERVISORY),
    Bit(1 << 5, "running", Event.STARTED),
    Bit(1 << 6, "feedback"),
    Bit(1 << 7, "delayed"),
)
"""Fig. 7, state of a component; bits 9-15 are reserved."""

SYSTEM_STATE = (
    Bit(1 << 1, "fire", Event.FIRE_ALARM),
    Bit(1 << 2, "fault", Event.FAULT),
    Bit(1 << 8, "mains_fault", Event.MAINS_FAULT),
    Bit(1 << 9, "backup_fault", Event.BACKUP_FAULT),
    Bit(1 << 10, "bus_fault", Event.FAULT),
    Bit(1 << 3, "isolated", Event.ISOLATED),
    Bit(1 << 4, "supervisory", Event.SUPERVISORY),
    Bit(1 << 5, "running", Event.STARTED),
    Bit(1 << 13, "reset", Event.RESET),
    Bit(1 << 12, "configuration_changed", Event.CONFIGURATION),
    Bit(1 << 6, "feedback"),
    Bit(1 << 7, "delayed"),
    Bit(1 << 11, "manual_mode"),
)
"""Fig. 6, state of a system; bits 14 and 15 are reserved. Bit 13: 1 = reset (a misprint there)."""

TRANSMITTER_STATE = (
    Bit(1 << 1, "fire", Event.FIRE_ALARM),
    Bit(1 << 2, "fault", Event.FAULT),
    Bit(1 << 3, "mains_fault", Event.MAINS_FAULT),
    Bit(1 << 4, "backup_fault", Event.BACKUP_FAULT),
    Bit(1 << 6, "line_fault", Event.LINE_FAULT),
    Bit(1 << 5, "channel_fault", Event.CHANNEL_FAULT),
)
"""State of the transmission device (type 21); bit 7 is reserved."""

SYSTEM_OPERATION = (
    Bit(1 << 2, "manual_alarm", Event.MANUAL_ALARM),
    Bit(1 << 0, "op_reset", Event.RESET),
    Bit(1 << 1, "op_silenced", Event.SILENCED),
    Bit(1 << 3, "op_alarm_cleared", Event.ALARM_CLEARED),
    Bit(1 << 5, "op_confirmed", Event.OPERATOR_CONFIRMED),
    Bit(1 << 4, "op_self_test", Event.SELF_TEST),
    Bit(1 << 6, "op_test", Event.OPERATOR_TEST),
)
"""What a person did at a fire system (type 4); bit 7 is reserved."""

TRANSMITTER_OPERATION = tuple(
    Bit(bit.mask, "op_duty_answered", Event.DUTY_ANSWERED) if bit.name == "op_confirmed" else bit
    for bit in SYSTEM_OPERATION
)
"""What a person did at the transmission device (type 24): bit 5 answers an inspection call 查岗."""


class Analogue(NamedTuple):
    """An analogue quantity: its name with unit, what one count is worth, and its printed range."""

    name: str
    step: float
    low: float = -32768.0
    high: float = 32767.0


ANALOGUES: Mapping[int, Analogue] = MappingProxyType(
    {
        1: Analogue("count", 1, 0, 32000),
        2: Analogue("height_m", 0.01, 0, 320),
        3: Analogue("temperature_c", 0.1, -273, 3200),
        # MPa in steps of 0.1: one quantity, one unit, so it is told in kPa like type 5.
        4: Analogue("pressure_kpa", 100, 0, 3_200_000),
        5: Analogue("pressure_kpa", 0.1, 0, 3200),
        6: Analogue("gas_lel_pct", 0.1, 0, 100),
        7: Analogue("duration_s", 1, 0, 32000),
        8: Analogue("voltage_v", 0.1, 0, 3200),
        9: Analogue("current_a", 0.1, 0, 3200),
        10: Analogue("flow_l_s", 0.1, 0, 3200),
        11: Analogue("air_volume_m3_min", 0.1, 0, 3200),
        12: Analogue("air_speed_m_s", 1, 0, 20),
    }
)
"""Analogue types; 0 is unused, 13-127 are reserved, 128-255 belong to the user (settings)."""

TEMPERATURE = 3  # analogue type

CABLE_DETECTOR = 18
"""测温式电气火灾监控探测器 (table 5): its temperature is a cable's, and no room's."""

CABLE_TEMPERATURE = Analogue("cable_temperature_c", 0.1, -273, 3200)
"""What analogue type 3 is at such a detector."""

QUANTITIES = frozenset(
    {bit.name for bit in COMPONENT_STATE + SYSTEM_STATE + TRANSMITTER_STATE}
    | {bit.name for bit in SYSTEM_OPERATION + TRANSMITTER_OPERATION}
    | {analogue.name for analogue in (*ANALOGUES.values(), CABLE_TEMPERATURE)}
    | {
        "test_bit", "operator", "system_type", "component_type", "component_type_name",
        "description", "configuration", "software_version", "clock_offset_s",
        "analogue_type", "analogue_steps", "command", "data_type",
    }
)  # fmt: skip
"""Every quantity of this family; names of user analogues come from the settings."""
