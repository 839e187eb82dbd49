"""A person keeps their place: the keyboard's focus in a list that moves, and what they type in a stall."""

import signal

import psutil

from tests.trust.stack import Up

from .browsing import PHONE, Opens, until
from .conftest import Fires

NOTES = "#ho-notes"


def hub_of(up: Up) -> psutil.Process:
    """Return the hub's own process."""
    children = psutil.Process(up.process.pid).children(recursive=True)
    return next(child for child in children if "hub.yaml" in " ".join(child.cmdline()))


def test_tabbing_through_the_cases_survives_new_fires(opens: Opens, fires: Fires, up: Up) -> None:
    """The list is drawn anew under the keyboard: the focus stays on its case, and goes on from there."""
    screen = opens().sign_in()
    page = screen.go("/")
    fires(6101)
    fires(6102)
    rows = page.locator(".sh-emergencies .sh-case")
    rows.nth(1).wait_for(timeout=10_000)
    case = rows.nth(1).get_attribute("data-id")
    rows.nth(1).locator("[data-ack]").focus()

    def focus() -> str:
        return str(page.evaluate("document.activeElement.dataset.keep || ''"))

    assert focus() == f"ack:{case}"
    fires(6103)
    rows.nth(2).wait_for(timeout=10_000)
    assert until(lambda: focus() == f"ack:{case}", 3)
    page.keyboard.press("Enter")
    assert until(lambda: next(c for c in up.cases() if c["id"] == case)["acknowledged_by"])
    page.wait_for_selector(f'[data-ack="{case}"]', state="detached", timeout=5000)
    assert until(lambda: focus() == f"case:{case}", 3), "its button is gone, its row is not"
    page.click(".sh-kpis")
    fires(6104)
    rows.nth(3).wait_for(timeout=10_000)
    assert focus() == "", "who clicked elsewhere is not called back"
    for found in up.cases(category="fire"):
        if not found["acknowledged_by"]:
            up.act(found["id"], "acknowledge")
    assert screen.errors == []


def test_a_stall_shows_the_banner_and_costs_nothing_that_is_typed(opens: Opens, up: Up) -> None:
    """The hub hangs for seven seconds: the page says so, goes on by itself, and is not loaded anew."""
    page = opens().sign_in().go("/handover")
    page.wait_for_selector("#sh-live:has-text('实时')")
    page.fill(NOTES, "泵房检修，钥匙在消控室")
    page.evaluate("window.notLoadedAnew = true")
    hub = hub_of(up)
    hub.send_signal(signal.SIGSTOP)
    try:
        page.wait_for_selector("#sh-stale:visible", timeout=9000)
    finally:
        hub.send_signal(signal.SIGCONT)
    page.wait_for_selector("#sh-stale", state="hidden", timeout=15_000)
    page.wait_for_timeout(3000)
    assert page.evaluate("window.notLoadedAnew") is True
    assert page.input_value(NOTES) == "泵房检修，钥匙在消控室"


def test_what_is_typed_outlives_a_restart_of_the_hub(opens: Opens, up: Up) -> None:
    """The page must be loaded anew then; the notes are there again, no password is kept."""
    page = opens().sign_in().go("/handover")
    page.wait_for_selector("#sh-live:has-text('实时')")
    page.fill(NOTES, "泵房检修")
    page.fill("input[type=password]", "secret-of-the-next")
    with page.expect_navigation(timeout=90_000):
        hub_of(up).kill()
    page.wait_for_function("document.querySelector('#ho-notes')?.value === '泵房检修'")
    assert page.input_value("input[type=password]") == ""
    assert "secret-of-the-next" not in page.evaluate("JSON.stringify(sessionStorage)")


def test_the_header_leaves_a_phone_its_page(opens: Opens, fires: Fires, up: Up) -> None:
    """Two lines in either language, also while something sounds; no lamp runs past the edge."""
    fires(6105)
    for lang in ("zh", "en"):
        page = opens(PHONE).sign_in(lang=lang).go("/")
        page.wait_for_selector(".sh-case")
        for arm in (False, True):
            if arm:
                page.click("#sh-sound")
                page.wait_for_selector("#sh-quiet:visible")
            assert page.evaluate("document.querySelector('.sh-header').offsetHeight") <= 84
            edges = page.evaluate(
                "[...document.querySelectorAll('.sh-lamp')].filter((l) => l.offsetWidth)"
                ".map((l) => l.getBoundingClientRect().right)"
            )
            assert len(edges) >= 3
            assert max(edges) <= PHONE[0]
    for found in up.cases(category="fire"):
        if not found["acknowledged_by"]:
            up.act(found["id"], "acknowledge")
