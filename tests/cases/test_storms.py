"""Stories of storms: much is said, little is opened, and nothing is lost in it."""

import msgspec

from cases.desk import Desk
from cases.taxonomy import CATEGORIES
from model.anomaly import Anomaly, Evidence, Severity
from model.case import Case, EventClass
from model.place import Building, Compound, Device, Registry

from .world import HOUR, MINUTE, SECOND, T0, HealthBook, Story, again, alarm, ended


def by_gateway(found: Anomaly, gateway: str = "gw1") -> Anomaly:
    """Return an anomaly whose evidence came by a gateway."""
    evidence = (Evidence(f"{gateway}/e/telemetry/1", found.subject, found.started_at),)
    return msgspec.structs.replace(found, evidence=evidence, source="")


LOST = alarm("gateway:gw1", category="gateway_lost", severity=Severity.MAJOR, scope="gateway")


def test_a_detector_flapping_for_ten_minutes_is_one_case_and_two_notices() -> None:
    """1 Hz for 10 min: one case, at most two notices, marked chattering, a short history."""
    story = Story()
    for second in range(0, 600, 2):
        on = alarm("uitd1/a", second * SECOND)
        story.receive(on)
        story.receive(ended(on, (second + 1) * SECOND))
    (case,) = story.desk.open_cases()
    assert len(story.notices) <= 2
    assert case.notices == len(story.notices)
    assert "chattering" in case.flags
    (member,) = case.members
    assert member.count == 300
    assert case.history_length < 12
    assert len(case.evidence) <= 32


def test_resets_in_quick_succession_cannot_make_a_storm_either() -> None:
    """A fire that is reset every second: told at first, then no more than every ten minutes."""
    story = Story()
    for second in range(0, 600, 2):
        on = alarm("uitd1/a", second * SECOND)
        story.receive(on)
        story.receive(ended(on, (second + 1) * SECOND, "reset"))
    assert story.notices == ["opened", "new_alarm"]


def test_resets_by_hand_are_each_told() -> None:
    """A guard resets once a minute and it burns again: each is a new alarm."""
    story = Story()
    for minute in range(4):
        on = alarm("uitd1/a", minute * MINUTE)
        story.receive(on)
        story.receive(ended(on, minute * MINUTE + 20 * SECOND, "reset"))
    assert story.notices == ["opened", "new_alarm", "new_alarm", "new_alarm"]


def test_ten_thousand_alarms_of_41_buildings_are_41_cases() -> None:
    """Every alarm is a member of its case; with the gateway's loss that makes 42."""
    registry = Registry(
        compounds=[Compound("c", "c", "g")],
        buildings=[Building(f"b{n}", f"b{n}", "c", "g") for n in range(41)],
        devices=[Device(f"d{n}", "detector", building=f"b{n % 41}") for n in range(10_000)],
    )
    desk = Desk(registry, HealthBook())
    created = 0
    for number in range(10_000):
        found = alarm(f"d{number}", number)
        created += sum(change.kind == "create" for change in desk.receive(found, T0 + number))
    desk.receive(LOST, T0 + 10_000)
    for number in range(1_000):
        silent = by_gateway(alarm(f"d{number}", 20_000 + number, category="silent"))
        created += sum(c.kind == "create" for c in desk.receive(silent, T0 + 20_000 + number))
    cases = list(desk.open_cases())
    assert (created, len(cases)) == (41, 42)
    subjects = {m.subject for case in cases for m in case.members if case.category == "fire"}
    assert len(subjects) == 10_000


def test_a_lost_gateway_takes_in_the_silence_of_its_devices() -> None:
    """Its devices' silence is listed in its case and opens none."""
    story = Story()
    (lost,) = story.receive(LOST)
    story.receive(by_gateway(alarm("nb1", MINUTE, category="silent", severity=Severity.MINOR)))
    (case,) = story.desk.open_cases()
    assert case.id == lost.case.id
    assert {member.subject for member in case.members} == {"gateway:gw1", "nb1"}


def test_a_lost_gateway_never_takes_in_a_fire() -> None:
    """A fire behind a lost gateway is a case of its own, and told."""
    story = Story()
    story.receive(LOST)
    (change,) = story.receive(by_gateway(alarm("nb1", MINUTE)))
    assert (change.case.category, change.notice) == ("fire", "opened")


def test_the_silence_of_another_gateways_device_is_not_taken_in() -> None:
    """Another gateway is up: the device itself is silent."""
    story = Story()
    story.receive(LOST)
    (change,) = story.receive(by_gateway(alarm("nb1", MINUTE, category="silent"), "gw2"))
    assert (change.kind, change.case.category) == ("create", "silent")


def test_a_device_still_silent_after_its_gateway_returned_is_its_own_case() -> None:
    """Ten minutes after the return: who reported is fine, who did not is a job."""
    story = Story()
    (lost,) = story.receive(LOST)
    for device in ("nb1", "uitd1/a"):
        story.receive(by_gateway(alarm(device, MINUTE, category="silent")))
    story.receive(ended(LOST, 5 * MINUTE))
    heard = by_gateway(alarm("uitd1/a", MINUTE, category="silent"))
    story.receive(ended(heard, 6 * MINUTE, "heard_again"))
    assert story.tick(15 * MINUTE - 1) == []
    story.tick(15 * MINUTE)
    own = [case for case in story.desk.open_cases() if case.category == "silent"]
    assert [case.subject for case in own] == ["nb1"]
    assert own[0].members[0].scope == "component"
    assert story.now(lost.case).active == 0


def test_two_lost_gateways_are_two_cases() -> None:
    """Neither place nor cause tells them apart, so the gateway does."""
    story = Story()
    story.receive(LOST)
    story.receive(alarm("gateway:gw2", category="gateway_lost", scope="gateway"))
    assert len({case.key for case in story.desk.open_cases()}) == 2


def test_unregistered_detectors_are_never_dropped_and_never_mixed() -> None:
    """Two strangers are two cases; two behind one source are one."""
    story = Story()
    for stranger in ("x1", "x2"):
        story.receive(alarm(stranger))
    for stranger in ("y1", "y2"):
        story.receive(alarm(stranger, source="strange"))
    cases = list(story.desk.open_cases())
    assert [case.place for case in cases] == ["unregistered"] * 3
    assert len({case.key for case in cases}) == 3
    assert [len(case.members) for case in cases] == [1, 1, 2]


def test_an_unregistered_part_of_a_known_panel_is_near_its_panel() -> None:
    """Place unregistered, but compound and grid are known, so somebody can be called."""
    story = Story()
    (change,) = story.receive(alarm("uitd1/new"))
    case = change.case
    assert (case.place, case.compound, case.grid) == ("unregistered", "c1", "150302001001001")
    assert [contact.phone for contact in story.desk.whom_to_call(case, 22)] == ["1", "2", "3"]
    assert [contact.phone for contact in story.desk.whom_to_call(case, 12)] == ["1", "3"]


def test_a_device_that_was_registered_meanwhile_moves_its_case() -> None:
    """The case keeps its id and learns its place with the next word of the device."""
    story = Story()
    first = alarm("x1")
    (opened,) = story.receive(first)
    building = Building("b9", "9号楼", "c1", "g9")
    story.desk.replace_registry(
        Registry(buildings=[building], devices=[Device("x1", "detector", building="b9")])
    )
    (change,) = story.receive(again(first, MINUTE))
    assert (change.case.id, change.case.place) == (opened.case.id, "b9")
    assert change.case.birthplace == "unregistered"


def test_a_word_that_nobody_listed_is_judged_by_its_severity() -> None:
    """Unknown categories are never dropped: critical sounds, major is urgent, the rest is work."""
    found: list[Case] = []
    for severity in (Severity.CRITICAL, Severity.MAJOR, Severity.WARNING):
        (change,) = Story().receive(alarm("nb1", category="plasma", severity=severity))
        found.append(change.case)
    assert [case.cls for case in found] == [
        EventClass.EMERGENCY,
        EventClass.IMPAIRMENT,
        EventClass.MAINTENANCE,
    ]


def test_duress_is_quiet_at_the_compound_in_every_change() -> None:
    """No channel that reaches the compound may make a sound, ever."""
    story = Story()
    first = alarm("door1", category="duress")
    (opened,) = story.receive(first)
    story.act(opened.case, "acknowledge", SECOND)
    story.tick(HOUR)
    story.receive(ended(first, 2 * HOUR))
    assert len(story.changes) > 4
    assert all(change.quiet_at_compound for change in story.changes)
    (door,) = story.receive(alarm("door1", 3 * HOUR, category="door_forced"))
    assert not door.quiet_at_compound


def test_duress_at_two_doors_is_two_cases() -> None:
    """Two people are threatened."""
    story = Story()
    story.receive(alarm("door1", category="duress"))
    story.receive(alarm("door2", SECOND, category="duress"))
    assert story.notices == ["opened", "opened"]


def test_a_second_forced_door_is_told() -> None:
    """One case, but the second door is news; the third within ten minutes is only listed."""
    story = Story()
    for number, door in enumerate(("door1", "door2", "uitd1/a")):
        story.receive(alarm(door, number * SECOND, category="door_forced"))
    assert story.notices == ["opened", "new_alarm"]
    (case,) = story.desk.open_cases()
    assert len(case.members) == 3


def test_work_that_is_no_emergency_is_one_job_while_it_is_open() -> None:
    """A battery that is low again a day later is the same job."""
    story = Story()
    first = alarm("nb1", category="battery_low", severity=Severity.MINOR)
    story.receive(first)
    story.receive(ended(first, MINUTE))
    story.receive(alarm("nb1", 23 * HOUR, category="battery_low", severity=Severity.MINOR))
    assert story.notices == ["opened"]


def test_severity_rises_with_members_and_never_falls() -> None:
    """A worse member raises the case; its end changes nothing."""
    story = Story()
    story.receive(alarm("uitd1/a", severity=Severity.MINOR))
    worse = alarm("uitd1/b", SECOND, severity=Severity.CRITICAL)
    (raised,) = story.receive(worse)
    assert (raised.case.severity, raised.notice) == (Severity.CRITICAL, "severity_raised")
    (after,) = story.receive(ended(worse, MINUTE))
    assert after.case.severity is Severity.CRITICAL


def test_every_category_opens_a_case_that_knows_how_it_closes() -> None:
    """No line of the table is dead: each opens, with class, owner and closing profile."""
    for word, kind in CATEGORIES.items():
        (change,) = Story().receive(alarm("nb1", category=word))
        case = change.case
        assert (case.category, case.cls, case.owner) == (word, kind.cls, kind.owner)
        assert case.closing == kind.closing
