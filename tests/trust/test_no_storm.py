"""No storm: the figures of the trust table, with the ready-made rules and the desk, through the log.

Reordering and duplication stand in tests/cases/test_exactness.py, a lost gateway in tests/cases/test_storms.py.
"""

import itertools

import msgspec

from hub.core import Core, Step
from hub.documents import library_rules, versioned
from hub.territory.registry_export import export_documents
from model.case import Change
from model.codec import Heartbeat, encode
from model.entry import Entry, EntryKind, RowId, Tick, Versioned
from model.place import Building, Compound, Device, Division, Registry
from model.reading import Event, Lane, Reading, Value

NOW = 1_800_000_000_000
SECOND, MINUTE = 1_000, 60_000
GRID = "150302001001001"
BUILDINGS, ALARMS = 41, 10_000
REAL = versioned(library_rules())


def town(devices: int) -> Versioned:
    """Return the registry of a compound of 41 buildings with so many smoke detectors."""
    names = [f"b{number}" for number in range(BUILDINGS)]
    registry = Registry(
        divisions=[
            Division("150302", "区", "district", "1503"),
            Division("150302001", "街道", "street", "150302"),
            Division("150302001001", "社区", "community", "150302001"),
        ],
        compounds=[Compound("c1", "小区", GRID)],
        buildings=[Building(name, name, "c1", GRID) for name in names],
        devices=[
            Device(f"d{n}", "smoke_detector", building=names[n % BUILDINGS], role="detector")
            for n in range(devices)
        ],
    )
    return versioned(export_documents(registry))


class Storm:
    """A log that is written and read entry by entry; counts what came of it."""

    def __init__(self, devices: int, rules: Versioned = REAL) -> None:
        self.core = Core(rules, town(devices))
        self.at = NOW
        self.changes: list[Change] = []
        self._order = itertools.count(1)
        self._pos = itertools.count(1)

    def logs(self, kind: EntryKind, payload: bytes, row: RowId | None = None) -> Step:
        """Append an entry and take it."""
        step = self.core.step(Entry(next(self._pos), self.at, kind, payload, row))
        assert not self.core.engine.failures, self.core.engine.last_failure
        assert not step.failed, step.failed
        self.changes += step.changes
        return step

    def reading(self, device: str, event: Event, *, at: int = 0, **values: Value) -> Reading:
        """Return what a detector says."""
        number = next(self._order)
        return Reading(
            device=device, kind="smoke_detector", received_at=at or self.at, order=number,
            seq=number, values=values, event=event, gateway="gw", epoch="e",
        )  # fmt: skip

    def row(self, readings: list[Reading]) -> Step:
        """Log a row of Readings."""
        first, last = readings[0].seq, readings[-1].seq
        row = RowId("gw", "e", Lane.ALARM, first, last, first, str(first))
        return self.logs(EntryKind.READINGS, encode(readings), row)

    def tick(self, step: int = SECOND) -> Step:
        """Let the hub's clock go on."""
        self.at += step
        return self.logs(EntryKind.TICK, msgspec.json.encode(Tick(self.at, self.at - NOW)))

    def beat(self, state: str = "online", *, behind: int = 0) -> Step:
        """Let the gateway say how it is."""
        beat = Heartbeat("gw", "e", state, at=self.at, caught_up_to=self.at - behind)
        return self.logs(EntryKind.HEARTBEAT, encode(beat))

    @property
    def notices(self) -> list[str]:
        """Why people were told, in order."""
        return [change.notice for change in self.changes if change.notice]

    @property
    def opened(self) -> int:
        """How many cases were opened."""
        return sum(change.kind == "create" for change in self.changes)


def test_a_detector_flapping_at_1_hz_for_10_minutes() -> None:
    """1 case, at most 2 notices of the alarm, marked chattering.

    What the case itself misses (nobody acknowledges) is told apart, and escalates as ever.
    """
    storm = Storm(1)
    for second in range(600):
        burns = second % 2 == 0
        event = Event.FIRE_ALARM if burns else Event.FIRE_CLEARED
        storm.row([storm.reading("d0", event, fire=burns)])
        storm.tick()
    (case,) = storm.core.desk.open_cases()
    assert storm.opened == 1
    assert len([word for word in storm.notices if word != "escalated"]) <= 2
    assert "chattering" in case.flags


def test_10_000_alarms_from_41_buildings_and_one_gateway_power_cut() -> None:
    """At most 46 cases, and each raw alarm is listed in one of them."""
    storm = Storm(ALARMS)
    for begin in range(0, ALARMS, 500):
        storm.row(
            [storm.reading(f"d{n}", Event.FIRE_ALARM, fire=True) for n in range(begin, begin + 500)]
        )
        storm.tick(500)
    storm.beat("lost")
    for _ in range(10):
        storm.tick(MINUTE)
    cases = list(storm.core.desk.open_cases())
    assert len(cases) <= 46
    listed = {m.subject for case in cases if case.category == "fire" for m in case.members}
    assert listed >= {f"d{n}" for n in range(ALARMS)}
    assert {case.category for case in cases} == {"fire", "gateway_lost"}


def test_10_000_faults_of_one_grid_are_few_cases_too() -> None:
    """No emergency: 30 cases of a minute, then cases that gather a thousand alarms each."""
    storm = Storm(ALARMS)
    for begin in range(0, ALARMS, 500):
        storm.row(
            [storm.reading(f"d{n}", Event.FAULT, fault=True) for n in range(begin, begin + 500)]
        )
    cases = list(storm.core.desk.open_cases())
    assert len(cases) <= 46
    listed = {m.subject for case in cases for m in case.members}
    assert listed == {f"d{n}" for n in range(ALARMS)}


def test_reloading_the_same_rules_100_times_under_load() -> None:
    """0 cases opened or closed by it: what is open stays open, what comes is as without it."""
    texts = {"f.yaml": library_rules()["fire_equipment.yaml"]}
    with_it, without = (Storm(50, versioned(texts)) for _ in range(2))
    for number in range(100):
        for storm in (with_it, without):
            event = Event.FAULT if number % 3 else Event.FAULT_CLEARED
            storm.row([storm.reading(f"d{number % 50}", event, fault=event is Event.FAULT)])
            storm.tick()
        again = versioned({"f.yaml": texts["f.yaml"] + f"\n# {number}\n"})
        step = with_it.logs(EntryKind.RULES, msgspec.json.encode(again))
        assert (step.anomalies, step.changes) == ([], [])
    assert msgspec.json.encode(with_it.changes) == msgspec.json.encode(without.changes)
    assert with_it.opened > 0


def test_the_replay_of_an_outage_is_no_storm() -> None:
    """An hour of telemetry that comes at once is recorded; nobody is silent, nothing is opened.

    A fire among it is a case, marked late: an old fire that nobody saw is the worst defect.
    """
    storm = Storm(200)
    for number in range(200):
        storm.row([storm.reading(f"d{number}", Event.HEARTBEAT, temperature_c=21.0)])
    storm.beat()
    storm.tick()
    for _ in range(60):  # the uplink is away, the hub waits
        storm.tick(MINUTE)
    lost = storm.opened
    assert lost == 1, "one gateway, one case"
    back = storm.at
    storm.beat(behind=60 * MINUTE)
    for minute in range(60):
        at = back - (60 - minute) * MINUTE
        storm.row(
            [storm.reading(f"d{n}", Event.HEARTBEAT, at=at, temperature_c=21.0) for n in range(200)]
        )
        storm.tick()
    storm.beat()
    for _ in range(12):
        storm.tick()
        storm.beat()
    assert storm.opened == lost
    storm.row([storm.reading("d7", Event.FIRE_ALARM, at=back - 30 * MINUTE, fire=True)])
    (fire,) = [c for c in storm.core.desk.open_cases() if c.category == "fire"]
    assert "late" in fire.flags
