"""NB-IoT smoke detectors, and other vendors' JSON by a mapping in YAML."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import Received
from adapters.json_mapping import AlarmMapping, FieldMapping
from adapters.nb_iot.adapter import NbIot, NbIotSettings
from model.errors import FrameError
from model.reading import Event, Lane, Reading, alarm_states, lane_of
from model.yamlfile import ConfigErrors, YamlText

from .families import ROOT

AT = 1_764_000_001_000
TOPIC = "iot/c1/nb/1/up"
DETECTOR = NbIot(NbIotSettings(), b"")


def read(payload: bytes, topic: str = TOPIC) -> Reading:
    """Decode one message of the default format."""
    [reading] = DETECTOR.decode(Received(payload, AT, topic))
    return reading


def message(**changes: object) -> bytes:
    """Return a quiet message with some fields changed."""
    fields = {"imei": "1", "ts": AT - 1000, "smoke": 12, "temp": 23.5, "alarm": 0} | changes
    return json.dumps(fields).encode()


def refusal(payload: bytes, topic: str = TOPIC) -> str:
    """Return the reason for which a message is refused."""
    with pytest.raises(FrameError) as error:
        read(payload, topic)
    return error.value.reason


def test_smoke_in_hundredths_is_exact() -> None:
    """57 hundredths are 0.57 dB/m, not 0.5700000000000001."""
    for smoke in range(1000):
        assert read(message(smoke=smoke)).values["smoke_db_m"] == smoke / 100


def test_an_alarm_and_its_end_travel_in_the_alarm_lane_and_quiet_does_not() -> None:
    """Onset and clearing are news; normal telemetry waits its turn."""
    fire, quiet = read(message(alarm=1)), read(message())
    assert lane_of(fire, {}) is Lane.ALARM
    assert lane_of(quiet, alarm_states(fire)) is Lane.ALARM
    assert lane_of(quiet, alarm_states(quiet)) is Lane.TELEMETRY


def test_a_payload_of_64_kib_is_read_and_a_byte_more_is_not() -> None:
    """The limit is a limit, not a guess."""
    body = message()
    assert read(body + b" " * (64 * 1024 - len(body))).device == "nb-1"
    assert refusal(body + b" " * (64 * 1024 + 1 - len(body))) == "oversize"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "json"),
        (b"{", "json"),
        (b'{"imei":"1","alarm":0}x', "json"),
        (b"\xff\xfe", "json"),
        (b"[" * 60_000, "json"),
        (b'{"imei":"1","alarm":' + b"9" * 5000 + b"}", "json"),
        (b"7", "type"),
        (message(alarm=None), "type"),
        (message(alarm=2), "type"),
        (message(alarm=True), "type"),
        (message(alarm=[1]), "type"),
        (b'{"imei":"1","alarm":NaN}', "nan"),
        (b'{"imei":"1","alarm":1e999}', "nan"),
        (b'{"imei":Infinity,"alarm":0}', "nan"),
        (message(imei=""), "identity"),
        (message(imei=" "), "identity"),
        (message(imei=None), "identity"),
        (message(imei="2"), "identity"),
        (message(imei=10**50), "identity"),
        (message(imei=True), "type"),
        (message(imei=1.5), "type"),
        (message(imei={"a": 1}), "type"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_reason(payload: bytes, reason: str) -> None:
    """Each kind of damage has one word by which it is counted."""
    assert refusal(payload) == reason


def test_a_foreign_topic_is_refused() -> None:
    """The topic names the device; one that does not is nobody's."""
    for topic in ("", "iot/c1/nb/1", "iot/c1/nb//up", "iot/c1/nb/1/up/x", "x/iot/c1/nb/1/up"):
        assert refusal(message(), topic) == "topic"


@given(
    st.dictionaries(
        st.sampled_from(["smoke", "temp", "batt", "rssi", "ts", "other"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2)
            ),
            max_leaves=3,
        ),
    )
)
def test_a_fire_is_told_whatever_stands_beside_it(fields: dict[str, object]) -> None:
    """No side field, however broken, costs an alarm, and only finite numbers leave."""
    reading = read(json.dumps({"imei": "1", "alarm": 1} | fields).encode())
    assert reading.event is Event.FIRE_ALARM
    assert reading.values["fire"] is True
    for name, value in reading.values.items():
        assert name == "fire" or abs(float(value)) < float("inf")


@pytest.mark.parametrize(
    ("ts", "observed_at", "quality"),
    [
        (AT - 1000, AT - 1000, ()),
        (AT + 300_000, AT + 300_000, ()),
        (AT + 300_001, None, ("device_clock",)),
        (0, None, ("device_clock",)),
        (-1, None, ("device_clock",)),
        (1_420_070_400_000, 1_420_070_400_000, ()),
        (10**30, None, ("device_clock",)),
        (float(AT), AT, ()),
        ("now", None, ("field:ts",)),
        (True, None, ("field:ts",)),
        (None, None, ()),
    ],
)
def test_an_absurd_device_time_is_dropped_and_flagged_and_the_data_kept(
    ts: object, observed_at: int | None, quality: tuple[str, ...]
) -> None:
    """Before 2015, or over 5 minutes ahead of the gateway."""
    reading = read(message(ts=ts))
    assert (reading.observed_at, reading.quality) == (observed_at, quality)
    assert reading.values["temperature_c"] == 23.5


def test_control_characters_never_reach_a_device_id() -> None:
    """Newlines and right-to-left marks are made harmless."""
    assert read(message(imei="1\n\u202e2"), "iot/c1/nb/1\n\u202e2/up").device == "nb-1__2"


def page_example() -> NbIot:
    """Build the other vendor's source from the page, as a reader would."""
    page = (ROOT / "nb_iot" / "page.md").read_text(encoding="utf-8")
    [text] = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    return NbIot(YamlText(text.replace("adapter: nb_iot\n", ""), "page").check(NbIotSettings), b"")


def test_another_vendors_json_is_a_mapping_in_yaml() -> None:
    """Nested fields, Fahrenheit, numbers in quotes, words for codes, a local ISO time."""
    adapter = page_example()
    assert adapter.topics() == ["vendor/v2/+/report"]
    payload = json.dumps(
        {
            "header": {"sn": "A7", "time": "2025-11-24T23:59:00"},
            "data": {"obscuration": 570, "temp_f": 212, "voltage": "3.61", "status": "smoke"},
        }
    ).encode()
    [reading] = adapter.decode(Received(payload, 1_764_000_001_000, "vendor/v2/A7/report"))
    assert (reading.device, reading.compound) == ("acme-A7", "c017")
    assert reading.event is Event.FIRE_ALARM
    assert reading.values["smoke_db_m"] == 0.57
    assert reading.values["temperature_c"] == pytest.approx(100)
    assert reading.values["battery_v"] == 3.61
    assert reading.observed_at == 1_763_999_940_000


def test_a_fault_code_after_a_fire_does_not_end_the_fire() -> None:
    """Only a value that means none or normal clears; another alarm leaves the first as it is."""
    adapter = page_example()

    def values(status: str) -> dict[str, object]:
        payload = json.dumps({"header": {"sn": "A"}, "data": {"status": status}}).encode()
        [reading] = adapter.decode(Received(payload, AT, "vendor/v2/A/report"))
        return dict(reading.values)

    assert values("smoke") == {"fire": True}
    assert values("chamber") == {"fault": True}
    assert values("normal") == {"fire": False, "fault": False}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("topic: iot/#", "whole levels"),
        ("topic: iot/{a}/{a}", "names a level twice"),
        ("device: {field: '', placeholder: ''}", "name the device's"),
        ("device: {placeholder: sn}", "has no {sn}"),
        ("fields: {a: {to: Fire}}", "small letters, digits and _"),
        ("fields: {a: {to: fire}}", "is an alarm state"),
        ("fields: {a: {to: tamper, type: flag}}", "is an alarm state"),
        ("fields: {a: {to: panic}}", "is an alarm state"),
        ("fields: {a: {to: b, scale: 0}}", "a scale of 0"),
        ("fields: {a: {to: b, scale: .nan}}", "finite"),
        ("alarm: {field: a, values: {1: explosion}}", "'explosion' is none of"),
        ("time: {field: ts, timezone: Mars/Base}", "unknown time zone"),
        ("tpoic: x", "unknown key"),
    ],
)
def test_a_wrong_mapping_stops_the_start_with_its_line(text: str, says: str) -> None:
    """Nothing wrong is found out only when the first alarm comes."""
    with pytest.raises(ConfigErrors) as error:
        YamlText("\n" + text, "gateway.yaml").check(NbIotSettings)
    assert says in str(error.value)
    assert str(error.value).startswith("gateway.yaml:")


def test_the_device_may_be_named_by_the_topic_alone() -> None:
    """A payload without identity is fine when the mapping says so."""
    settings = NbIotSettings.model_validate(
        {"topic": "s/{id}", "device": {"field": "", "placeholder": "id"}, "compound": "c9"}
    )
    [reading] = NbIot(settings, b"").decode(Received(b'{"alarm":0}', AT, "s/7"))
    assert (reading.device, reading.compound) == ("nb-7", "c9")


def test_a_button_for_help_is_a_panic_button_by_its_mapping() -> None:
    """Its word switches the state on; "nothing" switches it off."""
    values = {"0": Event.NONE, "1": Event.PANIC}
    adapter = NbIot(
        NbIotSettings(kind="panic_button", alarm=AlarmMapping(field="alarm", values=values)), b""
    )
    for code, word, pressed in ((1, Event.PANIC, True), (0, Event.NONE, False)):
        [reading] = adapter.decode(Received(message(alarm=code), AT, TOPIC))
        assert (reading.kind, reading.event) == ("panic_button", word)
        assert reading.values["panic"] is pressed


def test_a_flag_may_still_be_named_panic() -> None:
    """A file that said so before panic was an alarm state starts, and its button is heard."""
    text = "kind: panic_button\nfields: {sos: {to: panic, type: flag}}"
    settings = YamlText(text, "gateway.yaml").check(NbIotSettings)
    for pressed, lane in ((True, Lane.ALARM), (False, Lane.TELEMETRY)):
        [reading] = NbIot(settings, b"").decode(Received(message(sos=pressed), AT, TOPIC))
        assert reading.values["panic"] is pressed
        assert lane_of(reading, {}) is lane


def test_a_flag_takes_truth_and_binary_numbers_only() -> None:
    """`invert` turns it; 2 and "on" are flagged."""
    settings = NbIotSettings(
        fields={"lid": FieldMapping(to="closed", type="flag", invert=True)},
        alarm=AlarmMapping(field="alarm", values={"0": Event.NONE}),
    )
    adapter = NbIot(settings, b"")
    for value, expected in ((True, False), (0, True)):
        [reading] = adapter.decode(Received(message(lid=value), AT, TOPIC))
        assert reading.values["closed"] is expected
    for wrong in (2, "on", 1.5):
        [reading] = adapter.decode(Received(message(lid=wrong), AT, TOPIC))
        assert reading.quality == ("field:lid",)
