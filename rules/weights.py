"""Weighted evidence that fades: how much each factor gives at a time, and when the sum falls to a limit.

Each device (or subject of another rule's anomaly) counts once for a factor, by its newest word: full
weight while the state holds, then half of it after each half-life. All is a function of data times, so
neither ticks nor restarts nor repetition change a sum.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from model.anomaly import Anomaly, Evidence

from .clocks import Stream, bring_back
from .heard import Heard
from .specs.score import Factor

FADED = 20
"""After so many half-lives evidence counts for nothing (a millionth is left)."""

WHO_MAX = 100
"""So many devices count for one factor of a place; beyond it the oldest goes."""

EVIDENCE_MAX = 20


class Trace(msgspec.Struct):
    """What one device gave to a factor."""

    said: Heard
    holds: bool


class Scene(msgspec.Struct):
    """A place: evidence by factor and device, what waits, and the anomaly while it is open."""

    at: int = 0  # newest data time judged
    awake: int = 0  # the hub's waking time of that
    compound: str = ""
    waiting: list[Heard] = []
    traces: dict[str, dict[str, Trace]] = {}
    anomaly: Anomaly | None = None
    streams: dict[str, Stream] = {}

    def bring_back(self, by: int) -> None:
        """Move all to an earlier time: the hub's clock was set back. What is open keeps its start."""
        bring_back(self.streams, by)
        self.at -= by
        traces = [trace.said for known in self.traces.values() for trace in known.values()]
        for said in (*self.waiting, *traces):
            said.at -= by


class Share(NamedTuple):
    """What a factor gives, and by whom."""

    factor: Factor
    gives: float
    by: list[tuple[str, float]]  # who and how much, most first


def shares(factors: Sequence[Factor], scene: Scene, at: int) -> list[Share]:
    """Return what each factor gives at a time, most first."""
    found = []
    for factor in factors:
        by = [
            (who, _gives(factor, trace, at))
            for who, trace in sorted(scene.traces.get(factor.name, {}).items())
        ]
        gives = sum(weight for _, weight in by)
        if factor.at_most is not None:
            gives = min(gives, factor.at_most)
        by = sorted(((w, g) for w, g in by if g > 0), key=lambda pair: (-pair[1], pair[0]))
        found.append(Share(factor, gives, by))
    return sorted(found, key=lambda share: -share.gives)


def total(factors: Sequence[Factor], scene: Scene, at: int) -> float:
    """Return the sum of all factors at a time."""
    return sum(share.gives for share in shares(factors, scene, at))


def falls_at(factors: Sequence[Factor], scene: Scene, limit: float, *, until: int) -> int | None:
    """Return the first ms in (scene.at, until] at which the sum is at or below a limit, or None.

    Without new evidence the sum never grows, so halving finds it exactly.
    """
    if until <= scene.at or total(factors, scene, until) > limit:
        return None
    low, high = scene.at, until
    while high - low > 1:
        middle = (low + high) // 2
        if total(factors, scene, middle) > limit:
            low = middle
        else:
            high = middle
    return high


def note(factor: Factor, scene: Scene, said: Heard, *, holds: bool) -> bool:
    """Take a newer word of a device; False if it is not newer, or clears what never was."""
    known = scene.traces.setdefault(factor.name, {})
    trace = known.get(said.device)
    if trace is None:
        if said.value < 0:
            return False
    elif said.turn <= trace.said.turn:
        return False
    elif said.value < 0 and not trace.holds:
        return False  # it fades already
    known[said.device] = Trace(said, holds)
    if len(known) > WHO_MAX:
        del known[min(known, key=lambda who: (known[who].holds, known[who].said.turn))]
    return True


def forget_faded(factors: Sequence[Factor], scene: Scene, at: int) -> None:
    """Drop what counts for nothing any more."""
    for factor in factors:
        known = scene.traces.get(factor.name, {})
        for who in [who for who, trace in known.items() if _gives(factor, trace, at) == 0]:
            del known[who]
        if not known:
            scene.traces.pop(factor.name, None)


def last_at(factors: Sequence[Factor], scene: Scene) -> int:
    """Return when all that fades has faded."""
    ends = [
        trace.said.at + FADED * factor.half_life
        for factor in factors
        for trace in scene.traces.get(factor.name, {}).values()
        if not trace.holds
    ]
    return max(ends, default=scene.at)


def told(factors: Sequence[Factor], scene: Scene, at: int) -> str:
    """Say which factor gives how much, and by whom."""
    parts = []
    for share in shares(factors, scene, at):
        if share.gives > 0:
            names = ", ".join(f"{who} {gives:.1f}" for who, gives in share.by[:5])
            more = f" and {len(share.by) - 5} more" if len(share.by) > 5 else ""  # noqa: PLR2004
            title = share.factor.title
            parts.append(f"{title.zh} {title.en} {share.gives:.1f} ({names}{more})")
    return "; ".join(parts) or "no evidence 无迹象"


def evidence(factors: Sequence[Factor], scene: Scene, at: int) -> tuple[Evidence, ...]:
    """Name the Readings that give most, with how much each gives."""
    given = [
        (gives, scene.traces[share.factor.name][who].said, share.factor.name)
        for share in shares(factors, scene, at)
        for who, gives in share.by
    ]
    given.sort(key=lambda item: (-item[0], item[2], item[1].device))
    return tuple(
        Evidence(said.id, said.device, said.at, {name: round(gives, 3)}, said.event)
        for gives, said, name in given[:EVIDENCE_MAX]
    )


def _gives(factor: Factor, trace: Trace, at: int) -> float:
    if trace.holds:
        return factor.weight
    age = max(0, at - trace.said.at)
    if age > FADED * factor.half_life:
        return 0.0
    return float(factor.weight * 0.5 ** (age / factor.half_life))
