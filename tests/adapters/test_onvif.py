"""ONVIF notifications: real samples, quirks of devices, and whose card it was."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import Received
from adapters.onvif.adapter import Onvif
from adapters.onvif.properties import MOMENT_MS, REMEMBERED, REPEATED_MS, Properties
from adapters.onvif.settings import InputSettings, OnvifSettings
from model.errors import FrameError
from model.reading import Event, Reading, Value
from tests.shared_data import shared

AT = 1_787_000_000_000  # after every sample
SETTINGS = OnvifSettings(
    host="192.0.2.1",
    camera="cam",
    inputs={
        "AlarmIn_1": InputSettings(means="fire_alarm", device="panel"),
        "in-2": InputSettings(means="fault", normally="closed"),
    },
    zones={"MyIntrusionDetectorRule": "lane"},
    channels={"ch-2": "cam-2"},
)
DEVICE = Onvif(SETTINGS, bytes(32))

SAMPLES: dict[str, tuple[str, Event, dict[str, Value]]] = {
    "ajax__ajax_human_animal": (
        "cam", Event.NONE, {"person": True, "animal": True, "vehicle": False},
    ),
    "ajax__ajax_human_vehicle": ("cam", Event.NONE, {"person": True, "vehicle": True}),
    "ajax__ajax_line_crossing": ("cam", Event.NONE, {"line_crossed": True}),
    "ajax__ajax_missing_attributes": ("cam", Event.NONE, {"person": True}),
    "ajax__ajax_motion_detector": ("cam", Event.NONE, {"motion": True, "rule": "AjaxMotionRule"}),
    "ajax__ajax_object_detector_cleared": (
        "cam", Event.NONE, {"person": False, "vehicle": False, "animal": False},
    ),
    "ajax__ajax_object_detector_human": ("cam", Event.NONE, {"person": True, "vehicle": False}),
    "axis__access_granted_credential": (
        "cam/ap-Axis-00408c184c74:1382951520.315392000", Event.ACCESS_GRANTED, {"access": "granted"},
    ),
    "generic__line_detector_crossed": ("cam", Event.NONE, {"object_id": "0"}),
    "hikvision__hikvision_alarm": ("panel", Event.FIRE_ALARM, {"fire": True}),
    "reolink__reolink_package": ("cam", Event.NONE, {"package": True}),
    "spec__cell_motion": ("cam", Event.NONE, {"motion": True}),
    "tapo__tapo_cellmotiondetector_person": ("cam", Event.NONE, {"person": True}),
    "tapo__tapo_cellmotiondetector_vehicle": ("cam", Event.NONE, {"vehicle": True}),
    "tapo__tapo_intrusion": ("cam/lane", Event.NONE, {"intrusion": True}),
    "tapo__tapo_line_crossed": ("cam", Event.NONE, {"line_crossed": True}),
    "tapo__tapo_line_crossed_detector": ("cam", Event.NONE, {"line_crossed": True}),
    "tapo__tapo_missing_attributes": ("cam", Event.NONE, {"person": True}),
    "tapo__tapo_tamper": ("cam", Event.TAMPER, {"tamper": True}),
    "tapo__tapo_tpsmartevent_package_delivery": ("cam", Event.NONE, {"package_delivered": True}),
    "tapo__tapo_tpsmartevent_package_pickup": ("cam", Event.NONE, {"package_taken": True}),
    "tapo__tapo_tpsmartevent_person": ("cam", Event.NONE, {"person": True}),
    "tapo__tapo_tpsmartevent_pet": ("cam", Event.NONE, {"animal": True}),
    "tapo__tapo_tpsmartevent_vehicle": ("cam", Event.NONE, {"vehicle": True}),
    "tapo__tapo_unknown_type": (
        "cam", Event.VENDOR, {"topic": "tns1:RuleEngine/PeopleDetector/People"},
    ),
    "unknown__reolink_package": ("cam", Event.VENDOR, {"topic": "jeff:This/Rule/DoesNotExist"}),
}  # fmt: skip


def message(
    topic: str, *, data: str = "", source: str = "", operation: str = "Changed", utc: str = ""
) -> bytes:
    """Build a notification; items are `Name=value` separated by spaces."""
    return (
        '<n:NotificationMessage xmlns:n="http://docs.oasis-open.org/wsn/b-2"'
        ' xmlns:t="http://www.onvif.org/ver10/schema" xmlns:tns1="http://www.onvif.org/ver10/topics">'
        f"<n:Topic>{topic}</n:Topic><n:Message>"
        f'<t:Message UtcTime="{utc}" PropertyOperation="{operation}">'
        f"<t:Source>{_items(source)}</t:Source><t:Data>{_items(data)}</t:Data>"
        "</t:Message></n:Message></n:NotificationMessage>"
    ).encode()


def _items(text: str) -> str:
    pairs = (item.split("=", 1) for item in text.split())
    return "".join(f'<t:SimpleItem Name="{name}" Value="{value}"/>' for name, value in pairs)


def contact(state: str, *, of: str = "AlarmIn_1", operation: str = "Changed") -> bytes:
    """Build what a digital input says."""
    topic = "tns1:Device/Trigger/DigitalInput"
    return message(
        topic, source=f"InputToken={of}", data=f"LogicalState={state}", operation=operation
    )


def read(payload: bytes) -> Reading:
    """Decode one message."""
    [reading] = DEVICE.decode(Received(payload, AT))
    return reading


def test_every_shared_sample_says_what_its_device_said() -> None:
    """Real captures of six makes, and the specification's own example."""
    files = sorted(shared("data/onvif/samples").glob("*.xml"))
    assert {file.stem for file in files} == SAMPLES.keys()
    for file in files:
        device, event, values = SAMPLES[file.stem]
        reading = read(file.read_bytes())
        assert (file.stem, reading.device, reading.event) == (file.stem, device, event)
        assert values.items() <= reading.values.items(), file.stem


def test_every_topic_of_the_shared_table_becomes_a_reading() -> None:
    """With the item names of the specification; no topic is an error, whatever it holds."""
    table = json.loads(shared("data/onvif/topics.json").read_text())
    known = 0
    for row in table["topics"]:
        source = " ".join(f"{item['name'].strip()}=x" for item in (*row["source"], *row["key"]))
        data = " ".join(f"{item['name']}={_word(row['topic'], item)}" for item in row["data"])
        data = data or ("Name=x State=1" if row["topic"].endswith("FireDetector") else "")
        reading = read(message(row["topic"], source=source, data=data))
        known += reading.event is not Event.VENDOR
        assert reading.values or reading.event is Event.ACCESS_GRANTED
    assert known >= 60


def _word(topic: str, item: dict[str, str]) -> str:
    if item["type"] == "tt:RelayLogicalState":
        return "active"
    words = {
        "DoorAlarm": "DoorForcedOpen",
        "DoorFault": "FaultDetected",
        "DoorTamper": "NotInTamper",
    }
    kinds = {"xs:boolean": "true", "xs:oolean": "true", "xs:float": "1.5", "xs:int": "3"}
    return kinds.get(item["type"]) or words.get(topic.rpartition("/")[2], "Open")


@pytest.mark.parametrize("word", ["true", "1", "TRUE", "True", "on", "active"])
def test_every_spelling_of_yes_is_a_fire(word: str) -> None:
    """Devices write booleans as they like."""
    reading = read(contact(word))
    assert (reading.device, reading.kind) == ("panel", "fire_system")
    assert (reading.event, reading.values["fire"]) == (Event.FIRE_ALARM, True)
    assert bytes.fromhex(reading.raw) == contact(word)


def test_a_contact_that_rests_closed_alarms_when_it_opens() -> None:
    """A panel's fault output is wired so that a cut wire is a fault, too."""
    assert read(contact("false", of="in-2")).event is Event.FAULT
    assert read(contact("true", of="in-2")).event is Event.FAULT_CLEARED


def test_a_fire_contact_that_says_nonsense_is_refused_and_not_forgotten() -> None:
    """It becomes a dead letter; a vendor's own topic would be too quiet."""
    with pytest.raises(FrameError, match="type"):
        read(contact("perhaps"))


def test_a_wrong_clock_is_put_right_by_its_offset_and_flagged() -> None:
    """An hour ahead, measured: the time is corrected. Zero dates and the future are no times."""
    at, hour = 1_764_000_000_000, 3_600_000
    ahead = message("tns1:VideoSource/MotionAlarm", data="State=1", utc="2025-11-24T16:59:58Z")
    reading = DEVICE.notice(Received(ahead, at), offset_ms=hour).reading
    assert (reading.observed_at, reading.quality) == (at - 2000, ("device_clock",))
    [unmeasured] = DEVICE.decode(Received(ahead, at))
    assert (unmeasured.observed_at, unmeasured.quality) == (None, ("device_clock",))
    for zero in ("0000-00-00T00:00:00Z", "1970-01-01T00:00:00Z", "soon"):
        reading = read(message("tns1:VideoSource/MotionAlarm", data="State=1", utc=zero))
        assert (reading.observed_at, reading.quality) == (None, ("device_clock",))


def test_a_recorder_speaks_for_several_cameras() -> None:
    """The video source's token tells the channel; `vsconf` is no channel."""
    topic = "tns1:VideoSource/SignalLoss"
    assert read(message(topic, source="Source=ch-2", data="State=true")).device == "cam-2"
    assert read(message(topic, source="Source=vsconf", data="State=true")).device == "cam"


def test_whose_card_it_was_never_leaves() -> None:
    """Neither in values nor in what is kept of the message, good or broken."""
    payload = message(
        "tns1:AccessControl/Duress",
        source="AccessPointToken=ap1",
        data="CredentialToken=tok-9911 CredentialHolderName=ZhangSan Card=0044556677",
    )
    reading = read(payload)
    kept = bytes.fromhex(reading.raw)
    assert reading.event is Event.DURESS
    assert len(kept) == len(payload)
    for text in (kept.decode(), str(reading.values), DEVICE.redact(payload[:-30]).decode()):
        assert not any(secret in text for secret in ("tok-9911", "ZhangSan", "0044556677"))
    assert reading.values["card_tail"] == "77"
    assert "AccessControl/Duress" in kept.decode()
    vendor = read(message("x:Plates/Seen", data="LicensePlate=A12345 Lane=2"))
    assert (vendor.event, vendor.values["items"]) == (Event.VENDOR, "LicensePlate=***; Lane=2")


PERSONS = (
    "FaceName=ZhangSan Name=ZhangSan UserID=110101199001011234 Similarity=93 CardHolder=ZhangSan"
    " EmployeeName=ZhangSan PersonId=4711 CardID=4711 CredentialIdentifier=4711 user=ZhangSan"
    " Label=ZhangSan PIN=4711 IsPeople=true Zone=2 State=ZhangSan ZhangSan/1=true"
)


def test_a_name_in_an_item_that_no_table_knows_never_leaves() -> None:
    """Neither in a vendor's Reading, nor in evidence, nor in dead letters; yes, no and small counts do."""
    payload = message("tns1:Recognition/Face", source="Rule=Gate_1", data=PERSONS)
    items = str(read(payload).values["items"]).split("; ")
    assert {"Rule=Gate_1", "Similarity=93", "IsPeople=true", "Zone=2", "FaceName=***"} <= set(items)
    kept = DEVICE.redact(payload).decode()
    assert "tns1:Recognition/Face" in kept
    assert 'Name="Similarity" Value="93"' in kept
    for text in (" ".join(items), kept):
        assert not any(secret in text for secret in ("ZhangSan", "4711", "1101011990"))


@pytest.mark.parametrize(
    "odd",
    [
        "<t:Data><t:ElementItem Name='Face'><Face Owner='SECRET'>SECRET</Face></t:ElementItem></t:Data>",
        "<t:Data><![CDATA[SECRET]]></t:Data>",
        "<!-- SECRET --><t:Data/>",
        '<t:SimpleItem Value="SECRET" Name="Whoever"/>',
        '<t:SimpleItem Name="State" Name="Rule" Value="SECRET"/>',
        "<t:SimpleItem Name=Face Value=SECRET />",
        '<t:SimpleItem Name="Face" Value="SECRET',
        "<t:Face>a/SECRET</t:Face>",
        '<t:SimpleItem Name="SECRET 1" Value="1"/>',
        'SECRET"/>',
    ],
)
def test_whatever_way_it_is_written_it_is_overwritten(odd: str) -> None:
    payload = odd.encode()
    kept = DEVICE.redact(payload)
    assert b"SECRET" not in kept
    assert len(kept) == len(payload)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "doctype"),
        (b'<?xml version="1.0" encoding="UTF-16"?>\xff\xfe<', "encoding"),
        (b"<x>" * 500 + b"</x>" * 500, "xml"),
        (b"<a/>", "message"),
        (b" " * (1 << 20) + b"<a/>", "oversize"),
        (b"", "xml"),
    ],
)
def test_hostile_xml_is_refused_with_its_reason(payload: bytes, reason: str) -> None:
    """No entity is expanded, no depth or size is endless."""
    with pytest.raises(FrameError) as error:
        read(payload)
    assert error.value.reason == reason


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=20))
def test_any_text_in_a_notification_is_read_or_refused(topic: str, name: str, value: str) -> None:
    """Only FrameError comes out, whatever stands in topic, names, values and times."""
    payload = (
        f'<N><NotificationMessage><Topic>{topic}</Topic><Message UtcTime="{value}">'
        f'<Data><SimpleItem Name="{name}" Value="{value}"/></Data></Message></NotificationMessage></N>'
    ).encode(errors="surrogatepass")
    with contextlib.suppress(FrameError):
        assert read(payload).values.keys() <= Onvif.quantities


def heard(properties: Properties, payload: bytes) -> tuple[Event, dict[str, Value]]:
    """Pass a message through the memory of properties."""
    reading = properties.take(DEVICE.notice(Received(payload, AT)), AT)
    return reading.event, reading.values


def test_a_repeated_state_is_no_news_and_a_missed_change_is() -> None:
    """The story of one fire contact over three subscriptions."""
    memory = Properties()
    assert heard(memory, contact("true", operation="Initialized"))[0] is Event.FIRE_ALARM
    assert heard(memory, contact("true", operation="Initialized")) == (Event.NONE, {"fire": True})
    assert heard(memory, contact("1", operation="Initialized")) == (Event.NONE, {"fire": True})
    assert heard(memory, contact("false", operation="Initialized"))[0] is Event.FIRE_CLEARED
    assert heard(memory, contact("false", operation="Initialized")) == (Event.NONE, {"fire": False})
    assert heard(memory, contact("true"))[0] is Event.FIRE_ALARM


def test_a_contact_at_rest_is_no_news_to_a_new_process() -> None:
    """Its first word is a state, not the end of a fire that nobody saw."""
    assert heard(Properties(), contact("0", operation="Initialized")) == (
        Event.NONE,
        {"fire": False},
    )


def test_a_state_holds_while_any_of_its_sources_does() -> None:
    """Two motion rules of one camera: the first that ends does not end the other."""
    memory, topic = Properties(), "tns1:RuleEngine/CellMotionDetector/Motion"
    said = [("a", "true"), ("b", "true"), ("a", "false"), ("b", "false")]
    seen = [
        heard(memory, message(topic, source=f"Rule={rule}", data=f"IsMotion={word}"))[1]["motion"]
        for rule, word in said
    ]
    assert seen == [True, True, True, False]


def test_an_object_that_is_deleted_is_gone() -> None:
    """A property that ends without a last false."""
    memory, topic = Properties(), "tns1:RuleEngine/FieldDetector/ObjectsInside"
    inside = message(topic, source="Rule=r ObjectId=5", data="IsInside=true")
    gone = message(topic, source="Rule=r ObjectId=5", data="IsInside=true", operation="Deleted")
    assert heard(memory, inside)[1]["intrusion"] is True
    assert heard(memory, gone)[1]["intrusion"] is False


def test_a_crossed_line_is_over_after_a_while() -> None:
    """The device says only that it happened; each crossing prolongs it."""
    memory = Properties()
    payload = message("tns1:RuleEngine/LineDetector/Crossed", data="ObjectId=1", operation="")
    for _ in range(2):
        assert heard(memory, payload)[1]["line_crossed"] is True
    assert list(memory.over(AT + MOMENT_MS - 1, AT + MOMENT_MS - 1)) == []
    [end] = memory.over(AT + MOMENT_MS, AT + MOMENT_MS)
    assert (end.values, end.received_at) == ({"line_crossed": False}, AT + MOMENT_MS)
    assert list(memory.over(AT + 10 * MOMENT_MS, AT + 10 * MOMENT_MS)) == []


def test_a_clock_that_is_set_back_or_forward_makes_no_moment_longer_or_shorter() -> None:
    memory, hour = Properties(), 3_600_000
    heard(memory, message("tns1:RuleEngine/LineDetector/Crossed", data="ObjectId=1", operation=""))
    assert list(memory.over(AT + hour, AT + MOMENT_MS - 1)) == []
    [end] = memory.over(AT - hour, AT + MOMENT_MS)
    assert end.received_at == AT - hour


def test_what_a_camera_saw_before_its_reboot_ends_though_nobody_says_so() -> None:
    """Objects lose their numbers in a reboot: what is not repeated is gone; a contact never is."""
    memory, topic = Properties(), "tns1:RuleEngine/FieldDetector/ObjectsInside"
    for number in (5, 6):
        heard(memory, message(topic, source=f"Rule=r ObjectId={number}", data="IsInside=true"))
    heard(memory, contact("true"))
    memory.begin(AT)
    again = message(topic, source="Rule=r ObjectId=6", data="IsInside=1", operation="Initialized")
    assert heard(memory, again)[1]["intrusion"] is True
    assert list(memory.over(AT + REPEATED_MS, AT + REPEATED_MS)) == []  # number 6 is still inside
    memory.begin(AT)
    assert list(memory.over(AT + REPEATED_MS - 1, AT + REPEATED_MS - 1)) == []
    [end] = memory.over(AT + REPEATED_MS, AT + REPEATED_MS)
    assert (end.values, end.kind, end.event) == ({"intrusion": False}, "camera", Event.NONE)
    assert list(memory.over(AT + 2 * REPEATED_MS, AT + 2 * REPEATED_MS)) == []
    assert heard(memory, contact("true", operation="Initialized")) == (Event.NONE, {"fire": True})


def test_the_memory_of_a_device_is_bounded() -> None:
    """A camera that numbers its objects for ever does not fill the gateway."""
    memory, topic = Properties(), "tns1:RuleEngine/FieldDetector/ObjectsInside"
    heard(memory, contact("true"))
    for number in range(REMEMBERED + 50):
        for word in ("true", "false"):
            source = f"Rule=r ObjectId={number}"
            heard(memory, message(topic, source=source, data=f"IsInside={word}"))
    assert len(memory._said) == REMEMBERED
    assert heard(memory, contact("true", operation="Initialized")) == (Event.NONE, {"fire": True})


def test_the_samples_of_the_repository_need_no_shared_folder() -> None:
    """Golden files and page are beside the adapter."""
    folder = Path(__file__).parents[2] / "adapters" / "onvif"
    assert len(list((folder / "golden").glob("*.json"))) >= 20
