"""A whole smarthub as separate processes that a test may kill: broker, gateway, hub."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hub.broker import configuration, server_path
from hub.installation import Installation, Ports
from hub.mosquitto import write_mosquitto

TOKEN = "test-token"


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Stack:
    """Broker, gateway and hub over one data folder."""

    def __init__(self, folder: Path, *, mosquitto: bool = False) -> None:
        self.ports = Ports(free_port(), free_port(), free_port())
        self.folder = folder
        self.mosquitto = mosquitto
        self.installation = Installation(folder)
        self.files = self.installation.write_files(self.ports, registry=None, mode="real")
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.extra_env: dict[str, dict[str, str]] = {}

    def start(self, name: str) -> None:
        """Start `broker`, `gateway` or `hub`."""
        commands = {
            "broker": self._broker,
            "gateway": lambda: [sys.executable, "-m", "hub.cli", "gateway", str(self.files[0])],
            "hub": lambda: [sys.executable, "-m", "hub.cli", "hub", str(self.files[1])],
        }
        env = os.environ | {"SMARTHUB_TOKEN": TOKEN} | self.extra_env.get(name, {})
        with (self.folder / f"{name}.out").open("ab") as output:
            self.processes[name] = subprocess.Popen(
                commands[name](), stdout=output, stderr=output, env=env
            )

    def _broker(self) -> list[str]:
        users = self.installation.users()
        folder = self.folder / "broker"
        folder.mkdir(exist_ok=True)
        if self.mosquitto:
            path = write_mosquitto(folder, host="127.0.0.1", port=self.ports.mqtt, users=users)
            with contextlib.suppress(LookupError, PermissionError):
                # Started by root it drops to its own user, who must reach its store.
                for item in (folder, folder / "store", folder / "passwords", folder / "rights"):
                    item.chmod(0o777 if item.is_dir() else 0o644)
                for parent in self.folder.parents:
                    if parent.stat().st_uid == os.getuid() and parent != Path("/"):
                        parent.chmod(parent.stat().st_mode | 0o055)
                self.folder.chmod(0o755)
            return ["mosquitto", "-c", str(path)]
        path = folder / "nats.conf"
        path.write_text(configuration(folder, host="127.0.0.1", port=self.ports.mqtt, users=users))
        return [server_path(), "-c", str(path)]

    def kill(self, name: str) -> None:
        """End a process as a power cut of its own would."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait(10)

    def stop(self) -> None:
        """End everything."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
        self.processes.clear()

    def wait_ready(self, seconds: float = 40.0) -> None:
        """Wait until the hub is ready and the fire port answers; fails with the logs' tails."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with contextlib.suppress(OSError, urllib.error.URLError):
                self.get("/readyz")
                with socket.create_connection(("127.0.0.1", self.ports.fire), 1):
                    return
            time.sleep(0.1)
        raise AssertionError(f"not ready after {seconds} s:\n{self.tails()}")

    def tails(self) -> str:
        """Return the ends of all logs."""
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-1500:]}"
            for path in self.folder.glob("*.out")
        )

    def get(self, path: str) -> Any:
        """Return the JSON of a GET request to the hub."""
        return self.request("GET", path)

    def post(self, path: str, body: dict[str, object]) -> Any:
        """Return the JSON of a POST request to the hub."""
        return self.request("POST", path, body)

    def request(self, method: str, path: str, body: dict[str, object] | None = None) -> Any:
        """Ask the hub as administrator."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ports.http}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def cases(self, **filters: str) -> list[dict[str, Any]]:
        """Return all cases, page by page."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            query = "&".join(f"{key}={value}" for key, value in filters.items())
            page = self.get(
                f"/api/v1/cases?limit=500&{query}" + (f"&cursor={cursor}" if cursor else "")
            )
            found += page["items"]
            cursor = page["next"]
            if not cursor:
                return found


@contextlib.contextmanager
def running(folder: Path, *, mosquitto: bool = False) -> Iterator[Stack]:
    """Run a whole stack for a test."""
    stack = Stack(folder, mosquitto=mosquitto)
    try:
        for name in ("broker", "hub", "gateway"):
            stack.start(name)
        stack.wait_ready()
        yield stack
    finally:
        stack.stop()


async def eventually(check: Any, seconds: float = 30.0, every: float = 0.25) -> Any:
    """Return the first true answer of `check()`, or the last one when time is up."""
    until = time.monotonic() + seconds
    while True:
        found = await asyncio.to_thread(check)
        if found or time.monotonic() > until:
            return found
        await asyncio.sleep(every)
