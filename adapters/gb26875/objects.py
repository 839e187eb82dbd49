"""Takes the data unit of a frame apart into the objects that the standard defines.

Every upload type of GB/T 26875.3-2011 is here; texts stay bytes and times stay six bytes, because
what they mean depends on settings. Numbers are little-endian.
"""

from collections.abc import Callable, Mapping
from struct import Struct
from types import MappingProxyType
from typing import NamedTuple

from model.errors import FrameError

NO_TIME = b""
"""The time of an object that carries none."""


class SystemState(NamedTuple):
    """Type 1: how a fire system is."""

    system_type: int
    system_address: int
    state: int
    time: bytes


class ComponentState(NamedTuple):
    """Type 2: how a detector, button, pump … is, with the installer's description."""

    system_type: int
    system_address: int
    component_type: int
    component_address: bytes
    state: int
    description: bytes
    time: bytes


class ComponentAnalogue(NamedTuple):
    """Type 3: a measured value of a component, in least units of its analogue type."""

    system_type: int
    system_address: int
    component_type: int
    component_address: bytes
    analogue_type: int
    steps: int
    time: bytes


class SystemOperation(NamedTuple):
    """Type 4: what a person did at a fire system."""

    system_type: int
    system_address: int
    operation: int
    operator: int
    time: bytes


class SystemVersion(NamedTuple):
    """Type 5: software version of a fire system."""

    system_type: int
    system_address: int
    major: int
    minor: int
    time: bytes = NO_TIME


class SystemConfiguration(NamedTuple):
    """Type 6: configuration text of a fire system."""

    system_type: int
    system_address: int
    text: bytes
    time: bytes = NO_TIME


class ComponentConfiguration(NamedTuple):
    """Type 7: what a component is and where it hangs."""

    system_type: int
    system_address: int
    component_type: int
    component_address: bytes
    description: bytes
    time: bytes = NO_TIME


class SystemClock(NamedTuple):
    """Type 8: the clock of a fire system."""

    system_type: int
    system_address: int
    time: bytes


class TransmitterState(NamedTuple):
    """Type 21: how the transmission device 用户信息传输装置 is."""

    state: int
    time: bytes


class TransmitterOperation(NamedTuple):
    """Type 24: what a person did at the transmission device."""

    operation: int
    operator: int
    time: bytes


class TransmitterVersion(NamedTuple):
    """Type 25: software version of the transmission device."""

    major: int
    minor: int
    time: bytes = NO_TIME


class TransmitterConfiguration(NamedTuple):
    """Type 26: configuration text of the transmission device."""

    text: bytes
    time: bytes = NO_TIME


class TransmitterClock(NamedTuple):
    """Type 28: the clock of the transmission device."""

    time: bytes


OfComponent = ComponentState | ComponentAnalogue | ComponentConfiguration
"""Objects about a component of a fire system."""

OfSystem = (
    SystemState | SystemOperation | SystemVersion | SystemConfiguration | SystemClock | OfComponent
)
"""Objects about a fire system or something in it; the rest is the transmission device's own."""

UploadObject = (
    OfSystem
    | TransmitterState
    | TransmitterOperation
    | TransmitterVersion
    | TransmitterConfiguration
    | TransmitterClock
)

_FIXED: Mapping[int, tuple[Struct, Callable[..., UploadObject]]] = MappingProxyType(
    {
        1: (Struct("<BBH6s"), SystemState),
        2: (Struct("<BBB4sH31s6s"), ComponentState),
        3: (Struct("<BBB4sBh6s"), ComponentAnalogue),
        4: (Struct("<BBBB6s"), SystemOperation),
        5: (Struct("<BBBB"), SystemVersion),
        7: (Struct("<BBB4s31s"), ComponentConfiguration),
        8: (Struct("<BB6s"), SystemClock),
        21: (Struct("<B6s"), TransmitterState),
        24: (Struct("<BB6s"), TransmitterOperation),
        25: (Struct("<BB"), TransmitterVersion),
        28: (Struct("<6s"), TransmitterClock),
    }
)
_TEXTS: Mapping[int, tuple[Struct, Callable[..., UploadObject]]] = MappingProxyType(
    {6: (Struct("<BBB"), SystemConfiguration), 26: (Struct("<B"), TransmitterConfiguration)}
)
"""Objects that end with a text behind its length byte."""


def is_upload(data_type: int) -> bool:
    """Return whether the standard defines this type for uploading."""
    return data_type in _FIXED or data_type in _TEXTS


def read_objects(adu: bytes) -> list[UploadObject]:
    """Return the objects of a data unit of a known upload type.

    Its length must fit its object count exactly; more objects than the standard's maximum are
    accepted when it does. Raises FrameError (adu_short, object_count, object_length).
    """
    if len(adu) < 2:  # noqa: PLR2004 - type and count
        raise FrameError("adu_short", f"{len(adu)} bytes, type and object count need 2")
    data_type, count = adu[0], adu[1]
    if not is_upload(data_type):
        raise FrameError("unknown_type", f"type {data_type} is not defined for uploading")
    if count == 0:
        raise FrameError("object_count", f"type {data_type} with no object")
    if data_type in _TEXTS:
        return _read_texts(adu, count)
    layout, make = _FIXED[data_type]
    if len(adu) != 2 + count * layout.size:
        raise FrameError(
            "object_length",
            f"type {data_type}: {count} objects need {2 + count * layout.size} bytes, got {len(adu)}",
        )
    return [make(*fields) for fields in layout.iter_unpack(adu[2:])]


def _read_texts(adu: bytes, count: int) -> list[UploadObject]:
    layout, make = _TEXTS[adu[0]]
    found: list[UploadObject] = []
    at = 2
    for number in range(1, count + 1):
        begin = at + layout.size
        if begin > len(adu):
            raise FrameError("object_length", f"type {adu[0]}: object {number} of {count} is cut")
        *names, length = layout.unpack_from(adu, at)
        at = begin + length
        if at > len(adu):
            raise FrameError("object_length", f"type {adu[0]}: text of object {number} is cut")
        found.append(make(*names, adu[begin:at]))
    if at != len(adu):
        raise FrameError("object_length", f"type {adu[0]}: {len(adu) - at} bytes too many")
    return found
