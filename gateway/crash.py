"""Dies on purpose at a named point, so that tests can prove what survives.

`SMARTHUB_CRASH_AT=after_log_append:17` ends the process, as `kill -9` would, when it passes the
point `after_log_append` for the 17th time. Without the variable nothing is counted.
"""

import os
import signal
from collections.abc import Callable, Mapping

CrashPoint = Callable[[str], None]


def crash_points(environment: Mapping[str, str]) -> CrashPoint:
    """Return the function to call at each named point."""
    wanted = environment.get("SMARTHUB_CRASH_AT", "")
    if not wanted:
        return _pass
    name, _, number = wanted.partition(":")
    left = int(number or "1")

    def point(passed: str) -> None:
        nonlocal left
        if passed != name:
            return
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return point


def _pass(_name: str) -> None:
    return None
