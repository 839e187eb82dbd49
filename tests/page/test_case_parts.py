"""What the pages of cases are made of: escaping, forms, offers, lists, charts; without a browser."""

import re
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from cases.actions import ACTIONS
from cases.closing import PARTS as CLOSING_PARTS
from cases.taxonomy import FALSE_ALARM_CAUSES, Closing
from cases.transitions import TRANSITIONS, Step
from hub.access import Principal, Role
from hub.case_store.rule_records import Limit
from hub.page.case.chain_html import checked, history_html
from hub.page.case.evidence import chart_options, quantities
from hub.page.case.evidence_html import raw_html
from hub.page.case.forms import DEEDS, fields_for
from hub.page.case.markup import tag
from hub.page.case.offers import likely, offers
from hub.page.case.sending import problems, read
from hub.page.case.vocabulary import FALSE_CAUSES_EN, PARTS
from hub.page.case.why_html import in_order, sequence_html
from hub.page.words import Lang
from model.case import EventClass, State
from model.entry import Action, Report
from model.errors import Refused
from model.place import Level
from model.reading import Event, Mode, Reading
from tests.api.small_hub import REGISTRY, SmallHub
from tests.case_store.template import copied_store, empty_database

ZONE = ZoneInfo("Asia/Shanghai")
DISPATCHER = Principal("李雷", Role.DISPATCH)
T0 = 1_790_000_000_000


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, built once."""
    return empty_database(tmp_path_factory)


@pytest.fixture
def hub(template: Path, tmp_path: Path) -> Iterator[SmallHub]:
    """A small hub on a store of its own."""
    with copied_store(template, tmp_path) as store:
        yield SmallHub(store)


class Elements(HTMLParser):
    """Collects the elements of a text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a start tag and its attributes' names."""
        self.found += [tag, *(name for name, _ in attrs)]


def test_data_is_text_wherever_it_stands() -> None:
    """Inside an element and inside an attribute; marks that turn the direction are gone."""
    hostile = '"><script>x</script>\u202e\u0000'
    text = tag("a", hostile, tag("b", "<i>"), href=hostile, hidden=False)
    assert Elements(text).found == ["a", "href", "b"]
    assert "\u202e" not in text
    assert "\u0000" not in text


def test_every_action_of_the_desk_has_a_form() -> None:
    """Nothing that the API takes is left out, and no deed sends what the desk does not know."""
    assert {deed.action for deed in DEEDS.values()} == set(ACTIONS)
    assert {step for deed in DEEDS.values() for step in deed.steps} == set(Step)


def test_every_part_of_the_proof_has_words() -> None:
    """In both languages, like the causes of false alarms."""
    assert set(CLOSING_PARTS) <= set(PARTS)
    assert set(FALSE_CAUSES_EN) == set(FALSE_ALARM_CAUSES)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("category", ["fire", "battery_low"])
def test_exactly_what_the_table_of_states_allows_is_offered(
    hub: SmallHub, state: State, category: str
) -> None:
    """Less what the desk refuses whatever is filled in; the next steps are among the offers."""
    case = msgspec.structs.replace(hub.alarm(category=category), state=state)
    offered = {step for offer in offers(case, DISPATCHER) for step in offer.deed.steps}
    emergency = case.cls is EventClass.EMERGENCY
    never = set() if emergency else {Step.HANDOVER}
    twins = {Step.RATE_GOOD, Step.RATE_BAD}  # one form
    expected = set(TRANSITIONS[state]) - never
    assert offered - twins == expected - twins
    keys = {offer.deed.key for offer in offers(case, DISPATCHER)}
    assert set(likely(case)) <= keys


def test_a_role_is_offered_its_own_classes_only(hub: SmallHub) -> None:
    """Maintenance: a battery and a pump; a viewer: nothing."""
    fixer, viewer = Principal("f", Role.MAINTENANCE), Principal("v", Role.READ)
    fire, battery = hub.alarm(), hub.alarm(category="battery_low")
    pump = hub.alarm(category="pump_fault")
    assert [bool(offers(case, fixer)) for case in (fire, battery, pump)] == [False, True, True]
    assert not any(offers(case, viewer) for case in (fire, battery, pump))


def test_a_simulated_fire_explains_why_it_is_not_handed_over(hub: SmallHub) -> None:
    """It is shown, with the reason, and is not among the next steps."""
    case = msgspec.structs.replace(hub.alarm(), mode=Mode.SIMULATED)
    (handover,) = [o for o in offers(case, DISPATCHER) if o.deed.key == "handover"]
    assert "119" in handover.blocked[0]
    assert "simulation" in handover.blocked[1]
    assert "handover" not in likely(case)


def test_who_worked_on_it_is_told_that_another_verifies(hub: SmallHub) -> None:
    """And forcing is offered only from the level above."""
    case = msgspec.structs.replace(hub.alarm(), state=State.RESOLVED, handlers=("李雷",))
    (verify,) = [o for o in offers(case, DISPATCHER) if o.deed.key == "verify_ok"]
    assert verify.blocked[0]
    low = msgspec.structs.replace(case, level=Level.DISTRICT)
    keys = {offer.deed.key for offer in offers(low, DISPATCHER)}
    assert not keys & {"force_close", "escalate"}


def test_a_form_is_read_with_times_on_the_clock_of_the_place() -> None:
    """Empty fields are left out; yes and no become true and false."""
    fields = DEEDS["suspend"].fields
    found = read(fields, {"reason": " 等配件 ", "until": "2026-09-22T08:00", "id": "x"}, ZONE)
    assert found == {"reason": "等配件", "until": 1790035200000.0}
    rated = read(DEEDS["rate"].fields, {"satisfied": "no", "channel": "电话", "asked": ""}, ZONE)
    assert rated == {"satisfied": False, "channel": "电话"}


@pytest.mark.parametrize(
    ("typed", "missing"),
    [
        ({}, ("reason", "until")),
        ({"reason": "x", "until": "tomorrow"}, ("until",)),
        ({"reason": " ", "until": "2026-09-22T08:00"}, ("reason",)),
    ],
)
def test_what_a_form_lacks_is_named(typed: dict[str, str], missing: tuple[str, ...]) -> None:
    """Before anything is sent."""
    with pytest.raises(Refused) as refused:
        read(DEEDS["suspend"].fields, typed, ZONE)
    assert refused.value.missing == missing


def test_a_choice_that_is_none_is_refused() -> None:
    """A browser may send anything."""
    with pytest.raises(Refused):
        read(DEEDS["handover"].fields, {"to": "120", "who": "a", "answer": "b"}, ZONE)


def test_a_refusal_stands_beside_the_field_that_can_mend_it() -> None:
    """And what no field can mend is said all the same; a refusal without parts is never silent."""
    fields = fields_for(DEEDS["close"], Closing.EMERGENCY)
    parts = ("result_on_site", "normal_for_10_minutes", "verifier_is_not_handler", "solved")
    found = problems(Refused("x", missing=parts), fields, Lang.ZH)
    assert [problem.field for problem in found] == ["result", "photo", "", ""]
    assert "10 分钟" in found[1].text
    assert all(problem.text for problem in found)
    assert problems(Refused("not while closed"), fields, Lang.EN)[0].text == "not while closed"


def test_a_history_that_was_changed_says_at_which_line(hub: SmallHub) -> None:
    """Changed in the middle, or cut off at its end."""
    case = hub.alarm()
    for text in ("a", "b"):
        hub._keep(hub.desk.act(_note(case.id, text), hub.clock))
    kept = hub.store.get(case.id)
    assert kept is not None
    items = hub.store.history(case.id)
    assert checked(kept, items).broken_at is None
    changed = [items[0], msgspec.structs.replace(items[1], actor="nobody"), items[2]]
    assert checked(kept, changed).broken_at == 2
    assert checked(kept, items[:2]).broken_at == 3
    shown = history_html(checked(kept, changed), whole=False, zone=ZONE, lang=Lang.ZH, path="/x")
    assert "哈希链在第 2 行断裂" in shown


def test_what_people_wrote_stands_in_the_history_as_they_wrote_it(hub: SmallHub) -> None:
    """A report looks like no rule's reason, whatever signs it holds; a rule's reason is said in Chinese."""
    written = "一楼冒烟 / 五楼有人被困: door not open, fire=true 1795704035686"
    (change,) = hub.desk.report(Report("r1", "c1", "fire", written, "Zhang", hub.clock), hub.clock)
    (second,) = hub.desk.report(Report("r2", "c1", "fire", written, "Li", hub.clock), hub.clock)
    items = [*change.history, *second.history]
    for lang in Lang:
        shown = history_html(
            checked(second.case, items), whole=True, zone=ZONE, lang=lang, path="/x"
        )
        assert shown.count(escape(written)) == 2
    rule = {"rule": "smoke-pre-alarm", "explanation": "预警 / Smoke: smoke_db_m above 0.1 for 30 s"}
    line = msgspec.structs.replace(items[0], detail=rule)
    shown = history_html(
        checked(second.case, [line]), whole=True, zone=ZONE, lang=Lang.ZH, path="/x"
    )
    assert "预警：烟雾 高于 0.1 持续 30 秒" in shown


def test_a_storms_case_stays_a_small_page(hub: SmallHub) -> None:
    """10,000 members: the first hundred are shown, the rest is counted."""
    case = hub.alarm()
    (member,) = case.members
    members = tuple(
        msgspec.structs.replace(member, subject=f"d{n}", started_at=T0 - n) for n in range(10_000)
    )
    stormy = msgspec.structs.replace(case, members=members)
    assert in_order(stormy.members)[0].subject == "d9999"
    html = sequence_html(stormy, REGISTRY, zone=ZONE, lang=Lang.ZH)
    assert html.count("<tr>") == 101
    assert "另有 9900 条报警" in html


def test_the_chart_draws_what_the_rule_has_a_limit_for() -> None:
    """The limit is a level line, the event an upright one; times are those of the place."""
    readings = [
        Reading("d", "smoke_detector", T0 + n * 1000, values={"rssi_dbm": -70.0 - n, "smoke_db_m": 0.01 * n, "fire": n > 3})
        for n in range(6)
    ]  # fmt: skip
    limits = (Limit("smoke_db_m", 0.1, "above"), Limit("smoke_db_m", 0.05, "clear_at"))
    assert quantities(readings, limits)[0] == "smoke_db_m"
    options = chart_options(readings, limits, {"首报": T0}, zone=ZONE)
    series = options["series"]
    assert isinstance(series, list)
    lines = series[0]["markLine"]["data"]
    assert [line.get("yAxis") for line in lines] == [None, 0.1, 0.05]
    assert lines[0]["xAxis"] == T0 + 8 * 3_600_000
    assert [line["name"] for line in series] == ["smoke_db_m", "rssi_dbm", "fire"]
    assert (
        quantities([Reading("d", "x", T0, values={"name": "text"}, event=Event.NORMAL)], ()) == []
    )


def test_payloads_are_read_or_shown_as_they_are() -> None:
    """A frame, JSON, bytes that are neither, and a text that is no hex."""

    def shown(raw: str) -> str:
        return raw_html(raw, zone=ZONE, lang=Lang.EN)

    assert "serial number" in shown("4040010001")
    assert "&quot;a&quot;: &quot;&lt;b&gt;&quot;" in shown(b'{"a":"<b>"}'.hex())
    assert "ff fe" in shown("fffe")
    assert "&lt;script&gt;" in shown("<script>")
    assert re.fullmatch(r"<pre[^>]*>.*</pre>", shown((b"[" * 100_000).hex()), re.DOTALL)


def _note(case: str, text: str) -> Action:
    return Action(case, "note", "李雷", fields={"text": text})
