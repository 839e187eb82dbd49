"""What is known of how many are in a place: by which devices, and how that reads."""

import math

import msgspec

from model.anomaly import Anomaly, Evidence
from model.reading import Mode, Reading

from .clocks import Stream, bring_back
from .contract import Interest
from .heard import Heard
from .specs import CountSpec
from .specs.count import Passage

DEVICES_MAX = 200
"""So many devices of one place are summed; beyond it the one heard longest ago goes."""

EVIDENCE_MAX = 20


class Crowd(msgspec.Struct):
    """A place: what its devices said last, what is inside, and the anomaly."""

    at: int = 0  # data time up to which it is counted
    awake: int = 0  # the hub's waking time of that
    waiting: list[Heard] = []
    said: dict[str, Heard] = {}  # the newest of each device; its value is a count, or +1 and -1
    inside: float = 0  # by passages
    day: int = 0  # of the last reset
    anomaly: Anomaly | None = None
    open: bool = False
    streams: dict[str, Stream] = {}

    def bring_back(self, by: int) -> None:
        """Move all to an earlier time: the hub's clock was set back. What is open keeps its start."""
        bring_back(self.streams, by)
        self.at -= by
        for said in (*self.waiting, *self.said.values()):
            said.at -= by
        if not self.open:
            self.anomaly = None  # it begins anew with the next word


def counts_for(spec: CountSpec, reading: Reading) -> float | None:
    """Return how many a Reading counts for (+1, -1 by passages); None if it says nothing of that."""
    values = reading.values
    if spec.passages is not None:
        if _passes(spec.passages.enter, reading):
            return 1
        return -1 if _passes(spec.passages.leave, reading) else None
    if spec.level is None:
        return None
    said = values.get(spec.level.quantity)
    if isinstance(said, (int, float)) and not isinstance(said, bool):
        return float(said) if math.isfinite(said) and said >= 0 else None
    states = [values[word] for word in spec.level.states if isinstance(values.get(word), bool)]
    return float(any(states)) if states else None


def count(spec: CountSpec, row: Crowd) -> float:
    """Return how many are there."""
    if spec.passages is not None:
        return row.inside
    return sum(row.said[device].value for device in sorted(row.said))


def facts(spec: CountSpec, row: Crowd) -> str:
    """Say how many, by which devices, against the limit."""
    number, limit = count(spec, row), f"limit 上限 {spec.over or 0:g}"
    if spec.passages is not None:
        return f"{number:g} inside 在内 since the reset of the night 夜间清零后; {limit}"
    by = [f"{device} {said.value:g}" for device, said in sorted(row.said.items()) if said.value]
    more = f" and {len(by) - EVIDENCE_MAX} more" if len(by) > EVIDENCE_MAX else ""
    return f"{number:g} counted 人数 by {', '.join(by[:EVIDENCE_MAX])}{more}; {limit}"


def evidence(spec: CountSpec, row: Crowd) -> tuple[Evidence, ...]:
    """Name the devices that count most."""
    counted = sorted(
        (said for said in row.said.values() if said.value),
        key=lambda said: (-said.value, said.device),
    )
    quantity = spec.level.quantity if spec.level else ""
    return tuple(said.evidence(quantity) for said in counted[:EVIDENCE_MAX])


def interest(spec: CountSpec) -> Interest:
    """Return what wakes the rule: somebody passes, or a count, of nobody as well.

    "Nobody" that comes before an older "somebody" must be known to end it at its own time.
    """
    kinds, always = frozenset(spec.devices.kinds), (math.inf, -math.inf)
    if spec.passages is not None:
        events = (*spec.passages.enter.events, *spec.passages.leave.events)
        return Interest(kinds, frozenset(str(event.value) for event in events), {})
    level = spec.level
    words = (level.quantity, *level.states) if level else ()
    return Interest(kinds, frozenset(), {word: always for word in words if word})


def named(place: str, mode: Mode) -> str:
    """Name the row of a place; what is said in a test is counted apart."""
    return f"place:{place}" if mode is Mode.REAL else f"place:{place}#{mode.value}"


def _passes(passage: Passage, reading: Reading) -> bool:
    values = reading.values
    return reading.event in passage.events and all(
        values.get(name) in chosen for name, chosen in passage.values.items()
    )
