"""Measures how long every page takes in a real Chromium: `python -m benchmarks.pages [--quick]`.

A hub with 10,000 registered and heard devices and 1,000 open cases beside one with next to nothing, in
the same run. A time runs from the click to the moment at which what one came for is drawn, not to the
first byte. Exit code 1 when a page never showed it, 2 when Chromium is missing.
"""

import argparse
import platform
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import psutil
from playwright.sync_api import (
    BrowserContext,
    BrowserType,
    Error,
    Page,
    ViewportSize,
    sync_playwright,
)
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.page.browsing import Screen
from tests.trust.stack import Up

from .district import LARGE, SMALL, District, living
from .measure import Watched

AIM_MS = 1000.0
TIMES = 9
SHOWN_MS = 20_000
WIDTH = 100  # of the table, also into a file
WARM = 3  # visits before the first that counts: a browser keeps compiled scripts from the third on
SETTLE_MS = 400  # for what a page sends after it is drawn
SCREEN: ViewportSize = {"width": 1920, "height": 1080}
# Drawn and of some size: an element that the framework has made and hidden is no content.
_SHOWN = """(wanted) => wanted.every((one) => {
  const found = document.querySelector(one);
  return found && found.getClientRects().length > 0;
}) && [performance.now(), performance.getEntriesByType("navigation")[0].responseEnd]"""


class Shown(NamedTuple):
    """A page, and what must be on it before it counts as there."""

    name: str
    path: str
    content: tuple[str, ...]


class Took(NamedTuple):
    """How long a page took, each time (ms), until its answer was whole, what it cost, the most bytes."""

    times: list[float]
    answers: list[float]
    size: int
    hub_ms: float = 0.0  # CPU of the hub for one view, with what it does meanwhile anyway

    @property
    def median(self) -> float:
        """Return the median time in ms, infinite if it never showed."""
        return statistics.median(self.times) if self.times else float("inf")


def pages_of(up: Up, district: District) -> list[Shown]:
    """Return every page that a person of the hub opens."""
    fire = up.cases(category="fire")[0]["id"]
    device = up.cases(category="battery_low")[0]["subject"]
    row, table = ".sh-case", ".sh-table tbody tr"
    search = f"/devices?q={district.registered - 1:011d}"
    return [
        Shown("wall", "/", (f".sh-emergencies {row}", f".sh-others {row}", "a.sh-mark", ".sh-kpi")),
        Shown("wall of a compound", "/?compound=c0", (".sh-only", "a.sh-mark")),
        Shown("cases: emergencies", "/cases", (".cl-list li", ".cl-tabs")),
        Shown("cases: maintenance", "/cases?class=maintenance", (".cl-list li", ".cl-tabs")),
        Shown("cases: a word in all", "/cases?shown=all&text=楼", (".cl-tabs", ".cl-count")),
        Shown("a case", f"/cases/{fire}", (".cp-r-head *", ".cp-r-call *", ".cp-r-proof *")),
        Shown("devices", "/devices", (table,)),
        Shown("devices: a search", search, (table,)),
        Shown("a device", f"/devices/{device}", (".sh-main h2", "canvas")),
        Shown("unregistered", "/devices/unregistered", (table,)),
        Shown("walk tests", "/walk-tests", (".sh-walk-page form", ".sh-walk-card")),
        Shown("hand-over", "/handover", (".pp-cases li", ".pp-page form")),
        Shown("system", "/system", (table,)),
        Shown("accounts", "/accounts", (".pp-user",)),
    ]  # fmt: skip


class Counter:
    """Counts what comes over the wire for a page: answers and the framework's own messages."""

    def __init__(self, page: Page) -> None:
        """Listen to the browser's own account."""
        self.bytes = 0
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", self._loaded)
        session.on("Network.webSocketFrameReceived", self._frame)

    def _loaded(self, event: "dict[str, float]") -> None:
        self.bytes += int(event["encodedDataLength"])

    def _frame(self, event: "dict[str, dict[str, str]]") -> None:
        self.bytes += len(event["response"]["payloadData"])


def measure(up: Up, context: BrowserContext, shown: Shown, times: int) -> Took:
    """Open a page again and again; the first times, which fill the browser's caches, do not count."""
    took = Took([], [], 0)
    children = psutil.Process(up.process.pid).children(recursive=True)
    hub = next(child for child in children if "hub.yaml" in " ".join(child.cmdline()))
    for number in range(-WARM, times):
        if number == 0:
            watched = Watched(hub.pid)
        page = context.new_page()
        counter = Counter(page)
        try:
            page.goto(f"http://127.0.0.1:{up.ports.http}{shown.path}", wait_until="commit")
            handle = page.wait_for_function(
                _SHOWN, arg=list(shown.content), polling="raf", timeout=SHOWN_MS
            )
            shown_at, answered = (float(ms) for ms in handle.json_value())
            page.wait_for_timeout(SETTLE_MS)
        except Error:
            return Took([], [], counter.bytes)
        finally:
            page.close()
        if number >= 0:
            took.times.append(shown_at)
            took.answers.append(answered)
            took = took._replace(size=max(took.size, counter.bytes))
    return took._replace(hub_ms=watched.use().cpu_s * 1000 / times)


def visit(
    chromium: BrowserType, program: str, district: District, progress: Progress, times: int
) -> dict[str, Took]:
    """Start a hub with a district and open all its pages, in a browser with a profile as people have it."""
    with (
        tempfile.TemporaryDirectory() as name,
        tempfile.TemporaryDirectory() as profile,
        living(district, Path(name), progress) as up,
    ):
        # Without a sandbox: Chromium's refuses root, which containers run as.
        context = chromium.launch_persistent_context(
            profile, executable_path=program, args=["--no-sandbox"], viewport=SCREEN
        )
        Screen(context, up).sign_in().page.close()
        pages = pages_of(up, district)
        task = progress.add_task("pages", total=len(pages))
        found = {}
        for shown in pages:
            progress.update(task, description=f"{shown.name}")
            found[shown.name] = measure(up, context, shown, times)
            progress.advance(task)
        context.close()
        return found


def report(large: dict[str, Took], small: dict[str, Took]) -> Table:
    """Return the table: a page a row, and how much the load costs it."""
    table = Table(
        title=f"smarthub's pages on {platform.machine()}: {LARGE.registered:,} devices,"
        f" {LARGE.cases:,} open cases; aim < {AIM_MS:.0f} ms"
    )
    for column in (
        "page",
        "median ms",
        "max",
        "answer",
        "hub CPU",
        "KB",
        "small hub",
        "ratio",
        "small KB",
    ):
        table.add_column(column, justify="left" if column == "page" else "right", no_wrap=True)
    for name, took in large.items():
        plain = small[name]
        if not took.times or not plain.times:
            table.add_row(name, "[red]never shown", *[""] * 7)
            continue
        colour = "[green]" if max(took.times) < AIM_MS else "[yellow]"
        table.add_row(
            name, f"{colour}{took.median:.0f}", f"{colour}{max(took.times):.0f}",
            f"{statistics.median(took.answers):.0f}", f"{took.hub_ms:.0f}", f"{took.size / 1000:.0f}",
            f"{plain.median:.0f}",
            f"{took.median / plain.median:.2f}", f"{plain.size / 1000:.0f}",
        )  # fmt: skip
    return table


def main() -> int:
    """Run from the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="each page three times only")
    times = 3 if parser.parse_args().quick else TIMES
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        print("chromium is not installed: apt-get install chromium", file=sys.stderr)
        return 2
    with Progress() as progress, sync_playwright() as playwright:
        small = visit(playwright.chromium, program, SMALL, progress, times)
        large = visit(playwright.chromium, program, LARGE, progress, times)
    Console(width=WIDTH).print(report(large, small))
    missing = [name for name, took in (large | small).items() if not took.times]
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
