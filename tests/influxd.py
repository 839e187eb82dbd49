"""Starts a real influxd 1.8 in a folder of its own, with a password, and stops it again."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

import httpx
import pytest

USER = "smarthub"
PASSWORD = "influxd-of-a-test"
DATABASE = "readings"
START_S = 20.0


def find_influxd() -> str | None:
    """Return the influxd that the machine has: SMARTHUB_INFLUXD, PATH, $GOPATH/bin or ~/go/bin."""
    named = os.environ.get("SMARTHUB_INFLUXD")
    if named:
        return named
    gopath = os.environ.get("GOPATH") or str(Path.home() / "go")
    return (
        shutil.which("influxd")
        or shutil.which("influxd", path=f"{gopath}/bin")
        or shutil.which("influxd", path=str(Path.home() / "go" / "bin"))
    )


def influxd_or_skip() -> str:
    """Return the influxd to test with; skip loudly without one, fail without one in CI."""
    found = find_influxd()
    if found is None:
        message = "no influxd on PATH, in $GOPATH/bin or named by SMARTHUB_INFLUXD"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Influxd:
    """A real influxd with one database and one user; `token` and `bucket` as a v2 client wants them."""

    def __init__(self, binary: str, folder: Path) -> None:
        self._binary = binary
        self._folder = folder
        self.port = free_port()
        self._rpc_port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self.port}"
        self.token = f"{USER}:{PASSWORD}"
        self.bucket = f"{DATABASE}/autogen"

    def __enter__(self) -> Self:
        self.start()
        self.query(f"CREATE USER {USER} WITH PASSWORD '{PASSWORD}' WITH ALL PRIVILEGES")
        self.query(f"CREATE DATABASE {DATABASE}")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process's id, for measuring it."""
        if self._process is None:
            raise RuntimeError("influxd is not running")
        return self._process.pid

    def start(self) -> None:
        """Start, and return when it answers; data of an earlier start is still there."""
        self._folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "INFLUXDB_REPORTING_DISABLED": "true",
            "INFLUXDB_BIND_ADDRESS": f"127.0.0.1:{self._rpc_port}",
            "INFLUXDB_META_DIR": str(self._folder / "meta"),
            "INFLUXDB_DATA_DIR": str(self._folder / "data"),
            "INFLUXDB_DATA_WAL_DIR": str(self._folder / "wal"),
            "INFLUXDB_DATA_QUERY_LOG_ENABLED": "false",
            "INFLUXDB_MONITOR_STORE_ENABLED": "false",
            "INFLUXDB_HTTP_BIND_ADDRESS": f"127.0.0.1:{self.port}",
            "INFLUXDB_HTTP_AUTH_ENABLED": "true",
            "INFLUXDB_HTTP_LOG_ENABLED": "false",
        }
        with (self._folder / "influxd.out").open("ab") as out:
            self._process = subprocess.Popen(
                [self._binary], env={**os.environ, **settings}, stdout=out, stderr=out
            )
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            try:
                httpx.get(f"{self.url}/ping", timeout=1).raise_for_status()
            except httpx.HTTPError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"influxd did not answer in {START_S} s: see {self._folder}/influxd.out")

    def stop(self) -> None:
        """End the process as its service manager would."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=20)
            self._process = None

    def query(self, text: str) -> list[dict[str, object]]:
        """Run InfluxQL and return the series of its answer."""
        answer = httpx.post(
            f"{self.url}/query",
            data={"q": text, "db": DATABASE, "epoch": "ns"},
            auth=(USER, PASSWORD),
            timeout=30,
        )
        answer.raise_for_status()
        result = answer.json()["results"][0]
        if "error" in result:
            raise RuntimeError(f"{text}: {result['error']}")
        series: list[dict[str, object]] = result.get("series", [])
        return series

    def write(self, lines: str) -> None:
        """Write line protocol as another program would; times in ns."""
        auth = (USER, PASSWORD)
        url, params = f"{self.url}/write", {"db": DATABASE}
        httpx.post(url, params=params, content=lines, auth=auth).raise_for_status()

    def count(self, field: str) -> int:
        """Return how many points of all measurements have that field."""
        total = 0
        counted = f'SELECT count("{field}") FROM /./'  # noqa: S608 - the test's own field name
        for series in self.query(counted):
            for row in series["values"]:  # type: ignore[attr-defined] # JSON of the server
                total += int(row[1])
        return total
