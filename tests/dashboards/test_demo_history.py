"""`smarthub demo history` where there is no InfluxDB, and what it refuses."""

import time
from pathlib import Path

from typer.testing import CliRunner

from hub.cli import app
from hub.reading_store.embedded import EmbeddedStore
from hub.simulation.history import History, Span
from hub.territory.demo_territory import demo_territory
from model.errors import HubError
from model.reading import Mode

DAY_MS = 86_400_000


def test_the_embedded_store_gets_the_same_readings_and_no_case(tmp_path: Path) -> None:
    """Each of a detector's Readings is there, marked as simulated; no case database is made."""
    arguments = ["demo", "history", "--days", "1", "--data", str(tmp_path), "--detectors", "41"]
    before = int(time.time() * 1000)
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    territory = demo_territory(detectors=41)
    device = territory.detectors[0].device
    wanted = {
        reading.received_at
        for said in History(territory, Span(before - DAY_MS + 60_000, before)).readings()
        for reading in said
        if reading.device == device
    }
    store = EmbeddedStore(tmp_path / "hub" / "readings")
    found = store.query(device, before - DAY_MS, before + DAY_MS, 1_000)
    store.close()
    assert len(wanted) > 40
    assert wanted <= {reading.received_at for reading in found}
    assert {reading.mode for reading in found} == {Mode.SIMULATED}
    assert [path.name for path in (tmp_path / "hub").iterdir()] == ["readings"]


def test_it_wants_one_place_to_write_to() -> None:
    """Neither or both is one clear sentence."""
    for arguments in ([], ["--url", "http://127.0.0.1:1", "--data", "x"]):
        error = CliRunner().invoke(app, ["demo", "history", *arguments]).exception
        assert isinstance(error, HubError)
        assert "either --url" in str(error)


def test_an_influxdb_that_is_away_is_said_with_its_address() -> None:
    """After a few tries, without a trace."""
    arguments = [
        "demo",
        "history",
        "--days",
        "1",
        "--detectors",
        "1",
        "--url",
        "http://127.0.0.1:9",
    ]
    error = CliRunner().invoke(app, arguments).exception
    assert isinstance(error, HubError)
    assert "http://127.0.0.1:9 does not answer" in str(error)
