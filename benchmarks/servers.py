"""The servers beside the measured processes: a real Mosquitto and a real influxd, on free ports."""

import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from tests.influxd import free_port

REPOSITORY = Path(__file__).parents[1]
START_S = 10.0
STOP_S = 20.0
# `user root`: started as root, Mosquitto would give up its rights and could not write its folder.
SETTINGS = """\
listener {port} 127.0.0.1
allow_anonymous true
user root
persistence true
persistence_location {folder}/
max_queued_messages 0
max_inflight_messages 1000
log_type error
"""


class MissingServerError(Exception):
    """A server that the benchmark needs is not installed; the text says how to name it."""


def find_mosquitto() -> str:
    """Return the Mosquitto of this machine; raises MissingServerError."""
    found = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin") or shutil.which("mosquitto")
    if found is None:
        raise MissingServerError("no mosquitto on PATH: install it (Debian: apt install mosquitto)")
    return found


class Mosquitto:
    """A broker that forgets nothing for a subscriber that is slow."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / "mosquitto.conf"
        path.write_text(SETTINGS.format(port=self.port, folder=self._folder))
        with (self._folder / "mosquitto.out").open("wb") as out:
            self._process = subprocess.Popen(
                [find_mosquitto(), "-c", str(path)], stdout=out, stderr=out
            )
        wait_for_port(self.port)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            stop(self._process)


def wait_for_port(port: int, within_s: float = START_S) -> None:
    """Return when something listens there; raises TimeoutError."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port} after {within_s} s")


def start_python(*arguments: str, env: dict[str, str], log: Path) -> "subprocess.Popen[str]":
    """Start a Python module of ours; its errors go to `log`, its output can be read."""
    with log.open("ab") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=REPOSITORY,
            env=env,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )


def stop(process: "subprocess.Popen[bytes] | subprocess.Popen[str]") -> None:
    """End a process of ours in order, and by force if it does not."""
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def last_words(log: Path, lines: int = 8) -> str:
    """Return the end of a log, for an error: its folder is gone when anyone could look."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
