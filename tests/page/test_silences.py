"""Silences in a browser: previewed, created, approved by a second person; a fire is still on the page."""

import time
from collections.abc import Iterator

import pytest

from tests.trust.stack import Up

from .browsing import DESKTOP, PHONE, Opens, Screen, shot, until
from .conftest import Fires

SOURCE = 5116
DEVICE = f"gb-{SOURCE}"


@pytest.fixture(autouse=True)
def nothing_stays_silenced(up: Up) -> Iterator[None]:
    """End what a test of ours began."""
    yield
    for silence in up.get("/api/v1/silences")["items"]:
        if silence["state"] != "ended":
            up.delete(f"/api/v1/silences/{silence['id']}")


def component(up: Up, fires: Fires, number: int) -> str:
    """Return a device that the hub knows, behind our transmission device."""
    fires(SOURCE, number, state=1)
    assert until(lambda: up.get(f"/api/v1/devices?q={DEVICE}")["items"], 15)
    return str(up.get(f"/api/v1/devices?q={DEVICE}")["items"][0]["id"])


def fill(screen: Screen, *, device: str, reason: str) -> None:
    """Fill the form in."""
    page = screen.go(f"/silences?device={device}")
    page.wait_for_selector("#si-reason")
    assert page.input_value("#si-device") == device
    page.fill("#si-reason", reason)


def test_a_fire_under_an_approved_silence_is_a_marked_case(
    opens: Opens, fires: Fires, up: Up
) -> None:
    """Ordered by one, approved by another; the fire stands in the list without a sound."""
    device = component(up, fires, 7)
    screen = opens().sign_in()
    fill(screen, device=device, reason="hot works 动火 <script>")
    page = screen.page
    page.check("#si-emergencies")
    page.fill("#si-patrol", "wang")
    page.click("button[value=preview]")
    page.wait_for_selector(".sh-silence-preview")
    page.click("button[value=create]")
    page.wait_for_selector(".sh-walk-card:has-text('待第二人批准')")
    assert "<script>" in page.inner_text(".sh-walk-card"), "shown as text"
    assert page.locator("[data-deed=approve]").count() == 0, "not by its author"
    name = f"second{time.time():.0f}"
    password = str(up.post("/api/v1/users", {"name": name, "role": "dispatch"})["password"])
    other = opens().sign_in(name, password)
    page = other.go("/silences")
    page.click("[data-deed=approve]")
    page.wait_for_selector(".sh-walk-card:has-text('生效中')")
    assert until(lambda: up.cases(category="patrol"), 15)
    fires(SOURCE, 7)

    def burning() -> list[str]:
        found = up.cases(category="fire")
        return [c["id"] for c in found if c["source"] == DEVICE and c["state"] != "closed"]

    assert until(burning, 15)
    assert "silenced" in up.get(f"/api/v1/cases/{burning()[0]}")["flags"]
    page = other.go("/")
    page.wait_for_selector(".sh-emergencies .sh-case .sh-badge:has-text('静默中')")
    page.wait_for_selector(".sh-silence-strip:has-text('紧急不响铃')")
    shot(other, up.folder, "wall-silenced-zh")
    page = other.go(f"/cases/{burning()[0]}")
    page.wait_for_selector("text=静默中：不响铃、不通知")
    page = other.go("/handover")
    page.wait_for_selector("h2:has-text('静默与维护')")
    page.wait_for_selector(f"li:has([href='/cases/{burning()[0]}']) .sh-badge:has-text('静默中')")
    page = other.go("/silences")
    page.wait_for_selector("summary:has-text('已静默 1 项异常')")
    shot(other, up.folder, "silences-active-zh")
    page.click("[data-deed=end]")
    page.wait_for_selector("text=仍在持续的异常已立案")
    page.wait_for_selector(".sh-silence-strip", state="detached", timeout=10_000)
    assert until(lambda: "silenced" not in up.get(f"/api/v1/cases/{burning()[0]}")["flags"], 15)
    assert screen.errors == []
    assert other.errors == []


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_everybody_can_use_the_page(
    opens: Opens, fires: Fires, up: Up, lang: str, size: tuple[int, int]
) -> None:
    """In both languages, on a desk and a phone: no serious finding of axe, no sideways scrolling."""
    device = component(up, fires, 9)
    screen = opens(size).sign_in(lang=lang)
    fill(screen, device=device, reason="monthly 月检")
    page = screen.page
    page.click("button[value=preview]")
    page.wait_for_selector(".sh-silence-preview")
    page.click("button[value=create]")
    page.wait_for_selector(".sh-walk-card")
    found = up.get("/api/v1/silences?active=true")["items"]
    assert [(s["scope"], s["reason"]) for s in found] == [({"device": device}, "monthly 月检")]
    page.wait_for_selector(".sh-silence-strip")
    shot(screen, up.folder, f"silences-{lang}-{size[0]}")
    assert screen.violations() == []
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0
    assert screen.errors == []


def test_what_lacks_is_said_and_nothing_typed_is_lost(opens: Opens) -> None:
    """Without a scope there is nothing to silence."""
    screen = opens().sign_in()
    page = screen.go("/silences")
    page.fill("#si-reason", "月检")
    page.click("button[value=create]")
    page.wait_for_selector(".sh-walk-no:has-text('scope')")
    assert page.input_value("#si-reason") == "月检"


def test_a_viewer_sees_silences_and_has_no_button(opens: Opens, fires: Fires, up: Up) -> None:
    """Nobody without the role orders one; everybody is told."""
    device = component(up, fires, 11)
    up.post("/api/v1/silences", {"scope": {"device": device}, "reason": "x", "minutes": 5})
    name = f"looks{time.time():.0f}"
    password = str(up.post("/api/v1/users", {"name": name, "role": "read"})["password"])
    screen = opens().sign_in(name, password)
    page = screen.go("/silences")
    page.wait_for_selector(".sh-walk-card")
    assert page.locator("[data-deed]").count() == 0
    assert page.locator("form[data-form=silence]").count() == 0
