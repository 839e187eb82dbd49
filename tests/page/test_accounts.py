"""Accounts: added, changed and withdrawn by administrators; one's own password by everybody."""

from hub.page.accounts_html import TOKENS_SHOWN
from tests.trust.stack import Up

from .browsing import DESKTOP, PHONE, Opens, Screen, shot

EVIL = "<script>document.title='gone'</script>"


def add(screen: Screen, name: str, role: str = "dispatch", grid: str = "") -> str:
    """Add somebody on the page; return the password that it shows."""
    page = screen.go("/accounts")
    page.fill("#new-name", name)
    page.select_option("#new-role", role)
    page.fill("#new-grid", grid)
    page.click("form[data-form=add] button")
    page.wait_for_selector("#pp-password")
    return page.inner_text("#pp-password")


def test_somebody_is_added_and_signs_in_and_changes_their_password(opens: Opens, up: Up) -> None:
    """The drawn password is shown once; the own one needs the old, and ends the other session."""
    admin = opens().sign_in()
    drawn = add(admin, "李雷")
    assert drawn not in admin.go("/accounts").content()
    other = opens().sign_in("李雷", drawn)
    mine = opens().sign_in("李雷", drawn)
    page = mine.go("/accounts")
    assert page.locator("#new-name").count() == 0  # no administrator
    for old, new, again, said in (
        ("wrong", "long enough 1", "long enough 1", "当前密码错误"),
        (drawn, "long enough 1", "long enough 2", "两次输入"),
        (drawn, "short", "short", "至少 10 位"),
        (drawn, "long enough 1", "long enough 1", "密码已修改"),
    ):
        for name, value in (("old", old), ("new", new), ("again", again)):
            page.fill(f"#own-{name}", value)
        page.click("form[data-form=own] button")
        page.wait_for_selector(f".pp-said:has-text('{said}')")
    assert mine.go("/accounts").url.endswith("/accounts")
    other.page.goto(f"{other.base}/accounts")
    assert "/login" in other.page.url
    kept = admin.go("/accounts").inner_text("main")
    assert "本人改密码" in kept
    assert "李雷" in {item["name"] for item in up.get("/api/v1/users")["items"]}


def test_a_removed_user_is_out_at_once_and_the_last_administrator_stays(opens: Opens) -> None:
    """The open screen of somebody removed leads to the sign-in; admin cannot remove itself."""
    admin = opens().sign_in(lang="en")
    drawn = add(admin, "韩梅梅", "maintenance", "150302001000")
    theirs = opens().sign_in("韩梅梅", drawn)
    page = admin.go("/accounts")
    for name in ("韩梅梅", "admin"):
        user = page.locator(f"details.pp-user:has(summary:has-text('{name}'))")
        user.locator("summary").first.click()
        user.locator("details summary").click()
        user.locator("button[data-deed=remove]").click()
        page.wait_for_selector(f".pp-said:has-text('{name} is')")
    assert "last administrator" in page.inner_text(".pp-refused")
    theirs.page.goto(f"{theirs.base}/accounts")
    assert "/login" in theirs.page.url


def test_role_and_territory_are_changed_and_a_session_is_withdrawn(opens: Opens, up: Up) -> None:
    """Both take effect at once."""
    admin = opens().sign_in(lang="en")
    drawn = add(admin, "wang")
    theirs = opens().sign_in("wang", drawn)
    page = admin.go("/accounts")
    user = page.locator("details.pp-user:has(summary:has-text('wang'))")
    user.locator("summary").first.click()
    user.locator("select").select_option("read")
    user.locator("input[name=grid]").fill("150302001000")
    user.locator("form button").click()
    page.wait_for_selector(".pp-said:has-text('saved')")
    assert {"name": "wang", "role": "read", "grid": "150302001"} in up.get("/api/v1/users")["items"]
    theirs.page.goto(f"{theirs.base}/accounts")
    assert "/login" in theirs.page.url
    theirs.sign_in("wang", drawn)
    page = admin.go("/accounts")
    page.locator("tr:has-text('wang') button[data-deed=revoke]").click()
    page.wait_for_selector(".pp-said:has-text('Withdrawn')")
    theirs.page.goto(f"{theirs.base}/accounts")
    assert "/login" in theirs.page.url


def test_names_are_inert_and_the_page_is_accessible_on_every_screen(opens: Opens, up: Up) -> None:
    """Both languages, desktop and phone; a name that would be a script is text."""
    up.post("/api/v1/tokens", {"name": EVIL, "role": "read"})
    for size, name in ((DESKTOP, "desktop"), (PHONE, "phone")):
        for lang in ("zh", "en"):
            screen = opens(size).sign_in(lang=lang)
            page = screen.go("/accounts")
            page.wait_for_selector("text=<script>document")
            assert page.title() != "gone"
            page.locator("details.pp-user summary").first.click()
            assert screen.violations() == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
            assert screen.errors == []
            shot(screen, up.folder, f"accounts-{name}-{lang}")


def test_a_thousand_tokens_send_a_hundred_rows(opens: Opens, up: Up) -> None:
    """The newest; how many more there are is said."""
    for number in range(TOKENS_SHOWN + 20):
        up.post("/api/v1/tokens", {"name": f"screen {number}", "role": "read"})
    page = opens().sign_in(lang="en").go("/accounts")
    page.wait_for_selector("text=more")
    assert page.locator("button[data-deed=revoke]").count() <= TOKENS_SHOWN
