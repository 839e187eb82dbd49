"""The lists of cases in the browser: one class each, filtered, live, with a form for reports."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.trust.stack import Up

from .browsing import PHONE, Opens, chromium_path, until
from .case_world import (
    ELSEWHERE,
    HANDLER,
    OTHER_GRID,
    PASSWORD,
    VIEWER,
    add_people,
    says,
    serious,
    smoke,
    write_registry,
)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A hub with a fire in one compound and a tampered door, without simulated devices."""
    chromium_path()
    data = tmp_path_factory.mktemp("cases") / "data"
    write_registry(data)
    with Up(data) as started:
        add_people(started)
        smoke(started, alarm=1, smoke=35)
        says(started, "iot/c1/ac/d1/event", door="d1", card="1", event="tamper", result="", ts=0)
        assert until(lambda: len(started.cases()) == 2), started.tails()
        yield started


def test_emergencies_and_maintenance_are_never_in_one_list(opens: Opens) -> None:
    """Each class is a tab with its own number; the first one shows emergencies only."""
    screen = opens().sign_in(HANDLER, PASSWORD)
    page = screen.go("/cases")
    expect(page.locator(".cl-row")).to_have_count(1)
    expect(page.locator(".cl-row")).to_contain_text("火警")
    expect(page.locator(".cl-emergency b")).to_have_text("1")
    expect(page.locator(".cl-maintenance b")).to_have_text("1")
    page.click(".cl-maintenance")
    expect(page.locator(".cl-row")).to_contain_text("防拆")
    assert page.locator(".cl-row", has_text="火警").count() == 0
    assert screen.errors == []


def test_a_new_case_appears_without_reload_and_the_keyboard_opens_it(opens: Opens, up: Up) -> None:
    """The focus stays on the line it was on when the list is drawn anew."""
    screen = opens().sign_in(HANDLER, PASSWORD)
    page = screen.go("/cases?class=report")
    expect(page.locator(".cl-row")).to_have_count(0)
    first = up.post("/api/v1/reports", {"place": "c1-b1", "text": "路灯不亮"})["id"]
    expect(page.locator(".cl-row")).to_have_count(1)
    page.locator(".cl-row").focus()
    up.post("/api/v1/reports", {"place": "c2-b1", "text": "井盖丢失"})
    expect(page.locator(".cl-row")).to_have_count(2)
    expect(page.locator(".cl-row").first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cases/{first}")


def test_filters_narrow_the_list_and_stay_in_the_address(opens: Opens) -> None:
    """By keyboard: a text, then Enter; what is chosen is still chosen afterwards."""
    page = opens().sign_in(HANDLER, PASSWORD, lang="en").go("/cases?class=report")
    page.fill("#q-text", "井盖")
    page.keyboard.press("Enter")
    page.wait_for_url("**text=*")
    expect(page.locator(".cl-row")).to_have_count(1)
    expect(page.locator("#q-text")).to_have_value("井盖")
    page.fill("#q-text", "")
    page.fill("#q-place", OTHER_GRID[:9])
    page.keyboard.press("Enter")
    expect(page.locator(".cl-row")).to_contain_text("和平小区")
    page.select_option("#q-shown", "closed")
    page.click(".cl-filters [type=submit]")
    expect(page.locator(".sh-empty")).to_be_visible()


def test_a_matter_is_reported_and_becomes_a_case(opens: Opens, up: Up) -> None:
    """What is missing is said beside its field; then the page of the new case opens."""
    page = opens().sign_in(HANDLER, PASSWORD).go("/cases?class=report")
    page.click("[data-deed=report]")
    page.fill("form[data-form] [name=place]", "没有的地方")
    page.select_option("form[data-form] [name=category]", "dispute")
    page.fill("form[data-form] [name=text]", "楼上漏水")
    page.fill("form[data-form] [name=contact]", "13800000000")
    page.click("form[data-form] [type=submit]")
    expect(page.locator("#f-place-e")).to_contain_text("地点")
    expect(page.locator("form[data-form] [name=text]")).to_have_value("楼上漏水")
    page.fill("form[data-form] [name=place]", "c1-b1")
    page.dblclick("form[data-form] [type=submit]")
    page.wait_for_selector(".cp-head")
    expect(page.locator(".cp-text").first).to_contain_text("楼上漏水")
    expect(page.locator(".cp-people")).to_contain_text("13800000000")  # for who works on it
    assert len(up.cases(category="dispute")) == 1
    case = up.cases(category="dispute")[0]
    page = opens().sign_in(VIEWER, PASSWORD).go(f"/cases/{case['id']}")
    page.wait_for_selector(".cp-head")
    assert "13800000000" not in page.content()


def test_nobody_sees_or_reports_beyond_their_territory(opens: Opens) -> None:
    """Neither rows nor numbers; a place elsewhere is not taken."""
    page = opens().sign_in(ELSEWHERE, PASSWORD).go("/cases")
    expect(page.locator(".cl-emergency b")).to_have_text("0")
    expect(page.locator(".cl-row")).to_have_count(0)
    page.click("[data-deed=report]")
    expect(page.locator("#places option")).to_have_count(2)  # c2 and its building
    page.fill("form[data-form] [name=place]", "c1-b1")
    page.select_option("form[data-form] [name=category]", "matter")
    page.fill("form[data-form] [name=text]", "x")
    page.click("form[data-form] [type=submit]")
    expect(page.locator("#f-place-e")).to_be_visible()
    viewer = opens().sign_in(VIEWER, PASSWORD).go("/cases")
    assert viewer.locator("[data-deed]").count() == 0


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", [(1440, 900), PHONE])
def test_the_list_is_accessible_in_both_languages_and_on_a_phone(
    opens: Opens, lang: str, size: tuple[int, int]
) -> None:
    """Nothing serious is found by axe with the form open; nothing scrolls sideways."""
    screen = opens(size).sign_in(HANDLER, PASSWORD, lang=lang)
    page = screen.page

    def reporting() -> None:
        screen.go("/cases").wait_for_selector(".cl-row")
        page.click("[data-deed=report]")
        page.wait_for_selector("form[data-form]")

    assert serious(screen, reporting) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_a_phone_the_cases_come_before_the_filters(opens: Opens) -> None:
    """The first case is on the first screen; one touch shows the filters."""
    page = opens(PHONE).sign_in(HANDLER, PASSWORD).go("/cases")
    first = page.locator(".cl-row").first
    expect(first).to_be_in_viewport()
    expect(page.locator("#q-text")).to_be_hidden()
    page.click(".cl-fold > summary")
    expect(page.locator("#q-text")).to_be_visible()
