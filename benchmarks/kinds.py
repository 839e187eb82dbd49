"""One rule of each kind over calm Readings that it watches, ticks included: µs of CPU an event.

`python -m benchmarks.kinds`. What stays asleep is the price of the engine alone.
"""

import time

from model.entry import Tick
from model.place import Building, Compound, Device, Registry
from model.reading import Lane, Reading
from rules.engine import Engine
from rules.expression import Expression
from rules.rulefile import load_rules

START = 1_800_000_000_000
DEVICES, ROUNDS, WARM, EVERY_MS, ROW = 1_000, 40, 10, 30_000, 33
GRID = "150302001001001"
HEAD = "schema: 1\nrules:\n  - {id: x, title: {zh: a, en: b}, category: c, severity: minor, "
RULES = {
    "asleep": "kind: threshold, quantity: temperature_c, above: 90}",
    "rate": "kind: rate, quantity: temperature_c, rises: 8, per: 1m, over: 5m}",
    "window, mean": "kind: window, aggregate: mean, quantity: temperature_c, span: 10m, above: 90}",
    "sequence": "kind: sequence, first: {when: temperature_c > 90}, then: {when: temperature_c > 95}, within: 1m}",
    "correlate": "kind: correlate, members: {a: {devices: {}, when: temperature_c > 90}, b: {devices: {}, when: humidity_pct < 1}}}",
}


def measure(text: str) -> float:
    """Return the µs of CPU a Reading, after the first rounds have built the state."""
    engine = Engine(_registry(), load_rules({"k.yaml": HEAD + text}))
    spent = 0.0
    for number in range(ROUNDS):
        rows = [_row(number, first) for first in range(0, DEVICES, ROW)]
        before = time.process_time()
        for step, row in enumerate(rows):
            at = row[-1].received_at
            if engine.observe(row, Lane.TELEMETRY, at):
                raise RuntimeError("calm Readings raised an anomaly: the benchmark is wrong")
            engine.tick(Tick(at, (number * len(rows) + step) * 1_000))
        if number >= WARM:
            spent += time.process_time() - before
    return spent * 1e6 / (DEVICES * (ROUNDS - WARM))


def measure_condition() -> float:
    """Return the µs of one evaluation of a condition."""
    test = Expression("pressure_kpa < 70 and pump_running").test
    values = {"pressure_kpa": 65.0, "pump_running": True}
    times = 100_000
    before = time.process_time()
    for _ in range(times):
        test(values)
    return (time.process_time() - before) * 1e6 / times


def _row(number: int, first: int) -> list[Reading]:
    return [
        Reading(
            f"d-{device}",
            "sensor",
            START + number * EVERY_MS + device * EVERY_MS // DEVICES,
            order=number * DEVICES + device + 1,
            seq=number * DEVICES + device + 1,
            values={"temperature_c": 20.0 + device % 7 / 10, "humidity_pct": 40.0},
            gateway="gw",
            epoch="benchmark",
        )
        for device in range(first, min(first + ROW, DEVICES))
    ]


def _registry() -> Registry:
    return Registry(
        compounds=[Compound("c-1", "c-1", GRID)],
        buildings=[Building(f"b-{number}", "b", "c-1", GRID) for number in range(100)],
        devices=[Device(f"d-{n}", "sensor", f"b-{n % 100}", "c-1") for n in range(DEVICES)],
    )


def main() -> None:
    """Print a line for each kind, with and without lateness."""
    print(f"{'a condition':14} {min(measure_condition() for _ in range(3)):6.2f} µs")
    for name, text in RULES.items():
        waits = min(measure(text) for _ in range(3))
        line = f"{name:14} {waits:6.2f} µs"
        if name != "asleep":
            at_once = text.removesuffix("}") + ", lateness: 0s}"
            line += f", lateness 0s {min(measure(at_once) for _ in range(3)):6.2f} µs"
        print(line)


if __name__ == "__main__":
    main()
