"""Cuts the byte stream of a transmission device into frames, and writes the answers to them.

The frame of GB/T 26875.3-2011 is `@@`, serial number, version, time label, source,
destination, length, command, data unit, sum of bytes, `##`; numbers are little-endian.
"""

from enum import IntEnum
from struct import Struct
from typing import NamedTuple

from model.errors import FrameError

START = b"@@"
END = b"##"
HEADER_SIZE = 27
OVERHEAD = 30  # a frame without a data unit
ADU_MAX = 1024
FRAME_MAX = OVERHEAD + ADU_MAX

_HEADER = Struct("<2xH2s6s6s6sHB")
_USER_COMMANDS = range(128, 256)


class Command(IntEnum):
    """What a frame wants (命令字节); 0 and 7-127 are reserved, 128-255 belong to the vendor."""

    CONTROL = 1  # 控制命令
    SEND = 2  # 发送数据
    CONFIRM = 3  # 确认
    REQUEST = 4  # 请求
    RESPOND = 5  # 应答
    DENY = 6  # 否认


_COMMANDS = frozenset(Command) | frozenset(_USER_COMMANDS)


class Header(NamedTuple):
    """Who speaks to whom, under which serial number; all that is needed for an answer."""

    serial: int
    version: bytes  # main version (1), user version
    label: bytes  # time of sending, six bytes
    source: int
    destination: int
    length: int  # of the data unit, as stated
    command: int


class Frame(NamedTuple):
    """One complete frame whose length, end, sum and command are right."""

    serial: int
    version: bytes
    label: bytes
    source: int
    destination: int
    command: int
    adu: bytes  # 应用数据单元, may be empty
    raw: bytes


class Denied(NamedTuple):
    """Bytes that are no frame: why, and whatever of a header can be read for the deny (6)."""

    reason: str  # oversize, bad_end, bad_checksum, unknown_command, incomplete, garbage
    raw: bytes
    header: Header | None = None


class Verdict(NamedTuple):
    """What a look at a frame's beginning found; an empty reason means a good frame."""

    reason: str
    size: int  # bytes that the candidate covers


def checksum(data: bytes | bytearray) -> int:
    """Return the low 8 bits of the sum of all bytes."""
    return sum(data) & 0xFF


def is_user_command(command: int) -> bool:
    """Return whether the command byte is the vendor's own (128-255)."""
    return command in _USER_COMMANDS


def encode(
    *,
    serial: int,
    command: int,
    source: int,
    destination: int,
    label: bytes,
    adu: bytes = b"",
    version: bytes = b"\x01\x01",
) -> bytes:
    """Write a frame; raises ValueError when a field does not fit."""
    if len(adu) > ADU_MAX or len(label) != 6 or len(version) != 2:  # noqa: PLR2004 - field sizes
        raise ValueError(f"adu {len(adu)}, label {len(label)}, version {len(version)} bytes")
    body = b"".join(
        (
            serial.to_bytes(2, "little"),
            version,
            label,
            source.to_bytes(6, "little"),
            destination.to_bytes(6, "little"),
            len(adu).to_bytes(2, "little"),
            command.to_bytes(1, "little"),
            adu,
        )
    )
    return b"".join((START, body, bytes((checksum(body),)), END))


def acknowledge(frame: Frame | Header, label: bytes) -> bytes:
    """Write the confirmation (3) of a frame: same serial number, addresses swapped."""
    return _answer(frame, Command.CONFIRM, label)


def deny(frame: Frame | Header, label: bytes) -> bytes:
    """Write the denial (6) of a frame: same serial number, addresses swapped."""
    return _answer(frame, Command.DENY, label)


def _answer(frame: Frame | Header, command: Command, label: bytes) -> bytes:
    return encode(
        serial=frame.serial,
        command=command,
        source=frame.destination,
        destination=frame.source,
        label=label,
        version=frame.version,
    )


def parse(raw: bytes) -> Frame:
    """Read exactly one frame; raises FrameError with the reason word."""
    if not raw.startswith(START):
        raise FrameError("bad_start", f"begins with {raw[:2].hex() or 'nothing'}, not 4040")
    verdict = judge(raw, 0)
    if verdict is None:
        raise FrameError("incomplete", f"{len(raw)} bytes are less than the frame states")
    if verdict.reason:
        raise FrameError(verdict.reason, _explain(raw, verdict))
    if verdict.size != len(raw):
        raise FrameError("bad_length", f"{len(raw)} bytes hold a frame of {verdict.size}")
    return frame_at(raw, 0, verdict.size)


def judge(data: bytes | bytearray, at: int) -> Verdict | None:
    """Look at the candidate that starts at `at`; None means more bytes are needed.

    A stated length over 1024 is found out at the header, without waiting for the body.
    """
    have = len(data) - at
    if have < HEADER_SIZE:
        return None
    length = data[at + 24] | data[at + 25] << 8
    if length > ADU_MAX:
        return Verdict("oversize", HEADER_SIZE)
    size = OVERHEAD + length
    if have < size:
        return None
    return Verdict(_fault(data, at, at + size), size)


def _fault(data: bytes | bytearray, at: int, end: int) -> str:
    """Return what is wrong with a complete candidate, or an empty word."""
    if data[end - 2 : end] != END:
        return "bad_end"
    if checksum(data[at + 2 : end - 3]) != data[end - 3]:
        return "bad_checksum"
    if data[at + 26] not in _COMMANDS:
        return "unknown_command"
    return ""


def header_at(data: bytes | bytearray, at: int) -> Header | None:
    """Read the header that starts at `at`, or None when it is not there in full."""
    if len(data) - at < HEADER_SIZE:
        return None
    serial, version, label, source, destination, length, command = _HEADER.unpack_from(data, at)
    return Header(
        serial=serial,
        version=version,
        label=label,
        source=int.from_bytes(source, "little"),
        destination=int.from_bytes(destination, "little"),
        length=length,
        command=command,
    )


def frame_at(data: bytes | bytearray, at: int, size: int) -> Frame:
    """Copy the frame of `size` bytes, already judged good, out of `data`."""
    serial, version, label, source, destination, _length, command = _HEADER.unpack_from(data, at)
    raw = bytes(data[at : at + size])
    return Frame(
        serial=serial,
        version=version,
        label=label,
        source=int.from_bytes(source, "little"),
        destination=int.from_bytes(destination, "little"),
        command=command,
        adu=raw[HEADER_SIZE:-3],
        raw=raw,
    )


def _explain(raw: bytes, verdict: Verdict) -> str:
    if verdict.reason == "oversize":
        return f"states {raw[24] | raw[25] << 8} bytes of data, {ADU_MAX} are allowed"
    if verdict.reason == "unknown_command":
        return f"command {raw[26]} is reserved"
    end = verdict.size
    if verdict.reason == "bad_end":
        return f"ends with {raw[end - 2 : end].hex()}, not 2323"
    return f"states sum {raw[end - 3]:02x}, computed {checksum(raw[2 : end - 3]):02x}"
