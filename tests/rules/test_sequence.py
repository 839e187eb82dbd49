"""What follows what: in time, in order, by whom, and what does not follow."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.anomaly import Anomaly
from model.reading import Event, Mode, Reading, Value
from model.yamlfile import ConfigErrors
from rules.rulefile import RuleSet, load_rules

from .in_disorder import Word, disordered, statements
from .test_disorder import EXAMPLES
from .test_walk_test import order, starts
from .town import HOUR, MINUTE, SECOND, T0, Town, told

HEAD = """\
schema: 1
rules:
  - id: s
    kind: sequence
    title: {zh: 序列, en: Sequence}
    category: door_forced
    severity: minor
"""
A, B, C = Event.DOOR_FORCED, Event.ACCESS_GRANTED, Event.ACCESS_DENIED


def _rule(text: str) -> RuleSet:
    lines = "".join(f"    {line.strip()}\n" for line in text.strip().splitlines())
    return load_rules({"r.yaml": HEAD + lines})


THEN = _rule("first: {events: [door_forced]}\n then: {events: [access_granted]}\n within: 1m")
THRICE = _rule(
    "first: {events: [access_denied]}\n count: 3\n then: {events: [access_granted]}\n within: 1m"
)
WITHOUT = _rule("first: {events: [door_forced]}\n without: {events: [normal]}\n within: 1m")
PLACE = _rule(
    "first: {events: [door_forced]}\n then: {states: [motion]}\n within: 1m\n by: building"
)
CARD = _rule(
    "first: {events: [access_granted], when: side == 'in'}\n"
    "then: {events: [access_granted], when: side == 'in'}\n"
    "broken_by: {events: [access_granted], when: side == 'out'}\n within: 1h\n by: card_hmac"
)


def _run(rules: RuleSet, words: list[tuple[int, Event]]) -> list[tuple[str, int]]:
    town = Town(rules)
    found: list[Anomaly] = []
    for second, event in words:
        found += town.pass_time(T0 + second * SECOND - town.now)
        found += town.says("ac-1", kind="door", event=event)
    found += town.pass_time(5 * MINUTE)
    return [(a.phase.value, ((a.ended_at or a.last_at) - T0) // SECOND) for a in found]


@pytest.mark.parametrize(
    ("rules", "words", "said"),
    [
        (THEN, [(0, A), (60, B)], [("started", 60), ("ended", 120)]),
        (THEN, [(0, A), (61, B)], []),
        (THEN, [(0, B), (10, A)], []),
        (THEN, [(0, A), (10, B), (20, B)], [("started", 10), ("ended", 70)]),
        (
            THEN,
            [(0, A), (9, B), (20, A), (30, B)],
            [("started", 9), ("continued", 30), ("ended", 90)],
        ),
        (THRICE, [(0, C), (10, C), (20, C), (30, B)], [("started", 30), ("ended", 90)]),
        (THRICE, [(0, C), (10, C), (30, B)], []),
        (THRICE, [(0, C), (50, C), (55, C), (61, B)], []),
        (THRICE, [(0, C), (50, C), (55, C), (61, C), (65, B)], [("started", 65), ("ended", 125)]),
        (WITHOUT, [(0, A)], [("started", 60)]),
        (WITHOUT, [(0, A), (50, A)], [("started", 60)]),
        (WITHOUT, [(0, A), (60, Event.NORMAL)], []),
        (WITHOUT, [(0, A), (70, Event.NORMAL)], [("started", 60), ("ended", 70)]),
        (WITHOUT, [(0, Event.NORMAL)], []),
    ],
)
def test_what_follows_within_the_time(
    rules: RuleSet, words: list[tuple[int, Event]], said: list[tuple[str, int]]
) -> None:
    """Then, count, and without; the time itself is within."""
    assert _run(rules, words) == said


def test_a_building_joins_its_devices_and_both_are_evidence() -> None:
    """A forced door and motion in another device of the same building, not of the next one."""
    town = Town(PLACE)
    town.says("ac-1", kind="door", event=A)
    town.pass_time(10 * SECOND)
    town.says("nb-4", kind="motion", values={"motion": True})
    assert town.pass_time(5 * SECOND) == []
    town.says("nb-2", kind="motion", values={"motion": True})
    found = town.pass_time(5 * SECOND)
    assert told(found) == [("s", "started", "place:b-1")]
    assert [item.device for item in found[0].evidence] == ["nb-2", "ac-1"]
    assert found[0].scope == "place"


def test_a_card_that_enters_twice_without_a_way_out_has_been_passed_back() -> None:
    """Whatever the doors; another card is another story, and no card is none."""
    town = Town(CARD)

    def swipe(door: str, side: str, card: str | None) -> list[tuple[str, str, str]]:
        values: dict[str, Value] = {"side": side}
        if card:
            values["card_hmac"] = card
        found = town.says(door, kind="door", event=B, values=values)
        return told(found + town.pass_time(10 * SECOND))

    assert swipe("ac-1", "in", "c1") == []
    assert swipe("ac-1", "out", "c1") == []
    assert swipe("ac-1", "in", "c1") == []
    assert swipe("ac-1", "in", "c2") == []
    assert swipe("ac-2", "in", None) == []
    assert swipe("ac-2", "in", None) == []
    assert swipe("ac-2", "in", "c1") == [("s", "started", "ac-2")]
    assert "c1" not in town.said[0].explanation, "whose card it was stays in the gateway"


def test_what_did_not_follow_is_not_concluded_while_it_may_be_on_its_way() -> None:
    """An outage after the first; the second comes with the backlog."""
    town = Town(WITHOUT)
    town.beat()
    town.says("ac-1", kind="door", event=A)
    town.pass_time(5 * SECOND)
    town.beat(state="lost")
    assert town.pass_time(10 * MINUTE, beats=False) == []
    town.says("ac-1", kind="door", event=Event.NORMAL, at=T0 + 30 * SECOND)
    assert town.pass_time(10 * MINUTE) == []


def test_a_clock_that_is_set_back_loses_nothing() -> None:
    """The answer comes an hour before the question."""
    town = Town(THEN)
    town.says("ac-1", kind="door", event=A)
    town.pass_time(10 * SECOND)
    town.says("ac-1", kind="door", event=B, at=town.now - HOUR)
    assert told(town.pass_time(10 * SECOND)) == [("s", "started", "ac-1")]


def test_a_drill_begins_nothing_real() -> None:
    """Nor does the real thing end a drill's sequence."""
    town = Town(THEN)
    town.says("ac-1", kind="door", event=A, mode=Mode.DRILL)
    town.says("ac-1", kind="door", event=B)
    assert town.pass_time(10 * SECOND) == []
    town.says("ac-1", kind="door", event=A, mode=Mode.DRILL)
    town.says("ac-1", kind="door", event=B, mode=Mode.DRILL)
    (found,) = town.pass_time(10 * SECOND)
    assert found.mode is Mode.DRILL


def test_what_a_walk_test_began_is_forgotten_with_it_and_what_it_caused_is_real() -> None:
    """As with every other rule."""
    town = Town(WITHOUT)
    starts(town, order("ac-1", lasts_ms=3 * MINUTE))
    town.says("ac-1", kind="door", event=A)
    (test,) = town.pass_time(2 * MINUTE)
    assert test.mode is Mode.TEST
    over = town.pass_time(2 * MINUTE)
    assert [(a.phase.value, a.mode) for a in over] == [("ended", Mode.TEST), ("started", Mode.REAL)]


_words = st.lists(
    st.builds(
        Word,
        at=st.integers(0, 3 * MINUTE),
        device=st.sampled_from(["ac-1", "nb-1", "nb-4"]),
        kind=st.just("door"),
        values=st.builds(lambda motion: {"motion": motion}, st.booleans()),
        event=st.sampled_from([A, B, C, C, Event.NORMAL]),
    ),
    max_size=20,
)


@pytest.mark.parametrize(
    "rules", [THEN, THRICE, WITHOUT, PLACE], ids=["then", "thrice", "without", "place"]
)
def test_disorder_within_the_bound_and_repetition_change_nothing(rules: RuleSet) -> None:
    """The same keys, starts and ends."""

    @settings(max_examples=max(20, EXAMPLES // 4), deadline=None)
    @given(disordered(_words, 2 * SECOND))
    def check(runs: tuple[list[tuple[int, Reading]], list[tuple[int, Reading]]]) -> None:
        after = 10 * MINUTE
        assert statements(rules, runs[0], after=after) == statements(rules, runs[1], after=after)

    check()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("first: {events: [fault]}\n within: 1m", "exactly one of `then` and `without`"),
        ("first: {}\n then: {events: [fault]}\n within: 1m", "needs `states`, `states_false`"),
        ("first: {events: [door]}\n then: {events: [fault]}\n within: 1m", "first.events.0"),
        ("first: {when: a.b}\n then: {events: [fault]}\n within: 1m", "first.when: column 1"),
        ("first: {events: [fault]}\n then: {events: [fault]}", "sequence.within"),
    ],
)
def test_a_mistake_is_named(text: str, problem: str) -> None:
    """With what to do."""
    with pytest.raises(ConfigErrors, match=r"r\.yaml:") as caught:
        _rule(text)
    assert problem in str(caught.value)


def test_explain_says_what_is_awaited() -> None:
    """Not begun, waiting, open."""
    town = Town(THRICE)
    assert "has not begun it" in town.engine.explain("s", "ac-1")
    town.says("ac-1", kind="door", event=C)
    town.pass_time(5 * SECOND)
    assert f"1 times of 3, first at {T0}" in town.engine.explain("s", "ac-1")
    for event in (C, C, B):
        town.says("ac-1", kind="door", event=event)
        town.pass_time(5 * SECOND)
    assert "ac-1 open since" in town.engine.explain("s", "ac-1")
