"""A changed rule is tried on a live hub's log in a process of its own; the hub's files are not touched."""

import asyncio
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hub import rule_trials
from hub.documents import library_rules
from hub.rule_texts import written
from hub.rule_trials import RuleTrials
from hub.trial_process import Json
from model.errors import Refused
from model.reading import Event
from rules.rulefile import load_rules

from .kitchens import kitchens
from .recorded import NOW, Recorder, detectors

LOADED = load_rules(library_rules())
ZONE = ZoneInfo("Asia/Shanghai")


def text_of(rule: str) -> str:
    """Return a rule's text as its page shows it."""
    return written(library_rules()[LOADED.lines[rule][0]], rule, LOADED)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A hub's data folder after a pre-alarm and a fire."""
    recorder = Recorder(tmp_path / "log")
    one, two = (device.id for device in detectors()[:2])
    recorder.says(one, Event.FIRE_ALARM, fire=True)
    recorder.waits(60)
    recorder.says(two, smoke_db_m=0.12, fire=False)
    recorder.waits(60)
    recorder.log.close()
    return tmp_path


async def ended(trials: RuleTrials, rule: str, text: str | None) -> tuple[str, Json]:
    """Order a trial and return its name and how it ended."""
    name = trials.start("li", rule, text, since=NOW)
    while True:
        state = trials.state("li", name)
        assert state is not None
        if state["state"] != "running":
            return name, state
        await asyncio.sleep(0.05)


async def test_what_a_change_would_have_missed_is_said_and_reported(data: Path) -> None:
    """Without the fire rule the fire is no case; the report is for who ordered it."""
    before = {path.name: path.read_bytes() for path in (data / "log").glob("*.db")}
    trials = RuleTrials(data / "scratch", ZONE)
    text = text_of("fire-alarm").replace("[smoke_detector, ", "[")
    name, state = await ended(trials, "fire-alarm", text)
    result = state["result"]
    assert isinstance(result, dict), state
    assert (result["passes"], result["missed"]) == (False, 1)
    assert result["kinds"]["gone"] == 1
    assert result["failing_tests"]
    path = trials.report("li", name)
    assert path is not None
    report = path.read_text(encoding="utf-8")
    assert "MISSED" in report
    assert "<script" not in report
    assert trials.report("wang", name) is None
    assert trials.state("wang", name) is None
    assert {path.name: path.read_bytes() for path in (data / "log").glob("*.db")} == before


async def test_the_same_text_changes_no_case(data: Path) -> None:
    """Compared with the rules in force, not with what was in force then."""
    _, state = await ended(RuleTrials(data / "scratch", ZONE), "fire-alarm", text_of("fire-alarm"))
    result = state["result"]
    assert isinstance(result, dict), state
    assert (result["passes"], result["kinds"], result["failing_tests"]) == (True, {}, [])
    assert result["cases"][0] == result["cases"][1] > 0


async def test_mistakes_are_the_answer_and_a_log_that_is_not_there_as_well(data: Path) -> None:
    """In one line, without the paths of the machine's code."""
    trials = RuleTrials(data / "scratch", ZONE)
    _, state = await ended(trials, "fire-alarm", text_of("fire-alarm") + "\nnonsense: 1")
    assert "fire-alarm:" in str(state["error"])
    _, state = await ended(RuleTrials(data / "none" / "scratch", ZONE), "fire-alarm", "x")
    assert "holds no log" in str(state["error"])


async def test_one_at_a_time_stopped_by_hand_and_never_for_ever(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub has fires to see to meanwhile."""
    trials = RuleTrials(data / "scratch", ZONE)
    name = trials.start("li", "fire-alarm", text_of("fire-alarm"), since=NOW)
    with pytest.raises(Refused, match="another trial runs"):
        trials.start("wang", "fire-alarm", text_of("fire-alarm"), since=NOW)
    trials.stop("wang", name)
    trials.stop("li", name)
    while (state := trials.state("li", name)) and state["state"] == "running":
        await asyncio.sleep(0.05)
    assert state is not None
    assert "stopped" in str(state["error"])
    monkeypatch.setattr(rule_trials, "LIMIT_S", 0.05)
    _, state = await ended(trials, "fire-alarm", text_of("fire-alarm"))
    assert "shorter time" in str(state["error"])


async def test_the_best_limit_is_found_with_its_text_and_report(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Both kitchens are quiet at 0.125 dB/m and the fire stays; tried as it stands, it says the same."""
    data = kitchens(tmp_path_factory)
    before = {path.name: path.read_bytes() for path in (data / "log").glob("*.db")}
    trials = RuleTrials(data / "scratch", ZONE)
    name, state = await ended(trials, "smoke-pre-alarm", None)
    result = state["result"]
    assert isinstance(result, dict), state
    found = {one["change"]: one for one in result["candidates"]}
    best = result["candidates"][result["best"]]
    assert (best["change"], best["fewer_false"], best["missed"]) == ("above 0.125", 2, 0)
    assert (found["above 0.15"]["missed"], found["above 0.11"]["fewer_false"]) == (1, 0)
    assert best["text"] == text_of("smoke-pre-alarm").replace("above: 0.10", "above: 0.125")
    assert found["above 0.2"]["failing_tests"]
    report = trials.report("li", name)
    assert report is not None
    assert "gone" in report.read_text(encoding="utf-8")
    assert {path.name: path.read_bytes() for path in (data / "log").glob("*.db")} == before
    _, tried = await ended(trials, "smoke-pre-alarm", best["text"])
    again = tried["result"]
    assert isinstance(again, dict), tried
    assert (again["cases"], again["missed"]) == (best["cases"], best["missed"])


async def test_where_no_limit_helps_there_is_no_best_and_no_report(data: Path) -> None:
    """And a rule without a limit says where to look instead."""
    trials = RuleTrials(data / "scratch", ZONE)
    name, state = await ended(trials, "smoke-pre-alarm", None)
    result = state["result"]
    assert isinstance(result, dict), state
    assert (result["best"], trials.report("li", name)) == (None, None)
    _, state = await ended(trials, "fire-alarm", None)
    assert "has no limit" in str(state["error"])
