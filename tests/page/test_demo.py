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


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_header_is_one_line_with_every_entry(opens: Opens, lang: str) -> None:
    """From 1400 px on, for an administrator, with the longest words of the lamps and a long name."""
    screen = opens((1400, 900)).sign_in(lang=lang)
    page = screen.go("/demo")
    page.click("#sh-sound")
    page.wait_for_selector("#sh-sound[aria-pressed=true]")
    page.evaluate("document.querySelector('.sh-me').textContent = 'administrator.li'")
    longest = """() => {
      const words = document.getElementById("sh-lamps").dataset;
      document.getElementById("sh-live").textContent = `● ${words.notready}`;
      document.getElementById("sh-quiet").hidden = false;
      const header = document.querySelector(".sh-header");
      const middle = (e) => Math.round(e.getBoundingClientRect().top + e.offsetHeight / 2);
      const parts = [...header.querySelectorAll(".sh-brand, nav a, .sh-lamp, .sh-lang, .sh-who")];
      return [parts.filter((e) => e.offsetParent).length, header.offsetHeight, new Set(parts.map(middle)).size];
    }"""
    for width in (1400, 1600, 1601, 1900, 1901, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        parts, height, lines = page.evaluate(longest)
        assert (parts, lines) == (17, 1), (width, parts, height)
        assert height < 60
