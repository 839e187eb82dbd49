"""Pure pieces alone, without servers: rules, codec and line protocol, in µs of CPU an event."""

import time
from collections.abc import Callable
from typing import NamedTuple

from hub.documents import library_rules
from hub.reading_store.line_protocol import LineEncoder
from hub.territory.registry_files import load_registry
from model.codec import decode_readings, encode
from model.place import Registry
from model.reading import Lane, Reading
from rules.engine import Engine
from rules.rulefile import load_rules

from .fleet import DETECTORS, imei, registry_documents

START = 1_800_000_000_000
ROW = 100
ROUNDS = 3


class Pieces(NamedTuple):
    """CPU µs for each Reading, the best of several rounds."""

    rules: float
    decode: float
    line: float


def telemetry(events: int) -> list[list[Reading]]:
    """Return rows as gateways write them: 10,000 detectors in turn, all normal."""
    return [
        [detector_says(n) for n in range(first, min(first + ROW, events))]
        for first in range(0, events, ROW)
    ]


def detector_says(number: int) -> Reading:
    """Return the Reading of that number: nothing is wrong."""
    return Reading(
        f"nb-{imei(number % DETECTORS)}",
        "smoke_detector",
        START + number,
        order=number + 1,
        seq=number + 1,
        values={
            "smoke_db_m": number % 9 / 100,
            "temperature_c": 18 + number % 80 / 10,
            "battery_pct": 100.0 - number % 40,
            "rssi_dbm": -60.0 - number % 40,
            "fire": False,
        },
        gateway="gw-bench",
        epoch="benchmark",
    )


def run(events: int) -> Pieces:
    """Measure the library's rules over the benchmark's registry, the codec and line protocol."""
    registry = load_registry(registry_documents())
    rows = telemetry(events)
    payloads = [encode(row) for row in rows]
    return Pieces(
        rules=min(_rules(registry, rows) for _ in range(ROUNDS)) / events,
        decode=min(_timed(lambda: _decode(payloads)) for _ in range(ROUNDS)) / events,
        line=min(_line(registry, rows) for _ in range(ROUNDS)) / events,
    )


def _rules(registry: Registry, rows: list[list[Reading]]) -> float:
    engine = Engine(registry, load_rules(library_rules()))
    # The first Reading of a device builds its state; what runs for years is what comes after.
    for row in rows[: DETECTORS // ROW]:
        engine.observe(row, Lane.TELEMETRY, row[-1].received_at)

    def observe() -> None:
        for row in rows:
            if engine.observe(row, Lane.TELEMETRY, row[-1].received_at):
                raise RuntimeError("normal telemetry raised an anomaly: the benchmark is wrong")

    return _timed(observe)


def _decode(payloads: list[bytes]) -> None:
    for payload in payloads:
        decode_readings(payload, "gw-bench", "benchmark")


def _line(registry: Registry, rows: list[list[Reading]]) -> float:
    encoder = LineEncoder(lambda: registry, "haibowan")

    def write() -> None:
        for row in rows:
            for reading in row:
                encoder.line(reading)

    write()
    return _timed(write)


def _timed(work: Callable[[], None]) -> float:
    """Return the µs of CPU time that the work takes."""
    before = time.process_time()
    work()
    return (time.process_time() - before) * 1e6
