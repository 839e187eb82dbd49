"""Notices that this process was suspended: its connections are not to be trusted afterwards.

The broker has given them up by then, and a client that learns of its own late ping and of the closed
socket in one moment may notice neither: alarms would wait in the outboxes.
"""

import time

SLEPT_S = 10.0
"""Longer than any pause of a busy process, shorter than a broker's patience (1.5 × 20 s)."""


class SleepWatch:
    """Asked about once a second, it says when much more time has passed than that."""

    def __init__(self) -> None:
        self._before = (time.monotonic(), time.time())

    def slept(self) -> bool:
        """Return whether the process stood still since the last call."""
        now, before = (time.monotonic(), time.time()), self._before
        self._before = now
        # A suspended machine stops the one clock, a stopped process neither.
        return max(now[0] - before[0], now[1] - before[1]) > SLEPT_S
