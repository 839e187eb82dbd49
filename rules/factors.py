"""What a Reading says of a factor of a score, and what wakes a score."""

import math

from model.reading import Reading

from .contract import Interest
from .specs import ScoreSpec
from .specs.score import Beyond, Factor

ONCE, HOLDS, CLEARED = 0.0, 1.0, -1.0
"""What is said once and fades, what lasts until it is taken back, and that it is taken back."""


def says(factor: Factor, reading: Reading) -> float | None:
    """Return what a Reading says of a factor: once, from now on, no more, or nothing."""
    if factor.kinds and reading.kind not in factor.kinds:
        return None
    values = reading.values
    if factor.beyond is not None:
        return _beyond(factor.beyond, reading)
    if any(values.get(state) is True for state in factor.says.states):
        return HOLDS
    if reading.event in factor.says.events:
        return ONCE
    return CLEARED if any(values.get(state) is False for state in factor.says.states) else None


def _beyond(limit: Beyond, reading: Reading) -> float | None:
    value = reading.values.get(limit.quantity)
    if value is None or isinstance(value, (bool, str)) or not math.isfinite(value):
        return None
    above = limit.above is not None and value > limit.above
    return HOLDS if above or (limit.below is not None and value < limit.below) else CLEARED


def interest(spec: ScoreSpec) -> Interest:
    """Return what wakes the rule: any word or value that a factor looks at."""
    events: set[str] = set()
    limits: dict[str, tuple[float, float]] = {}
    for factor in spec.factors:
        events |= {str(event.value) for event in factor.says.events}
        limits |= dict.fromkeys(factor.says.states, (0.0, 0.0))
        if factor.beyond is not None:
            low = -math.inf if factor.beyond.below is None else factor.beyond.below
            high = math.inf if factor.beyond.above is None else factor.beyond.above
            known = limits.get(factor.beyond.quantity, (low, high))
            limits[factor.beyond.quantity] = (max(low, known[0]), min(high, known[1]))
    return Interest(frozenset(spec.devices.kinds), frozenset(events), limits)
