"""Who comes in, and what a screen says when it no longer tells the truth."""

import contextlib
import signal
from collections.abc import Iterator

import psutil

from tests.trust.stack import Up

from .browsing import Opens, until
from .conftest import Fires


def test_nobody_sees_a_page_without_signing_in(opens: Opens) -> None:
    """Every address leads to the sign-in, and from there back."""
    screen = opens()
    screen.page.goto(f"{screen.base}/")
    assert "/login?next=/" in screen.page.url
    screen.page.fill("#name", "admin")
    screen.page.fill("#password", "wrong")
    screen.page.click("button[type=submit]")
    assert screen.page.locator("[role=alert]").inner_text() == "The name or the password is wrong."


def test_a_fire_is_on_the_wall_and_sounds_until_it_is_acknowledged(
    opens: Opens, fires: Fires, up: Up
) -> None:
    """The lamp says that the sound is armed; the sound repeats, and ends with the acknowledgement."""
    screen = opens().sign_in()
    page = screen.go("/")
    assert "未开启" in page.inner_text("#sh-sound")
    page.click("#sh-sound")
    page.wait_for_selector("#sh-sound[aria-pressed=true]")
    fires(4711)
    page.wait_for_selector(".sh-case.sh-critical", timeout=5000)
    assert "火警" in page.inner_text(".sh-case")

    def sounds() -> int:
        return int(page.evaluate("window.smarthubSounds || 0"))

    assert until(lambda: sounds() >= 2, 15)
    case = up.cases(category="fire")[0]
    up.act(case["id"], "acknowledge")
    assert until(lambda: not page.evaluate("document.body.classList.contains('sh-alarm')"), 5)
    assert screen.errors == []


def test_a_hub_that_dies_shows_the_stale_banner_and_comes_back_by_itself(
    opens: Opens, up: Up
) -> None:
    """Within 5 s the screen says that it is not live; afterwards it is again, without a hand."""
    page = opens().sign_in().go("/")
    page.wait_for_selector("#sh-live:has-text('实时')")
    children = psutil.Process(up.process.pid).children(recursive=True)
    hub = next(child for child in children if "hub.yaml" in " ".join(child.cmdline()))
    up.process.send_signal(signal.SIGSTOP)  # else it would have a new hub up before the 5 s
    try:
        hub.kill()
        page.wait_for_selector("#sh-stale:visible", timeout=7000)
    finally:
        up.process.send_signal(signal.SIGCONT)
    assert until(lambda: page.locator("#sh-stale").is_hidden(), 40)
    page.wait_for_selector("#sh-live:has-text('实时')")


@contextlib.contextmanager
def hanging(up: Up) -> Iterator[None]:
    """Let the hub hang, and nobody start another one."""
    children = psutil.Process(up.process.pid).children(recursive=True)
    hub = next(child for child in children if "hub.yaml" in " ".join(child.cmdline()))
    up.process.send_signal(signal.SIGSTOP)
    hub.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        hub.send_signal(signal.SIGCONT)
        up.process.send_signal(signal.SIGCONT)


def test_a_screen_without_the_hub_is_heard(opens: Opens, fires: Fires, up: Up) -> None:
    """Where nothing burned a soft tone of its own says so, and may be quieted; a fire goes on."""
    page = opens().sign_in().go("/")
    page.click("#sh-sound")
    page.wait_for_selector("#sh-sound[aria-pressed=true]")
    page.wait_for_selector("#sh-live:has-text('实时')")

    def sounds() -> int:
        return int(page.evaluate("window.smarthubSounds || 0"))

    before = sounds()
    with hanging(up):
        page.wait_for_selector("#sh-stale:visible", timeout=9000)
        assert until(lambda: sounds() > before, 3)
        assert page.evaluate("window.smarthubSounded === window.smarthubTones.linkLost")
        assert until(lambda: sounds() > before + 1, 12), "it is said again"
        page.click("#sh-quiet")
        quiet = sounds()
        page.wait_for_timeout(11_000)
        assert sounds() == quiet
    page.wait_for_selector("#sh-stale", state="hidden", timeout=20_000)
    fires(4713)
    assert until(lambda: sounds() > quiet, 15), "who quieted the link quieted no fire"
    page.wait_for_selector(".sh-ack")
    with hanging(up):
        page.wait_for_selector("#sh-stale:visible", timeout=9000)
        known = sounds()
        assert until(lambda: sounds() > known + 1, 12)
        assert page.evaluate("window.smarthubSounded === window.smarthubTones.patterns.fire")
        page.locator(".sh-ack").first.click()
        assert "操作未提交" in page.inner_text("#sh-stale"), "not sent, and it is said"
    page.wait_for_selector("#sh-stale", state="hidden", timeout=20_000)
    assert page.locator(".sh-ack").count() >= 1
    assert any(not case["acknowledged_by"] for case in up.cases(category="fire"))
    for case in up.cases(category="fire"):
        if not case["acknowledged_by"]:
            up.act(case["id"], "acknowledge")
    assert until(lambda: not page.evaluate("document.body.classList.contains('sh-alarm')"), 5)


def test_a_withdrawn_session_ends_on_the_open_screen(opens: Opens, up: Up) -> None:
    """An administrator withdraws it; the screen asks to sign in again."""
    page = opens().sign_in().go("/")
    page.wait_for_selector("#sh-live:has-text('实时')")
    for token in up.get("/api/v1/tokens")["items"]:
        up.delete(f"/api/v1/tokens/{token['id']}")
    page.wait_for_url("**/login?ended=1&next=*", timeout=25_000)
    assert "登录已失效" in page.inner_text("[role=alert]")
