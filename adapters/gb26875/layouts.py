"""The fields of every upload object of GB/T 26875.3-2011 in their order, for people who read them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from .words import Both


class Cell(NamedTuple):
    """A field: how many bytes (0: the byte before it says), how it is read, and its name."""

    size: int
    kind: str
    name: Both


_SYSTEM = (
    Cell(1, "system_type", Both("系统类型", "system type")),
    Cell(1, "number", Both("系统地址", "system address")),
)
_COMPONENT = (
    *_SYSTEM,
    Cell(1, "component_type", Both("部件类型", "component type")),
    Cell(4, "address", Both("部件地址", "component address")),
)
_DESCRIPTION = Cell(31, "text", Both("部件说明", "description"))
_TIME = Cell(6, "time", Both("发生时间", "time of the event"))
_CLOCK = Cell(6, "time", Both("系统时间", "clock"))
_OPERATOR = Cell(1, "number", Both("操作员编号", "operator"))
_VERSION = (
    Cell(1, "number", Both("主版本号", "main version")),
    Cell(1, "number", Both("次版本号", "minor version")),
)
_TEXT = (
    Cell(1, "number", Both("说明长度", "length of the text")),
    Cell(0, "text", Both("配置说明", "configuration")),
)

OBJECTS: Mapping[int, tuple[Cell, ...]] = MappingProxyType(
    {
        1: (*_SYSTEM, Cell(2, "system_state", Both("系统状态", "state")), _TIME),
        2: (
            *_COMPONENT,
            Cell(2, "component_state", Both("部件状态", "state")),
            _DESCRIPTION,
            _TIME,
        ),
        3: (
            *_COMPONENT,
            Cell(1, "analogue_type", Both("模拟量类型", "analogue type")),
            Cell(2, "analogue", Both("模拟量值", "analogue value")),
            _TIME,
        ),
        4: (
            *_SYSTEM,
            Cell(1, "system_operation", Both("操作标志", "operation")),
            _OPERATOR,
            _TIME,
        ),
        5: (*_SYSTEM, *_VERSION),
        7: (*_COMPONENT, _DESCRIPTION),
        8: (*_SYSTEM, _CLOCK),
        21: (Cell(1, "transmitter_state", Both("运行状态", "state")), _TIME),
        24: (Cell(1, "transmitter_operation", Both("操作标志", "operation")), _OPERATOR, _TIME),
        25: _VERSION,
        28: (_CLOCK,),
    }
)
TEXT_TYPES: Mapping[int, tuple[Cell, ...]] = MappingProxyType({6: (*_SYSTEM, *_TEXT), 26: _TEXT})
"""Objects that end with a text behind its length byte."""
