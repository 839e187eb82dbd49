"""The desk goes on: a full disk is waited out, what no database takes is put aside and said."""

import threading
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from hub.case_keeper import REASON, CaseKeeper
from hub.case_store import CaseStore
from hub.log.sqlite import SqliteLog
from model.case import Change
from model.reading import Event, Reading
from tests.hub.test_log import row
from tests.hub.test_review_chain import NOW, reaches, reader_of, running, versions

from .samples import key_of, opened


def keeper_of(store: CaseStore) -> tuple[CaseKeeper, Counter[str]]:
    """Make a keeper whose retries do not wait."""
    counters: Counter[str] = Counter()
    told: list[list[Change]] = []
    keeper = CaseKeeper(
        store, "log", told=told.append, stop=threading.Event(), counters=counters
    )  # fmt: skip
    return keeper, counters


def test_one_case_that_is_refused_costs_the_others_nothing(any_store: CaseStore) -> None:
    """It is a dead letter, the hub says that a person must look, and the desk's position moves on."""
    keeper, counters = keeper_of(any_store)
    twin = opened("b1")
    twin = msgspec.structs.replace(twin, case=msgspec.structs.replace(twin.case, key=key_of("a1")))
    keeper.keep([opened("a1"), twin, opened("c1")], 9)
    keeper.keep([opened("d1")], 10)
    assert [any_store.get(name) is not None for name in ("a1", "b1", "c1", "d1")] == [
        True, False, True, True,
    ]  # fmt: skip
    assert any_store.position("desk") == ("log", 10)
    assert [letter.source for letter in any_store.dead_letters(reason=REASON)] == ["b1"]
    assert "b1" in keeper.defect
    assert counters == {"case_defects": 1}


def test_a_reading_that_the_database_would_refuse_stops_no_alarm(
    any_store: CaseStore, tmp_path: Path
) -> None:
    """A camera's Reading with NULs for an episode, between two fires: three cases, and all is well."""
    log = SqliteLog(tmp_path / "log")
    log.append(versions(), NOW)
    fire = [
        Reading(
            f"nb-{n}",
            "smoke_detector",
            NOW,
            order=n,
            seq=n,
            values={"fire": True},
            event=Event.FIRE_ALARM,
        )
        for n in (1, 3)
    ]
    flame = Reading("cam-9", "camera", NOW, order=2, seq=2, values={"flame": True, "episode": "\0" * 16})  # fmt: skip
    for n, reading in enumerate((fire[0], flame, fire[1]), 1):
        log.append([row(n, [reading])], NOW + n)
    with running(reader_of(log, any_store)) as reader:
        assert reaches(lambda: reader.position == log.end, 20)
        assert reader.trouble == ""
    found, _ = any_store.find()
    assert sorted(case.subject for case in found) == ["cam-9", "nb-1", "nb-3"]


def test_a_desk_that_put_something_aside_says_so(
    any_store: CaseStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`/readyz` asks for it: nobody may believe that every alarm is a case."""
    log = SqliteLog(tmp_path / "log")
    log.append(versions(), NOW)
    first = Reading("nb-1", "smoke_detector", NOW, order=1, seq=1, values={"fire": True}, event=Event.FIRE_ALARM)  # fmt: skip
    log.append([row(1, [first])], NOW)
    apply = any_store.apply

    def keyed_alike(changes: list[Change], **named: object) -> None:
        alike = [
            msgspec.structs.replace(c, case=msgspec.structs.replace(c.case, key=key_of("a1")))
            for c in changes
        ]
        apply(alike, **named)  # type: ignore[arg-type]

    apply([opened("a1")], log_id=log.id, pos=0)
    monkeypatch.setattr(any_store, "apply", keyed_alike)
    with running(reader_of(log, any_store)) as reader:
        assert reaches(lambda: reader.position == log.end, 20)
        assert "could not be stored" in reader.trouble
