"""A walk test in a browser: started, seen everywhere, its fire marked, stopped, and real again."""

import time
from collections.abc import Iterator

import pytest

from tests.trust.stack import Up

from .browsing import DESKTOP, PHONE, Opens, Screen, shot, until
from .conftest import Fires

SOURCE = 5115
DEVICE = f"gb-{SOURCE}"
HOSTILE = "<script>document.title='gone'</script>\u202egnirts"


@pytest.fixture(autouse=True)
def no_test_is_left(up: Up) -> Iterator[None]:
    """Stop what a test of ours began."""
    yield
    for test in up.get("/api/v1/walk-tests?running=true")["items"]:
        up.delete(f"/api/v1/walk-tests/{test['id']}")


def start(screen: Screen, *, device: str, reason: str) -> None:
    """Fill the form in and send it."""
    page = screen.go(f"/walk-tests?device={device}")
    page.wait_for_selector("#wt-reason")
    assert page.input_value("#wt-device") == device
    page.fill("#wt-reason", reason)
    page.click("form[data-form=walk-test] button")
    page.wait_for_selector(".sh-walk-card")


def fires_of(up: Up, mode: str) -> list[str]:
    """Return the ids of the open fires of our panel in a mode."""
    found = up.cases(category="fire", mode=mode)
    return [c["id"] for c in found if c["source"] == DEVICE and c["state"] != "closed"]


def test_a_fire_in_a_walk_test_is_marked_and_real_once_the_test_is_stopped(
    opens: Opens, fires: Fires, up: Up
) -> None:
    """Over real TCP: a detector behind a transmission device that is under test."""
    fires(SOURCE, 7, state=1)  # the hub must know the panel
    assert until(lambda: up.get(f"/api/v1/devices?q={DEVICE}")["items"], 15)
    screen = opens().sign_in()
    # The component alone is heard: its source is what fronts it.
    component = up.get(f"/api/v1/devices?q={DEVICE}")["items"][0]["id"]
    body: dict[str, object] = {
        "subject": component,
        "reason": HOSTILE.replace("\u202e", ""),
        "id": "one",
    }
    up.post("/api/v1/walk-tests", body)
    page = screen.go("/")
    page.wait_for_selector(".sh-walk:has-text('巡检测试进行中')")
    assert component in page.inner_text(".sh-walk")
    fires(SOURCE, 7)
    assert until(lambda: fires_of(up, "test"), 15)
    assert fires_of(up, "real") == []
    case = fires_of(up, "test")[0]
    assert "walk_test" in up.get(f"/api/v1/cases/{case}")["flags"]
    page = screen.go(f"/cases/{case}")
    page.wait_for_selector("text=巡检测试")
    page = screen.go(f"/devices/{component}")
    page.wait_for_selector(".sh-badge:has-text('巡检测试')")
    page = screen.go("/handover")
    page.wait_for_selector("h2:has-text('巡检测试进行中')")
    page = screen.go("/walk-tests")
    page.wait_for_selector("summary:has-text('已触发 1 台设备')")
    page.click("summary")
    assert "<script>" in page.inner_text(".sh-walk-card"), "shown as text"
    assert page.title() != "gone"
    shot(screen, up.folder, "walk-tests-running-zh")
    page.click("[data-stop='one']")
    assert until(lambda: fires_of(up, "real"), 15)
    page.wait_for_selector("text=仍在报警的设备已转为真实案件")
    assert until(lambda: page.locator(".sh-walk").count() == 0, 10)
    assert screen.errors == []


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_test_is_started_by_form_and_everybody_can_use_the_page(
    opens: Opens, fires: Fires, up: Up, lang: str, size: tuple[int, int]
) -> None:
    """In both languages, on a desk and a phone: no serious finding of axe, no sideways scrolling."""
    fires(SOURCE, 9, state=1)
    assert until(lambda: up.get(f"/api/v1/devices?q={DEVICE}")["items"], 15)
    device = up.get(f"/api/v1/devices?q={DEVICE}")["items"][-1]["id"]
    screen = opens(size).sign_in(lang=lang)
    start(screen, device=device, reason="monthly 月检")
    page = screen.page
    (test,) = up.get("/api/v1/walk-tests?running=true")["items"]
    assert (test["subject"], test["actor"], test["reason"]) == (device, "admin", "monthly 月检")
    page.wait_for_selector(".sh-walk")
    shot(screen, up.folder, f"walk-tests-{lang}-{size[0]}")
    assert screen.violations() == []
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0
    assert screen.errors == []


def test_what_there_is_not_is_refused_and_nothing_typed_is_lost(opens: Opens, up: Up) -> None:
    """A slip of the pen in a device's id."""
    screen = opens().sign_in()
    page = screen.go("/walk-tests")
    page.fill("#wt-device", "nobody")
    page.fill("#wt-reason", "月检")
    page.click("form[data-form=walk-test] button")
    page.wait_for_selector(".sh-walk-no:has-text('没有这台设备或小区')")
    assert page.input_value("#wt-reason") == "月检"
    assert up.get("/api/v1/walk-tests?running=true")["items"] == []


def test_a_viewer_sees_the_test_and_has_no_button(opens: Opens, fires: Fires, up: Up) -> None:
    """Nobody without the role starts or stops one; everybody is told."""
    fires(SOURCE, 11, state=1)
    assert until(lambda: up.get(f"/api/v1/devices?q={DEVICE}")["items"], 15)
    device = up.get(f"/api/v1/devices?q={DEVICE}")["items"][-1]["id"]
    up.post("/api/v1/walk-tests", {"subject": device, "reason": "x", "id": f"v{time.time():.0f}"})
    name = f"viewer{time.time():.0f}"
    password = str(up.post("/api/v1/users", {"name": name, "role": "read"})["password"])
    screen = opens().sign_in(name, password)
    page = screen.go("/walk-tests")
    page.wait_for_selector(".sh-walk-card")
    assert page.locator("[data-stop]").count() == 0
    assert page.locator("form[data-form=walk-test]").count() == 0
