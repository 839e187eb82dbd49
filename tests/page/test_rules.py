"""The rules on the page: what is in force, and what people found of its cases; in a browser."""

from functools import partial
from typing import Any

from playwright.sync_api import Locator

from tests.trust.stack import Up

from .browsing import DESKTOP, PHONE, Opens, shot, until
from .case_world import smoke

IMEI = "860000000000001"


def test_a_rule_shows_what_people_found_of_its_cases(opens: Opens, up: Up) -> None:
    """A fire found false counts for its rule, hour, cause and device; the text is there."""
    smoke(up, device=IMEI, alarm=1)
    assert until(lambda: up.cases(category="fire"))
    (case,) = up.cases(category="fire")
    up.act(
        case["id"], "confirm", outcome="false", cause="cooking", checked_by="wang",
        checked_how="phone",
    )  # fmt: skip
    for size, name in ((DESKTOP, "desktop"), (PHONE, "phone")):
        for lang, cause in (("zh", "烹饪油烟 1"), ("en", "cooking 1")):
            screen = opens(size).sign_in(lang=lang)
            page = screen.go("/rules")
            page.click(f"main a[href='/rules/{case['rule']}']")
            page.wait_for_selector(f"text={cause}")
            text = page.inner_text("main")
            assert "0 / 1 / 0" in text
            assert f"nb-{IMEI}" in text
            assert "fire_alarm" in page.inner_text("pre")
            assert screen.violations() == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
            shot(screen, up.folder, f"rule-{name}-{lang}")
            page = screen.go("/rules")
            assert screen.violations() == []
            shot(screen, up.folder, f"rules-{name}-{lang}")


def test_a_rule_that_is_not_in_force_is_none(opens: Opens) -> None:
    """Whatever its name holds."""
    page = opens().sign_in(lang="en").go("/rules/%3Cscript%3E")
    page.wait_for_selector("text=No such rule is in force")


def test_a_changed_rule_is_tried_on_history_and_nothing_takes_effect(opens: Opens, up: Up) -> None:
    """What would be missed is said at once, with a report; a mistake with its line."""
    smoke(up, device="860000000000002", alarm=1)
    assert until(lambda: up.cases(category="fire"))
    for lang, missed in (("zh", "会漏掉"), ("en", "would be missed")):
        screen = opens(DESKTOP).sign_in(lang=lang)
        page = screen.go("/rules/fire-alarm")
        field = page.locator("textarea[name=text]")
        text = field.input_value()
        field.fill(text + "\nnonsense: 1")
        page.click("button[value=try]")
        page.wait_for_selector("pre.sh-walk-no >> text=fire-alarm:", timeout=60_000)
        field.fill(text.replace("[smoke_detector, ", "["))
        page.click("button[value=try]")
        page.wait_for_selector(f"text={missed}", timeout=60_000)
        assert screen.violations() == []
        shot(screen, up.folder, f"rule-trial-{lang}")
        address = page.get_attribute("a[href^='/page/rules/trial/']", "href")
        answer = page.request.get(f"http://127.0.0.1:{up.ports.http}{address}")
        assert (answer.status, "MISSED" in answer.text()) == (200, True)
        page.goto(f"http://127.0.0.1:{up.ports.http}{address}")
        page.wait_for_selector("svg")
        shot(screen, up.folder, f"rule-report-{lang}")
    assert "fire_alarm" in opens().sign_in(lang="en").go("/rules/fire-alarm").inner_text(
        "pre.sh-pre"
    )


def hot(up: Up) -> list[dict[str, Any]]:
    """Return the cases of the heat rule."""
    return [case for case in up.cases() if case["rule"] == "high-temperature"]


def holds(field: Locator, text: str) -> bool:
    """Whether a text stands in a field."""
    return text in field.input_value()


def test_a_better_limit_is_found_and_its_text_can_be_tried(opens: Opens, up: Up) -> None:
    """58 °C was a kitchen: 62.7 would have spared it; one click puts that into the text."""
    smoke(up, device="860000000000003", temp=58)
    assert until(lambda: hot(up), 60)
    (case,) = hot(up)
    up.act(
        case["id"], "confirm", outcome="false", cause="cooking", checked_by="wang",
        checked_how="phone",
    )  # fmt: skip
    for size, lang, said, harmless in (
        (PHONE, "zh", "减少误报 1 件", "不会漏掉任何真实案件"),
        (DESKTOP, "en", "spares 1 false alarm", "No real case and no emergency would be missed"),
    ):
        screen = opens(size).sign_in(lang=lang)
        page = screen.go("/rules/high-temperature")
        field = page.locator("textarea[name=text]")
        assert "above: 57" in field.input_value()
        page.click("button[value=propose]")
        page.wait_for_selector(f"text={said}", timeout=60_000)
        assert screen.violations() == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
        shot(screen, up.folder, f"rule-proposal-{lang}")
        page.click("tr:has-text('above 62.7') button")
        assert until(partial(holds, field, "above: 62.7"))
        page.click("button[value=try]")
        page.wait_for_selector(f"text={harmless}", timeout=60_000)
    assert screen.go("/rules/fire-alarm").locator("button[value=propose]").count() == 0
