"""Raises an anomaly when a device says it itself: fire, forced, tamper, fault.

An old message that arrives late still raises it (a lost fire is the worst defect) and is ended at
once if a newer message has taken it back already. Only a message newer than the newest onset ends it.
"""

from collections.abc import Sequence

import msgspec

from model.anomaly import Anomaly
from model.entry import Tick
from model.reading import Mode, Reading
from rules.alarm_words import in_doubt, interest_in, says, taken_back_by, takes_back
from rules.book import Book
from rules.contract import Observation, Over
from rules.finding import (
    SYSTEM,
    TRANSMITTER,
    behind,
    by_hand,
    continued,
    ended,
    fits,
    is_reset,
    made_real,
    of_walk_test,
    started,
    stated,
)
from rules.said import Past, Reset, Said
from rules.specs import EventSpec
from rules.states import StateTable

_RESET_ROW = "reset:"
_SAME_BURST_MS = 1_000


class EventRule:
    """Watches what devices say of themselves."""

    def __init__(self, spec: EventSpec, book: Book) -> None:
        self.id = spec.id
        self.hash = spec.hash
        self._spec = spec
        self.ticks = spec.ends_after is not None
        self._book = book
        self._said = StateTable(Said)
        self._resets = StateTable(Reset)
        self._open: set[str] = set()
        self.interest = interest_in(spec.devices, spec.onset, resets=spec.ends_on_reset)

    def observe(self, seen: Observation) -> Sequence[Anomaly]:
        """Take a Reading; an onset starts or continues, a newer clearing or reset ends."""
        reading = seen.reading
        found: list[Anomaly] = []
        onset = self._is_onset(reading)
        # A panel that says "reset" and "fire" in one word still burns.
        if self._spec.ends_on_reset and not onset and is_reset(reading):
            found = self._reset(seen)
        said = self._said.rows.get(reading.device)
        if onset:
            if fits(self._spec.devices, reading, seen.role):
                found += self._onset(seen, said)
        elif said and said.active and self._is_clearing(reading) and _newer(seen, said):
            found.append(self._close(said, seen, at=reading.received_at, by="cleared"))
        return found

    def tick(self, tick: Tick) -> Sequence[Anomaly]:
        """End what no device ever takes back, `ends_after` its last word."""
        lasts = self._spec.ends_after
        if lasts is None or not self._open:
            return ()
        found = []
        for subject in sorted(self._open):
            said = self._said.rows[subject]
            if said.active and tick.awake - said.last_awake >= lasts:
                at = said.active.last_at + lasts
                found.append(self._close(said, None, at=at, by="elapsed"))
        return found

    def snapshot(self) -> dict[str, bytes]:
        """Return the changed rows; resets are kept under the device that said them."""
        resets = self._resets.snapshot()
        return self._said.snapshot() | {_RESET_ROW + key: row for key, row in resets.items()}

    def restore(self, subject: str, state: bytes) -> None:
        """Put one row back."""
        if subject.startswith(_RESET_ROW):
            self._resets.restore(subject.removeprefix(_RESET_ROW), state)
            return
        self._said.restore(subject, state)
        said = self._said.rows.get(subject)
        if said and said.active:
            self._open.add(subject)

    def holds(self, device: str) -> bool:
        """Return whether the device has an open anomaly of this rule."""
        return device in self._open

    def open(self) -> Sequence[Anomaly]:
        """Return what has started and not ended."""
        rows = self._said.rows
        return [active for key in sorted(self._open) if (active := rows[key].active)]

    def test_over(self, over: Over) -> Sequence[Anomaly]:
        """Say anew, as real, what no device took back before its walk test ended.

        What is a moment and not a state (`ends_after`) was said in the test, and ends with it.
        """
        found: list[Anomaly] = []
        for subject in sorted(self._open):
            said = self._said.rows[subject]
            active = said.active
            if active is None or not of_walk_test(active) or over.tested(subject):
                continue
            if self._spec.ends_after is not None:
                found.append(self._close(said, None, at=over.at, by="walk_test_over"))
                continue
            old, said.active = made_real(active, over, mode=over.mode(subject))
            self._said.put(subject, said)
            found += [old, said.active]
        return found

    def subjects(self) -> set[str]:
        """Return every subject that has a row."""
        return self._said.rows.keys() | {_RESET_ROW + device for device in self._resets.rows}

    def explain(self, subject: str) -> str:
        """Say what the device said, and when."""
        said = self._said.rows.get(subject)
        words = ", ".join((*self._spec.onset.events, *self._spec.onset.states))
        if said is None:
            return f"{self.id}: {subject} has said none of: {words}"
        if said.active:
            active = said.active
            return f"{self.id}: open since {active.started_at}, last said at {active.last_at}; {active.explanation}"
        over = f"; the last one ended at {said.past.at} by {said.past.by}" if said.past else ""
        return f"{self.id}: {subject} says none of: {words}{over}"

    def _is_onset(self, reading: Reading) -> bool:
        if not says(self._spec.onset, reading):
            return False
        if self._spec.when is None or self._spec.when(reading.values) is True:
            return True
        self._book.notice(self.id, "when_false")
        return False

    def _is_clearing(self, reading: Reading) -> bool:
        clear, row = self._spec.clear, self._book.devices.get(reading.device)
        if in_doubt(clear, reading, row.flags if row else frozenset()):
            # An isolated or burnt detector that no longer says fire proves nothing.
            self._book.notice(self.id, "kept_in_doubt")
            return False
        return takes_back(clear, reading)

    def _onset(self, seen: Observation, said: Said | None) -> list[Anomaly]:
        reading = seen.reading
        if said is None:
            return self._start(seen, Said())
        past = said.past
        if past and past.epoch == reading.epoch and 0 < reading.order <= past.until:
            return self._over_already(seen, said, past)
        if said.active is None:
            return self._start(seen, said, not_before=_after(past, reading.received_at))
        if reading.mode is Mode.REAL and said.active.mode is not Mode.REAL:
            # A drill never hides the real thing.
            old = self._close(said, seen, at=reading.received_at, by="real_alarm")
            return [old, *self._start(seen, said, not_before=old.started_at + 1)]
        return self._again(seen, said, said.active)

    def _start(self, seen: Observation, said: Said, *, not_before: int = 0) -> list[Anomaly]:
        reading, spec = seen.reading, self._spec
        manual = by_hand(spec.manual, reading, seen.role)
        facts = stated(reading.values, spec.onset.states, reading.event)
        anomaly = started(spec, seen, facts=facts, not_before=not_before, manual=manual)
        said.active = anomaly
        said.epoch, said.first, said.last = reading.epoch, reading.order, reading.order
        said.last_awake = self._book.awake
        self._open.add(reading.device)
        self._said.put(reading.device, said)
        over = self._taken_back(seen, anomaly)
        if over is None:
            return [anomaly]
        return [anomaly, self._close(said, None, at=over.at, by=over.by, order=over.until)]

    def _again(self, seen: Observation, said: Said, active: Anomaly) -> list[Anomaly]:
        reading = seen.reading
        if reading.epoch == said.epoch and 0 < reading.order <= said.last:
            if reading.order == said.last:
                return []
        else:
            said.epoch, said.last = reading.epoch, reading.order
        said.last_awake = self._book.awake
        again = continued(active, seen)
        said.active = msgspec.structs.replace(active, last_at=again.last_at)
        self._said.put(reading.device, said)
        return [again]

    def _over_already(self, seen: Observation, said: Said, past: Past) -> list[Anomaly]:
        """An onset from before an end that is known: told once, and over."""
        order = seen.reading.order
        if order >= past.since:
            return []
        past.since = order
        self._said.put(seen.reading.device, said)
        facts = stated(seen.reading.values, self._spec.onset.states, seen.reading.event)
        manual = by_hand(self._spec.manual, seen.reading, seen.role)
        anomaly = started(self._spec, seen, facts=facts, manual=manual)
        return [anomaly, ended(anomaly, at=past.at, by=past.by)]

    def _taken_back(self, seen: Observation, anomaly: Anomaly) -> Past | None:
        """Return what, newer than this late onset, has taken it back already."""
        reading = seen.reading
        row = self._book.devices.get(reading.device)
        word = taken_back_by(
            seen, row, lambda word: not self._is_onset(word) and self._is_clearing(word)
        )
        if word is not None:
            return Past(word.epoch, reading.order, word.order, word.received_at, "cleared")
        for device, reset in self._resets.rows.items():
            later = reset.epoch == reading.epoch and reset.order > reading.order > 0
            reached = behind(
                (anomaly.subject, anomaly.source),
                device=device,
                kind=reset.kind,
                source=reset.source,
            )
            if later and reached:
                return Past(reset.epoch, reading.order, reset.order, reset.at, "reset")
        return None

    def _reset(self, seen: Observation) -> list[Anomaly]:
        reading = seen.reading
        device, kind, source = reading.device, reading.kind, reading.source
        if kind in (SYSTEM, TRANSMITTER) and not seen.stale:
            row = Reset(kind, source, reading.epoch, reading.order, reading.received_at)
            self._resets.put(device, row)
        found = []
        for subject in sorted(self._open):
            said = self._said.rows[subject]
            if said.active is None or not _newer(seen, said):
                continue
            if behind((subject, said.active.source), device=device, kind=kind, source=source):
                found.append(self._close(said, seen, at=reading.received_at, by="reset"))
        return found

    def _close(
        self, said: Said, seen: Observation | None, *, at: int, by: str, order: int | None = None
    ) -> Anomaly:
        if said.active is None:
            raise ValueError(f"rule {self.id}: nothing is open that could end")
        anomaly = ended(said.active, at=at, by=by, seen=seen)
        if order is None:
            order = (
                said.last
                if seen is None or seen.reading.epoch != said.epoch
                else seen.reading.order
            )
        at = anomaly.ended_at or at
        said.past = Past(said.epoch, said.first, order, at, by, anomaly.started_at)
        said.active = None
        self._open.discard(anomaly.subject)
        self._said.put(anomaly.subject, said)
        return anomaly


def _after(past: Past | None, at: int) -> int:
    """Return the earliest start that no earlier anomaly has: frames that stick share one ms."""
    if past is None or not 0 <= past.started_at - at < _SAME_BURST_MS:
        return 0
    return past.started_at + 1


def _newer(seen: Observation, said: Said) -> bool:
    """Whether a Reading was said after the newest onset; the lanes may have swapped them."""
    reading = seen.reading
    if reading.epoch == said.epoch and reading.order and said.last:
        return reading.order > said.last
    return not seen.stale
