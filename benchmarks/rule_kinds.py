"""One rule alone, in µs of CPU an event: `python -m benchmarks.rule_kinds`.

`quiet` is telemetry in which nothing is wrong, as the rule sees it for years; `busy` is a load in which
every event wakes the rule. The engine without any rule is shown beside, to be subtracted.
"""

import time
from collections.abc import Callable, Sequence

from model.entry import Tick
from model.place import Building, Compound, Device, Registry
from model.reading import Event, Lane, Reading, Value
from rules.engine import Engine
from rules.rulefile import RuleSet, load_rules

DEVICES, EVENTS, ROUNDS, ROW = 1_000, 30_000, 5, 100
BEGIN = 1_800_000_000_000
GRID = "150302001001001"

HEAD = """\
schema: 1
rules:
  - id: one
    title: {zh: 一, en: One}
    category: flow_unusual
    severity: minor
"""
RULES = {
    "threshold": "    kind: threshold\n    quantity: flow\n    above: 90\n",
    "baseline, band, every 10m": (
        "    kind: baseline\n    quantity: flow\n    band: {min_band: 50, accept_after: 7d}\n"
    ),
    "baseline, drift, every 1h": (
        "    kind: baseline\n    quantity: flow\n    every: 1h\n    lateness: 0s\n    drift: {change: 50}\n"
    ),
    "baseline, stuck, every 1h": (
        "    kind: baseline\n    quantity: flow\n    every: 1h\n    lateness: 0s\n    stuck: {after: 1d}\n"
    ),
    "count, level": "    kind: count\n    level: {quantity: people}\n    over: 100000\n",
    "score": (
        "    kind: score\n    start: 1000\n    clear: 1\n    factors:\n"
        "      - {name: a, title: {zh: 甲, en: a}, weight: 1, half_life: 1h, says: {events: [door_forced]}}\n"
    ),
}


def registry() -> Registry:
    """A hundred buildings with ten devices each."""
    return Registry(
        compounds=[Compound("c", "c", GRID)],
        buildings=[Building(f"b{n}", f"b{n}", "c", GRID) for n in range(DEVICES // 10)],
        devices=[Device(f"d{n}", "meter", f"b{n // 10}", "c") for n in range(DEVICES)],
    )


def rows(gap_ms: int, says: Callable[[int], tuple[dict[str, Value], Event]]) -> list[list[Reading]]:
    """Return what all devices say in turn, each every `gap_ms`."""
    found = []
    for number in range(EVENTS):
        values, event = says(number)
        at = BEGIN + number // DEVICES * gap_ms + number % DEVICES
        found.append(
            Reading(
                f"d{number % DEVICES}",
                "meter",
                at,
                order=number + 1,
                seq=number + 1,
                values=values,
                event=event,
                gateway="gw",
                epoch="e",
            )
        )
    return [found[first : first + ROW] for first in range(0, EVENTS, ROW)]


def cost(rules: RuleSet, places: Registry, load: Sequence[Sequence[Reading]]) -> float:
    """Return µs of CPU an event, ticks of each second of data time included; the best of three."""
    best = float("inf")
    for _ in range(ROUNDS):
        engine = Engine(places, rules)
        for row in load[: DEVICES // ROW]:
            engine.observe(row, Lane.TELEMETRY, row[-1].received_at)
        awake, before = 0, time.process_time()
        for row in load:
            now = row[-1].received_at - BEGIN
            if now - awake >= 1000:
                awake = now
                engine.tick(Tick(BEGIN + now, awake))
            engine.observe(row, Lane.TELEMETRY, row[-1].received_at)
        best = min(best, time.process_time() - before)
        if engine.failures:
            raise RuntimeError(engine.last_failure)
    return best / EVENTS * 1e6


def main() -> None:
    """Print one line for each rule."""
    places = registry()
    quiet = rows(60_000, lambda n: ({"flow": n * 7 % 50 + 0.5, "people": 0.0}, Event.NONE))
    busy = rows(3_600_000, lambda n: ({"flow": n * 7 % 50 + 0.5, "people": 5.0}, Event.DOOR_FORCED))
    none = load_rules({})
    floor = cost(none, places, quiet), cost(none, places, busy)
    print(f"engine without a rule: {floor[0]:.2f} quiet, {floor[1]:.2f} busy (µs an event)")
    for name, text in RULES.items():
        rules = load_rules({"one.yaml": HEAD + text})
        calm, loud = cost(rules, places, quiet), cost(rules, places, busy)
        print(f"{name}: {calm - floor[0]:+.2f} quiet, {loud - floor[1]:+.2f} busy")


if __name__ == "__main__":
    main()
