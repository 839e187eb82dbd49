"""A case store on SQLite, and one on a real PostgreSQL where it is installed."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from glob import glob
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

import pytest

from hub.case_store import CaseStore

from .template import copied_store, empty_database

_DRIVERS = ("psycopg", "pg8000")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, built once."""
    return empty_database(tmp_path_factory)


@pytest.fixture
def store(template: Path, tmp_path: Path) -> Iterator[CaseStore]:
    """Open a new store on SQLite."""
    with copied_store(template, tmp_path) as opened:
        yield opened


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Start a PostgreSQL of our own in a temporary folder, as an ordinary user."""
    binaries = _binaries()
    driver = next((name for name in _DRIVERS if find_spec(name)), None)
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (no initdb): the store was tested on SQLite only")
    if driver is None:
        pytest.skip("no PostgreSQL driver (psycopg): the store was tested on SQLite only")
    # Not pytest's folder: the server's user must be able to reach it.
    folder = Path(mkdtemp(prefix="smarthub-pg-"))
    port = _free_port()
    as_user = _as_ordinary_user(folder)
    data = folder / "data"
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"
    control = [*as_user, str(binaries / "pg_ctl"), "-D", str(data)]
    initdb = [str(binaries / "initdb"), "-D", str(data), "-U", "hub", "-A", "trust", "-E", "UTF8"]
    try:
        _run([*as_user, *initdb, "--no-sync"], folder)
        _run([*control, "-w", "-l", str(folder / "server.log"), "-o", options, "start"], folder)
        yield f"postgresql+{driver}://hub@127.0.0.1:{port}/postgres"
        _run([*control, "-m", "immediate", "stop"], folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CaseStore]:
    """Open a new store on each kind of database."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'cases.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
        _empty(url)
    opened = CaseStore(url, site="home")
    yield opened
    opened.close()


def _binaries() -> Path | None:
    found = shutil.which("initdb")
    candidates = [found] if found else []
    candidates += sorted(glob("/usr/lib/postgresql/*/bin/initdb"), reverse=True)  # noqa: PTH207
    return Path(candidates[0]).resolve().parent if candidates else None


def _as_ordinary_user(folder: Path) -> list[str]:
    """Return the words that run a command as `postgres`: it refuses to run as root."""
    if os.getuid() != 0:
        return []
    shutil.chown(folder, "postgres", "postgres")
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def _run(command: list[str], folder: Path) -> None:
    with (folder / "setup.log").open("ab") as log:
        # Not a pipe: the server would inherit it and keep it open.
        subprocess.run(command, check=True, cwd=folder, stdout=log, stderr=log, timeout=60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _empty(url: str) -> None:
    from sqlalchemy import create_engine, text

    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
