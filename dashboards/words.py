"""The words and colours of the control room, as Grafana's value mappings."""

from collections.abc import Mapping
from typing import Final

from grafana_foundation_sdk.models import dashboard as sdk

RED, ORANGE, YELLOW = "dark-red", "dark-orange", "dark-yellow"
BLUE, GREEN, PURPLE, GREY = "dark-blue", "dark-green", "dark-purple", "#808080"

Words = Mapping[str, tuple[str, str]]

CLASSES: Final[Words] = {
    "emergency": ("🔥 紧急 emergency", RED),
    "impairment": ("⚠ 失效 impairment", ORANGE),
    "duty": ("值守 duty", PURPLE),
    "maintenance": ("🔧 维护 maintenance", BLUE),
    "report": ("上报 report", GREEN),
}
SEVERITIES: Final[Words] = {
    "critical": ("▲▲ 特别严重 critical", RED),
    "major": ("▲ 严重 major", ORANGE),
    "minor": ("△ 一般 minor", YELLOW),
    "warning": ("· 提示 warning", BLUE),
}
STATES: Final[Words] = {
    "filed": ("立案 filed", RED),
    "dispatched": ("派遣 dispatched", ORANGE),
    "accepted": ("接收 accepted", ORANGE),
    "handling": ("处置中 handling", YELLOW),
    "suspended": ("挂起 suspended", PURPLE),
    "resolved": ("已处置 resolved", BLUE),
    "verifying": ("核查中 verifying", BLUE),
    "rework": ("返工 rework", ORANGE),
    "closed": ("结案 closed", GREEN),
}
MODES: Final[Words] = {
    "real": ("真实 real", GREEN),
    "test": ("测试 TEST", PURPLE),
    "drill": ("演练 DRILL", PURPLE),
    "simulated": ("模拟 SIMULATED", PURPLE),
}
VERIFIED: Final[Words] = {
    "none": ("–", GREY),
    "unconfirmed": ("待确认 unconfirmed", ORANGE),
    "machine_corroborated": ("机器印证 corroborated", RED),
    "confirmed": ("确认 confirmed", RED),
    "false": ("误报 false", GREEN),
    "unreachable": ("无人应答 unreachable", ORANGE),
}
EVENTS: Final[Words] = {
    "fire_alarm": ("火警 fire alarm", RED),
    "manual_alarm": ("手动报警 manual alarm", RED),
    "pre_alarm": ("预警 pre-alarm", ORANGE),
    "fault": ("故障 fault", ORANGE),
    "mains_fault": ("主电故障 mains fault", ORANGE),
    "backup_fault": ("备电故障 backup fault", ORANGE),
    "line_fault": ("线路故障 line fault", ORANGE),
    "channel_fault": ("信道故障 channel fault", ORANGE),
    "isolated": ("屏蔽 isolated", PURPLE),
    "supervisory": ("监管 supervisory", YELLOW),
    "started": ("启动 started", YELLOW),
    "door_forced": ("强行开门 door forced", RED),
    "door_held_open": ("门未关 door held open", ORANGE),
    "duress": ("胁迫 duress", RED),
    "panic": ("紧急求助 panic button", RED),
    "tamper": ("防拆 tamper", ORANGE),
    "removed": ("拆除 removed", ORANGE),
    "battery_low": ("电池低 battery low", YELLOW),
    "access_granted": ("通行 granted", GREEN),
    "access_denied": ("拒绝 denied", YELLOW),
    "normal": ("正常 normal", GREEN),
}
FLAGS: Final[Words] = {"true": ("● 报警 alarm", RED), "false": ("○ 正常 normal", GREEN)}
KIND_NAMES: Final[Mapping[str, str]] = {
    "smoke_detector": "烟感 smoke detectors",
    "door": "门禁 doors",
    "door_sensor": "门磁 door contacts",
    "zigbee_sensor": "防拆 sensors",
    "fire_component": "消防部件 fire components",
    "fire_system": "消防主机 fire panels",
    "fire_transmitter": "传输装置 transmitters",
}


def mapped(*tables: Words) -> list[sdk.ValueMapping]:
    """Return the value mapping that shows these words with their text and colour."""
    options = {
        word: sdk.ValueMappingResult(text=text, color=color, index=number)
        for number, (word, (text, color)) in enumerate(
            item for table in tables for item in table.items()
        )
    }
    return [sdk.ValueMap(options=options)]
