"""A real InfluxDB with the demo's week in it, written by the command that users run."""

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from dashboards.build import dashboards
from hub.cli import app
from hub.territory.demo_territory import demo_documents
from hub.territory.registry_files import load_registry
from model.place import Registry
from tests.influxd import Influxd, influxd_or_skip

DETECTORS = 400  # a smaller plan is a part of the larger one


class Seeded(NamedTuple):
    """The database, and the time up to which its week goes."""

    influxd: Influxd
    now: int


@pytest.fixture(scope="session")
def registry() -> Registry:
    """Return the demo registry."""
    return load_registry(demo_documents(detectors=DETECTORS))


@pytest.fixture(scope="session")
def boards(registry: Registry) -> list[dict[str, Any]]:
    """Return all dashboards of the demo registry."""
    return dashboards(registry, hub="http://hub.example:8080")


@pytest.fixture(scope="session")
def influxd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influxd]:
    """Run a real influxd for the whole session."""
    with Influxd(influxd_or_skip(), tmp_path_factory.mktemp("influxd")) as server:
        yield server


@pytest.fixture(scope="session")
def seeded(influxd: Influxd) -> Seeded:
    """Write the demo's week with `smarthub demo history`."""
    arguments = ["demo", "history", "--days", "7", "--url", influxd.url]
    arguments += ["--bucket", influxd.bucket, "--detectors", str(DETECTORS)]
    result = CliRunner().invoke(app, arguments, env={"SMARTHUB_INFLUX_TOKEN": influxd.token})
    assert result.exit_code == 0, result.output
    return Seeded(influxd, int(time.time() * 1000))
