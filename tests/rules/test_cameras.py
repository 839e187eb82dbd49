"""What cameras say, through the rules and the case desk: looked at by people, loud only beside a detector."""

import pytest

from cases.closing import unnormal
from cases.desk import Desk
from model.anomaly import Anomaly
from model.case import Case, Change, EventClass, Health, Verification
from model.place import Building, Compound, Device, Registry
from model.reading import Event, Value
from rules.rulefile import load_rules

from .town import GRID, MINUTE, SECOND, Town, ended, started

PLACES = Registry(
    compounds=[Compound("c-1", "Compound", GRID)],
    buildings=[Building("b-1", "b-1", "c-1", GRID)],
    devices=[
        Device("nb-1", "smoke_detector", "b-1", "c-1", role="detector"),
        Device("cam-1", "camera", "b-1", "c-1"),
        Device("cam-2", "camera", "b-1", "c-1"),
        Device("cam-1/lane", "camera_zone", "b-1", "c-1", role="fire_lane"),
    ],
)


class _Well:
    def health(self, device: str) -> Health:
        """Say that every device is well."""
        del device
        return Health(heard=True)


class Watch:
    """A town with cameras, and a desk that hears what its rules conclude."""

    def __init__(self, places: Registry = PLACES) -> None:
        self.town = Town(places=places)
        self.desk = Desk(places, _Well())
        self.changes: list[Change] = []

    def sees(self, device: str = "cam-1", **values: Value) -> list[Anomaly]:
        """Let a camera say something."""
        kind = "camera_zone" if "/" in device else "camera"
        return self.heard(self.town.says(device, kind=kind, values=values))

    def heard(self, found: list[Anomaly]) -> list[Anomaly]:
        """Let the desk receive what the rules found."""
        for anomaly in found:
            self.changes += self.desk.receive(anomaly, self.town.now)
        return found

    def wait(self, span: int) -> list[Anomaly]:
        """Let time pass."""
        return self.heard(self.town.pass_time(span))

    def cases(self) -> list[Case]:
        """Return every case as it is now."""
        ids = dict.fromkeys(change.case.id for change in self.changes)
        return [case for one in ids if (case := self.desk.get(one))]


def test_a_flame_seen_asks_a_person_to_look_and_sounds_nothing() -> None:
    """It is the word of a pre-alarm: no emergency, for the fire-control room, never 'a fire'."""
    watch = Watch()
    watch.sees(flame=True, episode="e1", confidence=0.7)
    [case] = watch.cases()
    assert (case.category, case.cls, case.owner) == (
        "fire_hint", EventClass.IMPAIRMENT, "fire_control_room",
    )  # fmt: skip
    assert case.verification is Verification.NONE


def test_a_flame_beside_a_detectors_fire_corroborates_it() -> None:
    """The emergency that the detector opened is corroborated by the camera of the same building."""
    watch = Watch()
    watch.heard(watch.town.fire())
    watch.wait(40 * SECOND)
    watch.sees(flame=True, episode="e1", confidence=0.7)
    watch.wait(5 * SECOND)
    [fire] = [case for case in watch.cases() if case.category == "fire"]
    assert fire.verification is Verification.MACHINE_CORROBORATED


FLOORS = [
    ("27F", "27F", 0.7, True),
    ("27F", "1F", 0.7, False),
    ("", "1F", 0.7, True),
    ("27F", "", 0.7, True),
    ("27F", "27F", 0.5, False),
]


@pytest.mark.parametrize(("detector", "camera", "confidence", "corroborated"), FLOORS)
def test_a_flame_corroborates_what_is_said_on_its_floor(
    detector: str, camera: str, confidence: float, *, corroborated: bool
) -> None:
    """Dinner on the 27th floor and welding at the gate are two things; the case says what is assumed."""
    devices = [
        Device("nb-1", "smoke_detector", "b-1", "c-1", floor=detector, role="detector"),
        Device("cam-1", "camera", "b-1", "c-1", floor=camera),
    ]
    places = Registry(
        compounds=PLACES.compounds.values(), buildings=PLACES.buildings.values(), devices=devices
    )
    watch = Watch(places)
    watch.heard(watch.town.fire())
    watch.wait(MINUTE)
    found = watch.sees(flame=True, episode="e1", confidence=confidence)
    found += watch.wait(5 * SECOND)
    [fire] = [case for case in watch.cases() if case.category == "fire"]
    assert (fire.verification is Verification.MACHINE_CORROBORATED) is corroborated
    assumed = [a.explanation for a in found if a.rule == "fire-and-flame"]
    assert ["our assumption" in text for text in assumed] == [True] * corroborated


def test_two_cameras_that_see_flame_are_no_fire() -> None:
    """A reflection is seen by both."""
    watch = Watch()
    watch.sees(flame=True)
    watch.sees("cam-2", flame=True)
    watch.wait(MINUTE)
    assert {case.category for case in watch.cases()} == {"fire_hint"}


def test_smoke_seen_opens_nothing_and_raises_what_a_sensor_says() -> None:
    """Alone it is steam or fog as often; beside a detector's pre-alarm it is the more severe one."""
    watch = Watch()
    assert watch.sees(smoke=True) == []
    watch.wait(MINUTE)
    assert watch.cases() == []
    watch.sees(smoke=True)
    watch.heard(
        watch.town.says("nb-1", event=Event.PRE_ALARM, values={"pre_alarm": True, "fire": False})
    )
    watch.wait(5 * SECOND)
    [case] = watch.cases()
    assert (case.category, case.severity.value) == ("fire_pre_alarm", "critical")


def test_an_episode_is_one_case_however_often_it_is_told() -> None:
    """Updates and heartbeats of an hour change nothing but what is known last."""
    watch = Watch()
    for _ in range(120):
        watch.sees(intrusion=True, episode="e1")
        watch.wait(30 * SECOND)
    watch.sees(intrusion=False, episode="e1")
    [case] = watch.cases()
    assert case.category == "intrusion"
    assert len([change for change in watch.changes if change.notice]) == 1


def test_what_is_taken_back_of_one_sign_leaves_the_others() -> None:
    """A camera that was covered and moved stays covered when only the movement is over."""
    watch = Watch()
    found = watch.sees(covered=True) + watch.sees(moved=True)
    assert {a.rule for a in started(found)} == {"camera-covered", "camera-moved"}
    assert [a.rule for a in ended(watch.sees(moved=False))] == ["camera-moved"]
    [case] = watch.cases()
    assert (case.category, case.cls, case.owner) == (
        "camera_tampered", EventClass.MAINTENANCE, "property",
    )  # fmt: skip
    assert case.active == 1


def test_a_thing_in_a_fire_lane_is_an_impairment_and_no_lost_suitcase() -> None:
    """The zone's role in the registry says what it lies on."""
    watch = Watch()
    watch.sees("cam-1/lane", object_left=True)
    assert [case.category for case in watch.cases()] == ["fire_lane_blocked"]


@pytest.mark.parametrize(("away_s", "cases"), [(30, 0), (90, 1)])
def test_a_camera_is_offline_after_a_minute(away_s: int, cases: int) -> None:
    """A stream that is fetched anew sooner is no fault."""
    watch = Watch()
    watch.sees(online=False, offline_reason="ended")
    watch.wait(away_s * SECOND)
    watch.sees(online=True)
    watch.wait(2 * MINUTE)
    assert [case.category for case in watch.cases()] == ["camera_offline"] * cases


TRUTHS = """\
schema: 1
rules:
  - {id: off, kind: threshold, title: {zh: 关, en: Off}, category: camera_offline, severity: minor,
     quantity: level, below: 0.5%s}
"""


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [(", truth: true", False, 1), (", truth: true", 0.0, 0), ("", False, 0), ("", 0.0, 1)],
)
def test_a_truth_is_a_number_only_where_the_rule_says_so(
    key: str, value: Value, found: int
) -> None:
    """A broken device that says `false` for a level is not at level 0."""
    town = Town(load_rules({"a.yaml": TRUTHS % key}), PLACES)
    assert len(started(town.says("cam-1", kind="camera", values={"level": value}))) == found


@pytest.mark.parametrize(
    ("word", "device", "category"),
    [
        ("covered", "cam-1", "camera_tampered"),
        ("flame", "cam-1", "fire_hint"),
        ("flame", "cam-1/gate", "fire_hint"),
        ("intrusion", "cam-1/gate", "intrusion"),
    ],
)
@pytest.mark.parametrize("taken_back", [True, False])
def test_a_camera_that_is_offline_proves_nothing(
    word: str, device: str, category: str, *, taken_back: bool
) -> None:
    """The lens is covered, the cable cut: 40 minutes without a word are not 40 minutes of calm."""
    watch = Watch()
    watch.sees(online=True)
    seen: dict[str, Value] = {word: True}
    calm: dict[str, Value] = {word: False}
    watch.sees(device, **seen)
    watch.wait(30 * SECOND)
    if taken_back:
        watch.sees(device, **calm)
    for _ in range(80):
        watch.sees(online=False)
        watch.wait(30 * SECOND)

    def lacks() -> list[str]:
        [case] = [case for case in watch.cases() if case.category == category]
        return unnormal(case, watch.town.now, watch.town.engine, lasting_ms=10 * MINUTE)

    assert lacks()[-1] == "sensor_healthy"
    assert ("sensor_normal" in lacks()) is not taken_back
    watch.sees(online=True)
    if not taken_back:
        assert lacks() == ["sensor_normal"]
        watch.sees(device, **calm)
        assert lacks() == ["normal_for_10_minutes"]
        watch.wait(10 * MINUTE)
    assert lacks() == []
