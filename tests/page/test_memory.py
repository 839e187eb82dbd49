"""An alarm that is nowhere on disk: on the wall and in the sound, marked, until it is logged."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.access import Principal, Role
from hub.api.services import Json
from hub.case_store.store import CaseStore
from hub.memory_alarms import MemoryAlarms
from hub.page.board import Board
from hub.page.live import beat
from hub.page.memory import SOUNDS_MS
from hub.page.wall.rows import memory_rows
from hub.page.words import Lang
from model.reading import Event, Reading
from tests.api.small_hub import GRID_A, GRID_B, SmallHub
from tests.case_store.template import copied_store, empty_database

ALL = Principal("li", Role.DISPATCH)
FIRE = Reading("nb1", "smoke_detector", 1, event=Event.FIRE_ALARM)


class FullDisk(SmallHub):
    """A small hub whose disk is full."""

    def __init__(self, store: CaseStore) -> None:
        super().__init__(store)
        self.memory = MemoryAlarms(self.now)

    def memory_alarms(self) -> list[Json]:
        """Return what only memory holds."""
        return self.memory.shown()

    def says(self, reading: Reading) -> None:
        """Let a device say something that cannot be stored."""
        for shown in self.memory.add([reading]):
            self.events.put_nowait(("alarm_not_durable", shown))


@pytest.fixture
def hub(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullDisk]:
    """Open the hub."""
    with copied_store(empty_database(tmp_path_factory), tmp_path) as store:
        yield FullDisk(store)


async def settled(board: Board, version: int) -> None:
    """Wait until the board has news."""
    assert await board.wait(version, 10) != version


async def test_it_is_seen_and_heard_until_it_is_logged(hub: FullDisk) -> None:
    """By everybody whose territory it is; what a device said long ago is seen and no longer heard."""
    board = Board(hub)
    running = asyncio.create_task(board.run())
    try:
        await settled(board, 0)
        seen = board.version
        hub.says(Reading("nb1", "smoke_detector", 1, event=Event.NORMAL))
        hub.says(FIRE)
        await settled(board, seen)
        assert beat(board, ALL)["waiting"] == 1
        assert beat(board, Principal("a", Role.READ, GRID_A))["waiting"] == 1
        assert beat(board, Principal("b", Role.READ, GRID_B))["waiting"] == 0
        assert [alarm["place_name"] for alarm in board.memory] == ["幸福小区 1号楼"]
        assert board.raised == 1
        seen = board.version
        hub.clock += 1_000
        hub.says(FIRE)
        await settled(board, seen)
        assert board.raised == 1, "a device that repeats itself breaks nobody's quiet"
        hub.clock += SOUNDS_MS
        assert beat(board, ALL)["waiting"] == 0
        assert len(board.memory) == 1
        seen = board.version
        hub.memory.logged([FIRE])
        hub.events.put_nowait(("status", {"ready": True}))
        await settled(board, seen)
        assert board.memory == []
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_its_row_says_that_it_is_not_stored_and_is_inert() -> None:
    """In both languages; there is nothing to click, since there is no case."""
    alarm: Json = {
        "category": "fire", "severity": "critical", "mode": "simulated", "since": 1,
        "place_name": "<script>", "device": "nb1",
    }  # fmt: skip
    for lang, said in ((Lang.ZH, "未入库"), (Lang.EN, "not stored")):
        row = memory_rows([alarm], lang)
        assert said in row
        assert "<script" not in row
        assert "href" not in row
        assert "sh-mode-simulated" in row
