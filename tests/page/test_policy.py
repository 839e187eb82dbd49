"""No other site acts through a signed-in browser, and no page loads anything from elsewhere."""

import urllib.error
import urllib.request

import pytest

from tests.trust.stack import Up

from .browsing import Opens, admin_password

PAGES = ("/", "/cases", "/system", "/accounts", "/handover", "/devices")


def post(up: Up, path: str, body: str = "", **headers: str) -> int:
    """Send a form as a browser would; return the status, of a redirect too."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{up.ports.http}{path}", data=body.encode(), method="POST",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )  # fmt: skip

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            """Follow nothing."""

    try:
        return int(urllib.request.build_opener(Stay).open(request, timeout=10).status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize("path", ["/login", "/logout"])
def test_a_form_of_another_site_signs_nobody_in_or_out(up: Up, path: str) -> None:
    """By Sec-Fetch-Site, by Origin, and by an origin that is hidden."""
    here = f"127.0.0.1:{up.ports.http}"
    body = f"name=admin&password={admin_password(up)}"
    for headers in (
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "cross-site", "Origin": f"http://{here}"},
        {"Origin": "http://evil.example"},
        {"Origin": f"http://{here}.evil.example"},
        {"Origin": "null"},
    ):
        assert post(up, path, body, **headers) == 403, headers
    for headers in (
        {},
        {"Sec_Fetch_Site": "same-origin"},
        {"Origin": f"http://{here}"},
        {"Origin": "https://hub.example", "X_Forwarded_Host": "hub.example"},
    ):
        assert post(up, path, body, **headers) == 303, headers


def test_a_foreign_page_cannot_sign_a_browser_out(opens: Opens) -> None:
    """A real form on a real other origin; afterwards the session still lives."""
    screen = opens().sign_in()
    page = screen.page
    page.route(
        "http://evil.example/",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f"<form method=post action='{screen.base}/logout'><button>x</button></form>",
        ),
    )
    page.goto("http://evil.example/")
    with page.expect_response("**/logout") as answer:
        page.click("button")
    assert answer.value.status == 403
    assert "/login" not in screen.go("/").url


def test_every_page_lives_with_a_policy_that_lets_nothing_foreign_in(opens: Opens) -> None:
    """No page breaks its own policy; a foreign script, picture, request and form are stopped."""
    screen = opens()
    broken: list[str] = []
    screen.page.on(
        "console",
        lambda said: broken.append(said.text) if "Content Security Policy" in said.text else None,
    )
    screen.sign_in()
    for path in PAGES:
        page = screen.go(path)
        page.wait_for_selector("#sh-live:has-text('实时')")
    assert broken == []
    assert screen.errors == []
    stopped = screen.page.evaluate("""async () => {
        const seen = [];
        document.addEventListener("securitypolicyviolation", (e) => seen.push(e.effectiveDirective));
        const script = document.createElement("script"); script.src = "http://evil.example/x.js";
        const picture = document.createElement("img"); picture.src = "http://evil.example/x.png";
        document.head.append(script); document.body.append(picture);
        await fetch("http://evil.example/x").catch(() => 0);
        await new Promise((done) => setTimeout(done, 500));
        return seen.sort();
    }""")
    assert stopped == ["connect-src", "img-src", "script-src-elem"]


def test_the_sign_in_runs_no_script_at_all(opens: Opens) -> None:
    """Where passwords are typed, even a script in the page itself does nothing."""
    screen = opens()
    screen.page.goto(f"{screen.base}/login")
    screen.page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "document.title = 'gone'";
        document.head.append(script);
    }""")
    assert screen.page.title() != "gone"
