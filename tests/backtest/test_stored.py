"""Backtests from a reading store or a file: approximate, and said so."""

import gzip
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from hub.backtest.replay import recorded, replay
from hub.backtest.source import Recording
from hub.backtest.stored import REMARK, from_file, from_store
from hub.cli import app
from hub.reading_store.embedded import EmbeddedStore
from model.errors import HubError
from model.reading import Event, Reading

from .recorded import MINUTE, NOW, REGISTRY, RULES, detectors

ONE, TWO = (device.id for device in detectors()[:2])


def heard() -> list[Reading]:
    """A fire and its end; a pre-alarm; both detectors live on."""
    told = [
        Reading(ONE, "smoke_detector", NOW, 1, values={"fire": True}, event=Event.FIRE_ALARM),
        Reading(ONE, "smoke_detector", NOW + MINUTE, 2, values={"fire": False}),
        Reading(TWO, "smoke_detector", NOW + MINUTE, 3, values={"smoke_db_m": 0.12, "fire": False}),
    ]
    later = range(2, 10, 2)
    return told + [
        Reading(device, "smoke_detector", NOW + n * MINUTE, 10 + n, values={"fire": False})
        for n in later
        for device in (ONE, TWO)
    ]


def categories(recording: Recording) -> list[str]:
    """Run a recording and name its cases."""
    assert recording.remarks == (REMARK,)
    assert not recording.exact
    side = recorded(recording)
    replay(recording.entries(), [side])
    assert not side.defects
    assert not side.core.engine.failures
    return sorted(case.category for case in side.cases.values())


def test_a_store_gives_the_cases_of_its_readings(tmp_path: Path) -> None:
    """Also the ones that need time to pass, and silence once nothing more is stored."""
    store = EmbeddedStore(tmp_path)
    store.write(heard())
    span = {"since": NOW, "until": NOW + 12 * MINUTE, "warm_up": MINUTE}
    found = categories(from_store(store, rules=RULES, registry=REGISTRY, **span))
    assert found == ["fire", "fire_pre_alarm"]
    span["until"] = NOW + 60 * MINUTE
    found = categories(from_store(store, rules=RULES, registry=REGISTRY, **span))
    assert found.count("silent") == 2
    store.close()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_file_of_readings_does_too(tmp_path: Path, pack: type[bytes]) -> None:
    """One JSON object a line, in any order, plain or gzip."""
    path = tmp_path / "readings.jsonl"
    lines = [msgspec.json.encode(reading) for reading in reversed(heard())]
    path.write_bytes(pack(b"\n".join(lines)))
    assert categories(from_file(path, rules=RULES, registry=REGISTRY)) == ["fire", "fire_pre_alarm"]


def test_a_line_that_is_no_reading_is_named(tmp_path: Path) -> None:
    """With file, line, and what to write."""
    path = tmp_path / "readings.jsonl"
    path.write_text('{"device":"a","kind":"k"}\n{"device":7}\n', encoding="utf-8")
    with pytest.raises(HubError, match=r"readings\.jsonl:2: not a Reading"):
        from_file(path, rules=RULES, registry=REGISTRY)
    path.write_text("", encoding="utf-8")
    with pytest.raises(HubError, match="holds no Readings"):
        from_file(path, rules=RULES, registry=REGISTRY)


def test_the_command_says_that_it_is_approximate(tmp_path: Path) -> None:
    """And what a store needs to be named."""
    path = tmp_path / "readings.jsonl"
    path.write_bytes(b"\n".join(msgspec.json.encode(reading) for reading in heard()))
    rules = Path(__file__).parents[2] / "rules" / "library"
    words = ["rules", "backtest", "--rules", str(rules), "--source"]
    result = CliRunner().invoke(app, [*words, str(path)], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    assert "approximate" in result.output
    with pytest.raises(HubError, match="needs --config"):
        CliRunner().invoke(app, [*words, "influx"], catch_exceptions=False)
