"""Limits with hold time and hysteresis."""

import math
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from model.reading import Value
from rules.rulefile import RuleSet

from .town import MINUTE, SECOND, T0, Town, library, told

SMOKE = library("smoke-pre-alarm")  # above 0.10 for 30 s, ends at 0.05
BATTERY = library("battery-low")  # below 20, ends at 30


def _says(town: Town, quantity: str, value: float, **more: int) -> list[tuple[str, str, str]]:
    return told(town.says("nb-1", values={quantity: value}, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rules", "quantity", "values", "phases"),
    [
        (BATTERY, "battery_pct", [20.0], []),
        (BATTERY, "battery_pct", [19.9], ["started"]),
        (BATTERY, "battery_pct", [19, 29, 19, 29], ["started"]),
        (BATTERY, "battery_pct", [19, 30, 19], ["started", "ended", "started"]),
        (SMOKE, "smoke_db_m", [0.1, 0.1, 0.1, 0.1], []),
        (SMOKE, "smoke_db_m", [0.11, 0.11, 0.11, 0.11], ["started"]),
        (SMOKE, "smoke_db_m", [0.11, 0.11, 0.09, 0.11], []),
        (SMOKE, "smoke_db_m", [0.11, 0.11, 0.11, 0.11, 0.06, 0.05], ["started", "ended"]),
    ],
)
def test_limits_hold_time_and_hysteresis(
    rules: RuleSet, quantity: str, values: list[float], phases: list[str]
) -> None:
    """One reading every 10 s of data time, no tick between them."""
    town = Town(rules)
    found = []
    for value in values:
        found += _says(town, quantity, value)
        town.now += 10 * SECOND
    assert [phase for _, phase, _ in found] == phases


def test_the_start_is_the_first_reading_beyond_the_limit() -> None:
    """However late the hold time is noticed."""
    town = Town(SMOKE)
    _says(town, "smoke_db_m", 0.2)
    (anomaly,) = town.pass_time(MINUTE)
    assert anomaly.started_at == T0
    assert "smoke_db_m=0.2" in anomaly.explanation
    assert "above 0.1 for 30 s" in anomaly.explanation


def test_a_value_back_inside_before_the_hold_time_is_forgotten() -> None:
    """The next one counts from its own time."""
    town = Town(SMOKE)
    _says(town, "smoke_db_m", 0.2)
    town.pass_time(20 * SECOND)
    _says(town, "smoke_db_m", 0.02)
    town.pass_time(20 * SECOND)
    _says(town, "smoke_db_m", 0.2)
    assert town.pass_time(29 * SECOND) == []
    assert len(town.pass_time(2 * SECOND)) == 1


def test_an_older_value_tells_nothing_about_now() -> None:
    """It neither starts nor ends."""
    town = Town(BATTERY)
    _says(town, "battery_pct", 90.0, order=9)
    assert _says(town, "battery_pct", 5.0, order=8) == []
    _says(town, "battery_pct", 5.0, order=10)
    assert _says(town, "battery_pct", 90.0, order=9) == []


@pytest.mark.parametrize("value", [math.nan, math.inf, True, "19", "low"])
def test_what_is_no_number_is_no_value(value: Value) -> None:
    """Nothing starts, nothing breaks."""
    town = Town(BATTERY)
    assert town.says("nb-1", values={"battery_pct": value}) == []


def test_explain_says_value_limit_and_timer() -> None:
    """A duty officer asks why, or why not."""
    town = Town(SMOKE)
    assert "not beyond it" in town.engine.explain("smoke-pre-alarm", "nb-1")
    _says(town, "smoke_db_m", 0.2)
    said = town.engine.explain("smoke-pre-alarm", "nb-1")
    at = datetime.fromtimestamp(town.now / 1000, ZoneInfo("Asia/Shanghai"))
    assert f"waiting for the hold time: smoke_db_m=0.2 at {at:%Y-%m-%d %H:%M:%S}+08:00" in said
    assert said.endswith(f"beyond since {at:%Y-%m-%d %H:%M:%S}+08:00")
