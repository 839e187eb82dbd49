"""The wall in a browser: a fire from the frame to the acknowledgement, sound, map, languages, phone."""

from tests.trust.stack import Up

from .browsing import DESKTOP, PHONE, Opens, shot, until
from .conftest import Fires


def test_a_fire_is_seen_heard_acknowledged_and_quiet(opens: Opens, fires: Fires, up: Up) -> None:
    """Without sound a red banner says so; a click arms it; the row's button ends it."""
    screen = opens().sign_in(lang="en")
    page = screen.go("/")
    fires(5001)
    row = page.locator(".sh-emergencies .sh-case.sh-waits")
    row.wait_for(timeout=5000)
    page.wait_for_selector("#sh-unarmed:visible")
    page.click("#sh-sound")
    page.wait_for_selector("#sh-unarmed", state="hidden")
    assert until(lambda: int(page.evaluate("window.smarthubSounds || 0")) >= 1, 10)
    assert "NOT ACKNOWLEDGED" in row.inner_text()
    page.click("#sh-quiet")
    assert "quiet" in page.inner_text("#sh-quiet")
    row.locator("[data-ack]").click()
    assert until(lambda: up.cases(category="fire")[0]["acknowledged_by"] == "admin")
    page.wait_for_selector(".sh-waits", state="detached", timeout=5000)
    assert screen.errors == []


def test_a_new_alarm_breaks_the_quiet(opens: Opens, fires: Fires, up: Up) -> None:
    """Sixty seconds are for the known alarms; the next fire sounds at once."""
    page = opens().sign_in().go("/")
    page.click("#sh-sound")
    fires(5002)
    assert until(lambda: int(page.evaluate("window.smarthubSounds || 0")) >= 1, 15)
    page.click("#sh-quiet")
    before = int(page.evaluate("window.smarthubSounds"))
    page.wait_for_timeout(5000)
    assert int(page.evaluate("window.smarthubSounds")) == before
    fires(5003)
    assert until(lambda: int(page.evaluate("window.smarthubSounds")) > before, 5)
    for case in up.cases(category="fire"):
        if not case["acknowledged_by"]:
            up.act(case["id"], "acknowledge")


def test_emergencies_never_share_a_list_with_other_work(opens: Opens, fires: Fires, up: Up) -> None:
    """A component's fault (bit 2) is in the lists of other work only."""
    page = opens().sign_in().go("/")
    fires(5004, 7, state=5)
    assert until(lambda: up.cases(category="device_fault"))
    page.wait_for_selector(".sh-others .sh-case")
    assert "设备故障" not in page.inner_text(".sh-emergencies")
    assert "火警" not in page.inner_text(".sh-others")


def test_the_wall_is_readable_in_both_languages_and_on_a_phone(opens: Opens, up: Up) -> None:
    """Axe finds nothing serious; nothing scrolls sideways."""
    for size, name in ((DESKTOP, "desktop"), (PHONE, "phone")):
        for lang in ("zh", "en"):
            screen = opens(size).sign_in(lang=lang)
            page = screen.go("/")
            page.wait_for_selector(".sh-others .sh-h2")
            page.wait_for_timeout(600)
            assert screen.violations() == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
            shot(screen, up.folder, f"wall-{name}-{lang}")
