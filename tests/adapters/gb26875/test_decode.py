"""Uploads become Readings with the right device, event, values and times."""

from datetime import UTC, datetime

import pytest

from adapters.gb26875.adapter import FirePanels
from adapters.gb26875.objects import is_upload
from adapters.gb26875.tables import ANALOGUES, QUANTITIES
from model.errors import FrameError
from model.reading import ALARM_EVENTS, ALARM_STATES, Event, Mode, Reading, alarm_states

from .frames import AT, FIRE, HEARTBEAT, SHANGHAI, component, decoded, framed, one, public

NINE = int(datetime(2021, 7, 2, 9, 0, 4, tzinfo=SHANGHAI).timestamp()) * 1000


def test_the_public_fire_frame_is_a_fire_of_its_component() -> None:
    """The worked example: smoke detector 0a000200 of panel 1/1 behind device 889."""
    (reading,) = decoded(FIRE)
    assert reading.device == "gb-889-1-1-0a000200"
    assert (reading.kind, reading.source) == ("fire_component", "gb-889")
    assert reading.event is Event.FIRE_ALARM
    assert reading.raw == FIRE.hex()
    assert reading.mode is Mode.REAL
    at = datetime(2012, 9, 26, 1, 58, 2, tzinfo=UTC)
    assert reading.observed_at == int(at.timestamp()) * 1000
    assert reading.quality == ("device_clock", "test_bit")
    assert reading.values == {
        "fire": True,
        "fault": False,
        "mains_fault": False,
        "isolated": False,
        "supervisory": False,
        "running": False,
        "feedback": False,
        "delayed": False,
        "test_bit": True,
        "system_type": 1.0,
        "component_type": 40.0,
        "component_type_name": "感烟火灾探测器",
    }


def test_every_valid_public_frame_of_a_device_decodes() -> None:
    """Uploads and answers give Readings; the centre's own commands are refused."""
    for case in public("frames"):
        payload = bytes.fromhex(case["hex"])
        if case["kind"] == "invalid" or case["decoded"]["command"] in (1, 4):
            with pytest.raises(FrameError):
                decoded(payload)
            continue
        told = case["decoded"].get("adu")
        expected = told["count"] if told else int(case["id"] == "bs-heartbeat")
        assert len(decoded(payload)) == expected, case["id"]


def test_the_centres_commands_from_a_device_are_in_the_wrong_direction() -> None:
    """Commands 1 and 4 belong to the centre."""
    for command in (1, 4):
        with pytest.raises(FrameError) as error:
            decoded(framed("510100", command=command))
        assert error.value.reason == "wrong_direction"


def test_every_public_data_unit_decodes_as_published() -> None:
    """All bare data units, framed by us: device, time, value, text and version."""
    vectors = public("adu_vectors")
    assert len(vectors) >= 14
    for vector in vectors:
        readings = decoded(framed(vector["adu_hex"]))
        objects = vector["decoded"]["objects"]
        assert len(readings) == len(objects), vector["meaning"]
        for reading, told in zip(readings, objects, strict=True):
            parts = ["gb-889"]
            if "sys_type" in told:
                parts += [str(told["sys_type"]), str(told["sys_addr"])]
            if "comp_addr_hex" in told:
                parts.append(told["comp_addr_hex"])
            assert reading.device == "-".join(parts)
            if "time" in told:
                local = datetime.fromisoformat(told["time"]).replace(tzinfo=SHANGHAI)
                assert reading.observed_at == int(local.timestamp()) * 1000
                assert "device_clock" not in reading.quality
            if "value" in told:
                assert told["value"] in reading.values.values()
            for key, name in (("desc", "description"), ("text", "configuration")):
                if key in told:
                    assert reading.values[name] == told[key]
            if "version" in told:
                assert reading.values["software_version"] == told["version"]


@pytest.mark.parametrize(
    ("code", "count", "name", "value"),
    [
        (1, 5, "count", 5.0),
        (2, 20481, "height_m", 204.81),
        (3, -105, "temperature_c", -10.5),
        (3, 3, "temperature_c", 0.3),
        (4, 2, "pressure_kpa", 200.0),
        (5, 1234, "pressure_kpa", 123.4),
        (6, 123, "gas_lel_pct", 12.3),
        (7, 30, "duration_s", 30.0),
        (8, 2203, "voltage_v", 220.3),
        (9, 57, "current_a", 5.7),
        (10, 101, "flow_l_s", 10.1),
        (11, 9, "air_volume_m3_min", 0.9),
        (12, 7, "air_speed_m_s", 7.0),
    ],
)
def test_analogue_values_carry_their_unit(code: int, count: int, name: str, value: float) -> None:
    """A count of least units becomes a float in the unit that its name says."""
    reading = analogue(code, count)
    assert reading.values[name] == value
    assert isinstance(reading.values[name], float)
    assert (reading.event, reading.raw, reading.quality) == (Event.NONE, "", ())


def test_the_table_of_analogues_is_the_shared_one() -> None:
    """Types 1-12 and no others, with the printed steps (MPa told in kPa)."""
    assert sorted(ANALOGUES) == list(range(1, 13))


def analogue(code: int, count: int, **settings: object) -> Reading:
    """Decode a value of type 3."""
    head = bytes.fromhex("030101022801020304")
    value = bytes((code,)) + count.to_bytes(2, "little", signed=True)
    return one(head + value + bytes.fromhex("040009020715"), **settings)


def test_a_value_outside_the_printed_range_is_kept_and_flagged() -> None:
    """120 % of the lower explosive limit is odd, but it is what the device said."""
    reading = analogue(6, 1200)
    assert reading.values["gas_lel_pct"] == 120.0
    assert reading.quality == ("out_of_range",)


def test_a_user_may_have_named_the_temperature_of_a_cable_himself() -> None:
    """As those did who had no other way to it; a name of another meaning is refused still."""
    own = {"128": {"name": "cable_temperature_c", "step": 0.1}}
    assert analogue(128, 826, user_analogues=own).values["cable_temperature_c"] == 82.6


def test_a_users_analogue_is_named_by_the_settings() -> None:
    """Residual current in mA has no type in the standard: 128 is configured."""
    own = {"128": {"name": "residual_current_ma", "step": 1}}
    assert analogue(128, 300, user_analogues=own).values["residual_current_ma"] == 300.0


def test_an_analogue_nobody_named_is_kept_raw() -> None:
    """A type outside the table says its number and count, and keeps its frame."""
    reading = analogue(200, -7)
    assert reading.event is Event.VENDOR
    assert (reading.values["analogue_type"], reading.values["analogue_steps"]) == (200.0, -7.0)
    assert reading.raw


def test_an_empty_data_unit_is_a_heartbeat() -> None:
    """Vendors send command 2 without a body as sign of life."""
    (reading,) = decoded(HEARTBEAT)
    assert (reading.device, reading.kind) == ("gb-11111", "fire_transmitter")
    assert (reading.event, reading.raw) == (Event.HEARTBEAT, "")


@pytest.mark.parametrize("adu", ["87", "8701ff", "0901", "1100", "ffffff", "5b010a", "000000"])
def test_types_that_the_standard_does_not_upload_are_kept_raw(adu: str) -> None:
    """Vendor, reserved and downward types are acknowledged and kept as received."""
    reading = one(adu)
    assert reading.event is Event.VENDOR
    assert reading.values == {"data_type": float(int(adu[:2], 16))}
    assert reading.raw == framed(adu).hex()


def test_vendor_commands_are_kept_raw() -> None:
    """Command 128-255, even with a body that looks like a fire."""
    (reading,) = decoded(framed(component(3), command=200))
    assert reading.event is Event.VENDOR
    assert reading.values == {"command": 200.0, "data_type": 2.0}


@pytest.mark.parametrize(
    ("adu", "reason"),
    [
        ("02", "adu_short"),
        ("0200", "object_count"),
        ("0201", "object_length"),
        ("150108040009020715ff", "object_length"),
        ("150208040009020715", "object_length"),
        ("0601010203", "object_length"),
        ("06010102", "object_length"),
        ("0601010201414100", "object_length"),
        ("1a0105414243", "object_length"),
        ("1a02014101", "object_length"),
    ],
)
def test_a_body_that_does_not_fit_its_count_is_refused(adu: str, reason: str) -> None:
    """Nothing is guessed from a body of the wrong length."""
    with pytest.raises(FrameError) as error:
        decoded(framed(adu))
    assert error.value.reason == reason


def test_texts_of_configurations_are_read_one_by_one() -> None:
    """Type 6 with two texts of different length, type 26 with none."""
    first, second = decoded(framed("06020101024142010200"))
    assert first.values["configuration"] == "AB"
    assert "configuration" not in second.values
    assert one("1a0100").event is Event.CONFIGURATION


def test_clocks_say_how_far_out_they_are() -> None:
    """Types 8 and 28 against the gateway's clock."""
    system = one("08010102040009020715")
    assert (system.event, system.values["clock_offset_s"]) == (Event.CLOCK, -6.0)
    device = one("1c01040008020715")
    assert device.values["clock_offset_s"] == -3606.0
    assert device.quality == ("device_clock",)


@pytest.mark.parametrize("time", ["3a3a3a3a3a3a", "000000000000", "040009023215", "0400091e0215"])
def test_an_impossible_time_is_dropped_and_flagged(time: str) -> None:
    """The data stay, the arrival time rules."""
    reading = one(component(3, time=bytes.fromhex(time)))
    assert reading.event is Event.FIRE_ALARM
    assert reading.observed_at is None
    assert "device_clock" in reading.quality


def test_a_clock_five_minutes_out_is_still_believed_and_a_second_more_is_not() -> None:
    """The tolerance is five minutes in both directions."""
    for sign in (1, -1):
        inside = decoded(framed(component(3), at=NINE), at=NINE + sign * 300_000)
        outside = decoded(framed(component(3), at=NINE), at=NINE + sign * 301_000)
        assert inside[0].quality == ()
        assert outside[0].quality == ("device_clock",)
        assert outside[0].observed_at == NINE


def test_a_bad_label_flags_the_clock_of_a_frame() -> None:
    """Impossible and BCD labels of the derived streams: data kept, clock flagged."""
    for case in public("derived_vectors"):
        if case["id"] in ("d-bad-time", "d-bcd-time"):
            (reading,) = decoded(bytes.fromhex(case["bytes"]))
            assert reading.event is Event.FIRE_ALARM
            assert "device_clock" in reading.quality


def test_times_are_local_to_the_configured_zone() -> None:
    """The same bytes are two hours later in Urumqi's wall time."""
    here, west = one(component(3)), one(component(3), timezone="Asia/Urumqi")
    assert (here.observed_at, west.observed_at) == (NINE, NINE + 2 * 3600 * 1000)


def test_the_compound_comes_from_the_settings() -> None:
    """A listed source has its own, the others the common one."""
    assert one(component(3), compound="c-1").compound == "c-1"
    assert one(component(3), compound="c-1", compounds={"889": "c-2"}).compound == "c-2"
    assert one(component(3), compounds={"888": "c-2"}).compound == ""


def test_only_what_may_become_evidence_keeps_its_frame() -> None:
    """Fires, faults and operations keep the bytes; normal states, clocks and values do not."""
    for adu in (
        component(3),
        component(5),
        component(9),
        component(0x41),  # feedback alone: a flow switch
        "0401" + "0102" + "4001" + "040009020715",
    ):
        assert one(adu).raw
    for adu in (component(1), "08010102040009020715", "050101020304"):
        assert not one(adu).raw


def test_answers_to_requests_decode_like_uploads() -> None:
    """Command 5 with type 21 is the device's state; an empty one says nothing."""
    (reading,) = decoded(framed("150108040009020715", command=5))
    assert reading.event is Event.MAINS_FAULT
    assert decoded(framed(b"", command=5)) == []
    assert decoded(framed(b"", command=3)) == decoded(framed("0101", command=6)) == []


def test_every_reading_keeps_to_the_declared_quantities() -> None:
    """Values are floats, bools or texts under declared names; alarms are in the vocabulary."""
    assert FirePanels.quantities is QUANTITIES
    for vector in public("adu_vectors"):
        for reading in decoded(framed(vector["adu_hex"])):
            assert set(reading.values) <= QUANTITIES
            assert all(isinstance(value, float | bool | str) for value in reading.values.values())
    states = alarm_states(one(component(0xFFFF)))
    assert set(states) == ALARM_STATES & {
        "fire", "fault", "isolated", "supervisory", "mains_fault", "running", "feedback",
    }  # fmt: skip
    assert all(states.values())
    assert one(component(3)).event in ALARM_EVENTS


def test_only_the_standards_thirteen_uploads_are_uploads() -> None:
    """Everything else is the vendor's."""
    assert [code for code in range(256) if is_upload(code)] == [*range(1, 9), 21, 24, 25, 26, 28]


def test_decoding_is_repeatable() -> None:
    """The same bytes at the same time give equal Readings."""
    assert decoded(FIRE, at=AT) == decoded(FIRE, at=AT)
