"""The log of a live hub through the same rules and through others: the same cases, or why not."""

import threading
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from gateway.crash import crash_points
from hub.backtest.replay import recorded, replay
from hub.backtest.source import from_log, log_folder
from hub.case_store import CaseStore
from hub.cli import app
from hub.desk_reader import DeskReader
from hub.documents import library_rules
from hub.log.view import LogView
from model.case import Case
from model.entry import EntryKind
from model.errors import HubError
from model.reading import Event
from tests.case_store.template import copied_store, empty_database

from .recorded import NOW, Recorder, detectors


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty case database, built once."""
    return empty_database(tmp_path_factory)


def lived(recorder: Recorder, store: CaseStore) -> list[Case]:
    """Let the live desk read what was written so far, as one run of a hub; return all its cases."""
    done = threading.Event()

    def told(_: object) -> None:
        if reader.position >= recorder.log.end:
            done.set()

    reader = DeskReader(
        recorder.log, store, told=told, dead_letters=lambda _: None, crash=crash_points({})
    )
    reader.start()
    for _ in range(2_000):
        if reader.position >= recorder.log.end or done.wait(0.01):
            break
    reader.stop()
    assert reader.position == recorder.log.end
    assert not reader.counters["defects"]
    return list(reader.core.desk.open_cases())


def story(recorder: Recorder, store: CaseStore) -> list[Case]:
    """A fire found false and closed, a pre-alarm, a second fire after a restart."""
    one, two, three = (device.id for device in detectors()[:3])
    recorder.says(one, Event.FIRE_ALARM, fire=True)
    recorder.waits(5)
    (fire,) = [case for case in lived(recorder, store) if case.category == "fire"]
    recorder.acts(fire.id, "acknowledge")
    recorder.waits(30)
    recorder.acts(
        fire.id, "confirm", outcome="false", cause="cooking", checked_by="wang", checked_how="phone"
    )
    recorder.says(one, fire=False)
    recorder.says(two, smoke_db_m=0.12, fire=False)
    recorder.waits(40)
    recorder.says(two, smoke_db_m=0.01, fire=False)
    lived(recorder, store)  # a restart of the hub
    recorder.says(three, Event.FIRE_ALARM, fire=True)
    recorder.waits(60)
    return lived(recorder, store)


def test_the_log_gives_the_live_hubs_cases_byte_for_byte(template: Path, tmp_path: Path) -> None:
    """With two restarts in between, people's actions, and histories by their hashes."""
    recorder = Recorder(tmp_path / "hub" / "log")
    with copied_store(template, tmp_path) as store:
        live = story(recorder, store)
        stored = {case.id: found for case in live if (found := store.get(case.id))}
    recording = from_log(log_folder(tmp_path), since=None, until=None, whole=False)
    assert recording.exact
    side = recorded(recording)
    replay(recording.entries(), [side])
    assert len(stored) == 3
    assert {key: msgspec.json.encode(case) for key, case in side.cases.items()} == {
        key: msgspec.json.encode(case) for key, case in stored.items()
    }


def edited(folder: Path, old: str, new: str) -> Path:
    """Write the library with one change."""
    folder.mkdir()
    texts = library_rules()
    assert any(old in text for text in texts.values())
    for name, text in texts.items():
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    return folder


def run(data: Path, *options: str) -> tuple[int, str]:
    """Run `smarthub rules backtest`."""
    result = CliRunner().invoke(
        app, ["rules", "backtest", "--data", str(data), *options], env={"COLUMNS": "200"}
    )
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def data(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the story's log."""
    folder = tmp_path_factory.mktemp("data")
    recorder = Recorder(folder / "hub" / "log")
    with copied_store(template, folder) as store:
        story(recorder, store)
    return folder


def test_equal_rules_change_nothing(data: Path, tmp_path: Path) -> None:
    """Not even with --strict."""
    rules = edited(tmp_path / "rules", "Smoke below", "Smoke below")
    code, said = run(data, "--rules", str(rules), "--strict")
    assert code == 0, said
    assert "same 3" in said
    assert "exact" not in said


def test_what_people_found_false_may_go(data: Path, tmp_path: Path) -> None:
    """And the people's actions on the case that is no more are counted, not an error."""
    one = detectors()[0].id
    first = "    devices: {kinds: [smoke_detector]}\n    quantity: smoke_db_m"
    rules = edited(tmp_path / "rules", first, first.replace("smoke_detector", "other_kind"))
    report = tmp_path / "report.html"
    code, said = run(data, "--rules", str(rules), "--html", str(report))
    assert code == 0, said
    assert "gone 1" in said
    assert one not in said
    text = report.read_text(encoding="utf-8")
    assert "无漏报" in text
    assert "<script" not in text


def test_a_fire_that_would_be_missed_stops_the_merge(data: Path, tmp_path: Path) -> None:
    """The one that nobody judged; the one found false is not held against the change."""
    texts = library_rules()
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "upkeep.yaml").write_text(texts["upkeep.yaml"], encoding="utf-8")
    code, said = run(data, "--rules", str(folder))
    assert code == 1
    assert said.count("MISSED") == 1
    assert "no_case 2" in said


def test_a_span_counts_only_what_opened_in_it(data: Path, tmp_path: Path) -> None:
    """What came before is there as a warm-up, and says so."""
    rules = edited(tmp_path / "rules", "Smoke below", "Smoke below")
    code, said = run(data, "--rules", str(rules), "--from", "2027-01-15T08:00:30+00:00", "--strict")
    assert code == 0
    assert "same 2" in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--from", "yesterday"], "--from yesterday is not a time"),
        (["--zone", "Mars"], "--zone Mars is not a time zone"),
        (["--from", "2040-01-01"], "holds nothing in this span"),
    ],
)
def test_a_wrong_option_says_what_to_write(
    data: Path, tmp_path: Path, options: list[str], words: str
) -> None:
    """Before anything is read."""
    rules = edited(tmp_path / "rules", "Smoke below", "Smoke below")
    with pytest.raises(HubError, match=words):
        run(data, "--rules", str(rules), *options)


@pytest.fixture(scope="module")
def three_fires(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One detector, three fires: days ago and false; false; and an hour later one that nobody judged."""
    folder = tmp_path_factory.mktemp("three")
    recorder = Recorder(folder / "hub" / "log")
    device = detectors()[0].id
    false = {"outcome": "false", "cause": "cooking", "checked_by": "wang", "checked_how": "phone"}
    with copied_store(template, folder) as store:
        for pause, judged in ((60, True), (3 * 86_400, True), (3_600, False)):
            recorder.later(pause)
            recorder.says(device, Event.FIRE_ALARM, fire=True, smoke_db_m=0.3 if judged else 0.2)
            recorder.waits(2)
            recorder.says(device, fire=False, smoke_db_m=0.0)
            fires = [case for case in lived(recorder, store) if case.category == "fire"]
            newest = max(fires, key=lambda case: case.opened_at)
            if judged:
                recorder.acts(newest.id, "confirm", **false)
        recorder.waits(1)
        lived(recorder, store)
        store.close()
    recorder.log.close()
    (folder / "hub" / "cases.db").write_bytes((folder / "cases.db").read_bytes())
    return folder


@pytest.mark.parametrize("options", [["--whole"], ["--from", "2027-01-18T12:00"]])
def test_what_people_found_stays_with_the_fire_that_they_found_it_of(
    three_fires: Path, tmp_path: Path, options: list[str]
) -> None:
    """Also when the replay begins in the middle, where the numbers of cases are others."""
    old = "    onset: {states: [fire], events: [fire_alarm]}\n    # An"
    rules = edited(tmp_path / "rules", old, f"    when: smoke_db_m > 0.25\n{old}")
    code, said = run(three_fires, "--rules", str(rules), *options)
    assert code == 1, said
    assert said.count("MISSED") == 1


def test_a_clock_that_jumped_for_a_moment_ends_no_replay(tmp_path: Path) -> None:
    """The entries after it are replayed as well."""
    recorder = Recorder(tmp_path / "log")
    recorder.waits(5)
    recorder.at += 86_400_000
    recorder.waits(1)
    recorder.at -= 86_400_000
    recorder.waits(994)
    recording = from_log(tmp_path / "log", since=None, until=NOW + 900_000, whole=True)
    assert 890 < len(list(recording.entries())) < 910


def test_a_folder_without_a_log_is_named(tmp_path: Path) -> None:
    """With what to name instead."""
    with pytest.raises(HubError, match="holds no log"):
        log_folder(tmp_path)


def test_the_view_changes_nothing_and_finds_times(data: Path) -> None:
    """A hub may be writing while it is read."""
    folder = log_folder(data)
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.db")}
    view = LogView(folder)
    entries = list(view.entries(0))
    assert [entry.pos for entry in entries] == list(range(1, view.end + 1))
    assert view.position_at(NOW) == 1
    assert view.time_of(view.position_at(NOW + 10_000)) == NOW + 10_000
    assert view.position_at(NOW + 10**9) == view.end + 1
    newest = view.newest(EntryKind.RULES, view.end)
    assert newest is not None
    assert newest.pos == 1
    assert {path.name: path.stat().st_mtime_ns for path in folder.glob("*.db")} == before
