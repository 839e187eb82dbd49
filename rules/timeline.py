"""What waits for its turn: Readings of one subject in the order of their data time, whatever came first.

A Reading waits until one of at least `lateness` later data time has come, or until it has waited as
long in the hub's waking time; so no clock that is set back, and no device that falls quiet, stalls it.
One that comes when its turn is over is a repeat or too late: it is passed over and counted.
"""

import heapq
import math
from bisect import bisect_left, bisect_right, insort
from operator import attrgetter

import msgspec

from .contract import Observation

WAITING_MAX = 200
"""So many Readings of one subject wait; beyond it the oldest has its turn at once."""

_LAST_OF_ITS_TIME = 1 << 60
_turn = attrgetter("turn")


class Queued(msgspec.Struct, gc=False):
    """One Reading with its turn (data time, order, id) and the waking time when it came."""

    turn: tuple[int, int, str]
    awake: int
    seen: Observation
    value: float = 0.0

    @property
    def at(self) -> int:
        """Return its data time, ms."""
        return self.turn[0]

    def moved(self, at: int) -> "Queued":
        """Return it with a later data time."""
        return Queued((at, *self.turn[1:]), self.awake, self.seen, self.value)


class Timeline(msgspec.Struct, omit_defaults=True, gc=False):
    """The Readings of one subject that wait, and up to where everything has had its turn."""

    waiting: list[Queued] = []
    horizon: tuple[int, int, str] = (0, 0, "")
    newest: int = 0  # data time of the newest that came
    newest_awake: int = 0  # waking time when it came
    since_awake: int = 0  # when the first of those that wait came
    taken: dict[str, tuple[int, str]] = {}  # device -> order and id of its newest that had its turn
    missed: int = 0  # too late, passed over

    def repeats(self, queued: Queued) -> bool:
        """Return whether it is known already."""
        turn, waiting = queued.turn, self.waiting
        if turn == self.horizon or self.taken.get(queued.seen.reading.device) == turn[1:]:
            return True
        if not waiting or turn > waiting[-1].turn:
            return False
        return waiting[bisect_left(waiting, turn, key=_turn)].turn == turn

    def in_order(self, queued: Queued, *, waits: bool) -> bool:
        """Let one that comes after all others, none of which waits, have its turn or wait alone.

        False if it is not so, or if it is a repeat: nothing was done. Nearly all come so.
        """
        turn = queued.turn
        if self.waiting or turn <= self.horizon or turn[0] < self.newest:
            return False
        device, said = queued.seen.reading.device, turn[1:]
        if self.taken.get(device) == said:
            return False
        self.newest, self.newest_awake = turn[0], queued.awake
        if waits:
            self.waiting.append(queued)
            self.since_awake = queued.awake
        else:
            self.horizon = turn
            self.taken[device] = said
        return True

    def queue(self, queued: Queued) -> None:
        """Let it wait for its turn."""
        waiting = self.waiting
        if not waiting:
            self.since_awake = queued.awake
        if not waiting or queued.turn > waiting[-1].turn:
            waiting.append(queued)
        else:
            insort(waiting, queued, key=_turn)
        self.heard(queued)

    def heard(self, queued: Queued) -> None:
        """Note when the newest data time came."""
        at = queued.turn[0]
        if at >= self.newest:
            self.newest, self.newest_awake = at, queued.awake

    def may_wait(self, lateness: int) -> bool:
        """Return whether no turn has come by what came: all wait for time to pass."""
        waiting = self.waiting
        return waiting[0].turn[0] > self.newest - lateness and len(waiting) <= WAITING_MAX

    def only(self, *, awake: int, lateness: int) -> Queued | None:
        """Give the one that waits alone its turn, when it has waited long enough."""
        waiting = self.waiting
        if len(waiting) != 1 or awake - waiting[0].awake < lateness:
            return None
        queued = waiting.pop()
        self.since_awake = 0
        self.had_turn(queued)
        return queued

    def ready(self, *, awake: int, lateness: int) -> list[Queued]:
        """Take out those whose turn it is, in order."""
        waiting = self.waiting
        if not waiting:
            return []
        until = (self.newest - lateness, _LAST_OF_ITS_TIME, "")
        count = max(bisect_right(waiting, until, key=_turn), len(waiting) - WAITING_MAX)
        if awake - self.since_awake >= lateness:
            for number in range(count, len(waiting)):
                if awake - waiting[number].awake >= lateness:
                    count = number + 1
        return self._taken_out(count)

    def before(self, at: int) -> list[Queued]:
        """Take out those up to a data time, in order."""
        until = (at, _LAST_OF_ITS_TIME, "")
        return self._taken_out(bisect_right(self.waiting, until, key=_turn))

    def _taken_out(self, count: int) -> list[Queued]:
        if not count:
            return []
        waiting = self.waiting
        out = waiting[:count]
        del waiting[:count]
        self.since_awake = min(queued.awake for queued in waiting) if waiting else 0
        return out

    def had_turn(self, queued: Queued) -> None:
        """Note that one has had its turn."""
        turn = queued.turn
        self.horizon = max(self.horizon, turn)
        self.taken[queued.seen.reading.device] = turn[1:]

    def passed(self, at: int) -> None:
        """Note that a time is over: what is of it and comes now is too late."""
        self.horizon = max(self.horizon, (at, _LAST_OF_ITS_TIME, ""))

    def restart(self) -> None:
        """Begin at an earlier time: the device's clock was set back, or an outage's backlog comes."""
        self.waiting.clear()
        self.horizon, self.newest = (0, 0, ""), 0

    def reached(self, at: int, *, awake: int, lateness: int) -> bool:
        """Return whether a time is over: by a later Reading, or in waking time since the newest."""
        if self.newest - lateness > at:
            return True
        return awake >= self.due(at, lateness=lateness)

    def due(self, at: int, *, lateness: int) -> int:
        """Return the waking time at which a data time is over though nothing more comes."""
        return self.newest_awake + max(0, at - self.newest) + lateness


class Agenda:
    """Which subject is to be looked at when, in waking time; made anew from the rows at a restart."""

    def __init__(self) -> None:
        self.next: float = math.inf  # no subject's time comes before it
        self._heap: list[tuple[int, str]] = []
        self._due: dict[str, int] = {}

    def put(self, subject: str, due: int | None) -> None:
        """Set, move or (None) cancel the time of a subject."""
        if due is None:
            self._due.pop(subject, None)
        elif self._due.get(subject) != due:
            self._due[subject] = due
            heapq.heappush(self._heap, (due, subject))
            self.next = self._heap[0][0]

    def put_once(self, subject: str, due: int) -> None:
        """Set the time of a subject that has none."""
        if subject not in self._due:
            self.put(subject, due)

    def pop(self, awake: int) -> list[str]:
        """Return the subjects whose time has come, by time and name."""
        heap, ready = self._heap, []
        while heap and heap[0][0] <= awake:
            due, subject = heapq.heappop(heap)
            if self._due.get(subject) == due:
                del self._due[subject]
                ready.append(subject)
        self.next = heap[0][0] if heap else math.inf
        return ready
