"""Aggregates over spans of time: sliding and tumbling, counts and numbers, disorder and bounds."""

from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.reading import Event, Mode, Reading
from model.yamlfile import ConfigErrors
from rules.kinds.window import WITNESSES_MAX, WindowRule
from rules.rulefile import RuleSet, load_rules
from rules.specs.window import SAMPLES_MAX

from .in_disorder import Word, disordered, statements
from .test_disorder import EXAMPLES
from .town import DAY, HOUR, MINUTE, SECOND, T0, Town, told

HEAD = """\
schema: 1
rules:
  - id: w
    kind: window
    title: {zh: 窗口, en: Window}
    category: device_fault
    severity: minor
"""


def _rule(text: str) -> RuleSet:
    lines = "".join(f"    {line.strip()}\n" for line in text.strip().splitlines())
    return load_rules({"r.yaml": HEAD + lines})


COUNT = _rule("aggregate: count\n counts: {events: [access_denied]}\n span: 1m\n above: 2")
BUILDING = _rule(
    "aggregate: count\n counts: {events: [access_denied]}\n span: 1m\n above: 2\n by: building"
)
HOURLY = _rule(
    "aggregate: count\n when: temperature_c > 0\n span: 10m\n below: 2\n window: tumbling"
)


def _number(aggregate: str, more: str = "") -> RuleSet:
    return _rule(f"aggregate: {aggregate}\n quantity: x\n span: 1m\n above: 10\n{more}")


@pytest.mark.parametrize(
    ("rules", "values", "said"),
    [
        (_number("mean"), [9, 12, 15], [("started", 10)]),
        (_number("mean", "at_least: 3"), [12, 12], []),
        (_number("mean", "at_least: 3"), [12, 12, 12], [("started", 20)]),
        (_number("max"), [11, 0, 0, 0, 0, 0, 0, 0], [("started", 0), ("ended", 60)]),
        (_number("min"), [11, 12, 10], [("started", 0), ("ended", 20)]),
        (_number("quantile", "quantile: 0.5"), [0, 20, 20], [("started", 20)]),
        (_number("max", "clear_at: 5"), [11] + [9] * 8 + [5] * 8, [("started", 0), ("ended", 140)]),
    ],
)
def test_numbers_over_a_sliding_minute(
    rules: RuleSet, values: list[float], said: list[tuple[str, int]]
) -> None:
    """Every 10 s a value; a sample is one minute in the window."""
    town = Town(rules)
    found = []
    for value in values:
        found += town.says("nb-1", values={"x": value})
        found += town.pass_time(10 * SECOND)
    assert [(a.phase.value, ((a.ended_at or a.started_at) - T0) // SECOND) for a in found] == said


def test_a_count_ends_when_its_events_are_old_though_nothing_more_comes() -> None:
    """At a data time: the oldest of the three leaves the window."""
    town = Town(COUNT)
    for _ in range(3):
        found = town.says("ac-1", kind="door", event=Event.ACCESS_DENIED)
        found += town.pass_time(10 * SECOND)
    assert told(found) == [("w", "started", "ac-1")]
    (end,) = town.pass_time(2 * MINUTE)
    assert (end.ended_at, end.ended_by) == (T0 + MINUTE, "normal")


def test_a_building_counts_all_its_devices_and_names_them() -> None:
    """As evidence, those that spoke last first."""
    town = Town(BUILDING)
    found = []
    for device in ("nb-1", "nb-2", "nb-4", "nb-3"):
        found += town.says(device, event=Event.ACCESS_DENIED)
    found += town.pass_time(5 * SECOND)
    assert told(found) == [("w", "started", "place:b-1")]
    assert [item.device for item in found[0].evidence] == ["nb-3", "nb-2", "nb-1"]
    assert (found[0].scope, found[0].compound) == ("place", "c-1")
    assert WITNESSES_MAX == 20


def test_a_tumbling_window_is_judged_when_it_is_over() -> None:
    """Too few in one, and none in the next; nobody is awaited for ever."""
    town = Town(HOURLY)
    town.pass_time(MINUTE)
    for _ in range(3):
        town.says("nb-1", values={"temperature_c": 20.0})
        town.pass_time(MINUTE)
    assert town.pass_time(5 * MINUTE + 59 * SECOND) == []
    found = town.pass_time(HOUR)
    assert told(found) == [("w", "started", "nb-1")]
    assert found[0].started_at == T0 + 20 * MINUTE


@pytest.mark.parametrize(
    ("text", "calm"),
    [
        ("aggregate: mean\n quantity: x\n span: 1m\n above: 50", 10.0),
        ("aggregate: count\n when: x > 50\n span: 1m\n below: 2", 90.0),
    ],
)
def test_a_jump_of_data_time_is_not_walked_window_by_window(text: str, calm: float) -> None:
    """A box boots with the date of its image, and its clock is set: six years are 3 million windows."""
    town, boot = Town(_rule(f"{text}\n window: tumbling")), T0 - 6 * 365 * DAY
    town.says("nb-1", values={"x": 90.0}, at=boot)
    (start,) = town.pass_time(3 * MINUTE)
    assert start.started_at == boot + MINUTE
    begin = perf_counter()
    town.says("nb-1", values={"x": calm})
    assert perf_counter() - begin < 2, "seconds that the hub stood still"
    town.pass_time(SECOND)
    town.says("nb-1", values={"x": calm})
    (end,) = town.pass_time(MINUTE + 30 * SECOND)
    assert (end.key, end.ended_at) == (start.key, T0 + 4 * MINUTE)


def test_a_window_is_not_judged_while_its_gateway_may_hold_something_back() -> None:
    """An outage is no fall in numbers: its backlog is counted where it belongs."""
    town = Town(HOURLY)
    town.beat()
    town.pass_time(MINUTE)
    town.says("nb-1", values={"temperature_c": 20.0})
    town.pass_time(SECOND)
    town.beat(state="lost")
    assert [a for a in town.pass_time(HOUR, beats=False) if a.rule == "w"] == []
    found = []
    for minute in range(2, 60):
        at = T0 + minute * MINUTE
        found += town.says("nb-1", values={"temperature_c": 20.0}, at=at)
    assert found == []


def test_the_gateway_s_word_is_wished_for_when_a_window_is_over() -> None:
    """Up to its end; with it the next tick judges, and nothing more is wished for."""
    town = Town(HOURLY)
    town.beat()
    town.says("nb-1", values={"temperature_c": 20.0})
    while not town.engine.book.wanted and town.now < T0 + HOUR:
        assert town.pass_time(SECOND, beats=False) == []
    (at,) = town.engine.book.wanted["gw"]
    assert (at + 1 - T0) % (10 * MINUTE) == 0
    town.beat()
    assert [a.started_at for a in town.pass_time(SECOND, beats=False)] != []
    assert town.engine.book.wanted == {}


def test_a_clock_that_is_set_back_neither_stalls_nor_heaps_up_events() -> None:
    """They are counted as they come."""
    town = Town(COUNT)
    for _ in range(2):
        town.says("ac-1", kind="door", event=Event.ACCESS_DENIED)
        town.pass_time(10 * SECOND)
    found = []
    for _ in range(5):
        found += town.says("ac-1", kind="door", event=Event.ACCESS_DENIED, at=town.now - HOUR)
        found += town.pass_time(2 * MINUTE)
    assert [phase for _, phase, _ in told(found)] == ["started", "ended"], "with the two before"


def test_a_drill_is_not_added_to_the_real_thing() -> None:
    """Two of each are no three."""
    town = Town(COUNT)
    for mode in (Mode.DRILL, Mode.DRILL, Mode.REAL, Mode.REAL):
        town.says("ac-1", kind="door", event=Event.ACCESS_DENIED, mode=mode)
    assert town.pass_time(5 * MINUTE) == []


def test_memory_is_bounded_and_what_is_dropped_is_said() -> None:
    """The oldest goes first."""
    town = Town(_number("max"))
    for _ in range(SAMPLES_MAX + 100):
        town.says("nb-1", values={"x": 1.0})
        town.now += 1
    town.pass_time(10 * SECOND)
    rule = town.engine._rules["w"]
    assert isinstance(rule, WindowRule)
    assert len(rule._rows.rows["nb-1"].times) == SAMPLES_MAX
    assert "500 samples, 100 dropped" in town.engine.explain("w", "nb-1")
    town.pass_time(HOUR, step=10 * SECOND)
    assert rule.subjects() == set(), "a device that says nothing is forgotten"


_events = st.lists(
    st.builds(
        Word,
        at=st.integers(0, 4 * MINUTE),
        device=st.sampled_from(["nb-1", "nb-2", "ac-1"]),
        kind=st.just("door"),
        values=st.builds(lambda x: {"x": x}, st.sampled_from([5.0, 9.0, 12.0, 15.0])),
        event=st.sampled_from([Event.NONE, Event.ACCESS_DENIED]),
    ),
    max_size=25,
)
TUMBLING = _number("mean", "window: tumbling\n clear_at: 9")


@pytest.mark.parametrize(
    "rules", [COUNT, BUILDING, TUMBLING], ids=["count", "building", "tumbling"]
)
def test_disorder_within_the_bound_and_repetition_change_nothing(rules: RuleSet) -> None:
    """The same keys, starts and ends."""

    @settings(max_examples=max(20, EXAMPLES // 3), deadline=None)
    @given(disordered(_events, 2 * SECOND))
    def check(runs: tuple[list[tuple[int, Reading]], list[tuple[int, Reading]]]) -> None:
        after = 10 * MINUTE
        assert statements(rules, runs[0], after=after) == statements(rules, runs[1], after=after)

    check()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("aggregate: mean\n span: 1m\n above: 1", "mean needs `quantity`"),
        ("aggregate: count\n span: 1m\n above: 1", "count needs `counts`"),
        ("aggregate: mean\n quantity: x\n span: 1m", "exactly one of `above` and `below`"),
        (
            "aggregate: mean\n quantity: x\n span: 1m\n above: 1\n clear_at: 2",
            "must not lie above 1",
        ),
        ("aggregate: quantile\n quantity: x\n span: 1m\n above: 1", "give `quantile: 0.9`"),
        ("aggregate: count\n when: x > 1\n span: 1m\n below: 1", "needs `window: tumbling`"),
        ("aggregate: count\n when: x > 1\n span: 1m\n above: 900", "limited to 0 … 499"),
    ],
)
def test_a_mistake_is_named(text: str, problem: str) -> None:
    """With what to do."""
    with pytest.raises(ConfigErrors, match=r"r\.yaml:3") as caught:
        _rule(text)
    assert problem in str(caught.value)


def test_explain_says_aggregate_limit_and_samples() -> None:
    """And what is missing."""
    town = Town(_number("mean", "at_least: 2"))
    assert "has no sample" in town.engine.explain("w", "nb-1")
    town.says("nb-1", values={"x": 12.0})
    town.pass_time(3 * SECOND)
    assert "not judged: 2 are needed of 1 samples" in town.engine.explain("w", "nb-1")
    town.says("nb-1", values={"x": 14.0})
    town.pass_time(3 * SECOND)
    assert "nb-1 open: 13 of 2 samples" in town.engine.explain("w", "nb-1")
