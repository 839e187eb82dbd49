"""Says what a field of a frame means, in both languages; see `explain`."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from types import MappingProxyType
from typing import NamedTuple

from . import tables
from .description import read_text
from .tables import Bit
from .times import to_utc
from .words import BITS, COMPONENT_TYPES_EN, SYSTEM_TYPES, Both

_NOTHING = Both("", "")


class Meant(NamedTuple):
    """What a field says: its value, its meaning, and whether it is wrong."""

    value: str
    meaning: Both = _NOTHING
    wrong: bool = False


_BITS: Mapping[str, tuple[Bit, ...]] = MappingProxyType(
    {
        "system_state": tables.SYSTEM_STATE,
        "component_state": tables.COMPONENT_STATE,
        "transmitter_state": tables.TRANSMITTER_STATE,
        "system_operation": tables.SYSTEM_OPERATION,
        "transmitter_operation": tables.TRANSMITTER_OPERATION,
    }
)


def meaning_of(kind: str, piece: bytes, *, zone: tzinfo, analogue: int) -> Meant:  # noqa: PLR0911 - one return for each kind of field
    """Return what some bytes mean; `analogue` is the analogue type that stood before them."""
    number = int.from_bytes(piece, "little")
    if kind in _BITS:
        return _bits(number, kind, size=len(piece))
    match kind:
        case "version":
            return Meant(f"{piece[0]}.{piece[1]}")
        case "time":
            return _time(piece, zone)
        case "text":
            text, damaged = read_text(piece)
            return Meant(text, Both("含无效字符", "holds bytes that are no characters") if damaged else _NOTHING, damaged)  # fmt: skip
        case "address":
            return Meant(piece.hex())
        case "system_type":
            return Meant(str(number), SYSTEM_TYPES.get(number, _NOTHING))
        case "component_type":
            zh = tables.COMPONENT_TYPES.get(number, "")
            return Meant(str(number), Both(zh, COMPONENT_TYPES_EN.get(number, zh)))
        case "analogue_type":
            known = tables.ANALOGUES.get(number)
            return Meant(str(number), Both(known.name, known.name) if known else _NOTHING)
        case "analogue":
            return _analogue(int.from_bytes(piece, "little", signed=True), analogue)
    return Meant(str(number))


def _bits(word: int, kind: str, *, size: int) -> Meant:
    """Name every bit that is set; bit 0 of a state says normal operation or test."""
    bits = _BITS[kind]
    said = [BITS[bit.name] for bit in sorted(bits, key=lambda bit: bit.mask) if word & bit.mask]
    named = sum(bit.mask for bit in bits)
    if kind.endswith("_state"):
        named |= tables.NORMAL_BIT
        running = Both("正常工作状态", "in operation")
        said.insert(0, running if word & tables.NORMAL_BIT else Both("测试状态", "in test"))
    odd = word & ~named
    if odd:
        said.append(Both(f"保留位 {odd:#x}", f"reserved bits {odd:#x}"))
    meaning = Both("、".join(b.zh for b in said) or "无", ", ".join(b.en for b in said) or "none")
    return Meant(f"{word:0{8 * size}b}", meaning)


def _time(piece: bytes, zone: tzinfo) -> Meant:
    at = to_utc(piece, zone)
    if at is None:
        return Meant("", Both("不是有效时间", "no time that a calendar has"), wrong=True)
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone)
    return Meant(local.strftime("%Y-%m-%d %H:%M:%S"), Both("设备时钟", "the device's clock"))


def _analogue(steps: int, analogue: int) -> Meant:
    known = tables.ANALOGUES.get(analogue)
    if known is None:
        return Meant(str(steps), Both("单位由用户定义", "in steps of the user's own"))
    value = f"{known.name} = {round(steps * known.step, 6):g}"
    return Meant(str(steps), Both(value, value))
