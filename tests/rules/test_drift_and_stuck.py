"""A level that moves away slowly, and a value that does not move any more."""

from .test_baseline import DRIFT, NORMAL, STARTED, STUCK, Meter, phases, rule
from .town import DAY


def test_a_drift_is_told_of_its_reference_and_level() -> None:
    """A detector whose rest value climbs by 1 a day; a day counts by its median."""
    meter = Meter(rule(DRIFT))
    meter.days(4, base=10.0, night=10.0)
    found = [a for n in range(8) for a in meter.days(1, base=10.0 + n, night=10.0 + n)]
    (drift,) = found
    assert "level 水平 14 over 3 days 天, reference 基准 10 over 4 days 天" in drift.explanation
    # Cleaned: the level falls back within half of the change.
    assert phases(meter.days(4, base=10.0, night=10.0)) == [NORMAL]


def test_one_wild_day_is_no_drift() -> None:
    """The median of three days does not move."""
    meter = Meter(rule(DRIFT))
    meter.days(7, base=10.0, night=10.0)
    assert meter.days(1, base=500.0, night=500.0) == []
    assert meter.days(5, base=10.0, night=10.0) == []


def test_a_value_that_stops_moving_is_stuck_and_ends_when_it_moves() -> None:
    """It used to move every two hours; six hours of rest are allowed."""
    meter = Meter(rule(STUCK))
    assert meter.says(*[1.0, 1.0, 2.0, 2.0] * 20) == []
    assert meter.says(*[3.0] * 7) == []
    (stuck,) = meter.says(3.0)
    assert "flow=3 for 7.0 h; longest of the last" in stuck.explanation
    assert phases(meter.says(3.0, 4.0)) == [NORMAL]


def test_a_device_that_often_rests_long_is_not_stuck() -> None:
    """Three times its longest rest."""
    meter = Meter(rule(STUCK))
    for number in range(12):
        meter.says(*[float(number)] * 10)
    assert meter.says(*[50.0] * 28) == []
    assert phases(meter.says(*[50.0] * 5)) == [STARTED]


def test_silence_is_not_rest() -> None:
    """A day without Readings counts for nothing."""
    meter = Meter(rule(STUCK))
    meter.says(*[1.0, 2.0] * 50)
    meter.says(7.0)
    meter.town.now += DAY
    assert meter.says(*[7.0] * 7) == []
