"""What the processes of trials have in common: they step back behind the hub, and speak in lines of JSON."""

import contextlib
import json
import os
import resource
import sys

from .trial_process import Json

MEMORY_BYTES = 4 << 30
FILE_BYTES = 32 << 20
ERROR_MAX = 2_000


def orders(*, cpu_s: int) -> Json:
    """Take the orders; from now on the hub goes first, and time and memory have an end."""
    with contextlib.suppress(OSError, ValueError):
        os.nice(10)
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    found: Json = json.loads(sys.stdin.readline())
    return found


def say(**said: object) -> None:
    """Say `done` (0 to 1), `result` or `error`; nobody reads an error without end."""
    if isinstance(error := said.get("error"), str):
        said["error"] = error[:ERROR_MAX]
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
