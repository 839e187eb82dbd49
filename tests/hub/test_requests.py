"""What people ask for goes through the log to the desk, and every asker gets the answer."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hub.case_store import CaseStore
from hub.desk_reader import DeskReader
from hub.log.sqlite import SqliteLog
from hub.requests import DeskRequests
from model.entry import Action, Report
from model.errors import Refused
from tests.case_store.template import copied_store, empty_database

from .test_intake import World, intake_on
from .test_review_chain import NOW, reader_of, running, tick, versions

REPORT = Report("r-1", "150302001001001", "reported_matter", "井盖丢失", "li")
PATIENCE_S = 5  # less than the ten seconds after which the hub gives up


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty case database, built once."""
    return empty_database(tmp_path_factory)


@pytest.fixture
def store(template: Path, tmp_path: Path) -> Iterator[CaseStore]:
    """A new case store."""
    with copied_store(template, tmp_path) as opened:
        yield opened


@asynccontextmanager
async def asking(folder: Path, store: CaseStore) -> AsyncIterator[tuple[DeskRequests, DeskReader]]:
    """Run a log, its intake and a desk that has not begun to read; the test starts it."""
    log = SqliteLog(folder / "log")
    log.append([*versions("fire.yaml"), tick(1)], NOW)
    async with intake_on(log, World()) as intake:
        desk = reader_of(log, store)
        yield DeskRequests(intake, store, desk=lambda: desk, clock=lambda: NOW), desk
    log.close()


async def test_a_report_sent_twice_at_once_is_answered_twice(
    tmp_path: Path, store: CaseStore
) -> None:
    """An impatient click, or a client that repeats: one case, and both are told of it at once."""
    async with asking(tmp_path, store) as (requests, desk):
        both = [asyncio.create_task(requests.submit_report(REPORT)) for _ in range(2)]
        await asyncio.sleep(0.1)  # both are in the log before the desk reads
        with running(desk):
            async with asyncio.timeout(PATIENCE_S):
                first, second = await asyncio.gather(*both)
    assert first.id == second.id


async def test_an_asker_who_leaves_takes_no_answer_away_from_others(
    tmp_path: Path, store: CaseStore
) -> None:
    """A connection that breaks ends its own waiting only."""
    async with asking(tmp_path, store) as (requests, desk):
        stays, leaves = (asyncio.create_task(requests.submit_report(REPORT)) for _ in range(2))
        await asyncio.sleep(0.1)
        leaves.cancel()
        await asyncio.gather(leaves, return_exceptions=True)
        with running(desk):
            async with asyncio.timeout(PATIENCE_S):
                case = await stays
                await asyncio.gather(
                    *(requests.submit(Action(case.id, "note", "li", fields={"text": "x"}, id="a"))
                      for _ in range(2))
                )  # fmt: skip
    assert store.get(case.id) is not None


async def test_every_asker_is_refused_alike(tmp_path: Path, store: CaseStore) -> None:
    """Who asks for what is not allowed hears why, however many ask at once."""
    async with asking(tmp_path, store) as (requests, desk):
        with running(desk):
            case = await requests.submit_report(REPORT)
            close = Action(case.id, "close", "li", id="c-1")
            async with asyncio.timeout(PATIENCE_S):
                answers = await asyncio.gather(
                    *(requests.submit(close) for _ in range(2)), return_exceptions=True
                )
    assert [type(answer) for answer in answers] == [Refused, Refused]
