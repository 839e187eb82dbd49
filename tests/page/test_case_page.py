"""One case in the browser: from the fire to a closing with proof, and everything beside it."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.trust.stack import Up

from .browsing import PHONE, Opens, Screen, chromium_path, shot, until
from .case_world import (
    ELSEWHERE,
    FIXER,
    HANDLER,
    PASSWORD,
    SOURCE,
    VERIFIER,
    VIEWER,
    add_people,
    says,
    serious,
    smoke,
    write_registry,
)
from .conftest import Fires


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A hub with a registry and people of every role, without simulated devices."""
    chromium_path()
    data = tmp_path_factory.mktemp("case") / "data"
    write_registry(data)
    with Up(data) as started:
        add_people(started)
        yield started


def case_of(up: Up, category: str) -> str:
    """Return the id of the newest open case of a category, once there is one."""
    found: list[str] = []

    def there() -> bool:
        found[:] = [case["id"] for case in up.cases(category=category, open="true")]
        return bool(found)

    assert until(there), up.tails()
    return found[0]


def opened(screen: Screen, case: str, name: str, *, lang: str = "zh") -> Page:
    """Sign in as somebody and open a case."""
    screen.sign_in(name, PASSWORD, lang=lang)
    page = screen.go(f"/cases/{case}")
    page.wait_for_selector(".cp-head")
    return page


def do(page: Page, deed: str, **fields: str) -> None:
    """Open a deed's form, fill it and send it."""
    button = page.locator(f"[data-deed={deed}]:not([data-once])").first
    if not button.is_visible():
        page.click(".cp-more summary")
    button.click()
    page.wait_for_selector(f"form[data-form={deed}]")
    for name, value in fields.items():
        control = page.locator(f"form [name={name}]")
        if control.evaluate("e => e.tagName") == "SELECT":
            control.select_option(value)
        elif control.get_attribute("type") == "checkbox":
            control.check()
        else:
            control.fill(value)
    page.click("form[data-form] [type=submit]")


def test_a_fire_is_worked_on_refused_for_its_missing_proof_and_closed_by_a_second_person(
    opens: Opens, fires: Fires, up: Up, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The whole life of a case by hand, on two screens that follow each other without reload."""
    fires(SOURCE)
    case = case_of(up, "fire")
    first, second = opens(), opens()
    page = opened(first, case, HANDLER)
    other = opened(second, case, VERIFIER, lang="en")
    expect(page.locator(".cp-where")).to_contain_text("凤凰岭街道")
    expect(page.locator(".cp-where")).to_contain_text("3层 301室")
    expect(page.locator("a.cp-tel").first).to_have_attribute("href", "tel:04731110001")
    expect(other.locator("li[data-part=cause]")).to_contain_text("missing")

    page.click("[data-deed=acknowledge]")
    expect(other.locator(".cp-people")).to_contain_text(HANDLER)  # without reload
    page.click("[data-deed=accept][data-once]")
    expect(page.locator(".cp-facts")).to_contain_text("已接收")
    page.click("[data-deed=start][data-once]")
    expect(page.locator(".cp-facts")).to_contain_text("处置中")

    do(page, "close", cause="烟头")
    refused = page.locator(".cp-refused")
    expect(refused).to_contain_text("现场处置结果")
    expect(refused).to_contain_text("设备仍在报警")
    expect(page.locator("#f-result-e")).to_contain_text("现场处置结果")
    expect(page.locator("form [name=cause]")).to_have_value("烟头")  # what was typed is kept
    page.click("[data-deed=cancel]")

    do(page, "resolve", result="已扑灭", cause="烟头", photo="IMG-1", work_order="WO-7")
    expect(page.locator(".cp-facts")).to_contain_text("已处置")
    do(page, "close")
    expect(page.locator(".cp-refused")).to_contain_text("未参与处置的人")
    shot(first, tmp_path_factory.getbasetemp(), "case-refused-zh")

    expect(other.locator(".cp-said")).to_have_text("Complete: it can be closed")
    do(other, "verify_ok")
    do(other, "close")
    expect(other.locator(".cp-facts")).to_contain_text("Closed")
    expect(other.locator(".cp-sealed")).to_contain_text("hash chain whole")
    closed = up.get(f"/api/v1/cases/{case}")
    assert (closed["state"], closed["proof"]["verifier"]) == ("closed", VERIFIER)
    assert closed["closing_parts"] == []
    expect(page.locator(".cp-changed")).to_contain_text("案件刚有变化")
    shot(second, tmp_path_factory.getbasetemp(), "case-closed-en")
    assert first.errors == second.errors == []


def test_two_clicks_are_one_action(opens: Opens, up: Up) -> None:
    """Of a button that acts at once, and of a form."""
    up.post("/api/v1/reports", {"place": "c1-b1", "text": "路灯坏了"})
    case = case_of(up, "matter")
    page = opened(opens(), case, HANDLER)
    page.dblclick("[data-deed=start][data-once]")
    expect(page.locator(".cp-done")).to_be_visible()
    page.locator("[data-deed=note]").first.click()
    page.fill("form [name=text]", "只写一次")
    page.dblclick("form[data-form] [type=submit]")
    expect(page.locator("form[data-form]")).to_have_count(0)
    history = up.get(f"/api/v1/cases/{case}/history")["items"]
    assert [line["action"] for line in history] == ["opened", "start", "note"]


def test_what_is_typed_survives_news_and_a_reload(opens: Opens, up: Up) -> None:
    """The form stays as it is while the case changes, and is filled again after a reload."""
    case = up.post("/api/v1/reports", {"place": "c1-b1", "text": "井盖丢失"})["id"]
    page = opened(opens(), case, HANDLER)
    page.locator("[data-deed=note]").first.click()
    page.locator("form [name=text]").press_sequentially("正在写的")
    up.act(case, "acknowledge", actor=VERIFIER)
    expect(page.locator(".cp-changed")).to_contain_text(VERIFIER)
    expect(page.locator("form [name=text]")).to_have_value("正在写的")
    expect(page.locator("form [name=text]")).to_be_focused()
    page.reload()
    expect(page.locator("form [name=text]")).to_have_value("正在写的", timeout=15_000)
    page.click("form[data-form] [type=submit]")
    expect(page.locator(".cp-r-history")).to_contain_text("正在写的")
    assert page.evaluate("Object.keys(sessionStorage).filter(k => k.startsWith('sh-draft')).length") == 0  # fmt: skip


def test_a_verdict_of_somebody_else_is_not_overruled_unseen(opens: Opens, up: Up) -> None:
    """The form was open when it came: it is said with what was judged, and sent again it holds."""
    smoke(up, alarm=1)
    case = case_of(up, "fire")
    page = opened(opens(), case, HANDLER)
    page.locator("[data-deed=confirm_false]").first.click()
    page.select_option("form [name=cause]", "cooking")
    page.fill("form [name=checked_by]", HANDLER)
    page.fill("form [name=checked_how]", "电话")
    up.act(case, "confirm", actor=VERIFIER, outcome="real")
    expect(page.locator(".cp-changed")).to_contain_text("已确认")
    page.click("form[data-form] [type=submit]")
    expect(page.locator("form[data-form]")).to_contain_text("他人已认定")
    assert up.get(f"/api/v1/cases/{case}")["verification"] == "confirmed"
    page.click("form[data-form] [type=submit]")
    expect(page.locator("form[data-form]")).to_have_count(0)
    assert up.get(f"/api/v1/cases/{case}")["verification"] == "false"


def test_a_fire_that_only_a_person_reported_can_be_closed(opens: Opens, up: Up) -> None:
    """No device can say that it is over: the form asks whether it is solved."""
    told: dict[str, object] = {"place": "c1-b1", "category": "fire", "text": "楼道着火"}
    case = up.post("/api/v1/reports", told)["id"]
    up.act(case, "confirm", actor=HANDLER, outcome="real")
    up.act(case, "resolve", actor=HANDLER, result="扑灭", cause="烟头", by=HANDLER)
    page = opened(opens(), case, VERIFIER)
    page.locator("[data-deed=close]").first.click()
    page.check("form [name=solved]")
    page.click("form[data-form] [type=submit]")
    expect(page.locator("form[data-form]")).to_have_count(0)
    assert up.get(f"/api/v1/cases/{case}")["state"] == "closed"
    expect(page.locator(".cp-head")).to_contain_text("结案")
    expect(page.locator(".cp-head.sh-critical")).to_have_count(0)
    expect(page.locator(".cp-calls")).to_have_count(0)


def test_the_evidence_pack_is_fetched_by_who_works_on_the_case(
    opens: Opens, up: Up, tmp_path: Path
) -> None:
    """With the rule that fired; who may only look gets neither the form nor the file."""
    smoke(up, alarm=1)
    case = case_of(up, "fire")
    screen = opens()
    page = opened(screen, case, HANDLER)
    assert screen.violations() == []
    with page.expect_download() as fetched:
        page.locator("#pack [type=submit]").click()
    fetched.value.save_as(tmp_path / "pack.zip")
    with zipfile.ZipFile(tmp_path / "pack.zip") as pack:
        names = pack.namelist()
        assert json.loads(pack.read("case.json"))["id"] == case
    assert [name for name in names if name.startswith("rules/fire-alarm-")]
    screen = opens()
    page = opened(screen, case, VIEWER)
    assert page.locator("#pack").count() == 0
    address = f"http://127.0.0.1:{up.ports.http}/page/pack/{case}?purpose=review"
    assert page.request.get(address).status == 403
    assert opens().page.request.get(address).status == 401


def test_duress_names_nobody_at_the_compound(opens: Opens, up: Up) -> None:
    """The guard at the gate may stand beside who was forced: the police is called, not the property."""
    says(up, "iot/c1/ac/d1/event", door="d1", card="0012345678", event="duress", result="", ts=0)
    case = case_of(up, "duress")
    page = opened(opens(), case, HANDLER)
    text = page.inner_text(".cp")
    assert "静默" in text
    assert "网格民警" in text
    assert "物业经理" not in text
    assert "0473-1110003" not in text
    assert "消控室老李" not in text
    assert "0012345678" not in page.content()
    page.locator("[data-deed=confirm_real]").click()
    page.click("form[data-form] [type=submit]")
    do(page, "handover", to="110", who=HANDLER, answer="马上出警")
    expect(page.locator(".cp-flagline").nth(1)).to_contain_text("已移交 110")
    page.goto(f"http://127.0.0.1:{up.ports.http}/")
    row = page.locator(f'.sh-emergencies [data-id="{case}"]')
    expect(row).to_contain_text("静默：勿联系小区")
    expect(row).to_contain_text("已移交 110")


def test_each_role_sees_what_it_may_do(opens: Opens, up: Up) -> None:
    """Maintenance works on a low battery and only looks at a fire; a viewer only looks at all."""
    smoke(up, device="860000000000001", alarm=1, smoke=35)
    says(up, "iot/c1/ac/d1/event", door="d1", card="1", event="tamper", result="", ts=0)
    fire, tamper = case_of(up, "fire"), case_of(up, "tamper")
    fixer = opens()
    page = opened(fixer, fire, FIXER)
    expect(page.locator(".cp-r-no-role")).to_contain_text("只能查看")
    assert page.locator("[data-deed]").count() == 0
    page = fixer.go(f"/cases/{tamper}")
    page.click("[data-deed=accept][data-once]")
    expect(page.locator(".cp-facts")).to_contain_text(FIXER)
    page = opened(opens(), tamper, VIEWER)
    assert page.locator("[data-deed]").count() == 0
    outside = opens().sign_in(ELSEWHERE, PASSWORD)
    page = outside.go(f"/cases/{fire}")
    expect(page.locator(".sh-main")).to_contain_text("没有这个案件")
    assert "301室" not in page.content()


def test_evidence_and_reasons_are_shown_with_the_frame_decoded(
    opens: Opens, fires: Fires, up: Up
) -> None:
    """The rule's text, the chart with its table, and each field of the panel's frame."""
    fires(SOURCE)
    case = case_of(up, "fire")
    screen = opens()
    page = opened(screen, case, VERIFIER, lang="en")
    page.locator(".cp-r-why summary").first.click()
    expect(page.locator(".cp-r-why pre").first).to_contain_text("id: fire-alarm")
    expect(page.locator(".cp-r-why .sh-badge").first).to_have_text("in force")
    for frame in page.locator("details.cp-frame:not([open]) summary").all():
        frame.click()
    frames = page.locator(".cp-bytes").first
    expect(frames).to_contain_text("source address")
    expect(frames).to_contain_text("in operation, fire")
    expect(frames).to_contain_text(str(SOURCE))
    expect(page.locator(".cp-readings")).to_contain_text("fire_alarm", timeout=20_000)
    assert screen.errors == []


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", [(1440, 900), PHONE])
def test_a_case_is_accessible_in_both_languages_and_on_a_phone(
    opens: Opens, fires: Fires, up: Up, lang: str, size: tuple[int, int]
) -> None:
    """Nothing serious is found by axe, also with a refused form; nothing scrolls sideways."""
    fires(SOURCE)
    case = case_of(up, "fire")
    screen = opens(size)
    page = opened(screen, case, VERIFIER, lang=lang)

    def refused() -> None:
        page.goto(f"{screen.base}/cases/{case}")
        do(page, "force_close")
        page.wait_for_selector(".cp-refused")

    assert serious(screen, refused) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if size == PHONE:
        small = page.evaluate(
            "[...document.querySelectorAll('.cp-deed, .cp-tel')].filter(e => e.offsetHeight"
            " && e.offsetHeight < 44).map(e => e.innerText)"
        )
        assert small == []


def test_hostile_names_are_text(opens: Opens, up: Up) -> None:
    """A script in a compound's name and in a report, line breaks and marks that turn the direction."""
    text = "<img src=x onerror=window.hacked=1>\n第二行\u202eكعك"
    body: dict[str, object] = {
        "place": "c1-b1",
        "text": text,
        "reporter": '"><script>window.hacked=1</script>',
    }
    case = up.post("/api/v1/reports", body)["id"]
    screen = opens()
    page = opened(screen, case, HANDLER)
    expect(page.locator(".cp-where")).to_contain_text("<script>window.hacked=1</script>")
    expect(page.locator(".cp-r-head .cp-text")).to_contain_text("<img src=x")
    assert "\u202e" not in page.inner_text(".sh-main")
    screen.go("/cases?class=report&text=%3Cimg")
    expect(page.locator(".cl-row").first).to_be_visible()
    assert page.evaluate("window.hacked") is None
    assert page.locator(".sh-main img, .sh-main script").count() == 0


def test_a_case_nobody_knows_says_so(opens: Opens) -> None:
    """Also one with a strange id."""
    page = opens().sign_in().go("/cases/E-00000-%3Cb%3E")
    expect(page.locator(".sh-main")).to_contain_text("没有这个案件")
