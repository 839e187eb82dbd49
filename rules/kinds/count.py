"""Raises an anomaly when more people are in a place than may be, or any at all out of hours.

Either every device says how many it sees (a device not heard for `fresh_for` counts no more), or
entries and exits are counted, from a reset every night. Presence counts only: nobody is told apart.
"""

from collections.abc import Sequence

import msgspec

from model.anomaly import Anomaly
from model.entry import Tick
from rules.book import Book
from rules.clock_hours import ClockHours
from rules.clocks import in_time
from rules.contract import Observation, Over
from rules.crowd import DEVICES_MAX, Crowd, count, counts_for, evidence, facts, interest, named
from rules.finding import ended, fits, made_real, of_walk_test
from rules.heard import Heard, concluded, heard
from rules.specs import CountSpec
from rules.states import StateTable
from rules.turns import TICK_MS, Wakes, due, enter, taken


class CountRule:
    """Watches places for the number of people in them."""

    ticks = True

    def __init__(self, spec: CountSpec, book: Book) -> None:
        self.id, self.hash = spec.id, spec.hash
        self._spec, self._book = spec, book
        self._hours = ClockHours(spec.hours, spec.timezone)
        self._over = spec.over or 0.0
        self._clear_at = self._over if spec.clear_at is None else spec.clear_at
        self._fresh = spec.level.fresh_for if spec.level else 0
        self._rows = StateTable(Crowd)
        self._wakes = Wakes()
        self.interest = interest(spec)

    def observe(self, seen: Observation) -> Sequence[Anomaly]:
        """Take a Reading; it counts when its turn has come."""
        reading = seen.reading
        value = counts_for(self._spec, reading)
        if value is None or reading.historical or not fits(self._spec.devices, reading, seen.role):
            return ()
        subject = self._subject(seen)
        if subject is None:
            return ()
        row = self._rows.rows.get(subject)
        if row is None:
            row = Crowd()
        before = row.at
        said = in_time(row, heard(seen, awake=self._book.awake, value=value), hub=seen.logged_at)
        if row.at < before and self._spec.passages is not None:
            row.day = self._hours.day(row.at, self._spec.passages.reset_at)
        self._rows.put(subject, row)
        if not enter(row.waiting, said):
            return ()
        return self._advance(subject, row)

    def tick(self, tick: Tick) -> Sequence[Anomaly]:
        """Take what has waited long enough, forget what is not fresh, let hold times and hours pass."""
        found: list[Anomaly] = []
        for subject in self._wakes.over(tick.awake):
            row = self._rows.rows.get(subject)
            if row is not None:
                found += self._advance(subject, row)
        return sorted(found, key=lambda anomaly: (anomaly.last_at, anomaly.subject))

    def snapshot(self) -> dict[str, bytes]:
        """Return the changed rows."""
        return self._rows.snapshot()

    def restore(self, subject: str, state: bytes) -> None:
        """Put one place back."""
        self._rows.restore(subject, state)
        row = self._rows.rows.get(subject)
        if row is not None:
            self._plan(subject, row)

    def holds(self, device: str) -> bool:
        """Return False: every word that counts wakes the rule itself."""
        del device
        return False

    def open(self) -> Sequence[Anomaly]:
        """Return what has started and not ended."""
        rows = self._rows.rows
        return [
            rows[key].anomaly  # type: ignore[misc]
            for key in sorted(rows)
            if rows[key].open
        ]

    def test_over(self, over: Over) -> Sequence[Anomaly]:
        """Let those who are still there be there for real."""
        found: list[Anomaly] = []
        for subject in sorted(self._rows.rows):
            row = self._rows.rows[subject]
            anomaly = row.anomaly
            if anomaly is None or not of_walk_test(anomaly) or any(map(over.tested, row.said)):
                continue
            mode = over.mode(next(iter(sorted(row.said)), ""))
            old, row.anomaly = made_real(anomaly, over, mode=mode)
            real = named(anomaly.subject.removeprefix("place:"), mode)
            if row.open:
                found.append(old)
            self._rows.drop(subject)
            if real not in self._rows.rows:
                self._rows.put(real, row)
                self._plan(real, row)
                found += [row.anomaly] if row.open else []
        return found

    def subjects(self) -> set[str]:
        """Return every subject that has a row."""
        return set(self._rows.rows)

    def explain(self, subject: str) -> str:
        """Say how many are there by which devices, against the limit, with hold time and hours."""
        row = self._rows.rows.get(subject)
        rule = f"{self.id}: {self._text()}"
        if row is None:
            return f"{rule}; nobody is counted in {subject}"
        words = [f"{rule}; {subject}: {facts(self._spec, row)}"]
        if row.anomaly:
            left = max(0, self._fires(row, row.anomaly) - self._book.awake) / 1000
            since = row.anomaly.started_at
            words.append(f"open since {since}" if row.open else f"would fire in {left:g} s more")
        if row.waiting:
            words.append(f"{len(row.waiting)} readings wait for earlier ones")
        return "; ".join(words)

    def _subject(self, seen: Observation) -> str | None:
        if self._spec.place == "device":
            name = seen.reading.device
        elif seen.place is None:
            return None
        else:
            name = getattr(seen.place, self._spec.place)
        return named(name, seen.reading.mode) if name else None

    def _advance(self, subject: str, row: Crowd) -> list[Anomaly]:
        """Bring a place up to date: each change at its own data time."""
        found: list[Anomaly] = []
        awake, lateness = self._book.awake, self._spec.lateness
        for said in taken(row.waiting, awake=awake, lateness=lateness):
            found += self._fade(subject, row, until=said.at)
            if said.at >= row.at:  # what was over by then was so whatever this one says
                found += self._pass_time(row, said.at)
            found += self._take(subject, row, said)
        now = row.at + awake - row.awake - lateness - TICK_MS
        if row.waiting:
            now = min(now, row.waiting[0].at)
        found += self._fade(subject, row, until=now)
        found += self._pass_time(row, now)
        self._rows.put(subject, row)
        if row.waiting or row.anomaly or row.said:
            self._plan(subject, row)
        else:
            self._rows.drop(subject)
        return found

    def _plan(self, subject: str, row: Crowd) -> None:
        """Note when something may change here without another word."""
        lateness, soon = self._spec.lateness, []
        if row.waiting:
            soon.append(due(row.waiting, lateness))
        if self._fresh and row.said:
            first = min(said.at for said in row.said.values())
            soon.append(row.awake + first + self._fresh - row.at + lateness + TICK_MS)
        if row.anomaly is not None and not row.open:
            soon.append(self._fires(row, row.anomaly) - 1)
        if (self._spec.hours and row.open) or self._spec.passages:
            soon.append(self._book.awake + 60_000)
        if soon:
            self._wakes.plan(subject, max(min(soon), self._book.awake))

    def _fires(self, row: Crowd, anomaly: Anomaly) -> int:
        """Return the waking time at which the hold time is over if nothing else comes."""
        held = anomaly.started_at + self._spec.hold - row.at
        return row.awake + held + self._spec.lateness + TICK_MS

    def _take(self, subject: str, row: Crowd, said: Heard) -> list[Anomaly]:
        known = row.said.get(said.device)
        if known is not None and said.turn <= known.turn:
            return []
        if self._spec.passages is not None:
            self._reset(row, said.at)
            if self._hours.day(said.at, self._spec.passages.reset_at) == row.day:
                row.inside = max(0, row.inside + said.value)
        row.said[said.device] = said
        if len(row.said) > DEVICES_MAX:
            del row.said[min(row.said, key=lambda name: row.said[name].turn)]
        if said.at >= row.at:
            row.at, row.awake = said.at, said.awake
        return self._judge(subject, row, said)

    def _fade(self, subject: str, row: Crowd, *, until: int) -> list[Anomaly]:
        """Forget the devices that were not heard for long, each at its own time."""
        found: list[Anomaly] = []
        if not self._fresh:
            return found
        old = [said for said in row.said.values() if said.at + self._fresh < until]
        for said in sorted(old, key=lambda one: one.turn):
            del row.said[said.device]
            gone = msgspec.structs.replace(said, at=said.at + self._fresh)
            found += self._judge(subject, row, gone)
        return found

    def _reset(self, row: Crowd, at: int) -> bool:
        """Begin a new night; whether one began."""
        if self._spec.passages is None:
            return False
        day = self._hours.day(at, self._spec.passages.reset_at)
        if day <= row.day:
            return False
        row.day, row.inside = day, 0
        return True

    def _pass_time(self, row: Crowd, now: int) -> list[Anomaly]:
        """Let the hold time pass, the hours end, the night reset the count."""
        if row.anomaly is None:
            self._reset(row, now)
            return []
        found: list[Anomaly] = []
        if not row.open and now - row.anomaly.started_at >= self._spec.hold:
            row.open = True
            found.append(row.anomaly)
        start, passages = row.anomaly.started_at, self._spec.passages
        if over_at := self._hours.over_at(now):
            found += self._end(row, at=max(over_at, start), by="hours_over")
        elif passages is not None and self._reset(row, now):
            at = self._hours.last(passages.reset_at, now)
            found += self._end(row, at=max(at, start), by="reset")
        return found

    def _judge(self, subject: str, row: Crowd, said: Heard) -> list[Anomaly]:
        """Let the count start, go on or end what there is, at the time of what was said."""
        at = max(said.at, row.anomaly.started_at if row.anomaly else 0)
        number = count(self._spec, row) if self._hours.within(said.at) else 0.0
        if row.anomaly is None:
            if number <= self._over:
                return []
            place = subject.partition("#")[0]
            row.anomaly = concluded(
                self._spec,
                said,
                facts=facts(self._spec, row),
                subject=place,
                evidence=evidence(self._spec, row),
            )
        elif number <= (self._clear_at if row.open else self._over):
            return self._end(row, at=at, by="normal")
        if row.open or at - row.anomaly.started_at < self._spec.hold:
            return []
        row.open = True
        return [row.anomaly]

    def _end(self, row: Crowd, *, at: int, by: str) -> list[Anomaly]:
        anomaly, was_open = row.anomaly, row.open
        row.anomaly, row.open = None, False
        return [ended(anomaly, at=at, by=by)] if anomaly and was_open else []

    def _text(self) -> str:
        hold = f" for {self._spec.hold / 1000:g} s" if self._spec.hold else ""
        return f"more than {self._over:g} in a {self._spec.place}{hold}, ends at {self._clear_at:g}"
