"""Whatever condition people write: a Reading of which it is true wakes the rule."""

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from model.reading import Reading, Value
from model.yamlfile import ConfigErrors
from rules.book import Book
from rules.engine import Engine
from rules.expression import Expression, ExpressionError
from rules.kinds import build
from rules.route import route_of
from rules.rulefile import RuleSet, load_rules

from .test_correlate import HEAD, PLACES, Pumps
from .test_disorder import EXAMPLES
from .town import MINUTE, SECOND, T0, registry

_NAMES = st.sampled_from(["a", "b", "c"])
_NUMBERS = st.sampled_from(["0", "1", "-1", "5", "2.5", "-0", "1e12", "60"])
_SIGNS = st.sampled_from(["<", ">", "<=", ">=", "==", "!="])
_ATOMS = st.one_of(
    st.builds("{} {} {}".format, _NAMES, _SIGNS, _NUMBERS),
    st.builds("{} < {} < {}".format, _NUMBERS, _NAMES, _NUMBERS),
    st.builds("{} {} {}".format, _NAMES, _SIGNS, _NAMES),
    st.builds("known({})".format, _NAMES),
    st.sampled_from(["at", "bt", "at == false", "true", "false", "True", "known(bt)"]),
)
_TEXTS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.builds("not ({})".format, inner),
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner),
        st.builds("{} and {} and {}".format, inner, inner, inner),
    ),
    max_leaves=5,
)
_SAID = st.sampled_from(
    [0, 1, -1, 5, 2.5, 60, 1e12, math.nan, math.inf, True, False, "x", -0.0, 90.0]
)
_VALUES = st.dictionaries(st.sampled_from(["a", "b", "c", "at", "bt", "rssi"]), _SAID)

_HEAD = """\
schema: 1
rules:
  - {id: c, title: {zh: 试, en: Tried}, category: pump_fault, severity: major, """
_MEMBERS = "kind: correlate, members: {x: {devices: {}, when: WHEN}, y: {devices: {}, when: b > 5}}"
_KINDS = [
    f"{_MEMBERS}}}",
    f"{_MEMBERS}, lateness: 5s}}",
    "kind: sequence, first: {when: WHEN}, then: {states: [fire]}, within: 1m}",
    "kind: window, aggregate: count, span: 1m, above: 3, when: WHEN}",
]


def _rules(kind: str, when: str) -> RuleSet:
    return load_rules({"r.yaml": _HEAD + kind.replace("WHEN", f'"{when}"')})


def _compiled(text: str) -> Expression:
    try:
        return Expression(text)
    except ExpressionError:  # one name of two types, or of none
        assume(False)  # noqa: FBT003 - hypothesis' own shape
        raise


@settings(max_examples=5 * EXAMPLES, deadline=None)
@given(_TEXTS, st.lists(_VALUES, min_size=1, max_size=20))
def test_no_condition_is_true_where_it_says_that_it_sleeps(
    text: str, many: list[dict[str, Value]]
) -> None:
    """Whatever the other quantities are, and also where the quantity is not said."""
    condition = _compiled(text)
    for values in many:
        if condition.sleeps and condition(values) is True:
            assert any(
                name in values and not low <= values[name] <= high  # type: ignore[operator]
                for name, (low, high) in condition.sleeps.items()
            ), values


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.sampled_from(_KINDS), _TEXTS, st.lists(_VALUES, min_size=1, max_size=20))
def test_a_reading_of_which_the_condition_is_true_wakes_the_rule(
    kind: str, text: str, many: list[dict[str, Value]]
) -> None:
    """Or the rule is refused, because any Reading at all would meet it."""
    condition = _compiled(text)
    if condition({}) is True:
        with pytest.raises(ConfigErrors, match="true of a Reading that says nothing of it"):
            _rules(kind, text)
        return
    (spec,) = _rules(kind, text).specs
    rule = build(spec, Book(registry()))
    route = route_of("meter", [rule])
    for values in many:
        if condition(values) is True:
            reading = Reading("m-1", "meter", T0, values=values)
            assert route.wakes(reading) or rule in route.wanting(reading), values


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("lateness", ["0s", "5s"])
@pytest.mark.parametrize("when", ["true and temp > 60", "temp > 60", "temp > 60 or known(temp)"])
def test_a_member_is_met_alike_before_and_after_a_restart(
    when: str, lateness: str, *, restarts: bool
) -> None:
    """A restarted hub hears every device once; what it concludes is the same."""
    text = HEAD.replace("when: pressure_kpa < 70", f"when: {when}")
    rules = load_rules({"r.yaml": f"{text}    lateness: {lateness}\n"})
    pumps = Pumps(rules)
    for device in ("pump", "low"):
        pumps.says(device, kind=PLACES.devices[device].kind, values={"battery_pct": 50.0})
        pumps.pass_time(10 * SECOND)
    pumps.says("pump", kind="fire_component", values={"running": True})
    pumps.pass_time(5 * SECOND)
    if restarts:
        again = Engine(PLACES, rules)
        again.restore(pumps.engine.dirty())
        pumps.engine = again
    pumps.says("low", kind="pressure_sensor", values={"temp": 90.0})
    pumps.pass_time(10 * SECOND)
    pumps.says("low", kind="pressure_sensor", values={"rssi": 1.0})
    pumps.pass_time(MINUTE)
    assert [a.phase.value for a in pumps.said] == ["started"]
