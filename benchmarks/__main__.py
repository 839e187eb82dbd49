"""Measures the whole chain on this machine and prints one table: `python -m benchmarks [--quick]`.

Exit code 1 when a message was lost or a fire became no case, 2 when a server is missing. Figures of
one machine are good for comparison with each other only: the naive pipeline runs in the same minutes.
"""

import argparse
import platform
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from tests.influxd import find_influxd

from . import latency, pipelines, rules
from .pipelines import Run
from .servers import MissingServerError, find_mosquitto

AIM_TIMES = 4.0
AIM_CPU_S = 30.0
AIM_MS = 1000.0
FLAT_OUT = 37_000.0


class Size(NamedTuple):
    """How long everything takes."""

    events: int
    naive: int
    chain: int
    alarms: int


FULL = Size(events=200_000, naive=150_000, chain=600_000, alarms=150)
QUICK = Size(events=50_000, naive=30_000, chain=100_000, alarms=30)


class Report:
    """The table, and whether anything in it is a failure."""

    def __init__(self) -> None:
        self.failed = False
        self.table = Table(
            title=f"smarthub on {platform.machine()}, Python {sys.version.split()[0]}"
        )
        for column in ("measured", "figure", "aim"):
            self.table.add_column(column, overflow="fold")

    def add(self, name: str, figure: str, aim: str = "", *, met: bool | None = None) -> None:
        """Add a row; an aim that is not met is shown, and only a loss is a failure."""
        colour = "" if met is None else "[green]" if met else "[yellow]"
        self.table.add_row(name, f"{colour}{figure}", aim)

    def add_loss(self, name: str, lost: int) -> None:
        """Add what is missing at the end: anything but nothing is a failure."""
        self.failed |= lost > 0
        self.table.add_row(f"{name}: lost", f"[{'red' if lost else 'green'}]{lost:,}", "0")


def measure_pieces(report: Report, size: Size) -> None:
    """(c) The pure parts alone."""
    pieces = rules.run(size.events)
    report.add("rules alone, library rules, µs an event", f"{pieces.rules:.2f}", "≤ 2")
    report.add("decoding a row, µs a Reading", f"{pieces.decode:.2f}")
    report.add("line protocol, µs a Reading", f"{pieces.line:.2f}", "≤ 4", met=pieces.line <= 4)


def measure_naive(report: Report, size: Size, influxd: str) -> Run:
    """The yardstick of (a)."""
    with tempfile.TemporaryDirectory() as name, pipelines.naive(Path(name), influxd) as pipeline:
        run = pipelines.put_load(pipeline, Path(name), messages=size.naive, rate=FLAT_OUT)
    report.add("naive pipeline, flat out", f"{run.rate:,.0f} msg/s")
    report.add("naive pipeline, CPU-s per million", f"{run.per_million():.1f}")
    report.add_loss("naive pipeline", run.lost)
    return run


def measure_chain(report: Report, size: Size, influxd: str) -> dict[str, Run]:
    """(a), (b) and (d): load, latency and memory of gateway and hub, with 10,000 devices."""
    with tempfile.TemporaryDirectory() as name, pipelines.chain(Path(name), influxd) as pipeline:
        folder = Path(name)
        runs = {
            "flat out": pipelines.put_load(pipeline, folder, messages=size.chain, rate=FLAT_OUT),
            "at 10,000 msg/s": pipelines.put_load(
                pipeline, folder, messages=size.chain // 2, rate=10_000
            ),
        }
        for what, run in runs.items():
            _add_chain(report, what, run)
        for index, rate in enumerate((1_000, 5_000)):
            taken = latency.run(
                pipeline, folder, rate=rate, alarms=size.alarms, first=index * size.alarms
            )
            _add_latency(report, rate, taken)
        for process, peak in pipelines.peaks(pipeline).items():
            report.add(f"peak memory of {process}, 10,000 devices", f"{peak:.0f} MB")
    return runs


def _add_chain(report: Report, what: str, run: Run) -> None:
    each = ", ".join(f"{n} {use.per_million(run.sent):.1f}" for n, use in run.uses.items())
    report.add(f"chain {what}", f"{run.rate:,.0f} msg/s")
    report.add(
        f"chain {what}, CPU-s per million",
        f"{run.per_million():.1f} ({each})",
        f"≤ {AIM_CPU_S:.0f} flat out" if what == "flat out" else "",
        met=run.per_million() <= AIM_CPU_S if what == "flat out" else None,
    )
    report.add_loss(f"chain {what}", run.lost)


def _add_latency(report: Report, rate: int, taken: latency.Latency) -> None:
    report.add(
        f"frame → case beside {rate:,} msg/s, p50 / p99",
        f"{taken.p50_ms:.0f} / {taken.p99_ms:.0f} ms ({taken.alarms} fires)",
        f"p99 ≤ {AIM_MS:.0f} ms",
        met=taken.p99_ms <= AIM_MS,
    )
    report.add_loss(f"fires beside {rate:,} msg/s", taken.missing)
    report.add_loss(f"telemetry at {rate:,} msg/s", taken.background.lost)


def main() -> int:
    """Run from the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a look: about a minute")
    parser.add_argument("--only", choices=("pieces", "naive", "chain"), help="one part alone")
    given = parser.parse_args()
    size = QUICK if given.quick else FULL
    report = Report()
    if given.only in (None, "pieces"):
        measure_pieces(report, size)
    if given.only != "pieces":
        influxd = find_influxd()
        if influxd is None:
            raise MissingServerError("no influxd on PATH: install it or set SMARTHUB_INFLUXD")
        find_mosquitto()
        plain = measure_naive(report, size, influxd) if given.only != "chain" else None
        runs = measure_chain(report, size, influxd) if given.only != "naive" else {}
        if plain and runs:
            times = plain.per_million() / runs["flat out"].per_million()
            aim = f"≥ {AIM_TIMES:.0f} times, hoped for 5"
            report.add(
                "naive ÷ chain, CPU flat out", f"{times:.1f} times", aim, met=times >= AIM_TIMES
            )
    Console().print(report.table)
    return 1 if report.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MissingServerError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
