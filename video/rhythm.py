"""How often a camera's frames come, and how much of a gap between them counts as time that was seen."""

from collections import deque
from statistics import median

REMEMBERED = 9
LEAST_KNOWN = 3  # steps; with fewer nobody knows the rhythm, and one long gap is none
TIMES = 2.5  # so many times the usual step is still the camera's own rhythm


class Rhythm:
    """The usual distance of one camera's frames, which may be a fraction of a second or an hour."""

    def __init__(self) -> None:
        self._at: int | None = None
        self._steps: deque[int] = deque(maxlen=REMEMBERED)

    def step(self, at: int, least_ms: float) -> int:
        """Take a frame's time (ms); return the ms since the last one, at most what a gap may count."""
        passed = 0 if self._at is None else max(0, at - self._at)
        self._at = at
        if passed:
            self._steps.append(passed)
        return int(min(passed, self.most_ms(least_ms)))

    def most_ms(self, least_ms: float) -> float:
        """Return how long a gap may be and still count as seen: `least_ms`, more for a sparse camera."""
        if len(self._steps) < LEAST_KNOWN:
            return least_ms
        return max(least_ms, TIMES * median(self._steps))
