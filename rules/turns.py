"""Lets what several devices of a place say wait a moment, so that it is taken in the order of its times.

Each Reading waits `lateness` of the hub's waking time after it came, and what is older goes first. No
clock but the hub's waking time decides, so a gateway whose clock is wrong holds nobody back.
"""

import heapq
from bisect import insort
from collections.abc import Iterator

from .heard import Heard

TICK_MS = 1_000
"""What came since the last tick may have waited so much less than it looks."""

WAITING_MAX = 1_000
"""So many Readings of one place wait; beyond it the oldest is taken at once."""


def enter(waiting: list[Heard], said: Heard) -> bool:
    """Put a Reading into its turn; False if it waits already."""
    if any(other.turn[1:] == said.turn[1:] and other.word == said.word for other in waiting):
        return False
    insort(waiting, said, key=lambda one: one.turn)
    return True


def due(waiting: list[Heard], lateness: int) -> int:
    """Return the waking time after which the next one is taken; something must wait."""
    return min(said.awake for said in waiting) + (lateness + TICK_MS if lateness else -1)


def taken(waiting: list[Heard], *, awake: int, lateness: int) -> list[Heard]:
    """Take out what has waited long enough, and all that is older."""
    if not lateness:
        ready = len(waiting)
    else:
        old = [n for n, said in enumerate(waiting, 1) if awake - said.awake > lateness + TICK_MS]
        ready = max(old, default=0)
    ready = max(ready, len(waiting) - WAITING_MAX)
    found = waiting[:ready]
    del waiting[:ready]
    return found


class Wakes:
    """When which place must be looked at again, in waking time; one moment for each, the soonest."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, str]] = []
        self._planned: dict[str, int] = {}

    def plan(self, subject: str, at: int) -> None:
        """Look at a place after a waking time, or sooner if that is planned already."""
        known = self._planned.get(subject)
        if known is None or at < known:
            self._planned[subject] = at
            heapq.heappush(self._heap, (at, subject))

    def over(self, awake: int) -> Iterator[str]:
        """Give the places whose time is over; each must be planned again."""
        while self._heap and self._heap[0][0] < awake:
            at, subject = heapq.heappop(self._heap)
            if self._planned.get(subject) == at:
                del self._planned[subject]
                yield subject
