"""What looking at one camera costs, and how often it is looked at."""

from collections import deque

from model.reading import Value

OVER_S = 30.0


class Pace:
    """Counts the last half minute of one camera."""

    def __init__(self) -> None:
        self._looks: deque[tuple[float, float, float]] = deque()
        self._began: float | None = None

    def looked(self, began: float, ended: float, cpu_s: float) -> None:
        """Take one look: monotonic seconds, and the CPU seconds of the thread."""
        self._began = began if self._began is None else self._began
        self._looks.append((began, ended - began, cpu_s))

    def values(self, now: float) -> dict[str, Value]:
        """Return fps (1/s), look_ms (mean, wall clock) and cpu_pct (of one core) up to `now`."""
        while self._looks and now - self._looks[0][0] > OVER_S:
            self._looks.popleft()
        if not self._looks or self._began is None:
            return {"fps": 0.0, "cpu_pct": 0.0}
        over = max(1.0, min(OVER_S, now - self._began))
        count = len(self._looks)
        return {
            "fps": round(count / over, 2),
            "look_ms": round(sum(wall for _, wall, _ in self._looks) / count * 1000, 1),
            "cpu_pct": round(sum(cpu for _, _, cpu in self._looks) / over * 100, 1),
        }
