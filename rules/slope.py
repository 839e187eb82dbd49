"""How fast a quantity rises, said so that one wrong sample does not decide it."""

from collections.abc import Sequence


def shortest_run(times: Sequence[int]) -> int:
    """Return the least time (ms) that the two samples of `resistant_rise` can lie apart."""
    third = (len(times) + 1) // 3
    return times[-third] - times[third - 1]


def resistant_rise(times: Sequence[int], values: Sequence[float]) -> float:
    """Return the rise a millisecond; `times` grow, at least 3 of them. 0 where they do not differ.

    After Tukey's resistant line: the samples are cut into three parts of equal number; the rise goes
    from the sample of median value in the first part to the one in the last. Of two in the middle the
    first part takes the higher and the last part the lower, so that from 5 samples on one spike makes
    no rise, and a straight line keeps its slope.
    """
    third = (len(times) + 1) // 3
    first = sorted(zip(values[:third], times[:third], strict=True))[third // 2]
    last = sorted(zip(values[-third:], times[-third:], strict=True))[(third - 1) // 2]
    run = last[1] - first[1]
    return (last[0] - first[0]) / run if run > 0 else 0.0
