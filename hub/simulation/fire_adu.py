"""Writes the application data units that a fire alarm transmission device sends.

GB/T 26875.3-2011, clause 8: type flag, number of objects, objects; numbers are little-endian and
times are six bytes of local time.
"""

from collections.abc import Sequence
from enum import IntFlag
from typing import Final, NamedTuple

_DESCRIPTION_BYTES: Final = 31


class FireState(IntFlag):
    """Bits that system (figure 6) and component (figure 7) states share; 0 in bit 0 means test."""

    RUNNING = 1 << 0
    FIRE = 1 << 1
    FAULT = 1 << 2
    ISOLATED = 1 << 3
    STARTED = 1 << 5
    MAINS_FAULT = 1 << 8  # of a system; a component calls it 电源故障


class TransmitterState(IntFlag):
    """Bits of the 用户信息传输装置's own state (type 21)."""

    RUNNING = 1 << 0
    FIRE = 1 << 1
    FAULT = 1 << 2
    MAINS_FAULT = 1 << 3


class Operation(IntFlag):
    """Bits of an operation, types 4 and 24; bit 5 is 确认 of a panel, 查岗应答 of a transmitter."""

    RESET = 1 << 0
    SILENCE = 1 << 1
    MANUAL_ALARM = 1 << 2
    SELF_TEST = 1 << 4
    CONFIRM = 1 << 5


class ComponentState(NamedTuple):
    """One object of type 2; `address` is four bytes as they travel."""

    system: int
    type: int
    address: bytes
    state: FireState
    description: str


class Analogue(NamedTuple):
    """One object of type 3: `value` counts least units of `quantity` (5: 0.1 kPa, 3: 0.1 ℃)."""

    system: int
    type: int
    address: bytes
    quantity: int
    value: int


def system_state(system: int, state: FireState, time: bytes) -> bytes:
    """Write type 1, 上传建筑消防设施系统状态, of the panel with system address 1."""
    return bytes((1, 1, system, 1)) + int(state).to_bytes(2, "little") + time


def component_states(objects: Sequence[ComponentState], time: bytes) -> bytes:
    """Write type 2, 上传建筑消防设施部件运行状态; at most 22 objects fit."""
    return bytes((2, len(objects))) + b"".join(
        bytes((item.system, 1, item.type))
        + item.address
        + int(item.state).to_bytes(2, "little")
        + _description(item.description)
        + time
        for item in objects
    )


def analogues(objects: Sequence[Analogue], time: bytes) -> bytes:
    """Write type 3, 上传建筑消防设施部件模拟量值; at most 63 objects fit."""
    return bytes((3, len(objects))) + b"".join(
        bytes((item.system, 1, item.type))
        + item.address
        + bytes((item.quantity,))
        + item.value.to_bytes(2, "little", signed=True)
        + time
        for item in objects
    )


def panel_operation(system: int, operation: Operation, time: bytes, *, operator: int = 1) -> bytes:
    """Write type 4, 上传建筑消防设施操作信息."""
    return bytes((4, 1, system, 1, operation, operator)) + time


def transmitter_state(state: TransmitterState, time: bytes) -> bytes:
    """Write type 21, 上传用户信息传输装置运行状态."""
    return bytes((21, 1, state)) + time


def transmitter_operation(operation: Operation, time: bytes, *, operator: int = 1) -> bytes:
    """Write type 24, 上传用户信息传输装置操作信息."""
    return bytes((24, 1, operation, operator)) + time


def transmitter_version() -> bytes:
    """Write type 25, 上传用户信息传输装置软件版本: 1.0."""
    return bytes((25, 1, 1, 0))


def transmitter_time(time: bytes) -> bytes:
    """Write type 28, 上传用户信息传输装置系统时间."""
    return bytes((28, 1)) + time


def _description(text: str) -> bytes:
    """Encode as GB 18030, cut at a whole character, padded with zeros."""
    cut = text
    while len(cut.encode("gb18030")) > _DESCRIPTION_BYTES:
        cut = cut[:-1]
    return cut.encode("gb18030").ljust(_DESCRIPTION_BYTES, b"\x00")
