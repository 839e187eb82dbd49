"""100,000 devices under the silence rule: memory, ticking, lateness, restart: `python -m benchmarks.rule_memory`.

One process, simulated time, real CPU. A device speaks every 4 min under a contract of 5 min; in the middle
of the run a thousand fall silent. Lateness is from the deadline to the anomaly, of an engine that asks no
gateway: it is bounded by the tick of the log (1 s) and by the heartbeat in which a gateway proves that it
holds nothing back (10 s by default; 1 s here), see `--tick-ms` and `--beat-ms`. A real hub asks: `benchmarks.absence`.
"""

import argparse
import resource
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from model.anomaly import Anomaly
from model.codec import Heartbeat
from model.entry import Tick
from model.place import Building, Compound, Device, Registry
from model.reading import Lane, Reading
from rules.engine import Engine
from rules.rulefile import RuleSet, load_rules

BEGIN = 1_800_000_000_000
GRID = "150302001001001"
GATEWAYS, GAP_S, CONTRACT_S = 100, 240, 300
RULE = """\
schema: 1
rules:
  - id: silent
    kind: silence
    title: {zh: 失联, en: Silent}
    category: silent
    severity: minor
    silent_after: {meter: 5m}
"""


def registry(devices: int) -> Registry:
    """Fifty devices a building."""
    buildings = [Building(f"b{n}", f"b{n}", "c", GRID) for n in range(devices // 50 + 1)]
    return Registry(
        compounds=[Compound("c", "c", GRID)],
        buildings=buildings,
        devices=[Device(f"device-{n:06}", "meter", f"b{n // 50}", "c") for n in range(devices)],
    )


def resident_mb() -> float:
    """Return what the process has resident now (MB)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


class Run:
    """The hub's engine in simulated time."""

    def __init__(self, devices: int, *, tick_ms: int, beat_ms: int) -> None:
        self.devices, self.tick_ms, self.beat_ms = devices, tick_ms, beat_ms
        self.places = registry(devices)
        self.rules: RuleSet = load_rules({"silent.yaml": RULE})
        self.engine = Engine(self.places, self.rules)
        self.now, self.order = 0, 0
        self.ticking_s = 0.0
        self.noticed: list[tuple[int, Anomaly]] = []

    def live(self, seconds: int, silent: Iterable[int] = ()) -> None:
        """Let time pass: Readings as they come, ticks, heartbeats."""
        quiet = set(silent)
        for _ in range(seconds * 1000 // self.tick_ms):
            self.now += self.tick_ms
            self._hear(quiet)
            before = time.process_time()
            found = self.engine.tick(Tick(BEGIN + self.now, self.now))
            self.ticking_s += time.process_time() - before
            self.noticed += [(self.now, anomaly) for anomaly in found]
            if self.now % self.beat_ms == 0:
                self._beat()

    def restarted(self) -> float:
        """Return the seconds of CPU that a new engine needs for all rows and its first tick."""
        rows = self.engine.dirty()
        before = time.process_time()
        engine = Engine(self.places, self.rules)
        engine.restore(rows)
        engine.tick(Tick(BEGIN + self.now + 1000, 1000))
        took = time.process_time() - before
        if engine.failures or len(engine.book.devices) != self.devices:
            raise RuntimeError(engine.last_failure or "devices are missing after the restart")
        return took

    def _hear(self, quiet: set[int]) -> None:
        share = self.devices * self.tick_ms // (GAP_S * 1000)
        first = self.now // self.tick_ms * share
        for gateway, numbers in self._by_gateway(range(first, first + share)):
            readings = [self._says(n, gateway) for n in numbers if n not in quiet]
            self.engine.observe(readings, Lane.TELEMETRY, BEGIN + self.now)

    def _by_gateway(self, numbers: range) -> Iterator[tuple[int, list[int]]]:
        by: dict[int, list[int]] = {}
        for number in numbers:
            by.setdefault(number % self.devices % GATEWAYS, []).append(number % self.devices)
        yield from sorted(by.items())

    def _says(self, number: int, gateway: int) -> Reading:
        self.order += 1
        return Reading(
            f"device-{number:06}",
            "meter",
            BEGIN + self.now - number * 37 % self.tick_ms,  # at any moment between two ticks
            order=self.order,
            seq=self.order,
            values={"temperature_c": 20.0 + number % 7, "battery_pct": 90.0},
            gateway=f"gw-{gateway}",
            epoch="e",
        )

    def _beat(self) -> None:
        at = BEGIN + self.now
        for gateway in range(GATEWAYS):
            beat = Heartbeat(f"gw-{gateway}", "e", "online", at=at, caught_up_to=at)
            found = self.engine.heartbeat(beat, at)
            self.noticed += [(self.now, anomaly) for anomaly in found]


def main() -> None:
    """Print the figures against their aims."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=100_000)
    parser.add_argument("--tick-ms", type=int, default=1_000)
    parser.add_argument("--beat-ms", type=int, default=1_000)
    options = parser.parse_args()
    empty = resident_mb()
    run = Run(options.devices, tick_ms=options.tick_ms, beat_ms=options.beat_ms)
    registered = resident_mb()
    run.live(GAP_S)
    run.ticking_s = 0.0
    run.live(120)
    run.live(CONTRACT_S + GAP_S, silent=range(0, options.devices, options.devices // 1000))
    full = resident_mb()
    print(f"memory: {full:.0f} MB of the process; registry {registered - empty:.0f} MB, engine {full - registered:.0f} MB (aim ≤ 300)")  # fmt: skip
    passed = 120 + CONTRACT_S + GAP_S
    print(f"ticking: {run.ticking_s / passed:.2%} of a core (aim ≤ 5 %)")
    late = sorted((now + BEGIN - a.started_at) / 1000 for now, a in run.noticed)
    print(f"absence: {len(late)} of 1000 noticed; p50 {late[len(late) // 2]:.2f} s, p99 {late[len(late) * 99 // 100]:.2f} s late when nobody is asked")  # fmt: skip
    print(f"restart: {run.restarted():.2f} s of CPU (aim ≤ 5 s)")


if __name__ == "__main__":
    main()
