"""What the kinds have in common that look at Readings in the order of their data time.

`rate`, `window`, `sequence` and `correlate` say what one Reading in its turn means (`_take`), which
data time they wait for (`_timer`) and what it brings (`_time_over`); disorder, repeats, restarts, walk
tests and memory are looked after here.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

from model.anomaly import Anomaly
from model.entry import Tick
from model.reading import Mode

from .book import Book
from .contract import Interest, Observation, Over
from .finding import begun_at, ended, made_real, of_walk_test
from .specs.in_turn import InTurnSpec
from .states import StateTable
from .timeline import Agenda, Queued, Timeline

TICK_MS = 1_000
REMEMBERED_MS = 60_000
"""How long a subject is remembered when nothing is left of it, so that a repeat is known again."""

_SAME_BURST_MS = 1_000


class Row(msgspec.Struct, gc=False):
    """What all of these kinds keep of a subject."""

    line: Timeline
    active: Anomaly | None = None
    begun: int = 0  # started_at of the newest anomaly


AnyRow = TypeVar("AnyRow", bound=Row)


class InTurn(ABC, Generic[AnyRow]):
    """A rule over Readings in turn; subclasses say what a Reading and a time mean."""

    interest: Interest
    ticks = True

    def __init__(self, spec: InTurnSpec, book: Book, shape: type[AnyRow], *, lasts: int) -> None:
        """Take the text, the rows' shape, and how long (ms) a Reading can matter after its time."""
        self.id = spec.id
        self.hash = spec.hash
        self._book = book
        self._shape = shape
        self._lateness = spec.waits
        self._remembered = lasts + spec.waits + REMEMBERED_MS
        self._rows = StateTable(shape)
        self._agenda = Agenda()
        self._memory = Agenda()  # when to see whether a subject may be forgotten
        self._open: dict[str, None] = {}

    @abstractmethod
    def observe(self, seen: Observation) -> Sequence[Anomaly]:
        """Take a Reading."""

    @abstractmethod
    def _take(self, subject: str, row: AnyRow, said: Queued) -> list[Anomaly]:
        """Say what a Reading means whose turn it is."""

    def _timer(self, row: AnyRow) -> int | None:
        """Return the data time that the subject waits for, if any."""
        del row
        return None

    def _time_over(self, subject: str, row: AnyRow, at: int) -> list[Anomaly]:
        """Say what it means that the time waited for is over; the timer must move on."""
        del subject, row, at
        return []

    def _may_end(self, row: AnyRow, at: int) -> bool:
        """Return whether what did not come until `at` can be believed not to have happened."""
        del row, at
        return True

    def _clock_went_back(self, row: AnyRow, said: Queued) -> Queued | None:
        """Say what becomes of a newer word with an older time: here it is taken as said just now."""
        line = row.line
        return said.moved(max(line.horizon[0], line.newest + said.awake - line.newest_awake))

    def _tests_over(self, row: AnyRow) -> None:
        """Forget what was said in a walk test and concludes nothing yet."""

    def tick(self, tick: Tick) -> Sequence[Anomaly]:
        """Give what waits its turn when nothing more comes."""
        awake = tick.awake
        if awake < self._agenda.next and awake < self._memory.next:
            return ()
        found: list[Anomaly] = []
        for subject in self._agenda.pop(awake) + self._memory.pop(awake):
            row = self._rows.rows.get(subject)
            if row is None:
                continue
            if self._timer(row) is None and (
                said := row.line.only(awake=awake, lateness=self._lateness)
            ):
                found += self._at_once(subject, row, said)
            else:
                found += self._advance(subject, row)
        return found

    def snapshot(self) -> dict[str, bytes]:
        """Return the changed rows."""
        return self._rows.snapshot()

    def restore(self, subject: str, state: bytes) -> None:
        """Put one row back."""
        self._rows.restore(subject, state)
        row = self._rows.rows.get(subject)
        if row is not None:
            if row.active:
                self._open[subject] = None
            self._watch(subject, row)

    def holds(self, device: str) -> bool:
        """Return False: what can concern the rule stands in `interest`."""
        del device
        return False

    def open(self) -> Sequence[Anomaly]:
        """Return what has started and not ended."""
        rows = self._rows.rows
        return [active for key in sorted(self._open) if (active := rows[key].active)]

    def test_over(self, over: Over) -> Sequence[Anomaly]:
        """Say anew, as real, what a walk test caused and nothing has ended."""
        found: list[Anomaly] = []
        for subject in sorted(self._rows.rows):
            row = self._rows.rows[subject]
            active = row.active
            self._tests_over(row)
            self._rows.put(subject, row)
            if active is None or not of_walk_test(active):
                continue
            devices = [item.device for item in active.evidence] or [active.subject]
            if any(over.tested(device) for device in devices):
                continue
            old, row.active = made_real(active, over, mode=over.mode(devices[0]))
            self._watch(subject, row)
            found += [old, row.active]
        return found

    def subjects(self) -> set[str]:
        """Return every subject that has a row."""
        return set(self._rows.rows)

    def _arrive(self, subject: str, seen: Observation, value: float = 0.0) -> list[Anomaly]:
        """Queue a Reading and give those a turn whose turn it is."""
        reading = seen.reading
        # The waking time is that of the last tick: what came since then waits no less than it must.
        awake = self._book.awake + TICK_MS
        queued = Queued((reading.received_at, reading.order, seen.id), awake, seen, value)
        row = self._rows.rows.get(subject)
        if row is None:
            row = self._shape(Timeline())
        line = row.line
        waits = self._lateness > 0
        if self._timer(row) is None and line.in_order(queued, waits=waits):
            return self._wait(subject, row) if waits else self._at_once(subject, row, queued)
        if line.repeats(queued):
            return []
        if queued.turn < line.horizon:
            moved = self._too_old(row, queued)
            if moved is None:
                self._rows.put(subject, row)
                return []
            queued = moved
        line.queue(queued)
        if line.may_wait(self._lateness) and self._timer(row) is None:
            return self._wait(subject, row)
        return self._advance(subject, row)

    def _wait(self, subject: str, row: AnyRow) -> list[Anomaly]:
        self._rows.put(subject, row)
        self._agenda.put(subject, row.line.since_awake + self._lateness)
        return []

    def _too_old(self, row: AnyRow, said: Queued) -> Queued | None:
        """Say what becomes of a Reading whose turn is over: nothing, unless the clock went back."""
        if not said.seen.stale:
            return self._clock_went_back(row, said)
        row.line.missed += 1
        self._noticed("too_late")
        return None

    def _at_once(self, subject: str, row: AnyRow, said: Queued) -> list[Anomaly]:
        """Take the only Reading that there is, in its turn: the short way, as mostly nothing comes of it."""
        found = self._take(subject, row, said)
        forgotten = row.line.newest_awake + self._remembered
        if found or self._timer(row) is not None or self._book.awake >= forgotten:
            return found + self._advance(subject, row, changed=bool(found))
        self._rows.put(subject, row)
        self._memory.put_once(subject, forgotten)
        return []

    def _advance(self, subject: str, row: AnyRow, *, changed: bool = False) -> list[Anomaly]:
        line, awake, lateness = row.line, self._book.awake, self._lateness
        found: list[Anomaly] = []
        for said in line.ready(awake=awake, lateness=lateness):
            found += self._turn(subject, row, said)
        while (at := self._timer(row)) is not None:
            if not line.reached(at, awake=awake, lateness=lateness) or not self._may_end(row, at):
                break
            for said in line.before(at):
                found += self._turn(subject, row, said)
            if self._timer(row) == at:
                line.passed(at)
                found += self._time_over(subject, row, at)
        self._keep(subject, row)
        if found or changed:
            self._note_open(subject, row)
        return found

    def _note_open(self, subject: str, row: AnyRow) -> None:
        if row.active:
            self._open[subject] = None
        else:
            self._open.pop(subject, None)

    def _turn(self, subject: str, row: AnyRow, said: Queued) -> list[Anomaly]:
        found: list[Anomaly] = []
        while (at := self._timer(row)) is not None and at < said.at:
            row.line.passed(at)
            found += self._time_over(subject, row, at)
        row.line.had_turn(said)
        return found + self._take(subject, row, said)

    def _keep(self, subject: str, row: AnyRow) -> None:
        """Keep the row, or forget it when nothing of it can matter any more."""
        line = row.line
        if row.active is not None or line.waiting or self._timer(row) is not None:
            self._rows.put(subject, row)
            self._watch(subject, row)
            return
        self._agenda.put(subject, None)
        forgotten = line.newest_awake + self._remembered
        if self._book.awake >= forgotten:
            self._rows.drop(subject)
            return
        self._rows.put(subject, row)
        self._memory.put_once(subject, forgotten)

    def _watch(self, subject: str, row: AnyRow) -> None:
        """Set when to look again; it follows from the row alone, so a restart sets the same."""
        line, lateness = row.line, self._lateness
        due = line.since_awake + lateness if line.waiting else None
        at = self._timer(row)
        if at is not None:
            over = line.due(at, lateness=lateness)
            due = over if due is None else min(due, over)
        self._agenda.put(subject, due)
        if due is None and row.active is None:
            self._memory.put_once(subject, line.newest_awake + self._remembered)

    def _end(self, row: AnyRow, *, at: int, by: str, said: Queued | None = None) -> list[Anomaly]:
        """End what is open."""
        if row.active is None:
            return []
        anomaly = ended(row.active, at=at, by=by, seen=said.seen if said else None)
        row.active = None
        return [anomaly]

    def _begin(self, row: AnyRow, anomaly: Anomaly) -> list[Anomaly]:
        """Open an anomaly; a real one takes the place of a test's or a drill's."""
        active = row.active
        if active is not None and (active.mode is Mode.REAL or anomaly.mode is not Mode.REAL):
            return []
        found = self._end(row, at=anomaly.started_at, by="real_alarm")
        # Frames that stick share one ms; two anomalies must not share a key.
        if 0 <= row.begun - anomaly.started_at < _SAME_BURST_MS:
            anomaly = begun_at(anomaly, row.begun + 1)
        row.active, row.begun = anomaly, anomaly.started_at
        return [*found, anomaly]

    def _proved(self, gateway: str, at: int) -> bool:
        """Return whether all that a gateway had received until `at` has come; one without heartbeats is believed."""
        row = self._book.gateways.rows.get(gateway)
        if row is None or not row.caught_up_to:
            return True
        if row.state != "online" or gateway in self._book.lost:
            return False
        if row.caught_up_to >= at:
            return True
        self._book.want(gateway, at)
        return False

    def _noticed(self, branch: str) -> None:
        """Note what happened, for the coverage of rule tests."""
        self._book.notice(self.id, branch)
