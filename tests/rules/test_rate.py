"""Rates of change: rise and fall, hold time, hysteresis, spikes, disorder, walk tests."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.anomaly import Phase
from model.entry import Tick
from model.reading import Lane, Mode, Reading
from model.yamlfile import ConfigErrors
from rules.engine import Engine
from rules.rulefile import RuleSet, load_rules
from rules.slope import resistant_rise

from .in_disorder import Word, disordered, statements
from .test_disorder import EXAMPLES
from .test_walk_test import order, starts
from .town import HOUR, MINUTE, SECOND, T0, Town, registry, told

TEXT = """\
schema: 1
rules:
  - id: heats-up
    kind: rate
    title: {zh: 升温, en: Heats up}
    category: high_temperature
    severity: major
    quantity: temperature_c
    rises: 8
    per: 1m
    over: 60s
"""
HEATS = load_rules({"r.yaml": TEXT})
HELD = load_rules({"r.yaml": TEXT + "    for: 30s\n"})
EMPTIES = load_rules({"r.yaml": TEXT.replace("rises", "falls")})


def _run(rules: RuleSet, values: list[float], *, every: int = 20 * SECOND) -> list[tuple[str, int]]:
    town = Town(rules)
    found = []
    for value in values:
        found += town.says("nb-1", values={"temperature_c": value})
        found += town.pass_time(every)
    return [(a.phase.value, ((a.ended_at or a.started_at) - T0) // SECOND) for a in found]


@pytest.mark.parametrize(
    ("rules", "values", "said"),
    [
        (HEATS, [20, 23, 26, 29], [("started", 40)]),
        (HEATS, [20, 21, 22, 23], []),
        (HEATS, [29, 26, 23, 20], []),
        (EMPTIES, [29, 26, 23, 20], [("started", 40)]),
        (HEATS, [20, 24], []),
        (HEATS, [20, 23, 26, 28, 30, 32, 34], [("started", 40)]),
        (HEATS, [20, 23, 26, 26, 26, 26], [("started", 40), ("ended", 80)]),
        (HELD, [20, 23, 26, 29, 32], [("started", 40)]),
        (HELD, [20, 23, 26, 26, 26, 26], []),
    ],
)
def test_rise_fall_hold_time_and_hysteresis(
    rules: RuleSet, values: list[float], said: list[tuple[str, int]]
) -> None:
    """Every 20 s a value; 8 a minute is the limit, half of it ends it."""
    assert _run(rules, values) == said


def test_one_wrong_sample_is_no_rise() -> None:
    """A spike of 60 °C among ten values, wherever it stands."""
    for where in range(10):
        values = [20.0] * 10
        values[where] = 80.0
        assert _run(HEATS, values, every=7 * SECOND) == [], where
        values[where] = -40.0
        assert _run(HEATS, values, every=7 * SECOND) == [], where


def _said(engine: Engine, number: int, value: float) -> list[str]:
    """Let the device say a value at 20 s times the number; return what phase that comes to."""
    at = T0 + number * 20 * SECOND
    reading = Reading(
        "nb-1",
        "sensor",
        at,
        number + 1,
        number + 1,
        {"temperature_c": value},
        gateway="gw",
        epoch="e",
    )
    found = engine.observe([reading], Lane.TELEMETRY, at)
    found += engine.tick(Tick(at + 5 * SECOND, (number * 20 + 5) * SECOND))
    return [anomaly.phase.value for anomaly in found]


def test_samples_kept_by_an_older_version_are_judged() -> None:
    """It wrote no bounds beside them: nothing is taken for calm on that ground."""
    old = Engine(registry(), HEATS)
    assert [_said(old, number, 20.0 + number * 3) for number in range(2)] == [[], []]
    rows = []
    for rule, subject, state in old.dirty():
        row = msgspec.msgpack.decode(state)
        if rule == "heats-up":
            del row["low"], row["high"]
        rows.append((rule, subject, msgspec.msgpack.encode(row)))
    engine = Engine(registry(), HEATS)
    engine.restore(rows)
    assert _said(engine, 2, 26.0) == ["started"]


@given(st.lists(st.sampled_from([20.0, 23.0, 26.0, 29.0, 60.0]), min_size=4, max_size=30))
@settings(max_examples=EXAMPLES, deadline=None)
def test_what_is_taken_for_calm_has_no_steep_slope(values: list[float]) -> None:
    """What samples that went leave behind of their bounds hides no rise."""
    engine = Engine(registry(), HEATS)
    is_open = False
    for number, value in enumerate(values):
        for phase in _said(engine, number, value):
            is_open = phase == "started"
        newest = values[max(0, number - 3) : number + 1]  # over 60 s
        if len(newest) >= 3 and not is_open:
            times = [20 * SECOND * step for step in range(len(newest))]
            assert resistant_rise(times, newest) * MINUTE < 8


def test_the_slope_of_a_line_is_its_slope() -> None:
    """And a spike does not move it."""
    times = list(range(0, 12_000, 1000))
    values = [time / 500 for time in times]
    assert resistant_rise(times, values) == pytest.approx(1 / 500)
    values[-1] = 1e6
    assert resistant_rise(times, values) == pytest.approx(1 / 500)
    assert resistant_rise([5, 5, 5], [1, 2, 3]) == 0


def test_a_clock_that_is_set_back_stalls_nothing() -> None:
    """The samples begin anew at the old time."""
    town = Town(HEATS)
    for value in (20.0, 20.0, 20.0):
        town.says("nb-1", values={"temperature_c": value})
        town.pass_time(20 * SECOND)
    found = []
    for value in (20.0, 24.0, 28.0, 32.0):
        found += town.says("nb-1", values={"temperature_c": value}, at=town.now - HOUR)
        found += town.pass_time(20 * SECOND)
    assert told(found) == [("heats-up", "started", "nb-1")]


def test_a_backlog_is_judged_by_its_own_times() -> None:
    """An hour of values that arrives within a second is no rise."""
    town = Town(HEATS)
    town.says("nb-1", values={"temperature_c": 20.0})
    town.pass_time(HOUR)
    for minute in range(1, 60):
        at = T0 + minute * MINUTE
        assert town.says("nb-1", values={"temperature_c": 20.0 + minute}, at=at) == []
    assert town.pass_time(MINUTE) == []


def test_a_drill_is_not_compared_with_the_real_thing() -> None:
    """A warmed detector in a drill, then its real temperature."""
    town = Town(HEATS)
    for value, mode in [(60.0, Mode.DRILL)] * 2 + [(20.0, Mode.REAL)] * 2 + [(60.0, Mode.DRILL)]:
        town.says("nb-1", values={"temperature_c": value}, mode=mode)
        assert town.pass_time(20 * SECOND) == []


def test_what_a_walk_test_caused_is_real_when_it_is_over() -> None:
    """If nothing has ended it; with the end of the test as its start."""
    town = Town(HEATS)
    starts(town, order(lasts_ms=2 * MINUTE))
    found = []
    for value in (20.0, 24.0, 28.0):
        found += town.says("nb-1", values={"temperature_c": value})
        found += town.pass_time(20 * SECOND)
    assert [(a.phase, a.mode) for a in found] == [(Phase.STARTED, Mode.TEST)]
    over = [(a.phase, a.mode, a.ended_by) for a in town.pass_time(2 * MINUTE)]
    assert over == [(Phase.ENDED, Mode.TEST, "walk_test_over"), (Phase.STARTED, Mode.REAL, "")]


_words = st.lists(
    st.builds(
        Word,
        at=st.integers(0, 5 * MINUTE),
        device=st.sampled_from(["nb-1", "nb-2"]),
        kind=st.just("smoke_detector"),
        values=st.builds(lambda v: {"temperature_c": v}, st.sampled_from([20.0, 24.0, 28.0, 36.0])),
    ),
    max_size=25,
)


@settings(max_examples=EXAMPLES, deadline=None)
@given(disordered(_words, 2 * SECOND))
def test_disorder_within_the_bound_and_repetition_change_nothing(
    runs: tuple[list[tuple[int, Reading]], list[tuple[int, Reading]]],
) -> None:
    """The same keys, starts and ends."""
    assert statements(HELD, runs[0], after=MINUTE) == statements(HELD, runs[1], after=MINUTE)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (TEXT + "    falls: 3\n", "exactly one of `rises` and `falls`"),
        (TEXT + "    clear_at: 9\n", "clear_at 9 must not lie above 8"),
        (TEXT.replace("per: 1m", "per: 0s"), "rules.0.rate.per"),
        (TEXT.replace("rises: 8", "rises: -8"), "rules.0.rate.rises"),
        (TEXT + "    at_least: 2\n", "rules.0.rate.at_least"),
    ],
)
def test_a_mistake_is_named(text: str, problem: str) -> None:
    """With what to do."""
    with pytest.raises(ConfigErrors, match=r"r\.yaml:") as caught:
        load_rules({"r.yaml": text})
    assert problem in str(caught.value)


def test_explain_says_slope_limit_and_what_is_missing() -> None:
    """Not judged, over it and waiting, open."""
    town = Town(HELD)
    assert "has no sample" in town.engine.explain("heats-up", "nb-1")
    for number, needle in enumerate(
        ["not judged", "not judged", "starts when it is so for 30 s more"]
    ):
        town.says("nb-1", values={"temperature_c": 20.0 + 5 * number})
        town.pass_time(20 * SECOND)
        assert needle in town.engine.explain("heats-up", "nb-1")
