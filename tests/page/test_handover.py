"""The hand-over in a browser: ticked, confirmed by the next person, kept, printed."""

import re

from tests.trust.stack import Up

from .browsing import DESKTOP, PHONE, Opens, shot, until
from .conftest import Fires

PASSWORD_LENGTH = 16


def incoming(up: Up, name: str) -> str:
    """Add a dispatcher; return the password."""
    made = up.post("/api/v1/users", {"name": name, "role": "dispatch"})
    assert len(made["password"]) == PASSWORD_LENGTH
    return str(made["password"])


def test_a_shift_with_an_open_fire_is_handed_over_and_printed(
    opens: Opens, fires: Fires, up: Up
) -> None:
    """The fire must be ticked; a wrong password changes nothing; the sheet holds both names."""
    password = incoming(up, "韩梅梅")
    fires(4711)
    assert until(lambda: up.cases(category="fire"), 15)
    case = up.cases(category="fire")[0]["id"]
    screen = opens().sign_in()
    page = screen.go("/handover")
    page.wait_for_selector(f"[data-tick='{case}']")
    page.fill("#ho-notes", "<script>document.title='gone'</script>\n第二行")
    page.fill("#ho-incoming", "韩梅梅")
    page.fill("#ho-password", "wrong")
    page.click("form[data-form=handover] button")
    page.wait_for_selector(f".pp-refused:has-text('未勾选紧急案件 {case}')")
    page.check(f"[data-tick='{case}']")
    page.click("form[data-form=handover] button")
    page.wait_for_selector(".pp-refused:has-text('密码错误')")
    fires(4712)  # the list is drawn anew: the tick must still be there
    page.wait_for_function("document.querySelectorAll('[data-tick]').length === 2")
    assert page.is_checked(f"[data-tick='{case}']")
    assert "第二行" in page.input_value("#ho-notes")
    for tick in page.query_selector_all("[data-tick]"):
        tick.check()
    page.fill("#ho-password", password)
    shot(screen, up.folder, "handover-desktop-zh")
    page.click("form[data-form=handover] button")
    page.wait_for_url(re.compile(r"/handover/\d+$"))
    page.wait_for_selector(".pp-signs")
    text = page.inner_text(".pp-sheet")
    assert page.title() != "gone"
    for word in ("admin", "韩梅梅", case, "<script>document", "记录完整", "未接警", "☑ 已当面交代"):
        assert word in text
    page.emulate_media(media="print")
    white = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(white) == "rgb(255, 255, 255)"
    assert page.locator(".sh-header").is_hidden()
    assert page.locator("#ho-print").is_hidden()
    shot(screen, up.folder, "handover-print")
    assert screen.errors == []


def test_the_page_is_accessible_on_every_screen(opens: Opens, up: Up) -> None:
    """Both languages, desktop and phone, the present shift and a kept sheet."""
    for size, name in ((DESKTOP, "desktop"), (PHONE, "phone")):
        for lang in ("zh", "en"):
            screen = opens(size).sign_in(lang=lang)
            for path, what in (("/handover", "now"), ("/handover/1", "kept")):
                page = screen.go(path)
                page.wait_for_selector(".sh-kpis")
                assert screen.violations() == []
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
                shot(screen, up.folder, f"handover-{what}-{name}-{lang}")
            assert screen.errors == []


def test_a_hand_over_of_another_territory_is_as_if_it_were_not_there(opens: Opens, up: Up) -> None:
    """A street's dispatcher does not read the district's sheet; an odd number is no sheet."""
    password = up.post(
        "/api/v1/users", {"name": "street", "role": "dispatch", "grid": "150302001000"}
    )["password"]
    screen = opens().sign_in("street", password, lang="en")
    for number in ("1", "999999", "٣", "9" * 40, "x"):
        assert "no such hand-over" in screen.go(f"/handover/{number}").inner_text("main")


def test_who_only_reads_sees_no_form(opens: Opens, up: Up) -> None:
    """Nothing to tick and nothing to send."""
    password = up.post("/api/v1/users", {"name": "viewer", "role": "read"})["password"]
    page = opens().sign_in("viewer", password).go("/handover")
    page.wait_for_selector(".sh-kpis")
    assert page.locator("form[data-form=handover], [data-tick]").count() == 0
