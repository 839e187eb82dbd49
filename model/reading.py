"""A Reading is one device message, normalised: the only thing that leaves an adapter."""

from enum import StrEnum
from typing import Annotated, NewType

import msgspec

DeviceId = NewType("DeviceId", str)
Value = float | bool | str
Whole = Annotated[int, msgspec.Meta(ge=-(1 << 53), le=1 << 53)]
"""A whole number that every store can hold."""


class Lane(StrEnum):
    """The two queues from gateway to hub; they never wait for each other."""

    ALARM = "alarm"
    TELEMETRY = "telemetry"


class Mode(StrEnum):
    """Whether a Reading or a Case is the real thing 真实, a test 测试, a drill 演练 or simulated 模拟."""

    REAL = "real"
    TEST = "test"
    DRILL = "drill"
    SIMULATED = "simulated"


class Event(StrEnum):
    """What a device says of itself, in a fixed vocabulary; an alarm word is not yet an Anomaly."""

    NONE = ""
    FIRE_ALARM = "fire_alarm"  # 火警
    FIRE_CLEARED = "fire_cleared"  # 火警消除
    MANUAL_ALARM = "manual_alarm"  # 手动报警: a person's report
    PRE_ALARM = "pre_alarm"  # 预警
    FAULT = "fault"  # 故障
    FAULT_CLEARED = "fault_cleared"
    MAINS_FAULT = "mains_fault"  # 主电故障
    BACKUP_FAULT = "backup_fault"  # 备电故障
    LINE_FAULT = "line_fault"  # 监测连接线路故障
    CHANNEL_FAULT = "channel_fault"  # 与监控中心通信信道故障
    ISOLATED = "isolated"  # 屏蔽
    ISOLATION_CLEARED = "isolation_cleared"
    SUPERVISORY = "supervisory"  # 监管
    STARTED = "started"  # 启动
    STOPPED = "stopped"  # 停止
    RESET = "reset"  # 复位
    SILENCED = "silenced"  # 消音
    ALARM_CLEARED = "alarm_cleared"  # 警情消除
    SELF_TEST = "self_test"  # 自检
    OPERATOR_CONFIRMED = "operator_confirmed"  # 确认
    OPERATOR_TEST = "operator_test"  # 测试
    DUTY_ANSWERED = "duty_answered"  # 查岗应答
    NORMAL = "normal"  # 正常
    ACCESS_GRANTED = "access_granted"  # 通行
    ACCESS_DENIED = "access_denied"  # 拒绝
    DOOR_FORCED = "door_forced"  # 强行开门
    DOOR_HELD_OPEN = "door_held_open"  # 门未关
    DURESS = "duress"  # 胁迫
    PANIC = "panic"  # 紧急求助: somebody presses a button for help
    TAMPER = "tamper"  # 防拆
    TAMPER_CLEARED = "tamper_cleared"
    REMOVED = "removed"  # 拆除
    BATTERY_LOW = "battery_low"  # 电池低
    HEARTBEAT = "heartbeat"  # 心跳
    CONFIGURATION = "configuration"  # 配置
    CLOCK = "clock"  # 系统时间
    VENDOR = "vendor"  # 厂商自定义


ALARM_EVENTS = frozenset(
    {
        Event.FIRE_ALARM, Event.FIRE_CLEARED, Event.MANUAL_ALARM, Event.PRE_ALARM, Event.FAULT,
        Event.FAULT_CLEARED, Event.MAINS_FAULT, Event.BACKUP_FAULT, Event.LINE_FAULT,
        Event.CHANNEL_FAULT, Event.ISOLATED, Event.ISOLATION_CLEARED, Event.SUPERVISORY,
        Event.STARTED, Event.STOPPED, Event.RESET, Event.SILENCED, Event.ALARM_CLEARED,
        Event.DUTY_ANSWERED, Event.DOOR_FORCED, Event.DOOR_HELD_OPEN, Event.DURESS, Event.PANIC,
        Event.TAMPER, Event.TAMPER_CLEARED, Event.REMOVED,
    }
)  # fmt: skip
"""Events that travel in the alarm lane: onset and clearing alike."""

ALARM_STATES = frozenset(
    {
        "fire", "fault", "isolated", "supervisory", "mains_fault", "backup_fault", "bus_fault",
        "line_fault", "channel_fault", "forced", "held_open", "duress", "panic", "tamper",
        "removed",
        "pre_alarm", "manual_alarm", "running", "feedback",
        "thermal_alarm", "signal_lost",
        "covered", "black", "defocused", "moved", "frozen", "flame", "smoke", "intrusion",
        "loitering", "crowd", "object_left", "lane_occupied", "ebike",
    }
)  # fmt: skip
"""Boolean values that are an alarm while true; a flip in either direction is alarm-lane news.

`running` and `feedback` are all that a flow switch of a sprinkler system says when water flows.
"""


class Reading(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One device message, normalised (读数).

    Times are milliseconds since 1970-01-01 UTC. `received_at` is the gateway's clock and is what
    rules and deadlines trust; `observed_at` is the device's own clock, if it has one. Quantities in
    `values` carry their unit in the name (`smoke_db_m`, `temperature_c`, `pressure_kpa`).
    `gateway` and `epoch` travel once in the batch header and are filled in by `codec`.
    """

    device: str
    kind: str  # the measurement it becomes in InfluxDB: smoke_detector, fire_component, door …
    received_at: Whole = 0
    order: Whole = 0  # one counter per gateway over both lanes
    seq: Whole = 0  # counter within the lane
    values: dict[str, Value] = {}
    event: Event = Event.NONE
    observed_at: Whole | None = None
    mode: Mode = Mode.REAL
    quality: tuple[str, ...] = ()  # flags: device_clock, test_bit, gateway_clock, not_durable …
    historical: bool = False
    compound: str = ""  # what the gateway knows of the place; the registry knows better
    source: str = ""  # the device that fronts this one (用户信息传输装置, Zigbee bridge)
    raw: str = ""  # frame as received, hex, for alarms: evidence
    gateway: str = ""
    epoch: str = ""


def lane_of(reading: Reading, previous: dict[str, bool]) -> Lane:
    """Choose the lane: alarms, their onset and their clearing go first.

    `previous` holds the device's alarm states as last seen; an unknown state that is now false is
    no news. The caller updates it with `alarm_states(reading)` afterwards.
    """
    if reading.event in ALARM_EVENTS:
        return Lane.ALARM
    for name, state in alarm_states(reading).items():
        if state or previous.get(name, False):
            return Lane.ALARM
    return Lane.TELEMETRY


def alarm_states(reading: Reading) -> dict[str, bool]:
    """Return the boolean alarm states that this Reading reports."""
    values = reading.values
    return {
        name: value
        for name in ALARM_STATES & values.keys()
        if isinstance(value := values[name], bool)
    }


def reading_id(reading: Reading, lane: Lane) -> str:
    """Return the id by which receipts and evidence name a Reading: gateway/epoch/lane/seq."""
    return "/".join((reading.gateway, reading.epoch, lane, str(reading.seq)))
