"""What is unusual for a device, as learned from itself: band, drift, stuck value."""

import math

import pytest

from model.anomaly import Anomaly
from model.errors import ConfigError
from model.place import Registry
from model.reading import Mode
from model.yamlfile import ConfigErrors
from rules.rulefile import RuleSet, load_rules

from .replay import reading
from .town import DAY, HOUR, MINUTE, SECOND, T0, Town

PLACES = Registry()
BAND = "band: {min_band: 2, accept_after: 5d, season: day}"
DRIFT = "drift: {change: 3, reference: 4, recent: 3}"
STUCK = "stuck: {after: 6h}"


def rule(check: str = BAND, more: str = "") -> RuleSet:
    """Return a rule that looks once an hour and needs three days."""
    text = f"""\
schema: 1
rules:
  - id: odd
    kind: baseline
    title: {{zh: 异常, en: Odd}}
    category: flow_unusual
    severity: minor
    quantity: flow
    {check}
"""
    settings = {"every": "1h", "learn": "3d", "min_samples": "3", "lateness": "0s"}
    settings |= dict(part.split(": ") for part in more.split("; ") if part)
    lines = "".join(f"    {key}: {value}\n" for key, value in settings.items())
    return load_rules({"a.yaml": text + lines})


class Meter:
    """A device that says one value an hour."""

    def __init__(self, rules: RuleSet) -> None:
        self.town = Town(rules, PLACES)

    def says(self, *values: float, mode: Mode = Mode.REAL, step: int = HOUR) -> list[Anomaly]:
        """Say values, one in each step of time."""
        found = []
        for value in values:
            found += self.town.says("d", values={"flow": value}, kind="meter", mode=mode)
            self.town.now += step
        return found

    def days(self, count: int, base: float = 10.0, night: float = 4.0) -> list[Anomaly]:
        """Live so many ordinary days: 12 hours of `base`, 12 of `night`."""
        return self.says(*([base] * 12 + [night] * 12) * count)

    def why(self) -> str:
        """Return what explain says."""
        return self.town.engine.explain("odd", "d")


def phases(found: list[Anomaly]) -> list[tuple[str, str]]:
    """Return phase and reason of each statement."""
    return [(a.phase.value, a.ended_by) for a in found]


STARTED, NORMAL = ("started", ""), ("ended", "normal")


@pytest.mark.parametrize(
    ("direction", "value", "expected"),
    [
        ("both", 12.0, []),
        ("both", 12.1, [STARTED]),
        ("both", 7.9, [STARTED]),
        ("above", 7.9, []),
        ("above", 12.1, [STARTED]),
        ("below", 12.1, []),
        ("below", 7.9, [STARTED]),
    ],
)
def test_a_value_outside_the_band_of_its_hour_is_unusual(
    direction: str, value: float, expected: list[tuple[str, str]]
) -> None:
    """10 by day; the smallest band that matters is ± 2."""
    meter = Meter(rule(more=f"direction: {direction}"))
    assert meter.days(5) == []
    assert phases(meter.says(value)) == expected


def test_what_is_usual_by_day_is_unusual_at_night() -> None:
    """A plain limit cannot say this."""
    meter = Meter(rule())
    meter.days(5)
    assert phases(meter.says(*[10.0] * 14)) == [STARTED]


def test_an_anomaly_shows_the_band_and_how_it_was_learned() -> None:
    """T0 is Thursday 08:00 in Shanghai."""
    meter = Meter(rule("band: {min_band: 2, accept_after: 20d}", "learn: 14d"))
    meter.days(42)
    (odd,) = meter.says(20.0)
    assert odd.explanation == (
        "异常 / Odd: flow=20; expected 预期 8 to 至 12, learned from 学自 6 weeks 周, "
        "6 values 个值 for Thu 周四 08:00"
    )
    assert odd.started_at == T0 + 42 * DAY
    assert odd.evidence[0].values == {"flow": 20.0}


def test_the_band_is_as_wide_as_the_device_is_restless() -> None:
    """Median ± 4 · 1.4826 · MAD: 10 ± 5.93 for values of 9, 10 and 11."""
    for value, expected in ((15.9, []), (16.0, [STARTED])):
        meter = Meter(rule())
        for number in range(9):
            meter.says(*[9.0 + number % 3] * 24)
        assert phases(meter.says(value)) == expected


def test_it_ends_only_well_inside_the_band() -> None:
    """Between 75 % and 100 % of the band nothing changes."""
    meter = Meter(rule())
    meter.days(5)
    assert phases(meter.says(13, 12, 11.6, 13, 11.4, 11.9)) == [STARTED, NORMAL]


def test_an_unusual_value_must_last_for_the_hold_time() -> None:
    """The start is the first unusual value."""
    meter = Meter(rule(more="for: 2h"))
    meter.days(5)
    assert meter.says(20, 20, 10, 20, 20) == []
    assert "open since" not in meter.why()
    assert "would fire in 3600 s more" in meter.why()
    (odd,) = meter.says(20)
    assert odd.started_at == T0 + 5 * DAY + 3 * HOUR


def test_nothing_is_judged_while_it_learns() -> None:
    """Neither before the learning time nor with too few values."""
    meter = Meter(rule())
    assert meter.says(*[10.0, 50.0, -20.0] * 23) == []
    assert "still learning 学习中: 69 values 个值 in 2.8 days" in meter.why()


def test_an_hour_without_values_is_judged_by_the_moving_average() -> None:
    """Or not at all, where the rule says so."""
    for fallback, expected in (("true", [STARTED]), ("false", [])):
        meter = Meter(rule(f"band: {{min_band: 2, accept_after: 5d, fallback: {fallback}}}"))
        meter.says(*[10.0] * 100)
        found = meter.says(30)
        assert phases(found) == expected
        if found:
            assert "a moving average 滑动平均 of 100 values" in found[0].explanation


def test_one_bad_day_teaches_nothing() -> None:
    """Values outside are learned as the band's edge: the median stays."""
    meter = Meter(rule())
    meter.days(5)
    assert phases(meter.days(1, base=90.0)) == [STARTED, NORMAL]
    assert phases(meter.says(12.1)) == [STARTED]


def test_a_lasting_new_level_is_accepted_with_its_old_shape() -> None:
    """After five days at 20 higher, 30 by day and 24 at night are normal; 10 is not."""
    meter = Meter(rule())
    meter.days(5)
    found = meter.days(6, base=30.0, night=24.0)
    assert phases(found) == [STARTED, ("ended", "new_normal")]
    assert found[1].ended_at == found[0].started_at + 5 * DAY
    assert meter.days(2, base=30.0, night=24.0) == []
    assert phases(meter.says(10)) == [STARTED]


def test_a_missing_week_is_a_gap_and_not_a_zero() -> None:
    """What was learned before it still holds; the count of weeks says what is missing."""
    meter = Meter(rule("band: {min_band: 2, accept_after: 20d}", "learn: 14d"))
    meter.days(28)
    meter.town.now += 7 * DAY
    (odd,) = meter.says(20)
    assert "learned from 学自 4 weeks 周, 4 values" in odd.explanation


def test_what_is_older_than_the_memory_is_forgotten() -> None:
    """After two months away a device is learned anew."""
    meter = Meter(rule("band: {min_band: 2, accept_after: 20d, weeks: 4}"))
    meter.days(28)
    meter.town.now += 29 * DAY
    assert meter.says(90) == []
    assert "still learning" in meter.why()


def test_hours_are_those_of_the_clock_on_the_wall_also_in_summer() -> None:
    """In Rome 08:00 comes an hour earlier from 2026-03-29 on; the morning peak comes with it."""
    meter = Meter(rule(more="timezone: Europe/Rome"))
    peak_utc = 7 * HOUR
    for day in range(80, 100):
        for hour in range(24):
            at = day * DAY + hour * HOUR
            summer = at >= 87 * DAY + HOUR  # 2026-03-29 01:00 UTC
            peak = hour * HOUR == peak_utc - (HOUR if summer else 0)
            meter.town.now = T0 + at
            meter.says(20.0 if peak else 5.0)
    assert meter.town.said == []
    meter.town.now = T0 + 100 * DAY + peak_utc  # 09:00 on the wall now
    assert phases(meter.says(20.0)) == [STARTED]


@pytest.mark.parametrize("mode", [Mode.TEST, Mode.DRILL])
def test_a_test_is_neither_judged_nor_learned(mode: Mode) -> None:
    """Smoke from a can says nothing about the room."""
    meter = Meter(rule())
    meter.days(5)
    assert meter.says(*[90.0] * 24, mode=mode) == []
    assert phases(meter.says(12.1)) == [STARTED]


def test_a_simulation_teaches_nothing_about_the_real_device() -> None:
    """Its anomaly ends, and learning begins anew."""
    meter = Meter(rule())
    meter.says(*[10.0] * 100, mode=Mode.SIMULATED)
    (odd,) = meter.says(30.0, mode=Mode.SIMULATED)
    assert odd.mode is Mode.SIMULATED
    assert phases(meter.says(30.0)) == [("ended", "real_data")]
    assert "still learning" in meter.why()
    assert meter.says(500.0, mode=Mode.SIMULATED) == []


def test_only_the_first_value_of_a_slot_counts_and_the_rest_costs_nothing() -> None:
    """A device that speaks each minute is looked at once an hour."""
    town = Town(rule(), PLACES)
    asked = 0
    for minute in range(120):
        town.now = T0 + minute * MINUTE
        town.says("d", values={"flow": float(minute)}, kind="meter")
        route = town.engine._routes["meter"]
        later = reading(town.now - T0 + SECOND, 1_000, "d", {"flow": 0.0})
        asked += route.wakes(later)
    assert asked == 0
    assert "2 values" in town.engine.explain("odd", "d")


def test_a_clock_that_was_set_back_does_not_stall_it() -> None:
    """Ten hours back: learning and judging go on in the new time."""
    meter = Meter(rule())
    meter.days(5)
    meter.town.now -= 10 * HOUR
    assert phases(meter.says(4.0, 50.0)) == [STARTED]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True, "12"])
def test_what_is_no_number_is_no_value(value: float) -> None:
    """Nothing starts, nothing breaks, nothing is learned."""
    meter = Meter(rule())
    assert meter.says(value) == []
    assert "never said flow" in meter.why()


@pytest.mark.parametrize(
    ("check", "more", "message"),
    [
        ("note: none", "", "give exactly one of `band`, `drift` and `stuck`"),
        (f"{BAND}\n    {STUCK}", "", "give exactly one of `band`, `drift` and `stuck`"),
        ("band: {min_band: 0, accept_after: 5d}", "", "more than 0"),
        ("band: {min_band: 2}", "", "accept_after"),
        ("drift: {change: 3, clear_change: 4}", "", "clear_change must lie between 0 and change 3"),
        (BAND, "every: 7m", "must divide an hour"),
        (BAND, "timezone: Asia/Peking", "no time zone 'Asia/Peking'"),
    ],
)
def test_mistakes_in_the_text_are_named(check: str, more: str, message: str) -> None:
    """With file and line."""
    with pytest.raises((ConfigErrors, ConfigError), match=r"a\.yaml:\d+") as error:
        rule(check, more)
    assert message in str(error.value)
