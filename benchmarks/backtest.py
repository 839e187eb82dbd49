"""Times a backtest of one day of a 1,000-device compound, against only reading and decoding its log.

    python -m benchmarks.backtest [--devices 1000] [--hours 24] [--runs 3]

CPU-seconds of this process, so that a busy machine shows less; a progress bar while the log is made.
"""

import argparse
import itertools
import math
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import track
from rich.table import Table

from hub.backtest.replay import Side, recorded, replay
from hub.backtest.source import Recording, from_log
from hub.documents import library_rules, versioned
from hub.log.readings import readings_of
from hub.log.sqlite import SqliteLog
from hub.territory.divisions import SHIPPED_DIVISIONS, shipped_divisions
from model.codec import Heartbeat, encode
from model.entry import Draft, EntryKind, RowId, Tick
from model.reading import Event, Lane, Reading

BEGIN = 1_800_000_000_000
SECOND, HOUR = 1_000, 3_600_000
PERIOD_S = 300  # a wireless smoke detector's contract
FALSE_A_DAY = 40  # alarms, so that there are cases to compare
GATEWAY = "gw"


def registry(devices: int) -> dict[str, str]:
    """Return a registry of one compound with twenty buildings."""
    buildings = [f"b-{n},{n}号楼,c-1,150302007009001,106.81,39.66" for n in range(20)]
    rows = [f"nb-{n},smoke_detector,detector,b-{n % 20},900" for n in range(devices)]
    site = "compounds: [{id: c-1, name: 小区, grid: 150302007009001, lon: 106.81, lat: 39.66}]\n"
    return {
        "registry.yaml": site,
        "buildings.csv": "\n".join(["id,name,compound,grid,lon,lat", *buildings, ""]),
        "devices.csv": "\n".join(["id,kind,role,building,silent_after_s", *rows, ""]),
    }


def day(devices: int, hours: int) -> Iterator[tuple[int, list[Draft]]]:
    """Yield (logged_at, drafts) second by second: ticks, heartbeats, Readings in small rows."""
    chance = random.Random(7)  # noqa: S311 - a made-up day that repeats
    documents = registry(devices) | {SHIPPED_DIVISIONS: shipped_divisions()}
    yield (
        BEGIN,
        [
            Draft(EntryKind.RULES, msgspec.json.encode(versioned(library_rules()))),
            Draft(EntryKind.REGISTRY, msgspec.json.encode(versioned(documents))),
        ],
    )
    order, numbers = itertools.count(1), {lane: itertools.count(1) for lane in Lane}
    phase = [chance.randrange(PERIOD_S) for _ in range(devices)]
    due: list[list[int]] = [[] for _ in range(PERIOD_S)]
    for device, second in enumerate(phase):
        due[second].append(device)
    alarms = {chance.randrange(hours * 3600): chance.randrange(devices) for _ in range(FALSE_A_DAY)}
    for second in range(1, hours * 3600 + 1):
        at = BEGIN + second * SECOND
        drafts = [Draft(EntryKind.TICK, msgspec.json.encode(Tick(at, second * SECOND)))]
        if second % 10 == 0:
            beat = Heartbeat(GATEWAY, "e", "online", at=at, caught_up_to=at)
            drafts.append(Draft(EntryKind.HEARTBEAT, encode(beat)))
        readings = [
            Reading(
                f"nb-{n}", "smoke_detector", at - chance.randrange(900), next(order),
                values={
                    "smoke_db_m": round(0.01 + 0.005 * math.sin(second / 9_000) + chance.random() / 500, 4),
                    "temperature_c": round(21 + chance.random(), 1),
                    "battery_pct": 90.0, "fire": False,
                },
            )
            for n in due[second % PERIOD_S]
        ]  # fmt: skip
        if readings:
            drafts.append(_row(readings, Lane.TELEMETRY, numbers[Lane.TELEMETRY]))
        for back, event in ((0, Event.FIRE_ALARM), (120, Event.FIRE_CLEARED)):
            alarmed = alarms.get(second - back)
            if alarmed is not None:
                burning = event is Event.FIRE_ALARM
                said = Reading(f"nb-{alarmed}", "smoke_detector", at, next(order),
                               values={"fire": burning}, event=event)  # fmt: skip
                drafts.append(_row([said], Lane.ALARM, numbers[Lane.ALARM]))
        yield at, drafts


def _row(readings: list[Reading], lane: Lane, number: Iterator[int]) -> Draft:
    seqs = [next(number) for _ in readings]
    numbered = [
        msgspec.structs.replace(reading, seq=seq)
        for reading, seq in zip(readings, seqs, strict=True)
    ]
    row = RowId(GATEWAY, "e", lane, seqs[0], seqs[-1], seqs[0], str(seqs[0]))
    return Draft(EntryKind.READINGS, encode(numbered), row)


def make(folder: Path, devices: int, hours: int) -> int:
    """Write the log; return how many Readings it holds."""
    log = SqliteLog(folder)
    batch: list[Draft] = []
    count = 0
    for at, drafts in track(day(devices, hours), "making the log", total=hours * 3600 + 1):
        batch += drafts
        log.append(batch, at)
        count += sum(draft.kind is EntryKind.READINGS for draft in batch)
        batch = []
    log.close()
    return count


def only_read(recording: Recording) -> int:
    """Read and decode, and do nothing."""
    return sum(len(readings_of(entry)) for entry in recording.entries())


def replayed(recording: Recording, sides: int) -> list[Side]:
    """Backtest with so many sets of rules."""
    made = [recorded(recording)]
    made += [Side(f"rules {n}", recording.rules, recording) for n in range(1, sides)]
    replay(recording.entries(), made)
    return made


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return CPU-seconds and seconds on the clock."""
    cpu, wall = time.process_time(), time.monotonic()
    work()
    return time.process_time() - cpu, time.monotonic() - wall


def main() -> None:
    """Make the log, time both, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=1_000)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, given.devices, given.hours)
        recording = from_log(folder, since=None, until=None, whole=True)
        readings = only_read(recording)
        sides = replayed(recording, 2)
        works: dict[str, Callable[[], object]] = {
            "read and decode the log (baseline)": lambda: only_read(recording),
            "one set of rules": lambda: replayed(recording, 1),
            "recorded rules and new ones": lambda: replayed(recording, 2),
        }
        best = {name: min(timed(work) for _ in range(given.runs)) for name, work in works.items()}
    table = Table(
        title=f"{given.devices} devices, {given.hours} h: {recording.total} entries, {readings} Readings,"
        f" {len(sides[0].cases)} cases"
    )
    for column in ("what", "CPU s", "wall s", "÷ baseline"):
        table.add_column(column)
    base = next(iter(best.values()))[0]
    for what, (cpu, wall) in best.items():
        table.add_row(what, f"{cpu:.1f}", f"{wall:.1f}", f"{cpu / base:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
