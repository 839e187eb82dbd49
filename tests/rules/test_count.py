"""How many are in a place: too many, any at all out of hours, nobody for too long."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.anomaly import Anomaly
from model.errors import ConfigError
from model.place import Building, Compound, Device, Household, Registry
from model.reading import Event, Mode, Value
from model.walk_test import Scope, WalkTestOrder
from model.yamlfile import ConfigErrors
from rules.rulefile import RuleSet, load_rules

from .replay import arriving, disorder, facts, reading, run, run_with_restarts
from .test_disorder import EXAMPLES
from .town import GRID, HOUR, MINUTE, SECOND, T0, Town

CAMERAS = ("cam-1", "cam-2", "cam-3")
LEVEL = "level: {quantity: people_count}"
MOTION = "level: {states: [motion]}"
PASSAGES = (
    "passages: {enter: {events: [access_granted], values: {direction: [in]}}, "
    "leave: {events: [access_granted], values: {direction: [out]}}, reset_at: '04:00'}"
)
UNSEEN = "unseen: {seen: {states: [motion], events: [access_granted]}, after: 24h}"


def rule(what: str, **more: str) -> RuleSet:
    """Return one rule about a building."""
    lines = "".join(f"    {key.rstrip('_')}: {value}\n" for key, value in more.items())
    return load_rules(
        {
            "a.yaml": f"""\
schema: 1
rules:
  - id: many
    kind: count
    title: {{zh: 人数, en: People}}
    category: crowd
    severity: major
    {what}
{lines}"""
        }
    )


def places(*, consent: bool = True) -> Registry:
    """One building with three cameras and a door, and a household with a sensor."""
    devices = [Device(name, "camera", "b-1", "c-1") for name in (*CAMERAS, "door")]
    devices.append(Device("pir", "motion", "b-1", "c-1", room="301", household="h-301"))
    return Registry(
        compounds=[Compound("c-1", "Compound", GRID)],
        buildings=[Building("b-1", "Hall", "c-1", GRID)],
        households=[Household("h-301", "b-1", "301", consent, "Li", "2025-12-01")],
        devices=devices,
    )


class Hall:
    """A building with its clock; T0 is 08:00 in Shanghai."""

    def __init__(self, rules: RuleSet, registry: Registry | None = None) -> None:
        self.town = Town(rules, registry or places())

    def sees(self, device: str, count: Value, **more: int) -> list[Anomaly]:
        """Let a camera count; a second later it is taken."""
        found = self.town.says(device, values={"people_count": count}, kind="camera", **more)  # type: ignore[arg-type]
        return found + self.wait(7 * SECOND)

    def passes(self, direction: str, **more: int) -> list[Anomaly]:
        """Let somebody through the door."""
        found = self.town.says(
            "door",
            event=Event.ACCESS_GRANTED,
            values={"direction": direction},
            kind="door",
            **more,  # type: ignore[arg-type]
        )
        return found + self.wait(7 * SECOND)

    def moves(self, *, motion: bool = True, mode: Mode = Mode.REAL) -> list[Anomaly]:
        """Let the sensor of the household say whether anybody moves."""
        return self.town.says("pir", values={"motion": motion}, kind="motion", mode=mode)

    def wait(self, span: int, *, step: int = SECOND, beats: bool = True) -> list[Anomaly]:
        """Let time pass."""
        return self.town.pass_time(span, step=step, beats=beats)

    def why(self, subject: str = "place:b-1") -> str:
        """Return what explain says."""
        return self.town.engine.explain("many", subject)


def phases(found: list[Anomaly]) -> list[tuple[str, str, int]]:
    """Return phase, reason and the second after T0."""
    return [
        (a.phase.value, a.ended_by, ((a.ended_at or a.started_at) - T0) // SECOND) for a in found
    ]


def test_the_devices_of_a_place_are_summed() -> None:
    """120 and 90 are more than 200; it ends at 180 and not before."""
    hall = Hall(rule(LEVEL, over="200", clear_at="180"))
    assert hall.sees("cam-1", 120) == []
    (crowd,) = hall.sees("cam-2", 90)
    assert (crowd.subject, crowd.scope, crowd.compound) == ("place:b-1", "place", "c-1")
    assert "210 counted 人数 by cam-1 120, cam-2 90; limit 上限 200" in crowd.explanation
    assert [(e.device, e.values["people_count"]) for e in crowd.evidence] == [
        ("cam-1", 120),
        ("cam-2", 90),
    ]
    assert hall.sees("cam-2", 70) == []
    assert phases(hall.sees("cam-2", 60)) == [("ended", "normal", 21)]


def test_a_camera_that_says_nothing_more_counts_no_more() -> None:
    """Five minutes after its word, at that very time."""
    hall = Hall(rule(LEVEL, over="200"))
    hall.sees("cam-1", 120)
    hall.wait(MINUTE)
    hall.sees("cam-2", 90)
    found = hall.wait(10 * MINUTE)
    assert phases(found) == [("ended", "normal", 300)]
    assert "nobody is counted" in hall.why()


def test_the_hold_time_passes_without_another_word() -> None:
    """And explain says how long it takes."""
    hall = Hall(rule(LEVEL, over="10", for_="60s"))
    assert hall.sees("cam-1", 12) == []
    assert "would fire in 59 s more" in hall.why()
    assert hall.wait(58 * SECOND) == []
    assert phases(hall.wait(2 * SECOND)) == [("started", "", 0)]


def test_a_short_rush_is_none_although_its_end_still_waits_for_its_turn() -> None:
    """Over the limit for three seconds, where four are asked for."""
    hall = Hall(rule(LEVEL, over="10", for_="4s"))
    hall.town.says("cam-1", values={"people_count": 12}, kind="camera")
    hall.wait(3 * SECOND)
    hall.town.says("cam-1", values={"people_count": 2}, kind="camera")
    assert hall.wait(MINUTE) == []


def test_entries_minus_exits_from_a_reset_in_the_night() -> None:
    """20:00 after 08:00 is 04:00 of the next day."""
    hall = Hall(rule(PASSAGES, over="1"))
    assert hall.passes("in") == []
    assert phases(hall.passes("in")) == [("started", "", 7)]
    assert phases(hall.passes("out")) == [("ended", "normal", 14)]
    assert phases(hall.passes("in")) == [("started", "", 21)]
    night = hall.wait(21 * HOUR, step=10 * SECOND)
    assert phases(night) == [("ended", "reset", 20 * 3600)]
    assert hall.passes("in") == []


def test_more_leave_than_entered_and_nobody_owes_anything() -> None:
    """A door that was held open lets people in unseen."""
    hall = Hall(rule(PASSAGES, over="0"))
    for _ in range(5):
        hall.passes("out")
    assert phases(hall.passes("in")) == [("started", "", 35)]


def test_any_presence_out_of_hours_and_none_within() -> None:
    """T0 is 08:00; the hours begin at 22:00."""
    hall = Hall(rule(MOTION, over="0", hours="'22:00-06:00'", place="device"))
    assert hall.moves() + hall.wait(MINUTE) == []
    hall.wait(14 * HOUR, step=10 * SECOND)
    found = hall.moves() + hall.wait(10 * SECOND)
    assert [(a.phase.value, a.subject) for a in found] == [("started", "place:pir")]
    assert phases(hall.wait(10 * MINUTE)) == [("ended", "normal", 14 * 3600 + 60 + 300)]


def test_what_is_open_when_the_hours_are_over_ends_with_them() -> None:
    """At the very minute: 06:00, 22 hours after 08:00."""
    hall = Hall(rule("level: {states: [motion], fresh_for: 12h}", over="0", hours="'22:00-06:00'"))
    hall.wait(15 * HOUR, step=10 * SECOND)
    hall.moves()
    found = hall.wait(9 * HOUR, step=10 * SECOND)
    assert phases(found) == [("started", "", 15 * 3600), ("ended", "hours_over", 22 * 3600)]


def test_tests_are_counted_apart_from_the_real_thing() -> None:
    """A drill does not fill the hall."""
    hall = Hall(rule(LEVEL, over="100"))
    hall.town.says("cam-1", values={"people_count": 90}, kind="camera", mode=Mode.DRILL)
    assert hall.sees("cam-2", 90) == []
    hall.town.says("cam-3", values={"people_count": 90}, kind="camera", mode=Mode.DRILL)
    (drill,) = hall.wait(10 * SECOND)
    assert drill.mode is Mode.DRILL


def test_who_is_still_there_when_a_walk_test_ends_is_there_for_real() -> None:
    """It ends as a test and starts anew."""
    hall = Hall(rule(LEVEL, over="100"))
    order = WalkTestOrder(
        id="t", actor="li", reason="test", scope=Scope.COMPOUND, subject="c-1", lasts_ms=3 * MINUTE
    )
    hall.town.engine.walk_test(order, hall.town.now)
    (crowd,) = hall.sees("cam-1", 150)
    assert crowd.mode is Mode.TEST
    old, new = hall.wait(3 * MINUTE)
    assert (old.phase, old.ended_by) == ("ended", "walk_test_over")
    assert (new.mode, new.started_at) == (Mode.REAL, T0 + 3 * MINUTE)
    assert phases(hall.wait(3 * MINUTE)) == [("ended", "normal", 300)]


def test_a_clock_ahead_holds_nobody_back() -> None:
    """One gateway four minutes ahead; the other cameras count as ever."""
    hall = Hall(rule(LEVEL, over="100"))
    hall.sees("cam-1", 10, at=hall.town.now + 4 * MINUTE)
    assert [a.phase.value for a in hall.sees("cam-2", 95)] == ["started"]


_SEEN = st.lists(
    st.tuples(st.sampled_from([1, 3, 40]), st.sampled_from(CAMERAS), st.sampled_from([0, 40, 70])),
    min_size=1,
    max_size=25,
)
_DIRECTIONS = st.lists(
    st.tuples(st.sampled_from([1, 3, 40]), st.sampled_from(["in", "in", "out"])),
    min_size=1,
    max_size=25,
)


@settings(max_examples=EXAMPLES, deadline=None)
@given(_SEEN, st.data())
def test_disorder_within_the_lateness_changes_no_level(
    seen: list[tuple[int, str, int]], data: st.DataObject
) -> None:
    """The same keys, starts and ends, with a hold time and cameras that fall silent."""
    rules = rule("level: {quantity: people_count, fresh_for: 30s}", over="100", for_="4s")
    at, said = 10, []
    for number, (gap, device, count) in enumerate(seen):
        at += gap
        value = {"people_count": float(count)}
        said.append(reading(at * SECOND, number + 1, device, dict(value), kind="camera"))
    until = (at + 90) * SECOND
    ordered = arriving([(one, 0) for one in said], until=until, step=SECOND)
    late = arriving(data.draw(disorder(said, 5 * SECOND)), until=until, step=SECOND)
    assert facts(run(rules, places(), late)) == facts(run(rules, places(), ordered))


@settings(max_examples=EXAMPLES, deadline=None)
@given(_DIRECTIONS, st.data())
def test_disorder_within_the_lateness_changes_no_passages(
    passed: list[tuple[int, str]], data: st.DataObject
) -> None:
    """Everybody counts once, in the order in which they passed."""
    rules = rule(PASSAGES, over="2")
    at, said = 10, []
    for number, (gap, direction) in enumerate(passed):
        at += gap
        said.append(
            reading(
                at * SECOND,
                number + 1,
                "door",
                {"direction": direction},
                kind="door",
                event=Event.ACCESS_GRANTED,
            )
        )
    until = (at + 30) * SECOND
    ordered = arriving([(one, 0) for one in said], until=until, step=SECOND)
    late = arriving(data.draw(disorder(said, 5 * SECOND)), until=until, step=SECOND)
    assert facts(run(rules, places(), late)) == facts(run(rules, places(), ordered))


@pytest.mark.parametrize(
    "rules",
    [
        rule("level: {quantity: people_count, fresh_for: 60s}", over="100", for_="10s"),
        rule(PASSAGES, over="1"),
        rule("unseen: {seen: {events: [access_granted]}, after: 60s}"),
    ],
)
def test_a_restart_after_every_entry_changes_nothing(rules: RuleSet) -> None:
    """Whatever waits, counts, or is open stands in the rows."""
    said = []
    for number in range(20):
        direction = "in" if number % 5 < 3 else "out"
        values: dict[str, Value] = {"people_count": float(number * 13 % 90), "direction": direction}
        device = ("cam-1", "cam-2", "pir")[number % 3]
        said.append(
            reading(number * 9 * SECOND, number + 1, device, values, event=Event.ACCESS_GRANTED)
        )
    log = arriving([(one, 2 * SECOND) for one in said], until=6 * MINUTE, step=SECOND)
    whole = run(rules, places(), log)
    assert run_with_restarts(rules, places(), log) == whole


@pytest.mark.parametrize(
    ("what", "more", "message"),
    [
        (LEVEL, {}, "need `over`"),
        (UNSEEN, {"over": "3"}, "`unseen` has none"),
        (f"{LEVEL}\n    {UNSEEN}", {"over": "3"}, "give exactly one of"),
        (LEVEL, {"over": "3", "clear_at": "4"}, "clear_at 4 must not lie above over 3"),
        (LEVEL, {"over": "3", "hours": "22"}, "'22:00-06:00'"),
        (LEVEL, {"over": "3", "hours": "'06:00-06:00'"}, "must not begin when they end"),
        ("level: {fresh_for: 1m}", {"over": "3"}, "either `quantity` or `states`"),
        (PASSAGES.replace("'04:00'", "4"), {"over": "3"}, "'04:00', in quotes"),
    ],
)
def test_mistakes_in_the_text_are_named(what: str, more: dict[str, str], message: str) -> None:
    """With file and line."""
    with pytest.raises((ConfigErrors, ConfigError), match=r"a\.yaml:\d+") as error:
        rule(what, **more)
    assert message in str(error.value)
