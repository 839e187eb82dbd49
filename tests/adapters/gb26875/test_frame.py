"""Frames are recognised, refused with the right word, and answered."""

from typing import Any

import pytest

from adapters.gb26875.frame import (
    ADU_MAX,
    FRAME_MAX,
    Command,
    acknowledge,
    checksum,
    deny,
    encode,
    header_at,
    parse,
)
from model.errors import FrameError

from .frames import FIRE, HEARTBEAT, public


def test_every_valid_public_frame_reads_as_its_source_says() -> None:
    """Header fields of the worked examples are read as published."""
    valid = [case for case in public("frames") if case["kind"] != "invalid"]
    assert len(valid) >= 19
    for case in valid:
        frame, told = parse(bytes.fromhex(case["hex"])), case["decoded"]
        assert frame.serial == told["serial"], case["id"]
        assert frame.source == told["src"], case["id"]
        assert frame.destination == told["dst"], case["id"]
        assert frame.command == told["command"], case["id"]
        assert list(frame.version) == told["version"], case["id"]
        assert len(frame.adu) == case["length_field"], case["id"]


def test_every_faulty_public_frame_is_refused() -> None:
    """A frame that breaks the standard at its source is denied, not guessed at."""
    faulty = [case for case in public("frames") if case["kind"] == "invalid"]
    assert faulty
    for case in faulty:
        with pytest.raises(FrameError) as error:
            parse(bytes.fromhex(case["hex"]))
        assert error.value.reason == "bad_checksum", case["id"]


def test_public_frames_are_written_back_byte_for_byte() -> None:
    """Encoding what was read gives the published bytes, sum included."""
    for case in public("frames"):
        raw = bytes.fromhex(case["hex"])
        if case["kind"] == "invalid":
            continue
        frame = parse(raw)
        again = encode(
            serial=frame.serial,
            command=frame.command,
            source=frame.source,
            destination=frame.destination,
            label=frame.label,
            adu=frame.adu,
            version=frame.version,
        )
        assert again == raw, case["id"]


def test_the_centre_answers_as_in_the_worked_examples() -> None:
    """Confirmation and denial of the fire frame equal the published ones."""
    by_id = {case["id"]: bytes.fromhex(case["hex"]) for case in public("frames")}
    label = bytes.fromhex("233a091a090c")
    assert acknowledge(parse(FIRE), label) == by_id["al-centre-ack"]
    assert deny(parse(FIRE), label) == by_id["al-centre-deny"]


@pytest.mark.parametrize(
    ("reason", "raw"),
    [
        ("bad_start", b"\x40\x41" + HEARTBEAT[2:]),
        ("incomplete", HEARTBEAT[:-1]),
        ("incomplete", b"@@"),
        ("bad_length", HEARTBEAT + b"\x00"),
        ("bad_end", HEARTBEAT[:-1] + b"\x24"),
        ("bad_checksum", HEARTBEAT[:-3] + b"\xb6" + HEARTBEAT[-2:]),
        ("oversize", HEARTBEAT[:24] + b"\x01\x04" + HEARTBEAT[26:]),
        ("bad_start", b""),
    ],
)
def test_a_broken_frame_is_refused_by_name(reason: str, raw: bytes) -> None:
    """Each rule of the standard has its own counted word."""
    with pytest.raises(FrameError) as error:
        parse(raw)
    assert error.value.reason == reason


@pytest.mark.parametrize("command", [0, *range(7, 128)])
def test_reserved_commands_are_refused(command: int) -> None:
    """Commands 0 and 7-127 are reserved."""
    raw = encode(serial=1, command=command, source=1, destination=2, label=bytes(6))
    with pytest.raises(FrameError) as error:
        parse(raw)
    assert error.value.reason == "unknown_command"


@pytest.mark.parametrize("command", [*Command, 128, 255])
def test_defined_and_vendor_commands_are_read(command: int) -> None:
    """Commands 1-6 and 128-255 make a frame."""
    raw = encode(serial=65535, command=command, source=2**48 - 1, destination=0, label=bytes(6))
    frame = parse(raw)
    assert (frame.command, frame.serial, frame.source) == (command, 65535, 2**48 - 1)


def test_the_longest_frame_is_1054_bytes() -> None:
    """1024 bytes of data pass, one more cannot be written."""
    fields: dict[str, Any] = {"serial": 1, "command": 2, "source": 1, "destination": 2}
    raw = encode(**fields, label=bytes(6), adu=bytes(ADU_MAX))
    assert len(raw) == FRAME_MAX == 1054
    assert parse(raw).adu == bytes(ADU_MAX)
    with pytest.raises(ValueError, match="1025"):
        encode(**fields, label=bytes(6), adu=bytes(ADU_MAX + 1))


def test_the_sum_drops_its_carries() -> None:
    """Only eight bits of the sum are kept."""
    assert checksum(b"\xff\xff\x03") == 1


def test_a_header_is_read_once_it_is_whole() -> None:
    """27 bytes are a header, 26 are none."""
    header = header_at(FIRE[:27], 0)
    assert header is not None
    assert (header.source, header.serial, header.length) == (889, 1, 48)
    assert header_at(FIRE[:26], 0) is None
