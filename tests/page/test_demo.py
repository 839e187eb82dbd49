"""The demo: it says that nothing is real, and an incident planted by click becomes a case."""

from collections.abc import Iterator

import pytest

from tests.trust.stack import Up

from .browsing import PHONE, Opens, chromium_path


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A hub with the simulated district, as `make run` starts it, ten times as fast as life."""
    chromium_path()
    folder = tmp_path_factory.mktemp("demo") / "data"
    with Up(folder, "--demo", "--speed", "10") as started:
        yield started


def test_every_page_says_that_it_is_simulated(opens: Opens) -> None:
    """In both languages, also on a phone."""
    assert "SIMULATED" in opens(PHONE).sign_in(lang="en").go("/").inner_text(".sh-simulated")
    assert "模拟演示" in opens().sign_in(lang="zh").go("/demo").inner_text(".sh-simulated")


def test_an_incident_planted_by_click_becomes_a_simulated_case(opens: Opens, up: Up) -> None:
    """The simulator plays it over the real protocols; the case is marked."""
    screen = opens().sign_in()
    page = screen.go("/demo")
    before = {case["id"] for case in up.cases(category="isolation")}
    page.click("#plant-dry_hydrant")
    page.wait_for_selector("text=已下达")
    for _ in range(200):
        new = [case for case in up.cases(category="isolation") if case["id"] not in before]
        if new:
            break
        page.wait_for_timeout(100)
    assert new[0]["mode"] == "simulated"
    assert screen.violations() == []
