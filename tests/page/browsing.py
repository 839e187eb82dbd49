"""A real browser on the page of a real hub."""

import contextlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.trust.stack import Up

DESKTOP = (1440, 900)
PHONE = (390, 844)
PASSWORD = re.compile(r"user admin, password .*: (\S+)")
SERIOUS = {"serious", "critical"}


def chromium_path() -> str:
    """Return the browser's program; skip the test without it, fail without it in CI."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        message = "chromium is not installed: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return program


class Screen:
    """One person's browser window, signed in or not."""

    def __init__(self, context: BrowserContext, up: Up) -> None:
        """Open a window."""
        self.up = up
        self.base = f"http://127.0.0.1:{up.ports.http}"
        self.page: Page = context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def sign_in(self, name: str = "admin", password: str = "", *, lang: str = "zh") -> Self:
        """Sign in, as the administrator unless told otherwise."""
        self.page.goto(f"{self.base}/language/{lang}?next=/login")
        self.page.fill("#name", name)
        self.page.fill("#password", password or admin_password(self.up))
        self.page.click("button[type=submit]")
        self.page.wait_for_selector("#sh-lamps", state="attached")
        return self

    def go(self, path: str) -> Page:
        """Open a page of the hub and wait until its frame is drawn."""
        self.page.goto(self.base + path)
        self.page.wait_for_selector("#sh-lamps", state="attached")
        return self.page

    def violations(self) -> list[str]:
        """Return what axe finds serious on the page as it is now, one line each."""
        # A notice that fades in or out is of no colour that could be judged.
        self.page.wait_for_function(
            "!document.querySelector('[class*=q-notification][class*=-active]')"
        )
        found = Axe().run(self.page).response["violations"]
        return [
            f"{item['id']}: {item['help']}: {[node['html'][:160] for node in item['nodes'][:4]]}"
            for item in found
            if item["impact"] in SERIOUS
        ]


Opens = Callable[..., Screen]


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Run the browser; the tests of a module share it."""
    program = chromium_path()
    with sync_playwright() as playwright:
        # Without a sandbox: tests run as root, which Chromium's sandbox refuses.
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield started
        finally:
            started.close()


def admin_password(up: Up) -> str:
    """Return the password that the first start printed."""
    said = up.folder.with_name(f"{up.folder.name}.out").read_text()
    found = PASSWORD.search(said)
    assert found, said
    return found[1]


def until(check: Callable[[], object], seconds: float = 20.0) -> bool:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return True
        time.sleep(0.1)
    return False


def shot(screen: Screen, folder: Path, name: str) -> None:
    """Keep a picture for people, when SMARTHUB_SHOTS names a folder."""
    kept = Path(os.environ.get("SMARTHUB_SHOTS") or folder)
    kept.mkdir(parents=True, exist_ok=True)
    screen.page.screenshot(path=kept / f"{name}.png", full_page=True)
