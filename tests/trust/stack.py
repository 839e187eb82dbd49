"""A whole smarthub as separate processes that a test may kill: broker, gateway, hub."""

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from hub.broker import configuration, server_path
from hub.installation import Installation, Ports
from hub.mosquitto import write_mosquitto
from tests.brokers import mosquitto_path

TOKEN = "test-token"


def free_port() -> int:
    """Return a port that nobody uses now, and that no server draws for itself meanwhile.

    It lies below the range from which the system gives out ports: nats-server takes two of those,
    and once took the one that a test had in mind for its panel.
    """
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Api:
    """A running hub, asked as administrator."""

    ports: Ports

    def get(self, path: str) -> Any:
        """Return the JSON of a GET request to the hub."""
        return self.request("GET", path)

    def post(self, path: str, body: dict[str, object]) -> Any:
        """Return the JSON of a POST request to the hub."""
        return self.request("POST", path, body)

    def act(self, case: str, action: str, **fields: object) -> Any:
        """Do something to a case; return it afterwards."""
        return self.post(f"/api/v1/cases/{case}/actions/{action}", dict(fields))

    def delete(self, path: str) -> None:
        """Send a DELETE request to the hub."""
        self.request("DELETE", path)

    def request(self, method: str, path: str, body: dict[str, object] | None = None) -> Any:
        """Ask the hub as administrator."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ports.http}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            said = answer.read()
            return json.loads(said) if said else None

    def state(self) -> dict[str, Any]:
        """Return what /readyz says, whether ready or not; empty when nobody answers."""
        found: dict[str, Any] = {}
        try:
            found = self.get("/readyz")
        except urllib.error.HTTPError as error:
            found = json.load(error)
        except OSError:
            pass
        return found

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


class Stack(Api):
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
        env = os.environ | {"SMARTHUB_TOKEN": TOKEN} | self.extra_env.get(name, {})
        with (self.folder / f"{name}.out").open("ab") as output:
            self.processes[name] = subprocess.Popen(
                self._command(name), stdout=output, stderr=output, env=env
            )

    def _command(self, name: str) -> list[str]:
        if name == "broker":
            return self._broker()
        file = self.files[0] if name == "gateway" else self.files[1]
        return [sys.executable, "-m", "hub.cli", name, str(file)]

    def _broker(self) -> list[str]:
        users = self.installation.users()
        folder = self.folder / "broker"
        folder.mkdir(exist_ok=True)
        if self.mosquitto:
            program = mosquitto_path()
            path = write_mosquitto(folder, host="127.0.0.1", port=self.ports.mqtt, users=users)
            with contextlib.suppress(LookupError, PermissionError):
                # Started by root it drops to its own user, who must reach its store.
                for item in (folder, folder / "store", folder / "passwords", folder / "rights"):
                    item.chmod(0o777 if item.is_dir() else 0o644)
                for parent in self.folder.parents:
                    if parent.stat().st_uid == os.getuid() and parent != Path("/"):
                        parent.chmod(parent.stat().st_mode | 0o055)
                self.folder.chmod(0o755)
            return [program, "-c", str(path)]
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

    def wait_ready(self, seconds: float = 90.0) -> None:
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


class Up(Api):
    """`smarthub up` as people start it: supervised, over one data folder."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.ports = Ports(free_port(), free_port(), free_port())
        names = [(f"--{name}-port", str(port)) for name, port in self.ports._asdict().items()]
        self._command = [
            sys.executable, "-m", "hub.cli", "up", "--data", str(folder), *options,
            *(part for name in names for part in name),
        ]  # fmt: skip

    def __enter__(self) -> Self:
        """Start, and return when it is ready."""
        folder = self.folder.with_name(f"{self.folder.name}.out")
        with folder.open("wb") as output:
            self.process = subprocess.Popen(
                self._command,
                stdout=output,
                stderr=output,
                env=os.environ | {"SMARTHUB_TOKEN": TOKEN},
            )
        until = time.monotonic() + 60
        while not self.state().get("ready"):
            assert time.monotonic() < until, folder.read_text()
            assert self.process.poll() is None, folder.read_text()
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        """End in order."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def tails(self) -> str:
        """Return the ends of all logs."""
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-1500:]}"
            for path in (self.folder / "logs").glob("*.log")
        )
