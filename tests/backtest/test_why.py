"""Why a rule fired, or what it lacked: the log replayed to a moment, and two futures."""

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from hub.backtest.source import from_log, log_folder
from hub.backtest.why import Answer, why
from hub.cli import app
from hub.commands.why import told
from model.anomaly import Phase
from model.errors import HubError
from model.reading import Event

from .recorded import MINUTE, NOW, SECOND, Recorder, detectors

DEVICE = detectors()[0].id
UTC = ZoneInfo("UTC")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Smoke for 27 s and gone; ten minutes later for long, and then a fire."""
    folder = tmp_path_factory.mktemp("why")
    recorder = Recorder(folder / "log")
    recorder.says(DEVICE, smoke_db_m=0.12, fire=False)
    recorder.waits(27)
    recorder.says(DEVICE, smoke_db_m=0.02, fire=False)
    recorder.waits(573)
    recorder.says(DEVICE, smoke_db_m=0.12, fire=False)
    recorder.waits(60)
    recorder.says(DEVICE, Event.FIRE_ALARM, smoke_db_m=0.4, fire=True)
    recorder.waits(60)
    return folder


def asked(data: Path, rule: str, at: int, device: str = DEVICE) -> Answer:
    """Ask about a moment."""
    recording = from_log(log_folder(data), since=None, until=None, whole=True)
    return why(recording, rule=rule, device=device, at=NOW + at)


def test_a_hold_time_that_was_not_reached_says_by_how_much(data: Path) -> None:
    """27 s of 30: would have fired with 3 s more."""
    found = asked(data, "smoke-pre-alarm", 10 * SECOND)
    assert "waiting for the hold time" in found.holds
    assert found.watches
    assert found.if_nothing_more.at == NOW + 30 * SECOND
    assert found.short_by_ms == 3 * SECOND
    lines = "\n".join(told(found, UTC))
    assert "would have fired with 3 s more" in lines
    assert "smoke_db_m=0.02" in lines


def test_a_hold_time_that_was_reached_is_no_near_miss(data: Path) -> None:
    """What really came is told."""
    found = asked(data, "smoke-pre-alarm", 10 * MINUTE + 5 * SECOND)
    assert found.really.at == NOW + 10 * MINUTE + 30 * SECOND
    assert found.really.anomaly is not None
    assert found.really.anomaly.phase is Phase.STARTED
    assert found.short_by_ms is None


def test_an_open_anomaly_is_told_with_its_start(data: Path) -> None:
    """And what the rule had said so far."""
    found = asked(data, "smoke-pre-alarm", 10 * MINUTE + 45 * SECOND)
    assert [anomaly.phase for anomaly in found.said] == [Phase.STARTED]
    assert found.state == "alarm"
    assert "open" in found.holds


def test_a_rule_about_other_devices_says_so(data: Path) -> None:
    """Nothing that the device says can wake it."""
    found = asked(data, "door-forced", 10 * SECOND)
    assert not found.watches
    assert any("not about this device" in line for line in told(found, UTC))


@pytest.mark.parametrize(
    ("rule", "device", "words"),
    [("no-such", DEVICE, "no rule no-such was in force"), ("smoke-pre-alarm", "x", "no device x")],
)
def test_what_was_not_there_is_named(data: Path, rule: str, device: str, words: str) -> None:
    """With what there was."""
    with pytest.raises(HubError, match=words):
        asked(data, rule, 10 * SECOND, device)


def test_the_command_tells_it(data: Path) -> None:
    """In lines, with local times."""
    options = ["--rule", "smoke-pre-alarm", "--device", DEVICE, "--data", str(data)]
    result = CliRunner().invoke(app, ["rules", "why", *options, "--at", "2027-01-15T16:00:10"])
    assert result.exit_code == 0, result.output
    assert re.search(r"would have fired with 3 s more", result.output)
    with pytest.raises(HubError, match="name a CASE"):
        CliRunner().invoke(app, ["rules", "why", *options], catch_exceptions=False)


def test_a_silence_that_holds_it_back_is_named(tmp_path: Path) -> None:
    """Who asked for it and why; the rule itself goes on."""
    recorder = Recorder(tmp_path / "log")
    recorder.silences(DEVICE, actor="li", reason="repainting")
    recorder.says(DEVICE, smoke_db_m=0.12, fire=False)
    recorder.waits(60)
    recorder.log.close()
    found = asked(tmp_path, "smoke-pre-alarm", 50 * SECOND)
    assert [anomaly.phase for anomaly in found.said] == [Phase.STARTED]
    assert any("li: repainting" in line for line in told(found, UTC))
