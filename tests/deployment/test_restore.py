"""Backup and restore as docs/deployment.md describes them, with the same tools."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.postgres import postgres_programs
from tests.trust.devices import Panel
from tests.trust.stack import eventually

from .running import DATABASE, Deployed

pytestmark = [pytest.mark.real, pytest.mark.timeout(240)]


def run(deployed: Deployed, tool: str, *options: str) -> None:
    """Run one of PostgreSQL's tools on the case database."""
    server = ["-h", "127.0.0.1", "-p", str(deployed.postgres.port), "-U", DATABASE]
    env = os.environ | {"PGPASSWORD": deployed.secret("postgres")}
    command = [str(postgres_programs() / tool), *server, *options]
    subprocess.run(command, env=env, check=True, timeout=60)


def lose_everything(deployed: Deployed) -> None:
    """Empty the case database and remove the hub's folder."""
    engine = create_engine(deployed.database_url())
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    shutil.rmtree(deployed.data / "hub")


async def test_cases_come_back_from_a_backup_and_go_on(deployed: Deployed, tmp_path: Path) -> None:
    """Cases by pg_dump and the log by tar, while the hub stands; the next fire is a new case."""
    panel = Panel(deployed.ports.fire, 4712)
    await panel.fire(1)
    assert await eventually(lambda: deployed.cases(category="fire"))
    deployed.stop("hub")
    dump, log = tmp_path / "cases.dump", tmp_path / "log.tar"
    run(deployed, "pg_dump", "-Fc", "-f", str(dump), DATABASE)
    subprocess.run(["tar", "-C", str(deployed.data / "hub"), "-cf", str(log), "."], check=True)
    deployed.start("hub")
    deployed.wait_ready()
    before = {case["id"] for case in deployed.cases(category="fire")}
    deployed.stop("hub")
    lose_everything(deployed)

    run(deployed, "pg_restore", "--clean", "--if-exists", "-d", DATABASE, str(dump))
    (deployed.data / "hub").mkdir()
    subprocess.run(["tar", "-C", str(deployed.data / "hub"), "-xf", str(log)], check=True)
    deployed.start("hub")
    deployed.wait_ready()
    assert {case["id"] for case in deployed.cases(category="fire")} == before
    other = Panel(deployed.ports.fire, 4713)
    await other.fire(1)
    assert await eventually(lambda: len(deployed.cases(category="fire")) == len(before) + 1)
    for used in (panel, other):
        await used.close()


def test_cases_beside_another_log_are_refused(deployed: Deployed) -> None:
    """Half a restore does not start, and the sentence says what is wrong."""
    deployed.stop("hub")
    kept = deployed.data / "hub.kept"
    shutil.move(deployed.data / "hub", kept)
    deployed.start("hub")
    code = deployed.processes.pop("hub").wait(60)
    said = (deployed.folder / "hub.out").read_text().splitlines()[-1]
    shutil.rmtree(deployed.data / "hub")
    shutil.move(kept, deployed.data / "hub")
    deployed.start("hub")
    deployed.wait_ready()
    assert code != 0
    assert "mixes two installations" in said
