"""People counted in a place while a clock is set back: by the gateway's order they are newer."""

import pytest
from msgspec.structs import replace

from model.reading import Event, Value
from rules.rulefile import RuleSet

from .replay import Entry, reading, run, run_with_restarts, ticks
from .test_count import LEVEL, PASSAGES, Hall, places, rule
from .town import DAY, HOUR, MINUTE, SECOND, T0


@pytest.mark.parametrize("whose", ["gateway", "gateway and hub"])
@pytest.mark.parametrize("back", [10 * SECOND, HOUR, DAY, T0 - 60 * SECOND])
def test_passages_after_a_clock_was_set_back_count(back: int, whose: str) -> None:
    """By the gateway's order they are newer; T0 is 08:00, four hours after the reset."""
    hall = Hall(rule(PASSAGES, over="2"))
    assert hall.passes("in") == []
    if whose != "gateway":
        hall.town.now -= back
    shift = back if whose == "gateway" else 0
    found = []
    for direction in ("in", "in", "out"):
        found += hall.passes(direction, at=hall.town.now - shift)
    assert [a.phase.value for a in found] == ["started", "ended"]
    assert found[0].started_at <= max(hall.town.now, T0 + MINUTE)
    assert "3 inside" in found[0].explanation


@pytest.mark.parametrize("back", [10 * SECOND, HOUR, DAY])
def test_a_level_after_the_clock_was_set_back_counts(back: int) -> None:
    """Nothing of the time before outlives its freshness, and the start is no time to come."""
    hall = Hall(rule(LEVEL, over="100", for_="30s"))
    hall.sees("cam-1", 60)
    hall.town.now -= back
    assert hall.sees("cam-1", 90) == []
    assert hall.sees("cam-2", 20) == []
    (crowd,) = hall.wait(MINUTE)
    assert crowd.started_at <= hall.town.now
    found = hall.wait(10 * MINUTE)
    assert [a.phase.value for a in found] == ["ended"]


def test_another_gateway_whose_clock_is_right_counts_as_ever() -> None:
    """One is a day behind: what it says counts as said now, and neither holds the other up."""
    hall = Hall(rule(LEVEL, over="100"))
    hall.sees("cam-1", 60)
    for _ in range(4):
        hall.town.says("cam-2", values={"people_count": 5}, kind="camera", gateway="other")
        found = hall.sees("cam-1", 70, at=hall.town.now - DAY)
        assert found == []
    hall.town.says("cam-2", values={"people_count": 50}, kind="camera", gateway="other")
    (crowd,) = hall.wait(10 * SECOND)
    assert "120 counted 人数 by cam-1 70, cam-2 50" in crowd.explanation
    assert T0 < crowd.started_at <= hall.town.now
    assert [a.phase.value for a in hall.sees("cam-1", 10)] == ["ended"], "the clock is right again"


@pytest.mark.parametrize("rules", [rule(LEVEL, over="100"), rule(PASSAGES, over="2")])
@pytest.mark.parametrize("back", [HOUR, DAY])
def test_a_restart_after_every_entry_changes_nothing(rules: RuleSet, back: int) -> None:
    """What is known of the gateway's clock stands in the rows; a repeat counts once."""
    log: list[Entry] = []
    for number, tick in enumerate(ticks(0, 3 * MINUTE, SECOND)):
        behind = back if number > 60 else 0
        log.append(replace(tick, at=tick.at - behind))
        if number % 9 == 0:
            direction = "in" if number % 4 else "out"
            values: dict[str, Value] = {
                "people_count": float(number * 13 % 90),
                "direction": direction,
            }
            device, at = ("cam-1", "cam-2", "door")[number // 9 % 3], number * SECOND - behind
            said = reading(at, number + 1, device, values, event=Event.ACCESS_GRANTED)
            log += [said, said]
    whole = run(rules, places(), log)
    assert whole
    assert all(a.started_at <= T0 + 3 * MINUTE for a in whole)
    assert run_with_restarts(rules, places(), log) == whole
