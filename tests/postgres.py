"""A real PostgreSQL of the tests' own, in a temporary folder, as an ordinary user."""

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from glob import glob
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

import pytest


class Postgres(NamedTuple):
    """A running server; `database` is its own first one."""

    port: int
    user: str
    database: str = "postgres"

    def url(self, database: str = "") -> str:
        """Return the address without a password."""
        return f"postgresql+psycopg://{self.user}@127.0.0.1:{self.port}/{database or self.database}"


@contextlib.contextmanager
def postgres(user: str = "hub", *, password: str = "") -> Iterator[Postgres]:
    """Run a server until the block ends; skip the test without one, fail without one in CI.

    With a password it is asked for; without one everybody on this machine may enter.
    """
    binaries = postgres_programs()
    # Not pytest's folder: the server's user must be able to reach it.
    folder = Path(mkdtemp(prefix="smarthub-pg-"))
    secret = folder / "password"
    secret.write_text(password)
    port = _free_port()
    as_user = _as_ordinary_user(folder)
    data = folder / "data"
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"
    control = [*as_user, str(binaries / "pg_ctl"), "-D", str(data)]
    initdb = [*as_user, str(binaries / "initdb"), "-D", str(data), "-U", user, "-E", "UTF8"]
    method = ["-A", "scram-sha-256", f"--pwfile={secret}"] if password else ["-A", "trust"]
    try:
        _run([*initdb, *method, "--no-sync"], folder)
        _run([*control, "-w", "-l", str(folder / "server.log"), "-o", options, "start"], folder)
        try:
            yield Postgres(port, user)
        finally:
            _run([*control, "-m", "immediate", "stop"], folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def postgres_programs() -> Path:
    """Return the folder of PostgreSQL's programs; skip the test without it, fail without it in CI."""
    found = shutil.which("initdb")
    candidates = [found] if found else []
    candidates += sorted(glob("/usr/lib/postgresql/*/bin/initdb"), reverse=True)  # noqa: PTH207
    if not candidates:
        message = "PostgreSQL is not installed (no initdb): apt-get install postgresql"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return Path(candidates[0]).resolve().parent


def _as_ordinary_user(folder: Path) -> list[str]:
    """Return the words that run a command as `postgres`: it refuses to run as root."""
    if os.getuid() != 0:
        return []
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, "postgres", "postgres")
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def _run(command: list[str], folder: Path) -> None:
    with (folder / "setup.log").open("ab") as log:
        # Not a pipe: the server would inherit it and keep it open.
        subprocess.run(command, check=True, cwd=folder, stdout=log, stderr=log, timeout=60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
