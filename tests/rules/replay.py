"""Feeds one log to the rules in several ways, to compare what comes out."""

from collections.abc import Sequence

from hypothesis import strategies as st

from model.anomaly import Anomaly, Phase
from model.entry import Tick
from model.place import Registry
from model.reading import Event, Lane, Mode, Reading, Value
from rules.engine import Engine
from rules.rulefile import RuleSet

from .town import T0

Entry = Reading | Tick
Said = tuple[str, str, int, int | None]


def reading(
    at: int,
    order: int,
    device: str,
    values: dict[str, Value],
    *,
    kind: str = "meter",
    event: Event = Event.NONE,
    mode: Mode = Mode.REAL,
) -> Reading:
    """Return a Reading received `at` ms after the town's beginning."""
    return Reading(
        device=device,
        kind=kind,
        received_at=T0 + at,
        order=order,
        seq=order,
        values=values,
        event=event,
        mode=mode,
        gateway="gw",
        epoch="e1",
    )


def ticks(begin: int, until: int, step: int) -> list[Tick]:
    """Return the hub's ticks from `begin` to `until` after the town's beginning."""
    return [Tick(T0 + at, at) for at in range(begin, until + 1, step)]


def arriving(
    readings: Sequence[tuple[Reading, int]], *, until: int, step: int, begin: int = 0
) -> list[Entry]:
    """Return the log in which each Reading arrives so long (ms) after its time, among ticks."""
    events: list[tuple[int, int, Entry]] = [
        (said.received_at - T0 + delay, 1, said) for said, delay in readings
    ]
    events += [(tick.awake, 0, tick) for tick in ticks(begin + step, until, step)]
    return [entry for _, _, entry in sorted(events, key=lambda event: event[:2])]


def run(rules: RuleSet, places: Registry, log: Sequence[Entry]) -> list[Anomaly]:
    """Return what the rules say of a log."""
    return _fed(Engine(places, rules), log)


def run_with_restarts(rules: RuleSet, places: Registry, log: Sequence[Entry]) -> list[Anomaly]:
    """Return the same with a restart after every entry: a new engine from the rows."""
    rows: dict[tuple[str, str], bytes] = {}
    found: list[Anomaly] = []
    for entry in log:
        engine = Engine(places, rules)
        engine.restore((rule, subject, state) for (rule, subject), state in rows.items())
        found += _fed(engine, [entry])
        for rule, subject, state in engine.dirty():
            rows.pop((rule, subject), None)
            if state:
                rows[rule, subject] = state
        assert engine.orphans == []
    return found


def facts(found: Sequence[Anomaly]) -> list[Said]:
    """Return what must not depend on the order of arrival: keys, starts and ends."""
    return sorted(
        (a.phase.value, a.key, a.started_at, a.ended_at)
        for a in found
        if a.phase is not Phase.CONTINUED
    )


@st.composite
def disorder(draw: st.DrawFn, said: Sequence[Reading], bound: int) -> list[tuple[Reading, int]]:
    """Delay each Reading by up to `bound` ms, and repeat some."""
    delays = st.integers(0, bound)
    arrived = [(one, draw(delays)) for one in said]
    repeats = draw(st.lists(st.sampled_from(said), max_size=4)) if said else []
    return arrived + [(one, draw(delays)) for one in repeats]


def _fed(engine: Engine, log: Sequence[Entry]) -> list[Anomaly]:
    found: list[Anomaly] = []
    for entry in log:
        if isinstance(entry, Tick):
            found += engine.tick(entry)
        else:
            found += engine.observe([entry], Lane.TELEMETRY, entry.received_at)
    assert not engine.failures, engine.last_failure
    return found
