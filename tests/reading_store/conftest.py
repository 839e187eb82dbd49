"""Both stores behind the same fixture; InfluxDB is a real one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.reading_store.embedded import EmbeddedStore
from hub.reading_store.influx import InfluxStore
from hub.reading_store.line_protocol import LineEncoder
from model.place import Building, Compound, Device, Registry
from model.ports import ReadingStore
from tests.influxd import Influxd, influxd_or_skip


@pytest.fixture(scope="session")
def registry() -> Registry:
    """Return one building with one smoke detector."""
    return Registry(
        compounds=[Compound("haixin", "海馨苑", "150302001001001")],
        buildings=[Building("haixin-3", name="3号楼", compound="haixin", grid="150302001001001")],
        devices=[Device("860001", "smoke_detector", building="haixin-3")],
    )


@pytest.fixture(scope="session")
def influxd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influxd]:
    """Run a real influxd for the whole session."""
    with Influxd(influxd_or_skip(), tmp_path_factory.mktemp("influxd")) as server:
        yield server


@pytest.fixture
def influx_store(influxd: Influxd, registry: Registry) -> Iterator[InfluxStore]:
    """Connect to the real influxd, on an empty database."""
    influxd.query("DROP DATABASE readings")
    influxd.query("CREATE DATABASE readings")
    store = InfluxStore(
        influxd.url,
        token=influxd.token,
        bucket=influxd.bucket,
        encoder=LineEncoder(lambda: registry, "haibowan"),
    )
    yield store
    store.close()


@pytest.fixture(params=["embedded", pytest.param("influx", marks=pytest.mark.real)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReadingStore]:
    """Return an empty store: first the embedded one, then InfluxDB."""
    if request.param == "influx":
        yield request.getfixturevalue("influx_store")
        return
    embedded = EmbeddedStore(tmp_path / "readings")
    yield embedded
    embedded.close()
