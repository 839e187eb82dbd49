"""Frigate: what its objects, reviews and availability become, and what must never leave."""

import json

import pytest
from pydantic import ValidationError

from adapters.contract import Received
from adapters.frigate.adapter import Frigate
from adapters.frigate.settings import FrigateSettings
from model.errors import FrameError
from model.reading import Reading

AT = 1_764_000_000_000
PARKED = {"label": "car", "current_zones": ["lane"], "stationary": True}


def site(**more: object) -> Frigate:
    """Build an adapter of one gate camera."""
    written = {
        "cameras": ["gate"],
        "objects": [
            {"camera": "gate", "zone": "yard", "label": "person", "state": "intrusion"},
            {
                "camera": "gate", "zone": "lane", "label": "car", "state": "lane_occupied",
                "stationary": True,
            },
        ],
    }  # fmt: skip
    return Frigate(FrigateSettings.model_validate(written | more), b"")


def event(kind: str = "update", /, **after: object) -> bytes:
    """Return a message about a tracked object."""
    thing = {"id": "17.5-abc", "camera": "gate", "label": "person", "current_zones": ["yard"]}
    return json.dumps({"type": kind, "before": {}, "after": thing | after}).encode()


def review(kind: str, severity: str, *zones: str) -> bytes:
    """Return a message about a review item."""
    item = {"id": "17.6-xyz", "camera": "gate", "severity": severity, "data": {"zones": zones}}
    return json.dumps({"type": kind, "before": {}, "after": item}).encode()


def heard(topic: str, payload: bytes, adapter: Frigate | None = None) -> tuple[Reading, ...]:
    """Decode one message."""
    return (adapter or site()).decode(Received(payload, AT, f"frigate/{topic}"))


def said(readings: tuple[Reading, ...], state: str) -> dict[str, object]:
    """Return who says a state."""
    return {r.device: r.values[state] for r in readings if state in r.values}


def test_one_of_two_persons_who_leaves_does_not_end_the_intrusion() -> None:
    """The object's end says nothing; the zone's count does when it reaches 0."""
    assert said(heard("events", event("new")), "intrusion") == {"fr-gate/yard": True}
    assert heard("events", event("end", current_zones=[])) == ()
    assert heard("yard/person", b"1") == ()
    assert said(heard("yard/person", b"0"), "intrusion") == {"fr-gate/yard": False}


def test_a_parked_car_says_the_same_however_often_frigate_does() -> None:
    """No update of a parked car is news to a rule: the same state, the same episode."""
    first, second = (heard("events", event(**PARKED, motionless_count=n)) for n in (60, 600))
    assert first == second
    assert said(first, "lane_occupied") == {"fr-gate/lane": True}
    assert heard("events", event(**(PARKED | {"stationary": False}))) == ()


def test_a_name_or_a_plate_reaches_no_reading_and_no_dead_letter() -> None:
    """Whoever Frigate recognises stays unnamed here, also in what could not be read."""
    named = event(sub_label=["Bob Canary", 0.9], recognized_license_plate="蒙C12345")
    [reading] = heard("events", named)
    assert "Canary" not in str(reading)
    broken = event(camera=3, sub_label=["Bob Canary", 0.9]) + b"{"
    escaped = b'{"type":"new","after":{"\\u0073ub_label":"Canary"}}'
    for payload in (
        named,
        broken,
        named[:-30],
        escaped,
        review("new", "alert")[:-1] + b'"title":"Canary"',
    ):
        kept = site().redact(payload)
        assert b"Canary" not in kept
        assert b"12345" not in kept
        assert len(kept) == len(payload)


def test_a_review_that_grew_into_an_alert_ends_as_a_whole() -> None:
    """Its end takes back both words, in its zones and in the camera."""
    both = site(reviews={"alert": "loitering", "detection": "presence"})
    assert said(heard("reviews", review("new", "detection"), both), "presence") == {"fr-gate": True}
    alert = heard("reviews", review("update", "alert", "yard"), both)
    assert said(alert, "loitering") == {"fr-gate/yard": True}
    end = heard("reviews", review("end", "alert", "yard"), both)
    for state in ("loitering", "presence"):
        assert said(end, state) == {"fr-gate/yard": False, "fr-gate": False}
    assert {r.values["episode"] for r in end} == {"17.6-xyz"}


def test_a_frigate_that_stops_blinds_all_its_cameras() -> None:
    """A last will says of every camera in the file that nobody watches it."""
    gone = heard("available", b"offline", site(cameras=["gate", "lift"]))
    assert said(gone, "online") == {"fr": False, "fr-gate": False, "fr-lift": False}


def test_a_camera_that_somebody_switched_off_is_not_broken() -> None:
    """`disabled` is a word of its own."""
    [reading] = heard("gate/status/detect", b"disabled")
    assert reading.values == {"disabled": True}


def test_two_frigates_keep_equal_cameras_apart() -> None:
    """`instance` is part of the device's id and of what fronts a zone."""
    [reading] = heard("events", event(), site(instance="b2"))
    assert (reading.device, reading.source) == ("fr-b2-gate/yard", "fr-b2-gate")


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("events", b'{"type":"new"}'),
        ("events", event("gone")),
        ("events", event().replace(b'"update"', b'{"a":1}')),
        ("reviews", review("new", "alert").replace(b'"new"', b"[]")),
        ("reviews", review("new", "alert").replace(b'"alert"', b"[]")),
        ("events", event(label="a/b")),
        ("reviews", review("new", "panic")),
        ("yard/person", b"many"),
        ("available", b"maybe"),
        ("gate/motion", b"on"),
    ],
)
def test_what_frigate_never_says_is_refused(topic: str, payload: bytes) -> None:
    """It is counted and kept, never guessed at."""
    with pytest.raises(FrameError):
        heard(topic, payload)


def test_a_time_of_hundreds_of_digits_is_a_clock_that_cannot_be_right() -> None:
    """What it says stands without it."""
    [reading] = heard("events", event(frame_time=10**400))
    assert reading.values["intrusion"] is True


@pytest.mark.parametrize(
    ("more", "mistake"),
    [
        ({"cameras": ["lift"]}, "not under `cameras:`"),
        ({"reviews": {"alert": "online"}}, "a word of the camera itself"),
        ({"reviews": {"alert": "intrusion"}}, "by objects and by reviews"),
    ],
)
def test_a_mistake_in_the_file_is_named(more: dict[str, object], mistake: str) -> None:
    """A word that two sources would fight over stops the start."""
    with pytest.raises(ValidationError, match=mistake):
        site(**more)
