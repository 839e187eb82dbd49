"""The rules on the page: what is in force, and what people found of its cases; in a browser."""

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
