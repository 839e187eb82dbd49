"""Raises an anomaly when nobody was seen in a household for long: a resident living alone (独居).

Only with the household's own consent, which stands in the registry and can be taken back: without it
nothing is kept here. What is kept is when somebody was seen last, by which device, and no more. It is
judged in the hub's waking time, and only while every device that can see is heard itself.
"""

import heapq
from collections.abc import Sequence

import msgspec

from model.anomaly import Anomaly, Evidence
from model.entry import Tick
from model.place import Registry
from model.reading import Mode, Reading
from rules.arrival import EARLIEST
from rules.book import Book
from rules.clocks import ahead, stream_of
from rules.contract import Interest, Observation, Over
from rules.finding import ended, fits, made_real, of_walk_test
from rules.heard import Heard, concluded, heard
from rules.specs import CountSpec
from rules.specs.count import Unseen
from rules.states import StateTable

_AGAIN_MS = 60_000
DEVICES_MAX = 50


class Home(msgspec.Struct):
    """A household that consented: when somebody was seen last, and what can see there."""

    last: Heard
    since_awake: int
    devices: list[str] = []
    anomaly: Anomaly | None = None


class UnseenRule:
    """Watches households that consented for the time since somebody was seen."""

    ticks = True

    def __init__(self, spec: CountSpec, unseen: Unseen, book: Book) -> None:
        self.id, self.hash = spec.id, spec.hash
        self._spec, self._unseen, self._book = spec, unseen, book
        self._homes = StateTable(Home)
        self._due: list[tuple[int, str]] = []  # a heap of waking times
        self._checked: Registry | None = None
        events = frozenset(str(event.value) for event in unseen.seen.events)
        limits = dict.fromkeys(unseen.seen.states, (0.0, 0.0))
        self.interest = Interest(frozenset(spec.devices.kinds), events, limits)

    def observe(self, seen: Observation) -> Sequence[Anomaly]:
        """Take a sign of somebody; it ends the absence."""
        reading = seen.reading
        if reading.historical or reading.mode in {Mode.TEST, Mode.DRILL} or not self._sees(reading):
            return ()
        home = self._watched(reading.device)
        if home is None or not fits(self._spec.devices, reading, seen.role):
            return ()
        subject = f"place:{home}"
        row = self._homes.rows.get(subject)
        said = heard(seen, awake=self._book.awake)
        if row is None:
            row = Home(said, self._book.awake)
            heapq.heappush(self._due, (self._book.awake + self._unseen.after, subject))
        elif not _later(said, row.last, seen.logged_at) or not self._ranks(said, row):
            return ()
        row.last, row.since_awake = said, self._book.awake
        if reading.device not in row.devices:
            row.devices = sorted([*row.devices, reading.device])[:DEVICES_MAX]
        found = []
        if row.anomaly is not None:
            found.append(ended(row.anomaly, at=said.at, by="seen"))
            row.anomaly = None
            heapq.heappush(self._due, (self._book.awake + self._unseen.after, subject))
        self._homes.put(subject, row)
        return found

    def tick(self, tick: Tick) -> Sequence[Anomaly]:
        """Judge the households whose time is over; forget those that took their consent back."""
        found = self._forget_unwilling(tick.at)
        while self._due and self._due[0][0] < tick.awake:
            found += self._judge(heapq.heappop(self._due)[1])
        return found

    def snapshot(self) -> dict[str, bytes]:
        """Return the changed rows."""
        return self._homes.snapshot()

    def restore(self, subject: str, state: bytes) -> None:
        """Put one household back."""
        self._homes.restore(subject, state)
        row = self._homes.rows.get(subject)
        if row is not None and row.anomaly is None:
            heapq.heappush(self._due, (row.since_awake + self._unseen.after, subject))

    def holds(self, device: str) -> bool:
        """Return False: only a sign of somebody matters, and it wakes the rule itself."""
        del device
        return False

    def open(self) -> Sequence[Anomaly]:
        """Return the absences that have not ended."""
        rows = self._homes.rows
        return [anomaly for key in sorted(rows) if (anomaly := rows[key].anomaly) is not None]

    def test_over(self, over: Over) -> Sequence[Anomaly]:
        """Say anew, as real, where still nobody is seen; a test causes no absence, but may hide one."""
        found: list[Anomaly] = []
        for subject in sorted(self._homes.rows):
            row = self._homes.rows[subject]
            if row.anomaly and of_walk_test(row.anomaly) and not any(map(over.tested, row.devices)):
                old, row.anomaly = made_real(row.anomaly, over, mode=row.last.mode)
                self._homes.put(subject, row)
                found += [old, row.anomaly]
        return found

    def subjects(self) -> set[str]:
        """Return every subject that has a row."""
        return set(self._homes.rows)

    def explain(self, subject: str) -> str:
        """Say since when nobody was seen, how long that may last, and whether it can be judged."""
        rule = f"{self.id}: not seen for {self._unseen.after / 3_600_000:g} h"
        row = self._homes.rows.get(subject)
        household = self._book.registry.households.get(subject.removeprefix("place:"))
        if household is None or not household.presence_consent:
            return f"{rule}; {subject} is not watched: no consent of the household 未获住户同意"
        if row is None:
            return f"{rule}; nobody was seen in {subject} since the consent"
        quiet = (self._book.awake - row.since_awake) / 3_600_000
        blind = self._blind(row)
        state = (
            "open" if row.anomaly else f"not judged: {blind} is not heard" if blind else "judged"
        )
        left = self._unseen.after / 3_600_000 - quiet
        return f"{rule}; {subject} last seen at {row.last.at}, {quiet:.1f} h ago; {state}; {max(0.0, left):.1f} h left"  # fmt: skip

    def _sees(self, reading: Reading) -> bool:
        seen, values = self._unseen.seen, reading.values
        return reading.event in seen.events or any(values.get(s) is True for s in seen.states)

    def _watched(self, device: str) -> str | None:
        """Return the household a device watches, if it consented."""
        registry = self._book.registry
        known = registry.devices.get(device)
        household = registry.households.get(known.household) if known else None
        return household.id if household and household.presence_consent else None

    def _ranks(self, said: Heard, row: Home) -> bool:
        """A simulation tells nothing of a household that was seen for real."""
        return said.mode is Mode.REAL or row.last.mode is not Mode.REAL

    def _forget_unwilling(self, now: int) -> list[Anomaly]:
        registry = self._book.registry
        if registry is self._checked:
            return []
        self._checked = registry
        found = []
        for subject in sorted(self._homes.rows):
            household = registry.households.get(subject.removeprefix("place:"))
            if household is None or not household.presence_consent:
                anomaly = self._homes.rows[subject].anomaly
                if anomaly is not None:
                    found.append(ended(anomaly, at=now, by="consent_withdrawn"))
                self._homes.drop(subject)
            else:
                self._forget_removed(subject, household.id)
        return found

    def _forget_removed(self, subject: str, home: str) -> None:
        """A device that was taken out of the registry, or moved, is no longer awaited here."""
        row = self._homes.rows[subject]
        left = [device for device in row.devices if self._watched(device) == home]
        if left != row.devices:
            row.devices = left
            self._homes.put(subject, row)

    def _blind(self, row: Home) -> str:
        """Return a device that could see and is not heard itself, or nothing."""
        if not row.devices:
            return "any device"  # all were taken out: nobody could be seen
        for device in row.devices:
            known = self._book.devices.get(device)
            gateway = self._book.gateways.rows.get(known.last.gateway) if known else None
            caught = gateway is not None and gateway.caught_awake >= row.since_awake + self._unseen.after  # fmt: skip
            if not caught or not self._book.health(device).heard:
                return device
        return ""

    def _judge(self, subject: str) -> list[Anomaly]:
        row = self._homes.rows.get(subject)
        if row is None or row.anomaly is not None:
            return []
        due = row.since_awake + self._unseen.after
        if due >= self._book.awake:
            heapq.heappush(self._due, (due, subject))
            return []
        if self._blind(row):
            heapq.heappush(self._due, (self._book.awake + _AGAIN_MS, subject))
            return []
        hours = self._unseen.after / 3_600_000
        where = Evidence(row.last.id, row.last.device, row.last.at)  # when, not what
        anomaly = concluded(
            self._spec,
            row.last,
            facts=f"nobody seen 无人活动 for {hours:g} h since {row.last.at}",
            subject=subject,
            at=self._begins(row),
            evidence=(where,),
        )
        row.anomaly = anomaly
        self._homes.put(subject, row)
        return [anomaly]

    def _begins(self, row: Home) -> int:
        """Return when it was too long; never in the future, though a clock was set back since."""
        at, now = row.last.at + self._unseen.after, self._book.now
        return now if EARLIEST <= now < at else at


def _later(said: Heard, known: Heard, logged_at: int) -> bool:
    """Return whether a sign is the newer one: by the gateway's order where both are of one gateway."""
    stream = stream_of(said)
    if stream and stream == stream_of(known):
        return said.order > known.order
    return said.turn > known.turn or ahead(known.at, logged_at) > 0
