"""An acknowledged fire that alarms again: seen, heard and acknowledged once more, on every screen."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from cases.events import case_json
from hub.access import Principal, Role
from hub.api.services import Json
from hub.handover import Seen, snapshot_of, unacknowledged
from hub.page.board import WAKE_S, Board
from hub.page.live import beat
from hub.page.wall.rows import Reader, row
from hub.page.words import Lang
from hub.urgency import rank
from model.case import Change
from tests.api.small_hub import SmallHub
from tests.case_store.template import copied_store, empty_database
from tests.cases.world import MINUTE, SECOND, T0, Story, again, alarm, ended
from tests.trust.stack import Up

from .browsing import Opens, shot, until
from .conftest import Fires

ALL = Principal("li", Role.DISPATCH)


@pytest.fixture
def hub(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallHub]:
    """Open the hub."""
    with copied_store(empty_database(tmp_path_factory), tmp_path) as store:
        yield SmallHub(store)


class Told:
    """A board that is told what a desk does."""

    def __init__(self, hub: SmallHub, board: Board) -> None:
        """Take a hub whose clock the story sets."""
        self.story, self._hub, self.board = Story(), hub, board

    async def tell(self, changes: list[Change], at: int) -> None:
        """Give the changes to the board and wait until it has them; `at` in ms after T0."""
        self._hub.clock = T0 + at
        for change in changes:
            shown: Json = {
                "kind": change.kind, "notice": change.notice, "case": case_json(change.case)
            }  # fmt: skip
            seen = self.board.version
            self._hub.events.put_nowait(("case", shown))
            assert await self.board.wait(seen, 10) != seen

    @property
    def waiting(self) -> object:
        """How many cases sound on a screen."""
        return beat(self.board, ALL)["waiting"]


async def test_a_detector_more_sounds_when_the_rest_is_over(hub: SmallHub) -> None:
    """It breaks the quiet once, it stands first at once, and a hub that starts anew sounds as well."""
    board = Board(hub)
    running = asyncio.create_task(board.run())
    try:
        assert await board.wait(0, 10)
        told = Told(hub, board)
        opened = told.story.receive(alarm("uitd1/a"))
        await told.tell(opened, SECOND)
        assert (told.waiting, board.raised) == (1, 1)
        await told.tell(told.story.act(opened[0].case, "acknowledge", 30 * SECOND), 30 * SECOND)
        assert told.waiting == 0
        await told.tell(told.story.receive(alarm("uitd1/b", 40 * SECOND)), 40 * SECOND)
        assert (told.waiting, board.raised) == (0, 1), "who just acknowledged is left in peace"
        seen = board.version
        hub.clock = T0 + MINUTE
        assert await board.wait(seen, WAKE_S * 10) != seen
        assert (told.waiting, board.raised) == (1, 2)
        fresh = Board(hub)
        fresh.cases = dict(board.cases)
        assert len(fresh.unacknowledged(lambda _: True)) == 1, "nothing of it is in memory only"
        await told.tell(told.story.act(opened[0].case, "acknowledge", 2 * MINUTE), 2 * MINUTE)
        assert (told.waiting, board.raised) == (0, 2)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_what_came_back_too_early_to_be_told_is_heard_later(hub: SmallHub) -> None:
    """Ten minutes after the last word; a board that is loaded meanwhile breaks its quiet then."""
    story = Story()
    (opened,) = story.receive(found := alarm("uitd1/a"))
    story.act(opened.case, "acknowledge", 30 * SECOND)
    story.receive(ended(found, MINUTE))
    story.receive(found := alarm("uitd1/a", 2 * MINUTE))
    story.act(opened.case, "acknowledge", 2 * MINUTE + SECOND)
    story.receive(ended(found, 3 * MINUTE))
    story.receive(alarm("uitd1/a", 4 * MINUTE))
    hub.store.apply(story.changes, log_id="x", pos=1)
    hub.clock = T0 + 5 * MINUTE
    board = Board(hub)
    running = asyncio.create_task(board.run())
    try:
        assert await board.wait(0, 10)
        assert len(board.cases) == 1
        assert (beat(board, ALL)["waiting"], board.raised) == (0, 0)
        seen = board.version
        hub.clock = T0 + 12 * MINUTE
        assert await board.wait(seen, WAKE_S * 10) != seen
        assert (beat(board, ALL)["waiting"], board.raised) == (1, 1)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_what_corroborates_breaks_the_quiet_at_once(hub: SmallHub) -> None:
    """Also while nobody has acknowledged, and only quiet was asked for; a detector more does not."""
    board = Board(hub)
    running = asyncio.create_task(board.run())
    try:
        assert await board.wait(0, 10)
        told = Told(hub, board)
        opened = told.story.receive(alarm("uitd1/a"))
        await told.tell(opened, SECOND)
        await told.tell(told.story.receive(alarm("uitd1/b", 5 * SECOND)), 5 * SECOND)
        assert board.raised == 1
        agrees = again(alarm("uitd1/b", 5 * SECOND), 9 * SECOND)
        agrees = msgspec.structs.replace(agrees, corroborates=True)
        await told.tell(told.story.receive(agrees), 9 * SECOND)
        assert len(board.cases) == 1
        assert board.raised == 2
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def grown() -> tuple[Json, Json]:
    """Return a fire that was acknowledged, and the same after a second detector."""
    story = Story()
    (opened,) = story.receive(alarm("uitd1/a"))
    (known,) = story.act(opened.case, "acknowledge", 30 * SECOND)
    (more,) = story.receive(alarm("uitd1/b", 2 * MINUTE))
    return case_json(known.case), case_json(more.case)


def test_its_row_says_so_and_has_the_button_again() -> None:
    """In both languages; it stands before what people know of."""
    known, more = grown()
    for lang, said in ((Lang.ZH, "又报警"), (Lang.EN, "ALARMED AGAIN")):
        reader = Reader(lang, ZoneInfo("Asia/Shanghai"), T0, acknowledges=True)
        assert said in row(more, reader)
        assert "data-ack" in row(more, reader)
        assert said not in row(known, reader)
        assert "data-ack" not in row(known, reader)
    assert rank(more) < rank(known)


def test_the_next_shift_is_told_of_it_in_person() -> None:
    """What alarmed again and was not acknowledged since is ticked at a hand-over."""
    from hub.case_store.handovers import Turnover

    for case, asked in zip(grown(), (False, True), strict=True):
        seen = Seen([case], [], [], 0, Turnover(1, 0, 0), 0)
        assert bool(unacknowledged(snapshot_of(seen, T0))) is asked


def test_a_growing_fire_is_heard_and_acknowledged_once_more(
    opens: Opens, fires: Fires, up: Up
) -> None:
    """Two screens: both sound again, and one click ends it on both; the case's own page says it too."""
    one, two = opens().sign_in(), opens().sign_in(lang="en")
    screens = [one.go("/"), two.go("/")]
    for page in screens:
        page.click("#sh-sound")
        page.wait_for_selector("#sh-sound[aria-pressed=true]")
    fires(5301, 1)
    for page in screens:
        page.wait_for_selector(".sh-emergencies [data-ack]", timeout=10_000)
    case = up.cases(category="fire")[0]["id"]
    up.act(case, "acknowledge")
    screens[0].wait_for_selector(".sh-waits", state="detached", timeout=5000)
    before = [int(page.evaluate("window.smarthubSounds || 0")) for page in screens]
    fires(5301, 2)
    screens[0].wait_for_selector(".sh-waits .sh-unseen:has-text('又报警')", timeout=10_000)
    assert "又报火警" in screens[0].inner_text("[role=alert].sh-hidden")
    screens[1].wait_for_selector(".sh-waits .sh-unseen:has-text('ALARMED AGAIN')")
    assert [found["id"] for found in up.cases(category="fire")] == [case]
    for page, known in zip(screens, before, strict=True):
        assert until(lambda: int(page.evaluate("window.smarthubSounds || 0")) > known, 45)  # noqa: B023 - called at once
    shot(one, up.folder, "wall-again-zh")
    shot(two, up.folder, "wall-again-en")
    assert two.violations() == []
    head = two.go(f"/cases/{case}")
    head.wait_for_selector(".cp-flagline:has-text('ALARMED AGAIN')")
    shot(two, up.folder, "case-again-en")
    screens[0].focus(f'[data-ack="{case}"]')
    screens[0].keyboard.press("Enter")
    screens[0].wait_for_selector(".sh-waits", state="detached", timeout=5000)
    assert until(lambda: not screens[1].evaluate("document.body.classList.contains('sh-alarm')"), 5)
    done = [line["action"] for line in up.get(f"/api/v1/cases/{case}")["history"]]
    assert done.count("acknowledge") == 2
    assert one.errors == two.errors == []
