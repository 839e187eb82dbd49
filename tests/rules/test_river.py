"""The kind `baseline` on recorded series, against labels that were written before it saw them."""

import pytest

from benchmarks.river import (
    CO2,
    FLOW,
    FLOW_DEFAULT,
    FLOW_WINDOW,
    Series,
    Stretch,
    by_baseline,
    by_limits,
    by_rule,
    compared,
    load,
    three_sigma,
)
from tests.shared_data import shared


def _series(name: str) -> Series:
    return load(shared(f"data/datasets/river/{name}").parent)[name]


def test_every_certain_interruption_of_a_real_pipe_is_found_and_nothing_else() -> None:
    """What docs/rules/baseline.md claims; where a plain limit raises dozens of false alarms."""
    flow = _series("water-flow.csv")
    figures = compared(flow, by_baseline(flow, FLOW), strict=False)
    assert (figures.recall, figures.precision) == (1.0, 1.0)
    naive = compared(flow, by_limits(flow, three_sigma(flow, days=3)), strict=False)
    assert naive.precision < 0.1


def test_the_defaults_miss_what_happens_while_they_learn() -> None:
    """As the page says: no false alarm, and one of four."""
    flow = _series("water-flow.csv")
    figures = compared(flow, by_baseline(flow, FLOW_DEFAULT), strict=False)
    assert (figures.found, figures.stretches, figures.precision) == (1, 4, 1.0)


def test_a_room_with_far_more_people_is_found_late() -> None:
    """After five days of learning, two of them a weekend."""
    room = _series("occupancy.csv")
    figures = compared(room, by_baseline(room, CO2), strict=False)
    assert (figures.recall, figures.precision) == (1.0, 1.0)
    assert 4 < figures.delay_h < 12


def test_a_window_with_a_limit_finds_what_falls_and_misses_what_rises() -> None:
    """As the page says: three of the four interruptions, and no false alarm."""
    flow = _series("water-flow.csv")
    figures = compared(flow, by_rule(flow, "window", FLOW_WINDOW), strict=False)
    assert (figures.found, figures.stretches, figures.precision) == (3, 4, 1.0)


@pytest.mark.parametrize(
    ("anomalies", "expected"),
    [
        ([], (0, 2, 0, 0)),
        ([Stretch(10, 20)], (1, 2, 1, 1)),
        ([Stretch(10, 12), Stretch(14, 20)], (1, 2, 2, 2)),
        ([Stretch(25, 28)], (0, 2, 0, 1)),
        ([Stretch(32, 38)], (0, 2, 0, 0)),  # doubtful: neither right nor wrong
        ([Stretch(12, 60)], (2, 2, 1, 1)),
    ],
)
def test_the_comparison_counts_stretches(
    anomalies: list[Stretch], expected: tuple[int, int, int, int]
) -> None:
    """Found, labelled, right, judged."""
    labels = [Stretch(10, 20), Stretch(30, 40, certain=False), Stretch(50, 60)]
    figures = compared(Series("s", [], labels, "UTC"), anomalies, strict=False)
    assert figures[:4] == expected
