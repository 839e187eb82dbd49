"""The words of GB/T 26875.3-2011 for people who read a frame: types, systems, bits, in both languages."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Both(NamedTuple):
    """One thing's name in Chinese and English."""

    zh: str
    en: str


COMMANDS: Mapping[int, Both] = MappingProxyType(
    {
        1: Both("控制命令", "control"),
        2: Both("发送数据", "send data"),
        3: Both("确认", "confirm"),
        4: Both("请求", "request"),
        5: Both("应答", "respond"),
        6: Both("否认", "deny"),
    }
)
"""Table 2, command byte; 0 and 7-127 are reserved, 128-255 belong to the vendor."""

DATA_TYPES: Mapping[int, Both] = MappingProxyType(
    {
        1: Both("消防设施系统状态", "state of a fire system"),
        2: Both("消防设施部件状态", "state of a component"),
        3: Both("消防设施部件模拟量值", "analogue value of a component"),
        4: Both("消防设施操作信息", "operation at a fire system"),
        5: Both("消防设施软件版本", "software version of a fire system"),
        6: Both("消防设施系统配置", "configuration of a fire system"),
        7: Both("消防设施部件配置", "configuration of a component"),
        8: Both("消防设施系统时间", "clock of a fire system"),
        21: Both("用户信息传输装置状态", "state of the transmission device"),
        24: Both("用户信息传输装置操作信息", "operation at the transmission device"),
        25: Both("用户信息传输装置软件版本", "software version of the transmission device"),
        26: Both("用户信息传输装置配置", "configuration of the transmission device"),
        28: Both("用户信息传输装置时间", "clock of the transmission device"),
    }
)
"""Table 3, the types that go up."""

SYSTEM_TYPES: Mapping[int, Both] = MappingProxyType(
    {
        0: Both("通用", "general"),
        1: Both("火灾报警系统", "fire alarm system"),
        10: Both("消防联动控制器", "fire control linkage"),
        11: Both("消火栓系统", "hydrants"),
        12: Both("自动喷水灭火系统", "sprinklers"),
        13: Both("气体灭火系统", "gas extinguishing"),
        14: Both("水喷雾灭火系统(泵启动方式)", "water spray (pump)"),
        15: Both("水喷雾灭火系统(压力容器启动方式)", "water spray (pressure vessel)"),
        16: Both("泡沫灭火系统", "foam"),
        17: Both("干粉灭火系统", "powder"),
        18: Both("防烟排烟系统", "smoke control"),
        19: Both("防火门及卷帘系统", "fire doors and shutters"),
        20: Both("消防电梯", "fire lift"),
        21: Both("消防应急广播", "emergency broadcast"),
        22: Both("消防应急照明和疏散指示系统", "emergency lighting and exit signs"),
        23: Both("消防电源", "power supply for fire equipment"),
        24: Both("消防电话", "fire telephone"),
    }
)
"""Table 4, system type; 128-255 belong to the user."""

COMPONENT_TYPES_EN: Mapping[int, str] = MappingProxyType(
    {
        1: "fire alarm control panel", 10: "gas detector", 16: "electrical fire monitor",
        21: "detector loop", 22: "repeater panel", 23: "manual call point",
        24: "hydrant button", 25: "fire detector", 30: "heat detector",
        31: "point heat detector", 34: "linear heat detector", 40: "smoke detector",
        41: "ionisation smoke detector", 42: "optical smoke detector",
        43: "beam smoke detector", 44: "aspirating smoke detector", 50: "multi-criteria detector",
        61: "UV flame detector", 62: "IR flame detector", 81: "gas extinguishing panel",
        84: "module", 85: "input module", 86: "output module", 91: "fire pump", 92: "fire tank",
        95: "sprinkler pump", 96: "water-flow indicator", 97: "monitored valve",
        98: "alarm valve", 99: "pressure switch", 102: "fire door", 103: "fire damper",
        111: "smoke fan", 117: "shutter control", 118: "fire door monitor", 121: "sounder",
    }
)  # fmt: skip
"""English names, ours, of the component types seen most; Chinese stands in `tables`."""

BITS: Mapping[str, Both] = MappingProxyType(
    {
        "fire": Both("火警", "fire"),
        "fault": Both("故障", "fault"),
        "mains_fault": Both("主电故障", "mains fault"),
        "backup_fault": Both("备电故障", "backup supply fault"),
        "bus_fault": Both("总线故障", "bus fault"),
        "line_fault": Both("监测连接线路故障", "line fault"),
        "channel_fault": Both("通信信道故障", "channel fault"),
        "isolated": Both("屏蔽", "isolated"),
        "supervisory": Both("监管", "supervisory"),
        "running": Both("启动", "running"),
        "feedback": Both("反馈", "feedback"),
        "delayed": Both("延时", "delayed"),
        "manual_mode": Both("手动状态", "manual mode"),
        "configuration_changed": Both("配置改变", "configuration changed"),
        "reset": Both("复位", "reset"),
        "manual_alarm": Both("手动报警", "manual alarm"),
        "op_reset": Both("复位", "reset"),
        "op_silenced": Both("消音", "silenced"),
        "op_alarm_cleared": Both("警情消除", "alarm cleared"),
        "op_self_test": Both("自检", "self-test"),
        "op_confirmed": Both("确认", "confirmed"),
        "op_duty_answered": Both("查岗应答", "inspection call answered"),
        "op_test": Both("测试", "test"),
    }
)
"""The bits of states and operations by our names for them."""
