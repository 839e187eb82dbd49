"""Conditions over quantities: what they say, what they cannot say, and what nobody may write."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.reading import Event, Value
from model.yamlfile import ConfigErrors
from rules.expression import LONGEST, Expression, ExpressionError
from rules.rulefile import load_rules, rule_file_schema

from .test_disorder import EXAMPLES
from .town import Town, library, told


@pytest.mark.parametrize(
    ("text", "values", "verdict"),
    [
        ("a < 70 and b", {"a": 65.0, "b": True}, True),
        ("a < 70 and b", {"a": 65, "b": False}, False),
        ("a < 70 or b", {"a": 80.0, "b": True}, True),
        ("not b", {"b": True}, False),
        ("10 <= a < 20", {"a": 20.0}, False),
        ("10 <= a < 20", {"a": 10.0}, True),
        ("-5 < a", {"a": -4.0}, True),
        ("a - b * 2 > 1", {"a": 6.0, "b": 2.0}, True),
        ("(a - b) / 2 == 2", {"a": 6.0, "b": 2.0}, True),
        ("abs(a) >= 3", {"a": -3.0}, True),
        ("max(a, b, 7) == 7", {"a": 1.0, "b": 2.0}, True),
        ("min(a, 2) == round(b)", {"a": 5.0, "b": 1.9}, True),
        ("result == 'expired'", {"result": "expired"}, True),
        ("'expired' != result", {"result": "expired"}, False),
        ("b == true", {"b": True}, True),
        ("b != true", {"b": True}, False),
        ("b == false and not False", {"b": False}, True),
        ("a\n  > 5", {"a": 6.0}, True),
        ("known(a)", {"a": math.nan}, True),
        ("known(a) or b", {"b": False}, False),
    ],
)
def test_a_condition_says_what_it_reads_like(
    text: str, values: dict[str, Value], *, verdict: bool
) -> None:
    """Comparisons, and, or, not, arithmetic, and the few functions."""
    assert Expression(text)(values) is verdict


@pytest.mark.parametrize(
    ("text", "values", "verdict"),
    [
        ("a < 70", {}, None),
        ("a < 70", {"a": math.nan}, None),
        ("not a < 70", {"a": math.nan}, None),
        ("a < 70", {"a": -math.inf}, None),
        ("a < 70", {"a": True}, None),
        ("a < 70", {"a": "5"}, None),
        ("b", {"b": 1.0}, None),
        ("b == false", {"b": 0.0}, None),
        ("t == 'x'", {"t": 5.0}, None),
        ("t != 'x'", {}, None),
        ("1 / a > 0", {"a": 0.0}, None),
        ("a * a > 0", {"a": 1e200}, None),
        ("a * a > 0", {"a": 10**400}, None),
        ("a > 1 and b", {"b": False}, False),
        ("b and a > 1", {"b": True}, None),
        ("a > 1 or b", {"b": True}, True),
        ("a > 1 or b", {"b": False}, None),
        ("b and a > 1 and c", {"b": True, "c": False}, False),
        ("not (b and c)", {"b": True}, None),
        ("5 < a < d", {"a": 1.0}, False),
        ("a > 1 or a <= 1", {}, None),
    ],
)
def test_what_cannot_be_said_is_neither_true_nor_false(
    text: str, values: dict[str, Value], *, verdict: bool | None
) -> None:
    """Missing, of another type, not finite, divided by zero: unknown, unless the rest decides."""
    assert Expression(text)(values) is verdict


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ("a.__class__ == b", 1, "a number is needed"),
        ("().__class__.__bases__[0] > 1", 1, "a number is needed"),
        ("__import__('os').system('id')", 1, "true or false is needed"),
        ("a > __import__('os')", 5, "call abs, min, max, round or known"),
        ("a > open('x')", 5, "call abs"),
        ("a > abs.__call__(1)", 5, "call abs"),
        ("eval('a') == 1", 1, "call abs"),
        ("a > min(1, *b)", 12, "a number is needed"),
        ("a > min(b, **c)", 5, "without `name=`"),
        ("a > max(b, key=c)", 5, "without `name=`"),
        ("a > max(b)", 5, "max takes 2 to 8 numbers"),
        ("known(a.b)", 1, "the name of one quantity"),
        ("a[0] > 1", 1, "a number is needed"),
        ("a > (lambda: 1)()", 5, "call abs"),
        ("[x for x in b]", 1, "true or false"),
        ("a in (1, 2)", 1, "nothing else compares"),
        ("a is b", 1, "nothing else compares"),
        ("a ** 9 > 1", 1, "+ - * / only"),
        ("a // 2 > 1", 1, "+ - * / only"),
        ("a << 9 > 1", 1, "+ - * / only"),
        ("~a > 1", 1, "a number is needed"),
        ("(a := 5) > 1", 2, "a number is needed"),
        ("a if b else c", 1, "true or false"),
        ("f'{a}' == b", 1, "a number is needed"),
        ("b'x' == a", 1, "a number is needed"),
        ("'x' == 'x'", 1, "compared with a quantity"),
        ("'x' < a", 1, "a number is needed"),
        ("a > 'x'", 5, "a number is needed"),
        ("a > 1e400", 5, "larger than 1e+12"),
        ("a > 9999999999999", 5, "larger than 1e+12"),
        ("a > 1j", 5, "a number is needed"),
        ("a > ...", 5, "a number is needed"),
        ("a > None", 5, "a number is needed"),
        ("a > 1; b", 6, "not a condition"),
        ("a >", 0, "not a condition"),
        ("5and a", 1, "not a condition"),
        ("a > 1 and a", 11, "a number before and a truth here"),
        ("A > 1", 1, "no name of a quantity"),
        ("_a > 1", 1, "no name of a quantity"),
        ("abs > 1", 1, "no name of a quantity"),
        ("a", 0, ""),
        ("1 < 2", 1, "no quantity is named"),
        ("true", 1, "no quantity is named"),
        ("a + 1", 1, "true or false"),
        ("5", 1, "true or false"),
        ("", 1, "it is empty"),
        ("a ＞ 1", 3, "write '>'"),
        ("a > 1，b", 6, "write ','"),
        ("温度 > 1", 1, "a quantity's name"),
        ("t == 'a\\x41'", 8, "no backslash"),
        ("a > 1\0", 6, "no control character"),
        ("a > 1 #" + "x" * LONGEST, LONGEST + 1, "longer than"),
        ("not " * 60 + "a", 81, "inside one another"),
        ("a > 1" + " or a > 1" * 45 + " or a - 1 > 1" * 3, 0, "more than 100 parts"),
        ("(" * 300 + "a" + ")" * 100, 0, "not a condition"),
    ],
)
def test_what_is_not_on_the_list_is_refused_with_its_column(
    text: str, column: int, problem: str
) -> None:
    """No attribute, no subscript, no call beyond the five, nothing that grows."""
    if not problem:
        assert Expression(text).names == {"a"}
        return
    with pytest.raises(ExpressionError) as caught:
        Expression(text)
    assert problem in str(caught.value)
    assert column in {0, caught.value.column}


Told = tuple[str, dict[str, Value], bool | None]


@st.composite
def _conditions(draw: st.DrawFn, name: str = "q") -> Told:
    """A condition, values for it, and its verdict by Kleene's tables, worked out here again."""
    if len(name) == 4 or draw(st.booleans()):
        value = draw(st.sampled_from([None, True, False, 1.0, math.nan, "x"]))
        values: dict[str, Value] = {} if value is None else {name: value}
        if draw(st.booleans()):
            return name, values, value if isinstance(value, bool) else None
        return f"{name} > 0", values, True if value == 1.0 and not isinstance(value, bool) else None
    word = draw(st.sampled_from(["and", "or", "not"]))
    text, values, verdict = draw(_conditions(name + "l"))
    if word == "not":
        return f"not ({text})", values, None if verdict is None else not verdict
    other, more, second = draw(_conditions(name + "r"))
    decides = word == "or"
    both = [verdict, second]
    joined = decides if decides in both else None if None in both else not decides
    return f"({text}) {word} ({other})", values | more, joined


@settings(max_examples=EXAMPLES, deadline=None)
@given(_conditions())
def test_truth_tables_are_kleene_s(case: Told) -> None:
    """However conditions are nested, and whatever a Reading leaves out."""
    text, values, verdict = case
    assert Expression(text)(values) is verdict


RULE = """\
schema: 1
rules:
  - id: pump-without-water
    kind: threshold
    title: {zh: 水泵无水, en: Pump without water}
    category: low_pressure
    severity: major
    quantity: pressure_kpa
    below: 70
    when: pump_running
"""


def test_a_mistake_is_named_with_file_line_key_and_column() -> None:
    """As every other mistake in a rule file."""
    with pytest.raises(ConfigErrors) as caught:
        load_rules({"r.yaml": RULE.replace("pump_running", "pump_running and open('x')")})
    (problem,) = caught.value.problems
    assert str(problem).startswith("r.yaml:10: rules.0.threshold.when: column 18 of the condition")
    with pytest.raises(ConfigErrors, match="a condition is a text"):
        load_rules({"r.yaml": RULE.replace("pump_running", "5")})


def test_the_text_of_a_condition_is_part_of_the_rule_s_hash() -> None:
    """And editors know that it is a text."""
    (one,) = load_rules({"r.yaml": RULE}).specs
    (two,) = load_rules({"r.yaml": RULE.replace("pump_running", "not pump_running")}).specs
    assert one.hash != two.hash
    assert "maxLength" in str(rule_file_schema())


def test_a_threshold_needs_its_condition_on_the_same_reading() -> None:
    """False is as good as inside the limit; unknown starts and ends nothing."""
    town = Town(load_rules({"r.yaml": RULE}))

    def phases(**values: Value) -> list[str]:
        return [phase for _, phase, _ in told(town.says("nb-1", values=values))]

    assert phases(pressure_kpa=50.0) == []
    assert phases(pressure_kpa=50.0, pump_running=False) == []
    assert phases(pressure_kpa=50.0, pump_running=True) == ["started"]
    assert phases(pressure_kpa=50.0) == []
    assert phases(pressure_kpa=50.0, pump_running=False) == ["ended"]


def test_an_event_needs_its_condition_on_the_reading_of_the_onset() -> None:
    """The word alone is not enough."""
    (door,) = library("door-forced").specs
    text = f"""\
schema: 1
rules:
  - {{id: night-door, kind: event, title: {{zh: 门, en: Door}}, category: {door.category},
     severity: major, onset: {{events: [door_forced]}}, when: "result != 'drill'"}}
"""
    town = Town(load_rules({"r.yaml": text}))
    assert town.says("ac-1", event=Event.DOOR_FORCED, values={"result": "drill"}) == []
    assert town.says("ac-1", event=Event.DOOR_FORCED) == []
    assert len(town.says("ac-1", event=Event.DOOR_FORCED, values={"result": "bar"})) == 1


def test_a_condition_tells_what_it_saw() -> None:
    """A duty officer asks why, or why not."""
    condition = Expression("pressure_kpa < 70 and pump_running")
    assert condition.told({"pressure_kpa": 65.0}) == (
        "pressure_kpa < 70 and pump_running (pressure_kpa=65.0, pump_running not said): unknown"
    )


@pytest.mark.parametrize(
    ("text", "sleeps"),
    [
        ("a > 5", {"a": (-math.inf, 5.0)}),
        ("a < -5", {"a": (-5.0, math.inf)}),
        ("b", {"b": (0.0, 0.0)}),
        ("c == 1 and a > 5 and b", {"a": (-math.inf, 5.0)}),
        ("a > 5 or b", {}),
        ("a >= 5", {}),
        ("not b", {}),
        ("5 < a < 7", {}),
    ],
)
def test_a_condition_knows_where_it_is_surely_false(
    text: str, sleeps: dict[str, tuple[float, float]]
) -> None:
    """Plain telemetry in that range wakes no rule."""
    condition = Expression(text)
    assert condition.sleeps == sleeps
    for name, (low, high) in sleeps.items():
        for value in (low, high):
            assert condition({name: bool(value) if high == 0 else value}) is not True
