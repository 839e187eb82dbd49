"""The ledger that is kept: read anew whenever a case has changed, and never otherwise for a minute."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cases.events import case_json
from hub.case_store import CaseFilter, CaseStore
from hub.page.board import Board
from hub.page.ledgers import KEPT_MS, Ledgers
from model.case import Case
from model.entry import Action
from tests.api.small_hub import GRID_A, GRID_B, SmallHub

ZONE = ZoneInfo("Asia/Shanghai")


class Counting(CaseStore):
    """A store that counts how often lists of cases were read."""

    reads = 0

    def find(
        self, wanted: CaseFilter | None = None, *, cursor: str = "", limit: int = 100
    ) -> tuple[list[Case], str | None]:
        """Count, and read."""
        self.reads += 1
        return super().find(wanted, cursor=cursor, limit=limit)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Counting]:
    """A store of its own."""
    made = Counting(f"sqlite:///{tmp_path / 'cases.db'}")
    yield made
    made.close()


@asynccontextmanager
async def following(hub: SmallHub) -> AsyncIterator[Board]:
    """A board that follows the hub's stream."""
    board = Board(hub)
    task = asyncio.create_task(board.run())
    await changed(board, 0)
    yield board
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def changed(board: Board, version: int) -> None:
    """Wait until the board is of a newer version."""
    async with asyncio.timeout(10):
        while board.version == version:
            await board.wait(version, 1)


async def judged(hub: SmallHub, board: Board, case: Case) -> None:
    """Somebody finds a case false, and the hub tells all its screens."""
    proof = {"outcome": "false", "cause": "cooking", "checked_by": "wang", "checked_how": "phone"}
    action = Action(case=case.id, name="confirm", actor="li", fields=dict(proof))
    now = await hub.submit(action)
    version = board.version
    await hub.events.put(("case", {"kind": "update", "case": case_json(now)}))
    await changed(board, version)


async def test_what_people_found_is_counted_from_the_moment_it_is_told(store: Counting) -> None:
    """A kept count never outlives a change of a case, and costs nothing without one."""
    hub = SmallHub(store)
    case = hub.alarm()
    async with following(hub) as board:
        kept = Ledgers(hub, board, ZONE)
        assert kept.of("").lines["fire"].found.false == 0
        reads = store.reads
        assert kept.of("").lines["fire"].found.unknown == 1
        assert store.reads == reads
        await judged(hub, board, case)
        assert kept.of("").lines["fire"].found.false == 1


async def test_a_territory_has_a_count_of_its_own(store: Counting) -> None:
    """Nobody is shown what was counted for somebody else."""
    hub = SmallHub(store)
    hub.alarm("nb1")
    async with following(hub) as board:
        kept = Ledgers(hub, board, ZONE)
        assert kept.of("").lines
        assert kept.of(GRID_A).lines
        assert not kept.of(GRID_B).lines


async def test_a_minute_is_the_oldest_that_a_count_gets(store: Counting) -> None:
    """The thirty days move on while nothing changes; a clock that was set back proves nothing."""
    hub = SmallHub(store)
    hub.alarm()
    async with following(hub) as board:
        kept = Ledgers(hub, board, ZONE)
        began = hub.clock
        assert kept.of("").at == began
        hub.clock = began + KEPT_MS - 1
        assert kept.of("").at == began
        hub.clock = began + KEPT_MS
        assert kept.of("").at == hub.clock
        hub.clock = began
        assert kept.of("").at == began
        hub.clock += 31 * 86_400_000
        assert not kept.of("").lines
