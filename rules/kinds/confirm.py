"""Says that a fire is machine-corroborated: several devices in one place say so within a time.

GB 50116-2013 4.1.6 wants two independent alarm devices before anything is linked; this is that AND.
One device that speaks often is one device; a panel that repeats its detector is none.
"""

from collections.abc import Sequence

import msgspec

from model.anomaly import Anomaly, anomaly_key
from model.entry import Tick
from model.reading import Mode, Reading
from model.walk_test import WALK_TEST
from rules.alarm_words import in_doubt, interest_in, says, taken_back_by, takes_back
from rules.book import Book
from rules.contract import Observation, Over
from rules.finding import (
    behind,
    by_hand,
    continued,
    ended,
    fits,
    is_reset,
    made_real,
    of_walk_test,
    started,
)
from rules.specs import ConfirmSpec
from rules.states import StateTable
from rules.witness import Scene, Spot, Witness, near, said_at, spot_of


class ConfirmRule:
    """Watches places for k devices that agree."""

    ticks = False

    def __init__(self, spec: ConfirmSpec, book: Book) -> None:
        self.id = spec.id
        self.hash = spec.hash
        self._spec = spec
        self._book = book
        self._scenes = StateTable(Scene)
        self._where: dict[str, str] = {}  # device -> subject, for devices that burn
        self.interest = interest_in(spec.devices, spec.onset, resets=spec.ends_on_reset)

    def observe(self, seen: Observation) -> Sequence[Anomaly]:
        """Take a Reading; enough agreeing devices start it, the last to take it back ends it."""
        reading = seen.reading
        found: list[Anomaly] = []
        onset = self._is_onset(reading)
        # A panel that says "reset" and "fire" in one word still burns.
        if self._spec.ends_on_reset and not onset and is_reset(reading):
            found = self._reset(seen)
        if onset:
            spot = spot_of(seen)
            if spot and fits(self._spec.devices, reading, seen.role):
                found += self._witness(seen, spot)
        elif reading.device in self._where and self._is_clearing(reading):
            found += self._take_back(seen, reading.device, by="cleared")
        return found

    def tick(self, tick: Tick) -> Sequence[Anomaly]:
        """Time alone starts and ends nothing here."""
        del tick
        return ()

    def snapshot(self) -> dict[str, bytes]:
        """Return the changed rows."""
        return self._scenes.snapshot()

    def restore(self, subject: str, state: bytes) -> None:
        """Put one place back."""
        self._scenes.restore(subject, state)
        scene = self._scenes.rows.get(subject)
        for device, witness in scene.witnesses.items() if scene else ():
            if not witness.cleared:
                self._where[device] = subject

    def holds(self, device: str) -> bool:
        """Return whether the device has said it and not taken it back."""
        return device in self._where

    def open(self) -> Sequence[Anomaly]:
        """Return what has started and not ended."""
        rows = self._scenes.rows
        return [active for key in sorted(rows) if (active := rows[key].active)]

    def test_over(self, over: Over) -> Sequence[Anomaly]:
        """Let devices that still say it be witnesses of the real thing, and what they agree on too."""
        found: list[Anomaly] = []
        for place, scene in sorted(self._scenes.rows.items()):
            burning = {d: w for d, w in scene.witnesses.items() if not w.cleared}
            for device, witness in burning.items():
                if witness.tested and not over.tested(device):
                    witness.mode, witness.tested = over.mode(device), False
                    self._scenes.put(place, scene)
            active = scene.active
            if active is None or not of_walk_test(active):
                continue
            if any(witness.tested for witness in burning.values()):
                continue
            mode = next((witness.mode for witness in burning.values()), Mode.REAL)
            old, scene.active = made_real(active, over, mode=mode)
            self._scenes.put(place, scene)
            found += [old, scene.active]
        return found

    def subjects(self) -> set[str]:
        """Return every subject that has a row."""
        return set(self._scenes.rows)

    def explain(self, subject: str) -> str:
        """Say which devices agree, and how many are needed."""
        scene = self._scenes.rows.get(subject)
        need = f"{self.id}: {self._spec.at_least} devices within {self._spec.within / 1000:g} s"
        if scene is None:
            return f"{need}; {subject} has no word of any"
        words = [
            f"{device} at {witness.at}{' (taken back)' if witness.cleared else ''}"
            for device, witness in sorted(scene.witnesses.items())
        ]
        return f"{need}; {'open; ' if scene.active else ''}said by {', '.join(words)}"

    def _is_onset(self, reading: Reading) -> bool:
        return says(self._spec.onset, reading)

    def _is_clearing(self, reading: Reading) -> bool:
        clear, row = self._spec.clear, self._book.devices.get(reading.device)
        flags = row.flags if row else frozenset()
        return not in_doubt(clear, reading, flags) and takes_back(clear, reading)

    def _witness(self, seen: Observation, spot: Spot) -> list[Anomaly]:
        reading = seen.reading
        scene = self._scenes.rows.get(spot.place) or Scene()
        self._prune(scene, reading.received_at)
        known = scene.witnesses.get(reading.device)
        over = None
        if known is None or known.epoch != reading.epoch or reading.order > known.order:
            over = self._taken_back(seen)
            # Who burnt for real before a test is no test because it says it again in one.
            real = known is not None and not known.cleared and known.mode is Mode.REAL
            scene.witnesses[reading.device] = Witness(
                at=said_at(seen, known),
                mode=Mode.REAL if real else reading.mode,
                source=reading.source,
                epoch=reading.epoch,
                order=reading.order,
                call_point=by_hand(self._spec.call_point, reading, seen.role),
                cleared=over is not None,
                tested=not real and WALK_TEST in reading.quality,
                awake=self._book.awake,
            )
            self._where[reading.device] = spot.place
        self._scenes.put(spot.place, scene)
        found = self._agreed(seen, spot, scene)
        if over is not None:
            del self._where[reading.device]
            found += self._end_if_over(spot.place, scene, at=over.received_at, by="cleared")
        return found

    def _agreed(self, seen: Observation, spot: Spot, scene: Scene) -> list[Anomaly]:
        agreeing = self._agreeing(scene, seen.reading)
        if agreeing is None:
            return []
        active, now = scene.active, scene.witnesses[seen.reading.device]
        if active is None:
            scene.active = self._conclude(seen, spot, agreeing)
            return [scene.active]
        if now.mode is not Mode.REAL or active.mode is Mode.REAL:
            return self._again(seen, scene, active)
        # A drill or test never hides the real thing.
        old = ended(active, at=seen.reading.received_at, by="real_alarm")
        scene.active = self._conclude(seen, spot, agreeing, not_before=active.started_at + 1)
        return [old, scene.active]

    def _taken_back(self, seen: Observation) -> Reading | None:
        """Return the word, newer than this late one, by which its device has taken it back already."""
        row = self._book.devices.get(seen.reading.device)
        return taken_back_by(
            seen, row, lambda word: not self._is_onset(word) and self._is_clearing(word)
        )

    def _again(self, seen: Observation, scene: Scene, active: Anomaly) -> list[Anomaly]:
        """Say it again, once in a while: a detector that died in an old fire must not hide a new one."""
        after = seen.reading.received_at - active.last_at
        if abs(after) < self._spec.within or (after < 0 and seen.stale):
            return []  # long before and not stale: the clock was set back
        scene.active = msgspec.structs.replace(active, last_at=seen.reading.received_at)
        return [continued(active, seen)]

    def _agreeing(self, scene: Scene, reading: Reading) -> dict[str, Witness] | None:
        """Return the devices that agree with this one in time and mode, if they are enough."""
        now = scene.witnesses[reading.device]
        agreeing = {
            device: witness
            for device, witness in scene.witnesses.items()
            if near(witness, now, self._spec.within) and witness.mode is now.mode
        }
        if len(agreeing) >= self._spec.at_least:
            return agreeing
        hands = sum(witness.call_point for witness in agreeing.values())
        if self._spec.detector_and_call_point and 0 < hands < len(agreeing):
            return agreeing
        return None

    def _conclude(
        self,
        seen: Observation,
        spot: Spot,
        agreeing: dict[str, Witness],
        *,
        not_before: int = 0,
    ) -> Anomaly:
        facts = ", ".join(f"{device} at {agreeing[device].at}" for device in sorted(agreeing))
        anomaly = started(self._spec, seen, facts=facts)
        within, now = self._spec.within, agreeing[seen.reading.device]
        times = [w.at for w in agreeing.values() if abs(w.at - now.at) <= within]
        at = max(not_before, *times)
        return msgspec.structs.replace(
            anomaly,
            key=anomaly_key(self.id, spot.place, at),
            subject=spot.place,
            started_at=at,
            last_at=at,
            scope="place",
            compound=spot.compound,
            corroborates=True,
            mode=now.mode,
        )

    def _take_back(self, seen: Observation, device: str, *, by: str) -> list[Anomaly]:
        place = self._where[device]
        scene = self._scenes.rows[place]
        witness = scene.witnesses[device]
        reading = seen.reading
        if reading.epoch == witness.epoch and reading.order and witness.order:
            if reading.order <= witness.order:
                return []
        elif seen.stale:
            return []
        witness.cleared = True
        del self._where[device]
        self._scenes.put(place, scene)
        return self._end_if_over(place, scene, at=reading.received_at, by=by, seen=seen)

    def _end_if_over(
        self, place: str, scene: Scene, *, at: int, by: str, seen: Observation | None = None
    ) -> list[Anomaly]:
        if scene.active is None or not scene.over:
            return []
        self._scenes.drop(place)
        return [ended(scene.active, at=at, by=by, seen=seen)]

    def _reset(self, seen: Observation) -> list[Anomaly]:
        reading = seen.reading
        found: list[Anomaly] = []
        for device in sorted(self._where):
            witness = self._scenes.rows[self._where[device]].witnesses[device]
            reaches = behind(
                (device, witness.source),
                device=reading.device,
                kind=reading.kind,
                source=reading.source,
            )
            if reaches:
                found += self._take_back(seen, device, by="reset")
        return found

    def _prune(self, scene: Scene, now: int) -> None:
        """Forget what was taken back too long ago to agree with anything new."""
        horizon = now - 2 * self._spec.within
        for device in [d for d, w in scene.witnesses.items() if w.cleared and w.at < horizon]:
            del scene.witnesses[device]
