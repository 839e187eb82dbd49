"""Conditions that hold together: members, freshness, hold time, doubt, disorder."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.anomaly import Anomaly
from model.place import Building, Compound, Device, Registry
from model.reading import Mode, Reading, Value
from model.yamlfile import ConfigErrors
from rules.kinds.correlate import CorrelateRule
from rules.rulefile import RuleSet, load_rules

from .in_disorder import Word, disordered, statements
from .test_disorder import EXAMPLES
from .test_walk_test import order, starts
from .town import GRID, HOUR, MINUTE, SECOND, T0, Town, told

HEAD = """\
schema: 1
rules:
  - id: c
    kind: correlate
    title: {zh: 关联, en: Correlated}
    category: pump_fault
    severity: major
    members:
      pump: {devices: {roles: [pump]}, when: running, fresh_for: 1d}
      pressure: {devices: {roles: [hydrant]}, when: pressure_kpa < 70}
"""
RULE = load_rules({"r.yaml": HEAD})
HELD = load_rules({"r.yaml": HEAD + "    for: 30s\n"})
WIDE = load_rules({"r.yaml": HEAD + "    by: compound\n"})
PLACES = Registry(
    compounds=[Compound("c-1", "Compound", GRID)],
    buildings=[Building(name, name, "c-1", GRID) for name in ("b-1", "b-2")],
    devices=[
        Device("pump", "fire_component", "b-1", "c-1", role="pump"),
        Device("low", "pressure_sensor", "b-1", "c-1", role="hydrant"),
        Device("top", "pressure_sensor", "b-1", "c-1", role="hydrant", silent_after_s=60),
        Device("far", "pressure_sensor", "b-2", "c-1", role="hydrant"),
    ],
)


class Pumps(Town):
    """A town with a pump house."""

    def __init__(self, rules: RuleSet = RULE) -> None:
        super().__init__(rules, PLACES)

    def run(self, words: list[tuple[int, str, Value]], *, until: int = 0) -> list[Anomaly]:
        """Let devices say a value at seconds."""
        found = []
        for second, device, value in words:
            found += self.pass_time(T0 + second * SECOND - self.now)
            name = "running" if device == "pump" else "pressure_kpa"
            found += self.says(device, kind=PLACES.devices[device].kind, values={name: value})
        return found + self.pass_time(max(5 * SECOND, T0 + until * SECOND - self.now))


def _moments(found: list[Anomaly]) -> list[tuple[str, int]]:
    return [(a.phase.value, ((a.ended_at or a.started_at) - T0) // SECOND) for a in found]


@pytest.mark.parametrize(
    ("rules", "words", "said"),
    [
        (RULE, [(0, "pump", True), (10, "low", 50)], [("started", 10)]),
        (RULE, [(0, "low", 50), (10, "pump", True)], [("started", 10)]),
        (RULE, [(0, "low", 90), (10, "pump", True)], []),
        (RULE, [(0, "pump", True), (10, "far", 50)], []),
        (WIDE, [(0, "pump", True), (10, "far", 50)], [("started", 10)]),
        (RULE, [(0, "pump", True), (9, "low", 50), (20, "low", 90)], [("started", 9), ("ended", 20)]),
        (RULE, [(0, "pump", True), (9, "low", 50), (20, "pump", False)], [("started", 9), ("ended", 20)]),
        (RULE, [(0, "low", 50), (1, "top", 50), (2, "pump", True), (9, "low", 90)], [("started", 2)]),
        (RULE, [(0, "low", 50), (601, "pump", True)], []),
        (RULE, [(0, "low", 50), (600, "pump", True)], [("started", 600)]),
        (RULE, [(0, "top", 50), (61, "pump", True)], []),
        (HELD, [(0, "pump", True), (10, "low", 50)], [("started", 10)]),
        (HELD, [(0, "pump", True), (10, "low", 50), (39, "low", 90)], []),
        (HELD, [(0, "top", 50), (50, "pump", True)], []),
        (HELD, [(0, "top", 50), (50, "pump", True), (55, "top", 50)], [("started", 50)]),
    ],
)  # fmt: skip
def test_members_that_are_met_together(
    rules: RuleSet, words: list[tuple[int, str, Value]], said: list[tuple[str, int]]
) -> None:
    """Of one place, fresh, for the hold time; a contract of 60 s in the registry, else 10 min."""
    assert _moments(Pumps(rules).run(words, until=700)) == said


def test_a_word_that_is_too_old_ends_nothing() -> None:
    """Silence of the sensor is no recovery; its next word is, and the explanation says so."""
    town = Pumps()
    assert _moments(town.run([(0, "pump", True), (10, "low", 50)])) == [("started", 10)]
    assert town.pass_time(HOUR, step=10 * SECOND) == []
    assert "too old: proves nothing" in town.engine.explain("c", "place:b-1")
    town.says("pump", kind="fire_component", values={"running": True})
    assert town.pass_time(10 * SECOND) == []
    town.says("low", kind="pressure_sensor", values={"pressure_kpa": 200.0})
    assert [a.ended_by for a in town.pass_time(10 * SECOND)] == ["normal"]


def test_the_place_is_the_subject_and_one_device_of_each_member_the_evidence() -> None:
    """With what each of them said."""
    (found,) = Pumps().run([(0, "pump", True), (10, "low", 50)])
    assert (found.subject, found.scope, found.compound) == ("place:b-1", "place", "c-1")
    assert {item.device for item in found.evidence} == {"pump", "low"}
    assert "pressure: low pressure_kpa < 70 (pressure_kpa=50): true" in found.explanation


def test_a_drill_and_the_real_thing_are_not_joined() -> None:
    """A pump that is run in a drill, while the pressure is low."""
    town = Pumps()
    town.says("pump", kind="fire_component", values={"running": True}, mode=Mode.DRILL)
    assert town.run([(10, "low", 50)]) == []


def test_what_a_walk_test_said_is_forgotten_and_what_it_caused_is_real() -> None:
    """As with every other rule."""
    town = Pumps()
    starts(town, order("pump", lasts_ms=5 * MINUTE))
    starts(town, order("low", test="t2", lasts_ms=5 * MINUTE))
    (test,) = town.run([(0, "pump", True), (10, "low", 50)])
    assert test.mode is Mode.TEST
    over = [(a.phase.value, a.mode) for a in town.pass_time(6 * MINUTE)]
    assert over == [("ended", Mode.TEST), ("started", Mode.REAL)]


def test_without_lateness_calm_devices_sleep_and_nothing_waits() -> None:
    """Plain telemetry reaches no rule; what meets a member is seen until it does not."""
    town = Pumps(load_rules({"r.yaml": HEAD + "    lateness: 0s\n"}))
    rule = town.engine._rules["c"]
    assert isinstance(rule, CorrelateRule)
    town.says("low", kind="pressure_sensor", values={"pressure_kpa": 200.0})
    assert rule.subjects() == set()
    town.says("pump", kind="fire_component", values={"running": True})
    found = town.says("low", kind="pressure_sensor", values={"pressure_kpa": 50.0})
    assert told(found) == [("c", "started", "place:b-1")]
    assert rule.holds("low")
    assert town.says("low", kind="pressure_sensor", values={"pressure_kpa": 99.0}, order=1) == []
    found = town.says("low", kind="pressure_sensor", values={"pressure_kpa": 200.0})
    assert told(found) == [("c", "ended", "place:b-1")]
    assert not rule.holds("low")


_words = st.lists(
    st.builds(
        lambda at, device, low: Word(
            at,
            device,
            PLACES.devices[device].kind,
            {"running": low} if device == "pump" else {"pressure_kpa": 50.0 if low else 90.0},
        ),
        at=st.integers(0, 3 * MINUTE),
        device=st.sampled_from(["pump", "low", "top", "far"]),
        low=st.booleans(),
    ),
    max_size=20,
)


@pytest.mark.parametrize("rules", [RULE, HELD, WIDE], ids=["at once", "held", "compound"])
def test_disorder_within_the_bound_and_repetition_change_nothing(rules: RuleSet) -> None:
    """The same keys, starts and ends."""

    @settings(max_examples=max(20, EXAMPLES // 3), deadline=None)
    @given(disordered(_words, 2 * SECOND))
    def check(runs: tuple[list[tuple[int, Reading]], list[tuple[int, Reading]]]) -> None:
        first, second = (statements(rules, run, PLACES, after=5 * MINUTE) for run in runs)
        assert first == second

    check()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (HEAD.replace("      pump:", "      # pump:"), "correlate.members"),
        (HEAD.replace("when: running", "when: running()"), "members.pump.when: column 1"),
        (HEAD.replace(", when: running", ""), "members.pump.when"),
    ],
)
def test_a_mistake_is_named(text: str, problem: str) -> None:
    """With line and key."""
    with pytest.raises(ConfigErrors, match=r"r\.yaml:") as caught:
        load_rules({"r.yaml": text})
    assert problem in str(caught.value)


def test_explain_says_of_each_member_who_meets_it() -> None:
    """And how long the hold time still lasts."""
    town = Pumps(HELD)
    assert "no word of any member" in town.engine.explain("c", "place:b-1")
    town.run([(0, "pump", True)])
    assert "pressure: nobody has said pressure_kpa < 70" in town.engine.explain("c", "b-1")
    town.run([(20, "low", 50)])
    told_so = town.engine.explain("c", "low")
    assert "starts when it is so for 25 s more" in told_so
    assert told(town.pass_time(MINUTE)) == [("c", "started", "place:b-1")]
