"""Raises an anomaly when the doors of a burning building are not released in time.

From the first word of a fire in a building its doors have `within` to say that they are released. The
start is that word + `within`, a data time. A door that never says whether it is released is not judged.
It ends when all are released, or when nothing in the building burns any more.
"""

from collections.abc import Sequence

import msgspec

from model.anomaly import Anomaly, Evidence, anomaly_key
from model.entry import Tick
from model.place import Registry
from model.reading import Mode, Reading
from model.walk_test import WALK_TEST
from rules.alarm_words import in_doubt, interest_in, says, takes_back
from rules.book import Book
from rules.contract import Observation, Over
from rules.finding import (
    behind,
    concerns,
    ended,
    evidence,
    explained,
    fits,
    is_reset,
    made_real,
)
from rules.specs import ReleaseSpec
from rules.states import StateTable

NAMED = 20
"""So many doors are named in the explanation; all are counted."""


class Flame(msgspec.Struct):
    """A device of the building that says it, and by which order it last did."""

    epoch: str
    order: int
    source: str
    mode: Mode
    tested: bool = False


class Blaze(msgspec.Struct):
    """A building in which something burns."""

    since: int  # ms, data time
    since_awake: int
    compound: str
    proof: Evidence
    flames: dict[str, Flame]
    last: int = 0  # start of the last anomaly, so that no key repeats
    active: Anomaly | None = None


class ReleaseRule:
    """Watches the doors of every building in which something burns; others cost nothing."""

    ticks = True

    def __init__(self, spec: ReleaseSpec, book: Book) -> None:
        self.id = spec.id
        self.hash = spec.hash
        self._spec = spec
        self._book = book
        self._blazes = StateTable(Blaze)
        self._where: dict[str, str] = {}  # device that burns -> building
        self._doors: tuple[Registry | None, dict[str, list[str]]] = (None, {})
        self.interest = interest_in(spec.devices, spec.onset, resets=spec.ends_on_reset)

    def observe(self, seen: Observation) -> Sequence[Anomaly]:
        """Take a Reading: something begins to burn in a building, or no longer does."""
        reading = seen.reading
        onset = says(self._spec.onset, reading)
        if onset:
            if seen.place and seen.place.building and fits(self._spec.devices, reading, seen.role):
                return self._burns(seen, seen.place.building, seen.place.compound)
            return ()
        if self._spec.ends_on_reset and is_reset(reading):
            return self._reset(seen)
        if reading.device in self._where and self._is_clearing(reading):
            return self._out(reading.device, seen, by="cleared")
        return ()

    def tick(self, tick: Tick) -> Sequence[Anomaly]:
        """Look at the doors of every burning building."""
        found: list[Anomaly] = []
        for building in sorted(self._blazes.rows):
            blaze = self._blazes.rows[building]
            if blaze.active is None and tick.awake - blaze.since_awake < self._spec.within:
                continue
            shut, heard = self._shut(building)
            if shut and blaze.active is None:
                blaze.active = self._conclude(building, blaze, shut)
                blaze.last = blaze.active.started_at
                found.append(blaze.active)
            elif blaze.active is not None and not shut:
                found.append(ended(blaze.active, at=heard, by="released"))
                blaze.active = None
            else:
                continue
            self._blazes.put(building, blaze)
        return found

    def snapshot(self) -> dict[str, bytes]:
        """Return the changed rows."""
        return self._blazes.snapshot()

    def restore(self, subject: str, state: bytes) -> None:
        """Put one building back."""
        self._blazes.restore(subject, state)
        blaze = self._blazes.rows.get(subject)
        for device in blaze.flames if blaze else ():
            self._where[device] = subject

    def holds(self, device: str) -> bool:
        """Return whether the device burns."""
        return device in self._where

    def open(self) -> Sequence[Anomaly]:
        """Return what has started and not ended."""
        rows = self._blazes.rows
        return [active for name in sorted(rows) if (active := rows[name].active)]

    def test_over(self, over: Over) -> Sequence[Anomaly]:
        """Take what still burns after a walk test as real, and say the doors anew."""
        found: list[Anomaly] = []
        for building, blaze in sorted(self._blazes.rows.items()):
            for device, flame in blaze.flames.items():
                if flame.tested and not over.tested(device):
                    flame.mode, flame.tested = over.mode(device), False
                    self._blazes.put(building, blaze)
            active, (mode, tested) = blaze.active, _mode(blaze)
            if active is not None and WALK_TEST in active.quality and not tested:
                old, blaze.active = made_real(active, over, mode=mode)
                blaze.last = blaze.active.started_at
                found += [old, blaze.active]
        return found

    def subjects(self) -> set[str]:
        """Return every building that has a row."""
        return set(self._blazes.rows)

    def explain(self, subject: str) -> str:
        """Say since when it burns, how long its doors have, and which are not released."""
        building = subject.removeprefix("place:")
        limit = f"{self.id}: doors have {self._spec.within / 1000:g} s from the first fire"
        blaze = self._blazes.rows.get(building)
        if blaze is None:
            return f"{limit}; nothing burns in {building}"
        shut, _ = self._shut(building)
        left = max(0, self._spec.within - (self._book.awake - blaze.since_awake)) / 1000
        when = "open" if blaze.active else f"{left:g} s left"
        return f"{limit}; burns since {blaze.since}, {when}; not released: {_named(shut)}"

    def _burns(self, seen: Observation, building: str, compound: str) -> list[Anomaly]:
        reading = seen.reading
        if seen.stale and self._taken_back(reading.device):
            return []
        found: list[Anomaly] = []
        if self._where.get(reading.device, building) != building:
            # The registry moved it: what it said of its old building holds there no longer.
            found = self._out(reading.device, seen, by="moved")
            if reading.device in self._where:
                return found  # an old word that comes again
        blaze = self._blazes.rows.get(building)
        if blaze is None:
            blaze = Blaze(reading.received_at, self._book.awake, compound, evidence(seen), {})
        known = blaze.flames.get(reading.device)
        if known is not None and known.epoch == reading.epoch and reading.order <= known.order:
            return found
        before = _mode(blaze)[0] if blaze.flames else reading.mode
        blaze.flames[reading.device] = Flame(
            reading.epoch, reading.order, reading.source, reading.mode,
            tested=WALK_TEST in reading.quality,
        )  # fmt: skip
        if reading.mode is Mode.REAL and before is not Mode.REAL:
            # A drill or test never hides the real thing: its time is the doors' time.
            if blaze.active is not None:
                found.append(ended(blaze.active, at=reading.received_at, by="real_alarm"))
            blaze.active, blaze.since, blaze.proof = None, reading.received_at, evidence(seen)
            blaze.since_awake = self._book.awake
        elif blaze.active is None:
            blaze.since = min(blaze.since, reading.received_at)
        self._where[reading.device] = building
        self._blazes.put(building, blaze)
        return found

    def _taken_back(self, device: str) -> bool:
        """Whether a newer word than an old one that comes late says that it burns no more."""
        row, states = self._book.devices[device], self._spec.clear.states_false
        return self._is_clearing(row.last) or any(row.values.get(s) is False for s in states)

    def _out(self, device: str, seen: Observation, *, by: str) -> list[Anomaly]:
        building = self._where[device]
        blaze = self._blazes.rows[building]
        flame, reading = blaze.flames[device], seen.reading
        if reading.epoch == flame.epoch and reading.order and flame.order:
            if reading.order <= flame.order:
                return []
        elif seen.stale:
            return []
        del blaze.flames[device], self._where[device]
        self._blazes.put(building, blaze)
        if blaze.flames:
            return []
        self._blazes.drop(building)
        active = blaze.active
        return [ended(active, at=reading.received_at, by=by, seen=seen)] if active else []

    def _reset(self, seen: Observation) -> list[Anomaly]:
        reading, found = seen.reading, list[Anomaly]()
        for device in sorted(self._where):
            source = self._blazes.rows[self._where[device]].flames[device].source
            if behind(
                (device, source), device=reading.device, kind=reading.kind, source=reading.source
            ):
                found += self._out(device, seen, by="reset")
        return found

    def _is_clearing(self, reading: Reading) -> bool:
        clear, row = self._spec.clear, self._book.devices.get(reading.device)
        flags = row.flags if row else frozenset()
        return not in_doubt(clear, reading, flags) and takes_back(clear, reading)

    def _shut(self, building: str) -> tuple[list[str], int]:
        """Return the doors that are not released, and when the newest was heard (ms).

        A door that never says whether it is released is not judged: it would be shut in every fire.
        """
        shut, newest = [], 0
        released = self._spec.released
        for door in self._of(building):
            row = self._book.devices.get(door)
            if row is None or released.keys().isdisjoint(row.values):
                continue
            if not any(row.values.get(name) in said for name, said in released.items()):
                shut.append(door)
            newest = max(newest, row.heard_at)
        return shut, newest

    def _of(self, building: str) -> list[str]:
        """Return the doors of a building; looked up once for each version of the registry."""
        registry, doors = self._doors
        if registry is not self._book.registry:
            registry, doors, wanted = self._book.registry, {}, self._spec.released_by
            for device in registry.devices.values():
                if concerns(wanted, device.kind, device.role):
                    doors.setdefault(device.building, []).append(device.id)
            self._doors = (registry, doors)
        return doors.get(building, [])

    def _conclude(self, building: str, blaze: Blaze, shut: list[str]) -> Anomaly:
        spec, subject = self._spec, f"place:{building}"
        mode, tested = _mode(blaze)
        at = max(blaze.since + spec.within, blaze.last + 1)
        return Anomaly(
            key=anomaly_key(spec.id, subject, at),
            rule=spec.id,
            rule_hash=spec.hash,
            subject=subject,
            category=spec.category,
            severity=spec.severity,
            started_at=at,
            last_at=at,
            mode=mode,
            quality=(WALK_TEST,) if tested else (),
            scope="place",
            compound=blaze.compound,
            explanation=explained(
                spec, f"{spec.within / 1000:g} s after {blaze.proof.device}: {_named(shut)}"
            ),
            evidence=(blaze.proof,),
        )


def _mode(blaze: Blaze) -> tuple[Mode, bool]:
    """Return in which mode the building burns, and whether only in a walk test."""
    flames = blaze.flames.values()
    if any(flame.mode is Mode.REAL for flame in flames):
        return Mode.REAL, False
    first = next(iter(flames), None)
    mode = Mode.REAL if first is None else first.mode
    return mode, all(flame.tested for flame in flames) and first is not None


def _named(doors: list[str]) -> str:
    more = f" and {len(doors) - NAMED} more" if len(doors) > NAMED else ""
    return ", ".join(doors[:NAMED]) + more or "none"
