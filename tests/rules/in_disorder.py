"""Readings moved within a lateness bound and partly repeated, and what a rule makes of both runs."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from model.anomaly import Anomaly, Phase
from model.entry import Tick
from model.place import Registry
from model.reading import Event, Lane, Reading, Value
from rules.engine import Engine
from rules.rulefile import RuleSet

from .town import MINUTE, SECOND, T0, registry


class Word(NamedTuple):
    """What a device says, `at` ms after the start."""

    at: int
    device: str
    kind: str
    values: Mapping[str, Value]
    event: Event = Event.NONE


def readings(words: Sequence[Word]) -> list[Reading]:
    """Return the words as one gateway numbers them, in the order of their times."""
    return [
        Reading(
            word.device,
            word.kind,
            T0 + word.at,
            order=number,
            seq=number,
            values=dict(word.values),
            event=word.event,
            gateway="gw",
            epoch="e1",
        )
        for number, word in enumerate(sorted(words, key=lambda word: word.at), start=1)
    ]


@st.composite
def disordered(
    draw: st.DrawFn, words: st.SearchStrategy[list[Word]], lateness: int
) -> tuple[list[tuple[int, Reading]], list[tuple[int, Reading]]]:
    """Draw a run (arrival, Reading), and the same with delays below the bound and repetitions."""
    said = readings(draw(words))
    ordered = [(reading.received_at, reading) for reading in said]
    delays = st.integers(0, lateness - 1)
    moved = [(at + draw(delays), reading) for at, reading in ordered]
    again = draw(st.lists(st.sampled_from(ordered), max_size=4)) if ordered else []
    moved += [(at + draw(delays), reading) for at, reading in again]
    moved.sort(key=lambda pair: pair[0])
    return ordered, moved


def statements(
    rules: RuleSet,
    arrivals: Sequence[tuple[int, Reading]],
    places: Registry | None = None,
    *,
    after: int = 30 * MINUTE,
) -> set[tuple[str, str, str, int]]:
    """Return (key, phase, subject, data time) of all that a rule says, ticks of 1 s between."""
    engine = Engine(places or registry(), rules)
    found: list[Anomaly] = []
    now = T0
    for at, reading in arrivals:
        while now + SECOND <= at:
            now += SECOND
            found += engine.tick(Tick(now, now - T0))
        found += engine.observe([reading], Lane.TELEMETRY, at)
    until = now + after
    while now < until:
        now += SECOND
        found += engine.tick(Tick(now, now - T0))
    assert not engine.failures, engine.last_failure
    return {(a.key, a.phase.value, a.subject, _moment(a)) for a in found}


def _moment(anomaly: Anomaly) -> int:
    if anomaly.phase is Phase.ENDED:
        return anomaly.ended_at or 0
    return anomaly.started_at if anomaly.phase is Phase.STARTED else anomaly.last_at
