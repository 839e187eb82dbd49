"""One hub and one browser for each test module."""

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.trust.devices import Panel
from tests.trust.stack import Up

from .browsing import DESKTOP, Opens, Screen, browser, chromium_path

Fires = Callable[..., None]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A hub as people start it, without simulated devices."""
    chromium_path()
    with Up(tmp_path_factory.mktemp("page") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser."""
    with browser() as started:
        yield started


@pytest.fixture
def opens(up: Up, chromium: Browser) -> Iterator[Opens]:
    """Open windows that are closed after the test."""
    contexts = []

    def open_screen(size: tuple[int, int] = DESKTOP) -> Screen:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]})
        contexts.append(context)
        return Screen(context, up)

    yield open_screen
    for context in contexts:
        context.close()


@pytest.fixture
def fires(up: Up) -> Fires:
    """Let a detector of a panel say fire over real TCP, until it is acknowledged."""

    async def say(source: int, component: int, state: int) -> None:
        panel = Panel(up.ports.fire, source)
        await panel.fire(component, state=state)
        await panel.close()

    def fire(source: int, component: int = 1, *, state: int = 3) -> None:
        # In a thread: Playwright's own loop runs in this one.
        thread = threading.Thread(target=lambda: asyncio.run(say(source, component, state)))
        thread.start()
        thread.join(30)

    return fire
