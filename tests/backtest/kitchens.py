"""A log in which a rule cried wolf: what proposals are made of."""

from pathlib import Path

import pytest

from gateway.crash import crash_points
from hub.desk_reader import DeskReader
from tests.case_store.template import copied_store, empty_database

from .recorded import Recorder, detectors


def kitchens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a hub's data folder: two kitchens with 0.12 dB/m, found false; a smouldering fire with 0.14, found real."""
    folder = tmp_path_factory.mktemp("wolf")
    recorder = Recorder(folder / "log")
    smoke = {"one": 0.12, "two": 0.12, "three": 0.14}
    devices = dict(zip(smoke, detectors(), strict=False))
    for name, value in smoke.items():
        recorder.says(devices[name].id, smoke_db_m=value, fire=False)
    recorder.waits(40)
    with copied_store(empty_database(tmp_path_factory), folder) as store:
        reader = DeskReader(
            recorder.log, store, told=lambda _: None, dead_letters=lambda _: None,
            crash=crash_points({}),
        )  # fmt: skip
        for entry in recorder.log.read(0, 10_000):
            reader.core.step(entry)
        opened = {case.subject: case.id for case in reader.core.desk.open_cases()}
    for name in ("one", "two"):
        case = opened[devices[name].id]
        recorder.acts(
            case,
            "confirm",
            outcome="false",
            cause="cooking",
            checked_by="wang",
            checked_how="phone",
        )
    recorder.acts(opened[devices["three"].id], "confirm", outcome="real")
    recorder.waits(5)
    recorder.log.close()
    return folder
