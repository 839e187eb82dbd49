"""What people read is whole, marked, and cannot act, in every dialect."""

import json
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.events import outgoing_event
from hub.case_store import OutgoingEvent
from hub.outgoing.dingtalk import DINGTALK
from hub.outgoing.feishu import FEISHU
from hub.outgoing.inert import inert, one_line, pinched
from hub.outgoing.message import Form, card, digest
from hub.outgoing.notice import Notice, notice_of
from hub.outgoing.robot import Kind
from hub.outgoing.wecom import WECOM
from hub.outgoing.words import MODES, REASONS, SEVERITIES, SIGNS, VERIFICATIONS, Language
from model.anomaly import Severity
from model.case import Case, ChangeKind, State, Verification
from model.reading import Mode
from tests.case_store.samples import T0, Story

from .notice_world import PUBLIC, case

MINUTE = 60_000
KINDS = {kind.kind: kind for kind in (WECOM, DINGTALK, FEISHU)}
FORMS = [form for kind in KINDS.values() for form in (kind.card, kind.plain)]
ID = "E-7K3QX-9M2TD"
LINK = f"{PUBLIC}/cases/{ID}"
EVIL = (
    "**x** [y](http://evil.example) <at id=all></at> <@all> @all <script>alert(1)</script>"
    " `z` ~~q~~ \n# head\r\n> q\u202etxet\u2066\u0000\x1b[31m www.evil.example &lt;b&gt;"
)


def event_of(told: Case, *, reason: str = "opened", cancel: bool = False) -> OutgoingEvent:
    """Return the event that the outbox holds for a case."""
    change = Story(told).change(reason)
    if cancel:
        change = msgspec.structs.replace(change, kind=ChangeKind.CANCEL)
    payload = msgspec.json.encode(outgoing_event(change, "home")).decode()
    return OutgoingEvent(1, told.id, 1, change.kind, reason, False, payload, T0)  # noqa: FBT003 - a record


def notice(told: Case | None = None, *, cancel: bool = False) -> Notice:
    """Return what is to be told of a case (a fire)."""
    from zoneinfo import ZoneInfo

    event = event_of(told or case(ID), cancel=cancel)
    return notice_of(event, (event.notice,), public_url=PUBLIC, zone=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("first", ["zh", "en"])
def test_a_card_says_all_that_is_needed(form: Form, first: Language) -> None:
    """Severity by sign and word, category, place, since, how sure, what next and until when."""
    told = case(
        ID,
        verification=Verification.UNCONFIRMED,
        started_at=T0,
        acknowledge_due=T0 + 2 * MINUTE,
        confirm_due=T0 + 5 * MINUTE,
    )
    text = card(notice(told), form, first).text
    for part in ("🔴", "特别严重", "critical", "火警", "fire", "幸福小区 1号楼", "09-21 22:13",
                 "待确认", "unconfirmed", "接警", "acknowledge", "09-21 22:15", ID, LINK):  # fmt: skip
        assert part in text, part
    zh, en = text.index("火警"), text.index("fire")
    assert (zh < en) == (first == "zh")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"acknowledge_due": T0}, "接警 acknowledge"),
        ({"acknowledged_by": "李雷", "acknowledge_due": T0, "confirm_due": T0 + MINUTE,
          "verification": Verification.MACHINE_CORROBORATED}, "确警 call or go and confirm"),
        ({"acknowledged_by": "李雷", "accept_due": T0}, "接收案件 accept the case"),
        ({"state": State.HANDLING, "resolve_due": T0}, "处置并反馈结果 resolve"),
        ({"state": State.SUSPENDED}, "已挂起 suspended"),
        ({"state": State.RESOLVED}, "另一人核查后结案 another person verifies"),
        ({"state": State.CLOSED}, "无需处置 nothing to do"),
    ],
)  # fmt: skip
def test_the_next_step_is_the_first_that_nobody_has_done(
    changed: dict[str, object], said: str
) -> None:
    """As the desk's deadlines go: acknowledge, confirm, accept, resolve, verify."""
    assert said in card(notice(case(ID, **changed)), WECOM.plain, "zh").text


def test_a_cancelled_case_says_stand_down() -> None:
    """Nobody drives out for what was found false."""
    text = card(notice(cancel=True), WECOM.card, "zh").text
    assert text.startswith("**⚪")
    assert "无需处置，停止出动" in text


@pytest.mark.parametrize("mode", [Mode.DRILL, Mode.TEST, Mode.SIMULATED])
@pytest.mark.parametrize("form", FORMS)
def test_what_is_not_real_says_so_in_title_text_and_digest(form: Form, mode: Mode) -> None:
    """The mark is the first thing that is read, in both languages."""
    told = notice(case(ID, mode=mode))
    mark = f"【{MODES[mode].zh} {MODES[mode].en}】"
    message = card(told, form, "zh")
    assert message.title.startswith(mark)
    assert "NOT A REAL EVENT" in message.text
    many, _taken = digest([told, notice()], form, "zh", public_url=PUBLIC)
    lines = [line for line in many.text.splitlines() if ID in line]
    assert [line.startswith(mark) for line in lines] == [True, False]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("plain", [True, False])
def test_names_do_nothing_in_any_dialect(kind: Kind, plain: bool) -> None:  # noqa: FBT001 - a parameter
    """No tag, no mention, no link but ours, no new line, nothing that runs backwards."""
    told = notice(case(ID, place_name=EVIL, category=EVIL))
    form = kind.plain if plain else kind.card
    clean = card(notice(case(ID, place_name="x", category="x")), form, "zh")
    message = card(told, form, "zh")
    many, _taken = digest([told, told], form, "zh", public_url=PUBLIC)
    assert message.text.count("\n") == clean.text.count("\n")
    for text in (message.title, message.text, many.text):
        ours = text.replace(LINK, "").replace(PUBLIC, "")
        assert not re.search(r"[<>@`~#&\x00\x1b\u2028\u202a-\u202e\u2066-\u2069]", ours)
        assert "://" not in ours
        assert "www.evil" not in ours
        assert "evil.example" not in ours
        assert ours.count("](") == text.count(f"]({PUBLIC}")
    body = json.dumps(kind.request("http://x/?k=1", "s", message, T0).body, ensure_ascii=False)
    assert "<at" not in body


@given(text=st.text(max_size=300))
def test_no_text_stays_active(text: str) -> None:
    """Whatever Unicode holds."""
    for shown in (inert(text), one_line(text)):
        assert shown.isprintable() or shown == ""
        assert len(shown) <= 210
    assert not set(inert(text)) & set('<>[](){}*_`~#@&|\\!"$^=\n\r')


@given(
    place=st.text(max_size=400),
    category=st.text(min_size=1, max_size=200),
    reason=st.text(min_size=1, max_size=100),
    form=st.sampled_from(FORMS),
    count=st.integers(1, 120),
)
def test_every_message_fits_and_keeps_id_and_link(
    place: str, category: str, reason: str, form: Form, count: int
) -> None:
    """Also within the whole body, whose JSON is longer than its text."""
    told = notice(case(ID, place_name=place, category=category))._replace(reasons=(reason,) * 9)
    message = card(told, form, "zh")
    assert len(message.text.encode()) <= form.limit
    assert ID in message.text
    assert LINK in message.text
    many, taken = digest([told] * count, form, "zh", public_url=PUBLIC)
    assert len(many.text.encode()) <= form.limit
    assert 1 <= taken <= count
    assert many.text.count(ID) >= taken
    for kind in KINDS.values():
        if form in {kind.card, kind.plain}:
            for sent in (message, many):
                request = kind.request("http://x/?k=1", "s", sent, T0)
                assert len(msgspec.json.encode(request.body)) <= kind.body_max


@pytest.mark.parametrize(
    ("form", "least"), [(WECOM.card, 50), (WECOM.plain, 24), (DINGTALK.card, 180)]
)
def test_a_digest_holds_many(form: Form, least: int) -> None:
    """Few messages for many cases: otherwise a storm is told for an hour."""
    _message, taken = digest([notice()] * 300, form, "zh", public_url=PUBLIC)
    assert taken >= least


def test_every_word_of_the_vocabulary_has_both_languages() -> None:
    """Who adds a severity or a mode is told here."""
    assert set(SEVERITIES) == set(SIGNS) == set(Severity)
    assert set(MODES) == set(Mode) - {Mode.REAL}
    assert set(VERIFICATIONS) == set(Verification) - {Verification.NONE}
    for table in (SEVERITIES, MODES, VERIFICATIONS, REASONS):
        assert all(words.zh and words.en for words in table.values())


def test_a_device_with_a_broken_clock_is_told_all_the_same() -> None:
    """The year 9999 has no later hour, and the fire is real."""
    assert LINK in card(notice(case(ID, started_at=10**18)), WECOM.card, "zh").text


def test_a_long_place_keeps_its_end() -> None:
    """Building and floor say where to go."""
    place = "海勃湾区滨河街道幸福小区二期 17号楼 3单元 5F"
    assert pinched(place, 12) == "海勃湾区… 3单元 5F"
    assert pinched(place, 80) == place
    assert [len(pinched(place, room)) for room in (0, 3, 4, 10)] == [0, 1, 4, 10]


def test_a_case_without_a_data_time_is_told_since_its_opening() -> None:
    """A person's report has no sensor's time; nobody reads of 1970."""
    assert "Since: 09-21 22:13" in card(notice(case(ID, started_at=0)), WECOM.card, "zh").text
