"""Another site's page gets no connection to the page's framework; our own does."""

from playwright.sync_api import Page

from tests.trust.stack import Up

from .browsing import Opens

SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport="
OPEN = """(address) => new Promise((done) => {
  const socket = new WebSocket(address);
  socket.onopen = () => done("open");
  socket.onerror = () => done("refused");
})"""


def foreign(page: Page) -> Page:
    """Open a page of another site, in the same browser."""
    page.route(
        "http://evil.example/", lambda route: route.fulfill(content_type="text/html", body="<p>")
    )
    page.goto("http://evil.example/")
    return page


def test_a_foreign_page_opens_no_connection_to_the_framework(opens: Opens, up: Up) -> None:
    """In a real browser: the same address that our page lives on is refused to another."""
    address = f"ws://127.0.0.1:{up.ports.http}{SOCKET}websocket"
    screen = opens().sign_in()
    screen.go("/system")
    assert screen.page.evaluate(OPEN, address) == "open"
    assert foreign(screen.page).evaluate(OPEN, address) == "refused"


def test_a_planted_attribute_runs_nothing(opens: Opens) -> None:
    """Whatever escapes our escaping, the browser does not run an attribute."""
    page = opens().sign_in().go("/system")
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', "
        "`<img src=x onerror=\"document.title='gone'\">`)"
    )
    page.wait_for_timeout(500)
    assert page.title() != "gone"
