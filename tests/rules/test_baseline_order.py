"""A baseline under disorder, repetition and restarts, and how much it remembers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.engine import Engine

from .replay import arriving, disorder, facts, reading, run, run_with_restarts
from .test_baseline import BAND, DRIFT, PLACES, STUCK, Meter, rule
from .test_disorder import EXAMPLES
from .town import HOUR, MINUTE, T0


def _life(values: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Five steady days hour by hour, then what is drawn: (minutes on, value)."""
    at = 5 * 24 * 60
    life = [(hour * 60, 10.0 + hour % 2) for hour in range(5 * 24)]
    for gap, value in values:
        at += gap
        life.append((at, value))
    return life


_DRAWN = st.lists(
    st.tuples(st.sampled_from([2, 4, 50, 60]), st.sampled_from([10.0, 11.0, 30.0, -5.0])),
    max_size=25,
)
LATE = "lateness: 10m; for: 1h"


@settings(max_examples=max(20, EXAMPLES // 4), deadline=None)
@given(_DRAWN, st.data(), st.sampled_from([BAND, DRIFT, "stuck: {after: 2h, factor: 1}"]))
def test_disorder_within_the_lateness_and_repetition_change_nothing(
    drawn: list[tuple[int, float]], data: st.DataObject, check: str
) -> None:
    """The same keys, starts and ends."""
    said = [
        reading(minute * MINUTE, number + 1, "d", {"flow": value})
        for number, (minute, value) in enumerate(_life(drawn))
    ]
    until, rules = said[-1].received_at - T0 + HOUR, rule(check, LATE)
    steady, moved = [(one, 0) for one in said[:100]], said[100:]
    ordered = steady + [(one, 0) for one in moved]
    # A tick each minute: what came since the last one may be a minute older than it looks.
    late = steady + data.draw(disorder(moved, 9 * MINUTE))
    in_order, disordered = (
        run(rules, PLACES, arriving(log, until=until, step=MINUTE, begin=100 * HOUR))
        for log in (ordered, late)
    )
    assert facts(disordered) == facts(in_order)


def test_the_first_of_a_slot_counts_though_it_comes_second() -> None:
    """By data time, not by arrival; so a value that is passed over cannot start anything."""
    steady = [(reading(n * HOUR, n + 1, "d", {"flow": 10.0}), 0) for n in range(120)]
    early = reading(120 * HOUR, 121, "d", {"flow": 30.0}), 5 * MINUTE
    later = reading(120 * HOUR + MINUTE, 122, "d", {"flow": 10.0}), 0
    log = arriving([*steady, early, later], until=122 * HOUR, step=MINUTE, begin=119 * HOUR)
    (odd,) = run(rule(BAND, "lateness: 10m"), PLACES, log)
    assert odd.started_at == T0 + 120 * HOUR


@pytest.mark.parametrize("check", [BAND, DRIFT, STUCK])
def test_a_restart_after_every_entry_changes_nothing(check: str) -> None:
    """Values that wait, what was learned, what is open: all of it is in the rows."""
    values = [10.0, 11.0] * 50 + [30.0, 30.0, 10.0] + [10.0] * 12 + [14.0] * 72 + [10.0, 11.0] * 6
    said = [(reading(n * HOUR, n + 1, "d", {"flow": v}), 0) for n, v in enumerate(values)]
    log = arriving(said, until=len(values) * HOUR, step=5 * MINUTE)
    rules = rule(check, LATE)
    whole = run(rules, PLACES, log)
    assert whole
    assert run_with_restarts(rules, PLACES, log) == whole


def test_memory_of_a_device_is_bounded() -> None:
    """Forty weeks of a value each ten minutes take what eight weeks take."""
    rules = rule("band: {min_band: 2, accept_after: 20d, weeks: 2}", "every: 10m")
    sizes = []
    meter = Meter(rules)
    for _ in range(3):
        meter.says(*[float(n % 50) for n in range(6 * 24 * 7 * 3)], step=10 * MINUTE)
        engine = Engine(PLACES, rules)
        rows = meter.town.engine._rules["odd"]
        for row in rows._rows.rows:  # type: ignore[attr-defined]
            rows._rows.changed.add(row)  # type: ignore[attr-defined]
        chunks = rows._check._chunks  # type: ignore[attr-defined]
        chunks.changed.update(chunks.rows)
        state = rows.snapshot()
        for subject, packed in state.items():
            engine._rules["odd"].restore(subject, packed)
        sizes.append(sum(map(len, state.values())))
    assert sizes[2] <= sizes[0] + 100
    assert sizes[2] < 168 * 2 * 6 * 4 + 4_000
