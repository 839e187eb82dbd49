"""One rule alone, in µs of CPU an event: `python -m benchmarks.rule_kinds [WORD …]`, those with a WORD.

`quiet` is telemetry in which nothing is wrong, as the rule sees it for years; `busy` is a load in which
every event wakes the rule, and where a rule looks at every value, one in which it must judge each in
full. The engine without any rule is shown beside, to be subtracted, and the least that Python can do
for a rate of change: no order, no restart, no place, no one wrong sample forgiven.
"""

import sys
import time
from collections.abc import Callable, Sequence

from model.entry import Tick
from model.place import Building, Compound, Device, Registry
from model.reading import Event, Lane, Reading, Value
from rules.engine import Engine
from rules.expression import Expression
from rules.rulefile import RuleSet, load_rules

DEVICES, EVENTS, ROUNDS, ROW = 1_000, 30_000, 5, 100
STEADY_MS = 30_000  # of the rules that look at every value; a tick of the hub each second between
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
    "sequence": (
        "    kind: sequence\n    first: {events: [door_forced]}\n    then: {events: [tamper]}\n"
        "    within: 5m\n"
    ),
}
WATCHING = {
    "rate": "    kind: rate\n    quantity: flow\n    rises: 8\n    per: 1m\n    over: 5m\n",
    "window, mean": (
        "    kind: window\n    aggregate: mean\n    quantity: flow\n    span: 10m\n    above: 90\n"
    ),
    "window, quantile": (
        "    kind: window\n    aggregate: quantile\n    quantile: 0.9\n    quantity: flow\n"
        "    span: 10m\n    above: 90\n"
    ),
    "window, count": (
        "    kind: window\n    aggregate: count\n    when: people > 4\n    span: 10m\n    above: 400\n"
    ),
    "correlate": (
        "    kind: correlate\n    members:\n      a: {devices: {}, when: people > 4}\n"
        "      b: {devices: {}, when: flow > 90}\n"
    ),
    "sequence of values": (
        "    kind: sequence\n    first: {when: people > 4}\n    then: {when: flow > 90}\n"
        "    within: 5m\n"
    ),
}
"""Rules that look at every value; each is shown with the lateness of 2 s that it has, and with none."""


def registry() -> Registry:
    """A hundred buildings with ten devices each."""
    return Registry(
        compounds=[Compound("c", "c", GRID)],
        buildings=[Building(f"b{n}", f"b{n}", "c", GRID) for n in range(DEVICES // 10)],
        devices=[Device(f"d{n}", "meter", f"b{n // 10}", "c") for n in range(DEVICES)],
    )


def rows(
    gap_ms: int,
    says: Callable[[int], tuple[dict[str, Value], Event]],
    *,
    apart_ms: int = 1,
    row: int = ROW,
) -> list[list[Reading]]:
    """Return what all devices say in turn, each every `gap_ms`, one `apart_ms` after the other."""
    found = []
    for number in range(EVENTS):
        values, event = says(number)
        at = BEGIN + number // DEVICES * gap_ms + number % DEVICES * apart_ms
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
    return [found[first : first + row] for first in range(0, EVENTS, row)]


def cost(rules: RuleSet, places: Registry, load: Sequence[Sequence[Reading]]) -> float:
    """Return µs of CPU an event, ticks of each second of data time included.

    Of each row the least of five counts: each round does the same, and what else the machine does only
    adds to it.
    """
    least_of = [float("inf")] * len(load)
    for _ in range(ROUNDS):
        engine = Engine(places, rules)
        for row in load[: DEVICES // len(load[0])]:
            engine.observe(row, Lane.TELEMETRY, row[-1].received_at)
        awake = 0
        for number, row in enumerate(load):
            before = time.process_time()
            now = row[-1].received_at - BEGIN
            if now - awake >= 1000:
                awake = now
                engine.tick(Tick(BEGIN + now, awake))
            engine.observe(row, Lane.TELEMETRY, row[-1].received_at)
            least_of[number] = min(least_of[number], time.process_time() - before)
        if engine.failures:
            raise RuntimeError(engine.last_failure)
    return sum(least_of) / EVENTS * 1e6


def least(load: Sequence[Sequence[Reading]]) -> float:
    """Return µs of CPU an event of the smallest rate of change: look up, subtract, divide, compare."""
    best = float("inf")
    for _ in range(ROUNDS):
        newest: dict[str, tuple[int, Value]] = {}
        fast = 0
        before = time.process_time()
        for row in load:
            for reading in row:
                at, value = reading.received_at, reading.values["flow"]
                old = newest.get(reading.device)
                newest[reading.device] = at, value
                if old and (value - old[1]) * 60_000 / (at - old[0]) > 8:  # type: ignore[operator]
                    fast += 1
        best = min(best, time.process_time() - before)
    return best / EVENTS * 1e6


def condition() -> float:
    """Return µs of CPU of one evaluation of a condition."""
    test = Expression("pressure_kpa < 70 and pump_running").test
    values: dict[str, Value] = {"pressure_kpa": 65.0, "pump_running": True}
    before = time.process_time()
    for _ in range(EVENTS):
        test(values)
    return (time.process_time() - before) / EVENTS * 1e6


def calm(number: int) -> tuple[dict[str, Value], Event]:
    """Say what stays as it is."""
    return {"flow": number * 7 % 50 + 0.5, "people": 0.0}, Event.NONE


def loud(number: int) -> tuple[dict[str, Value], Event]:
    """Say what wakes."""
    return {"flow": number * 7 % 50 + 0.5, "people": 5.0}, Event.DOOR_FORCED


def leaping(number: int) -> tuple[dict[str, Value], Event]:
    """Say one wrong sample in five: a rate cannot be calm about it, and must not start."""
    return {"flow": 0.5 if number // DEVICES % 5 else 30.5, "people": 5.0}, Event.NONE


def show(
    named: dict[str, str],
    quiet: Sequence[Sequence[Reading]],
    busy: Sequence[Sequence[Reading]],
) -> None:
    """Print the engine without a rule, and what each rule costs beside it."""
    places, none = registry(), load_rules({})
    floor = cost(none, places, quiet), cost(none, places, busy)
    print(f"engine without a rule: {floor[0]:.2f} quiet, {floor[1]:.2f} busy (µs an event)")
    for name, text in named.items():
        rules = load_rules({"one.yaml": HEAD + text})
        still, awake = cost(rules, places, quiet), cost(rules, places, busy)
        print(f"{name}: {still - floor[0]:+.2f} quiet, {awake - floor[1]:+.2f} busy", flush=True)


def chosen(named: dict[str, str], words: Sequence[str]) -> dict[str, str]:
    """Return the rules whose name has one of the words; without words, all."""
    return {
        name: text
        for name, text in named.items()
        if not words or any(word in name for word in words)
    }


def main() -> None:
    """Print one line for each rule."""
    words = sys.argv[1:]
    if rare := chosen(RULES, words):
        show(rare, rows(60_000, calm), rows(3_600_000, loud))
    watching = {
        f"{name}{', lateness 0s' if late else ''}": text + late
        for name, text in WATCHING.items()
        for late in ("", "    lateness: 0s\n")
    }
    apart, row = STEADY_MS // DEVICES, 1000 * DEVICES // STEADY_MS
    steady = rows(STEADY_MS, calm, apart_ms=apart, row=row)
    if named := chosen(watching, words):
        show(named, steady, rows(STEADY_MS, leaping, apart_ms=apart, row=row))
    print(f"the least for a rate: {least(steady):.2f}; a condition: {condition():.2f}")


if __name__ == "__main__":
    main()
