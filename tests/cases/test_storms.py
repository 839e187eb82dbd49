"""Stories of storms: much is said, little is opened, and nothing is lost in it."""

import msgspec
import pytest

from cases.desk import Desk
from cases.taxonomy import CATEGORIES
from model.anomaly import Anomaly, Evidence, Severity
from model.case import Case, EventClass
from model.place import Building, Compound, Device, Registry

from .world import GRID, HOUR, MINUTE, SECOND, T0, HealthBook, Story, again, alarm, ended


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
    said = [item.action for change in story.changes for item in change.history]
    assert said.count("only_counted") == 1
    after = said[said.index("only_counted") + 1 :]
    assert not {"again", "ended"} & set(after), after
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


def test_what_nobody_registered_is_told_apart_by_its_device_or_gateway() -> None:
    """Three cases at "unregistered" would be one to who reads them aloud."""
    story = Story()
    for name in ("nb-1", "nb-2"):
        story.receive(alarm(name))
    story.receive(
        alarm("gateway:gw7", category="gateway_lost", severity=Severity.MAJOR, scope="gateway")
    )
    names = {case.place_name for case in story.desk.open_cases()}
    assert names == {
        "未登记 unregistered (幸福小区) · nb-1",
        "未登记 unregistered (幸福小区) · nb-2",
        "幸福小区 · 网关 gateway gw7",
    }


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


POWERED = Registry(
    compounds=[Compound("c1", "幸福小区", GRID)],
    buildings=[Building("b1", "1号楼", "c1", GRID)],
    devices=[
        Device("meter", "meter", building="b1", compound="c1"),
        Device("panel", "panel", building="b1", compound="c1", powered_by="meter"),
        *(
            Device(f"d{n}", "detector", building="b1", compound="c1", parent="panel")
            for n in range(9)
        ),
        Device("valve", "meter", building="b1", compound="c1"),
        Device("tap", "meter", building="b1", compound="c1", riser="valve"),
        Device("door1", "door", building="b1", compound="c1"),
    ],
)


def powered() -> Story:
    """Return a story in the building with a meter, a panel behind it, and detectors behind that."""
    story = Story()
    story.desk.replace_registry(POWERED)
    return story


def own_cases(story: Story) -> dict[str, set[str]]:
    """Return each open case's category with who is in it."""
    return {case.category: {m.subject for m in case.members} for case in story.desk.open_cases()}


def test_a_power_cut_is_one_case_with_all_that_hangs_on_it() -> None:
    """The panel and, through it, its detectors; a fire is not held."""
    story = powered()
    story.receive(alarm("meter", category="mains_fault", severity=Severity.MAJOR))
    story.receive(alarm("panel", SECOND, category="panel_fault", severity=Severity.MAJOR))
    for number in range(9):
        story.receive(alarm(f"d{number}", MINUTE, category="silent", severity=Severity.MINOR))
    (case,) = story.desk.open_cases()
    assert len(case.members) == 11
    assert {m.held_by for m in case.members} == {"", "meter"}
    story.receive(alarm("d1", 2 * MINUTE))
    assert own_cases(story)["fire"] == {"d1"}
    assert story.notices == ["opened", "opened"]


def _behind_the_panel(story: Story) -> None:
    story.receive(alarm("d1", MINUTE, category="device_fault", severity=Severity.MINOR))
    story.receive(alarm("d2", MINUTE, category="silent", severity=Severity.MINOR))


@pytest.mark.parametrize("loss", ["silent", "line_fault"])
def test_what_stands_behind_a_lost_panel_is_listed_in_its_case(loss: str) -> None:
    """Nobody hears them any more, whatever they say of themselves."""
    story = powered()
    story.receive(alarm("panel", category=loss, severity=Severity.MAJOR))
    _behind_the_panel(story)
    assert own_cases(story) == {loss: {"panel", "d1", "d2"}}


@pytest.mark.parametrize("trouble", ["panel_fault", "mains_fault", "device_fault"])
def test_a_panel_in_fault_or_on_its_battery_hides_nothing_behind_it(trouble: str) -> None:
    """Panels show a general fault for months; each dead detector behind one is work of its own."""
    story = powered()
    story.receive(alarm("panel", category=trouble, severity=Severity.MAJOR))
    _behind_the_panel(story)
    assert {m.held_by for case in story.desk.open_cases() for m in case.members} == {""}
    assert own_cases(story)["silent"] == {"d2"}


def test_a_loop_that_breaks_is_one_case_also_where_the_panel_says_fault() -> None:
    """Its devices fault within the minute; who falls silent, or faults a minute later, is not of it."""
    story = powered()
    fault = alarm("panel", category="panel_fault", severity=Severity.MAJOR)
    story.receive(fault)
    story.receive(alarm("d0", SECOND, category="silent", severity=Severity.MINOR))
    for number in range(1, 8):
        story.receive(
            alarm(f"d{number}", number * SECOND, category="device_fault", severity=Severity.MINOR)
        )
    story.receive(alarm("d8", MINUTE, category="device_fault", severity=Severity.MINOR))
    cases = own_cases(story)
    assert cases["panel_fault"] == {"panel", *(f"d{n}" for n in range(1, 8))}
    assert (cases["silent"], cases["device_fault"]) == ({"d0"}, {"d8"})
    story.receive(ended(fault, 2 * MINUTE))
    story.receive(alarm("panel", 3 * MINUTE, category="panel_fault", severity=Severity.MAJOR))
    story.tick(HOUR)
    assert own_cases(story)["panel_fault"] == cases["panel_fault"], "the panel faults again"
    story.receive(ended(alarm("panel", 3 * MINUTE, category="panel_fault"), HOUR))
    story.tick(2 * HOUR)
    assert own_cases(story)["device_fault"] == {f"d{n}" for n in range(1, 9)}


SWITCHED = Registry(
    compounds=[Compound("c1", "幸福小区", GRID)],
    buildings=[Building("b1", "1号楼", "c1", GRID)],
    devices=[
        Device("switch", "network_switch", building="b1", compound="c1"),
        Device("recorder", "video_server", building="b1", compound="c1"),
        *(
            Device(f"cam{n}", "camera", building="b1", compound="c1", powered_by="switch")
            for n in range(16)
        ),
        *(
            Device(f"old{n}", "camera", building="b1", compound="c1", parent="recorder")
            for n in range(4)
        ),
    ],
)


@pytest.mark.parametrize(
    ("lost", "category", "prefix", "count"),
    [
        ("switch", "silent", "cam", 16),
        ("switch", "device_fault", "cam", 16),
        ("recorder", "camera_offline", "old", 4),
    ],
)
def test_a_dead_switch_or_recorder_is_one_case_with_its_cameras(
    lost: str, category: str, prefix: str, count: int
) -> None:
    """Each camera says that it is offline; none of them needs a technician of its own."""
    story = Story()
    story.desk.replace_registry(SWITCHED)
    story.receive(alarm(lost, category=category, severity=Severity.MINOR))
    for number in range(count):
        story.receive(
            alarm(f"{prefix}{number}", MINUTE, category="camera_offline", severity=Severity.MINOR)
        )
    assert own_cases(story) == {category: {lost, *(f"{prefix}{n}" for n in range(count))}}
    assert len(story.notices) == 1


def test_a_lost_gateway_takes_in_its_cameras() -> None:
    story = Story()
    story.receive(LOST)
    offline = alarm("cam1", MINUTE, category="camera_offline", severity=Severity.MINOR)
    story.receive(by_gateway(offline))
    assert len(list(story.desk.open_cases())) == 1


def test_what_outlasts_the_power_cut_is_a_case_of_its_own() -> None:
    """Ten minutes after the power is back; who reported is fine."""
    story = powered()
    cut = alarm("meter", category="mains_fault", severity=Severity.MAJOR)
    story.receive(cut)
    kept = [alarm(f"d{n}", MINUTE, category="silent", severity=Severity.MINOR) for n in (1, 2)]
    for silent in kept:
        story.receive(silent)
    story.receive(ended(cut, 5 * MINUTE))
    story.receive(ended(kept[0], 6 * MINUTE, "heard_again"))
    story.tick(15 * MINUTE - 1)
    assert set(own_cases(story)) == {"mains_fault"}
    story.tick(15 * MINUTE)
    assert own_cases(story)["silent"] == {"d2"}


def test_power_that_goes_again_holds_them_on() -> None:
    """Back for three minutes, and gone: nobody is judged meanwhile."""
    story = powered()
    cut = alarm("meter", category="mains_fault", severity=Severity.MAJOR)
    story.receive(cut)
    story.receive(alarm("d1", MINUTE, category="silent", severity=Severity.MINOR))
    story.receive(ended(cut, 5 * MINUTE))
    story.receive(alarm("meter", 8 * MINUTE, category="mains_fault", severity=Severity.MAJOR))
    story.tick(HOUR)
    assert set(own_cases(story)) == {"mains_fault"}


def test_a_riser_without_pressure_explains_its_taps_and_nothing_else() -> None:
    """The pressure of what it feeds; not a battery, not a tamper."""
    story = powered()
    story.receive(alarm("valve", category="low_pressure", severity=Severity.MAJOR))
    story.receive(alarm("tap", SECOND, category="silent", severity=Severity.MINOR))
    assert own_cases(story) == {"low_pressure": {"valve", "tap"}}
    story.receive(alarm("tap", 2 * SECOND, category="battery_low", severity=Severity.MINOR))
    assert own_cases(story)["battery_low"] == {"tap"}


def test_doors_in_a_fire_are_its_sequence_and_their_own_work_afterwards() -> None:
    """Forced by who flees: listed in the fire's case, untold; still open long after: a case."""
    story = powered()
    fire = alarm("d1")
    (opened,) = story.receive(fire)
    story.receive(alarm("door1", MINUTE, category="door_forced", severity=Severity.MAJOR))
    (case,) = story.desk.open_cases()
    assert {(m.category, m.held_by) for m in case.members} == {
        ("fire", ""),
        ("door_forced", "fire"),
    }
    assert story.notices == ["opened"]
    story.receive(ended(fire, 5 * MINUTE))
    story.tick(15 * MINUTE)
    assert own_cases(story)["door_forced"] == {"door1"}
    assert story.now(opened.case).active == 0


def test_an_old_fire_that_never_ended_explains_no_forced_door() -> None:
    """A latched detector: an hour after its newest alarm a forced door is told, whatever burns."""
    story = powered()
    story.receive(alarm("d1"))
    early, late = (
        alarm("door1", at, category="door_forced", severity=Severity.MAJOR)
        for at in (HOUR - SECOND, HOUR)
    )
    (held,) = story.receive(early)
    assert (held.case.category, held.notice) == ("fire", "")
    story.receive(ended(early, HOUR - SECOND))
    (own,) = story.receive(late)
    assert (own.kind, own.case.category, own.notice) == ("create", "door_forced", "opened")


def test_a_new_alarm_makes_an_old_fire_young_again() -> None:
    """The second detector of a growing fire opens doors as the first did."""
    story = powered()
    story.receive(alarm("d1"))
    story.receive(alarm("d2", 2 * HOUR))
    door = alarm("door1", 2 * HOUR + MINUTE, category="door_forced", severity=Severity.MAJOR)
    (held,) = story.receive(door)
    assert (held.case.category, held.notice) == ("fire", "")


def test_a_fire_found_false_lets_its_doors_go_at_once() -> None:
    """A forced door without a fire is a forced door."""
    story = powered()
    (opened,) = story.receive(alarm("d1"))
    story.receive(alarm("door1", MINUTE, category="door_forced", severity=Severity.MAJOR))
    story.act(
        opened.case, "confirm", 2 * MINUTE, outcome="false", cause="cooking", checked_by="wang",
        checked_how="on site",
    )  # fmt: skip
    story.tick(2 * MINUTE + SECOND)
    assert own_cases(story)["door_forced"] == {"door1"}


def test_a_door_that_had_a_case_before_the_fire_goes_on_there() -> None:
    """Its next alarm, and its end, are heard in the case that waits for them."""
    story = powered()
    story.receive(alarm("door1", category="door_forced", severity=Severity.MAJOR))
    story.receive(alarm("d1", MINUTE))
    again_ = alarm("door1", 2 * MINUTE, category="door_forced", severity=Severity.MAJOR)
    story.receive(again_)
    story.receive(ended(again_, 3 * MINUTE))
    (door,) = [case for case in story.desk.open_cases() if case.category == "door_forced"]
    assert (door.active, door.members[0].count) == (0, 2)
    assert own_cases(story)["fire"] == {"d1"}


def test_duress_in_a_fire_is_its_own_case() -> None:
    """Held by nothing."""
    story = powered()
    story.receive(alarm("d1"))
    story.receive(alarm("door1", MINUTE, category="duress"))
    assert own_cases(story)["duress"] == {"door1"}


def many(count: int, *, category: str = "device_fault") -> tuple[Desk, Registry]:
    """Return a desk in a grid of so many buildings with a device each, all of which say something."""
    registry = Registry(
        compounds=[Compound("c", "c", GRID)],
        buildings=[Building(f"b{n}", f"b{n}", "c", GRID) for n in range(count)],
        devices=[Device(f"d{n}", "detector", building=f"b{n}", compound="c") for n in range(count)],
    )
    desk = Desk(registry, HealthBook())
    for number in range(count):
        severity = Severity.CRITICAL if category == "fire" else Severity.MINOR
        desk.receive(alarm(f"d{number}", number, category=category, severity=severity), T0 + number)
    return desk, registry


def test_a_grid_gets_thirty_cases_a_minute_and_one_for_the_rest() -> None:
    """Every alarm is in a case; a minute later a new one is opened as ever."""
    desk, _ = many(200)
    cases = list(desk.open_cases())
    (storm,) = [case for case in cases if case.category == "storm"]
    assert (len(cases), len(storm.members), storm.notices) == (31, 170, 1)
    assert {m.subject for case in cases for m in case.members} == {f"d{n}" for n in range(200)}
    (later,) = desk.receive(alarm("d150", 2 * MINUTE, category="battery_low"), T0 + 2 * MINUTE)
    assert (later.kind, later.case.category) == ("create", "battery_low")


def test_life_safety_has_a_lane_of_its_own() -> None:
    """Fires never count against the budget and are never gathered."""
    desk, _ = many(200)
    (fire,) = desk.receive(alarm("d199", SECOND), T0 + SECOND)
    assert (fire.kind, fire.case.category, fire.notice) == ("create", "fire", "opened")
    fires, _ = many(200, category="fire")
    assert {case.category for case in fires.open_cases()} == {"fire"}
    *_, fault = fires.receive(alarm("d1", SECOND, category="device_fault"), T0 + SECOND)
    assert fault.case.category == "device_fault"


def test_what_announces_or_worsens_a_fire_is_never_gathered() -> None:
    """Doors that stay shut in a fire, its pre-alarm, and whatever a rule calls critical."""
    for category, severity in (
        ("doors_not_released", Severity.CRITICAL),
        ("fire_pre_alarm", Severity.MAJOR),
        ("high_temperature", Severity.CRITICAL),
    ):
        desk, _ = many(200)
        (change,) = desk.receive(alarm("d199", SECOND, category=category, severity=severity), T0)
        told = (change.kind, change.case.category, change.notice)
        assert told == ("create", category, "opened")


def test_a_restart_in_a_storm_keeps_the_count() -> None:
    """The budget is built anew from the cases."""
    whole, registry = many(200)
    for cut in (20, 30, 31, 100):
        first = Desk(registry, HealthBook())
        for number in range(cut):
            first.receive(
                alarm(f"d{number}", number, category="device_fault", severity=Severity.MINOR),
                T0 + number,
            )
        second = Desk(registry, HealthBook())
        second.restore(list(first.open_cases()))
        for number in range(cut, 200):
            second.receive(
                alarm(f"d{number}", number, category="device_fault", severity=Severity.MINOR),
                T0 + number,
            )
        assert {c.key for c in second.open_cases()} == {c.key for c in whole.open_cases()}
