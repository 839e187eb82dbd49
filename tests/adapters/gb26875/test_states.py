"""State and operation bits: each is told, the most serious names the event."""

import pytest

from model.reading import Event, Mode

from .frames import component, framed, one

STATE_EVENTS = [
    (0x0001, Event.NORMAL),
    (0x0000, Event.NORMAL),
    (0x0003, Event.FIRE_ALARM),
    (0x0007, Event.FIRE_ALARM),
    (0x0005, Event.FAULT),
    (0x0009, Event.ISOLATED),
    (0x000B, Event.FIRE_ALARM),
    (0x000D, Event.FAULT),
    (0x0011, Event.SUPERVISORY),
    (0x0021, Event.STARTED),
    (0x0041, Event.NONE),
    (0x0081, Event.NONE),
    (0x0101, Event.MAINS_FAULT),
]


@pytest.mark.parametrize(("state", "event"), STATE_EVENTS)
def test_the_most_serious_bit_names_a_components_event(state: int, event: Event) -> None:
    """Fire beats fault beats isolation; feedback alone is neither alarm nor normal."""
    assert one(component(state)).event is event


@pytest.mark.parametrize(
    ("state", "event"),
    [
        *STATE_EVENTS,
        (0x0201, Event.BACKUP_FAULT),
        (0x0401, Event.FAULT),
        (0x0801, Event.NONE),
        (0x1001, Event.CONFIGURATION),
        (0x2001, Event.RESET),
        (0x2003, Event.FIRE_ALARM),
    ],
)
def test_the_most_serious_bit_names_a_systems_event(state: int, event: Event) -> None:
    """The same for a panel, with its own higher bits."""
    reading = one(b"\x01\x01\x01\x02" + state.to_bytes(2, "little") + bytes.fromhex("040009020715"))
    assert (reading.device, reading.kind) == ("gb-889-1-2", "fire_system")
    assert reading.event is event


@pytest.mark.parametrize("bit", range(1, 16))
def test_each_state_bit_is_one_value(bit: int) -> None:
    """One bit set is exactly one value true; a reserved bit is flagged."""
    names = [
        "fire", "fault", "isolated", "supervisory", "running", "feedback", "delayed",
        "mains_fault", "backup_fault", "bus_fault", "manual_mode", "configuration_changed", "reset",
    ]  # fmt: skip
    state = (1 | 1 << bit).to_bytes(2, "little")
    reading = one(b"\x01\x01\x01\x02" + state + bytes.fromhex("040009020715"))
    true = [name for name, value in reading.values.items() if value is True]
    assert true == (names[bit - 1 : bit] if bit <= len(names) else [])
    assert ("reserved_bits" in reading.quality) == (bit > len(names))


def test_bit_0_is_a_label_and_never_a_test_mode() -> None:
    """A fire with bit 0 clear is as real as one with it set."""
    clear, set_ = one(component(2)), one(component(3))
    assert clear.event is set_.event is Event.FIRE_ALARM
    assert clear.mode is set_.mode is Mode.REAL
    assert (clear.values["test_bit"], set_.values["test_bit"]) == (True, False)
    assert clear.quality == ("test_bit",)
    assert set_.quality == ()


@pytest.mark.parametrize(
    ("state", "name", "event"),
    [
        (0x03, "fire", Event.FIRE_ALARM),
        (0x05, "fault", Event.FAULT),
        (0x09, "mains_fault", Event.MAINS_FAULT),
        (0x11, "backup_fault", Event.BACKUP_FAULT),
        (0x21, "channel_fault", Event.CHANNEL_FAULT),
        (0x41, "line_fault", Event.LINE_FAULT),
    ],
)
def test_faults_of_the_transmission_device_are_its_own(state: int, name: str, event: Event) -> None:
    """Type 21 speaks of the device, never of a panel."""
    reading = one(bytes((21, 1, state)) + bytes.fromhex("040009020715"))
    assert (reading.device, reading.kind, reading.event) == ("gb-889", "fire_transmitter", event)
    assert [key for key, value in reading.values.items() if value is True] == [name]


@pytest.mark.parametrize(
    ("data_type", "bits", "event", "name"),
    [
        (4, 0x01, Event.RESET, "op_reset"),
        (4, 0x02, Event.SILENCED, "op_silenced"),
        (4, 0x04, Event.MANUAL_ALARM, "manual_alarm"),
        (4, 0x08, Event.ALARM_CLEARED, "op_alarm_cleared"),
        (4, 0x10, Event.SELF_TEST, "op_self_test"),
        (4, 0x20, Event.OPERATOR_CONFIRMED, "op_confirmed"),
        (4, 0x40, Event.OPERATOR_TEST, "op_test"),
        (24, 0x20, Event.DUTY_ANSWERED, "op_duty_answered"),
        (24, 0x04, Event.MANUAL_ALARM, "manual_alarm"),
        (24, 0x01, Event.RESET, "op_reset"),
    ],
)
def test_each_key_that_a_person_pressed_has_its_word(
    data_type: int, bits: int, event: Event, name: str
) -> None:
    """Types 4 and 24, one key at a time, with the operator's number and the frame."""
    system = b"\x01\x02" if data_type == 4 else b""
    adu = bytes((data_type, 1)) + system + bytes((bits, 250)) + bytes.fromhex("040009020715")
    reading = one(adu)
    assert reading.device == ("gb-889-1-2" if data_type == 4 else "gb-889")
    assert reading.event is event
    assert [key for key, value in reading.values.items() if value is True] == [name]
    assert reading.values["operator"] == 250.0
    assert reading.raw == framed(adu).hex()


def test_a_manual_alarm_comes_before_every_other_key() -> None:
    """All keys at once is a person's report, and every key is still told."""
    reading = one("0401" + "0102" + "7f01" + "040009020715")
    assert reading.event is Event.MANUAL_ALARM
    assert sum(value is True for value in reading.values.values()) == 7


def test_silencing_does_not_say_that_nobody_raised_an_alarm() -> None:
    """An operation is a moment: only a pressed call point is told."""
    assert "manual_alarm" not in one("0401" + "0102" + "0201" + "040009020715").values
