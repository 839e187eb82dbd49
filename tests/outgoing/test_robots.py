"""Each robot is spoken to as its maker documents, and no secret leaves the driver."""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from hub.case_store import CaseStore
from hub.outgoing import robot as plumbing
from hub.outgoing.channel import Away, Gone, RetryLater
from hub.outgoing.dingtalk import DINGTALK
from hub.outgoing.dingtalk import sign as dingtalk_sign
from hub.outgoing.feishu import sign as feishu_sign
from hub.outgoing.message import Message
from hub.outgoing.robot import GroupRobot
from hub.outgoing.settings import Robot as Settings
from model.errors import HubError, Refused

from .notice_world import KINDS, Clock, apply, case, courier_of, driver, exhaust, opened, sender
from .robot_server import PATHS, SECRET, TOKEN, Robot, robot

ALL = pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
CARD = Message("标题", "**标题**\n正文", "http://hub/cases/1", "critical", "F-1/1", markdown=True)
PLAIN = CARD._replace(markdown=False)


@pytest.fixture
def clock() -> Clock:
    """A clock at T0."""
    return Clock()


@ALL
async def test_card_and_text_pass_the_services_own_check(clock: Clock, kind: str) -> None:
    """Signed where it must be, at an hour's tolerance, in both forms."""
    async with robot(kind, clock) as group:
        for message in (CARD, PLAIN):
            await driver(group, clock).tell(message)
    assert group.texts == [CARD.text, PLAIN.text]


def test_key_and_message_change_places_between_the_two_services() -> None:
    """Worked out with `openssl dgst -sha256 -hmac`, not with our code."""
    assert (
        dingtalk_sign("SECabc", 1_700_000_000_000) == "jcUpW0QmtKduN03n4JqQ0PBosVjqnM8gU7fIIvsDmCM="
    )
    assert feishu_sign("abc", 1_700_000_000) == "VIS10b0EBvzzSdFnuk4tznEmK5wHaruvf/WnViv2yR4="


@pytest.mark.parametrize("kind", ["dingtalk", "feishu"])
async def test_a_wrong_secret_waits_for_a_person_and_loses_nothing(clock: Clock, kind: str) -> None:
    """The reason names what to check; the channel stays enabled."""
    async with robot(kind, clock) as group:
        settings = Settings.model_validate(
            {"name": "duty", "kind": kind, "url_env": "X", "allow_private": True}
        )
        wrong = GroupRobot(KINDS[kind], settings, url=group.url, secret="other", clock=clock)
        with pytest.raises(Away, match="signing secret") as caught:
            await wrong.tell(CARD)
    assert caught.value.after == plumbing.SETUP_WAIT


@pytest.mark.parametrize("kind", ["dingtalk", "feishu"])
async def test_a_clock_that_is_two_hours_off_is_named(clock: Clock, kind: str) -> None:
    """The services answer it with the code of a wrong signature."""
    late = Clock()
    late.now += 2 * 3_600_000
    async with robot(kind, clock) as group:
        with pytest.raises(Away, match="clock"):
            await driver(group, late).tell(CARD)


@pytest.mark.parametrize(
    ("kind", "code", "error"),
    [
        ("wecom", -1, RetryLater), ("wecom", 45009, Away), ("wecom", 45002, Refused),
        ("wecom", 93000, Gone), ("wecom", 93004, Gone), ("wecom", 93008, Gone),
        ("dingtalk", -1, RetryLater), ("dingtalk", 130101, Away), ("dingtalk", 410100, Away),
        ("dingtalk", 310000, Away), ("dingtalk", 40035, Refused), ("dingtalk", 400102, Gone),
        ("dingtalk", 300001, Gone), ("feishu", 9499, Refused), ("feishu", 11232, Away),
        ("feishu", 19021, Away), ("feishu", 19024, Away), ("feishu", 19001, Gone),
        ("feishu", 424_242, RetryLater), ("wecom", 10**30, RetryLater),
    ],
)  # fmt: skip
async def test_each_code_means_later_never_or_gone(
    clock: Clock, kind: str, code: int, error: type[HubError]
) -> None:
    """HTTP 200 with a code is a failure; the code is in the reason."""
    async with robot(kind, clock) as group:
        group.code(code, "why\nnot")
        with pytest.raises(error, match=str(code)) as caught:
            await driver(group, clock).tell(CARD)
    assert type(caught.value) is error
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((204, b"", ""), Away),
        ((200, b"<html>log in</html>", ""), Away),
        ((200, b'{"errcode": true}', ""), Away),
        ((200, b'{"errcode": "0"}', ""), Away),
        ((200, b"[" * 5000, ""), Away),
        ((200, b'{"errcode":0,"pad":"' + b"x" * 20_000 + b'"}', ""), Away),
        ((302, b"", "location: http://127.0.0.1:1/elsewhere\r\n"), Away),
        ((307, b'{"errcode":0}', "location: /elsewhere\r\n"), Away),
        ((404, b"", ""), Away),
        ((429, b"", "retry-after: 120\r\n"), Away),
        ((500, b"", ""), RetryLater),
        ((503, b"", ""), Away),
        ((400, b'{"errcode": 40058, "errmsg": "x"}', ""), Refused),
    ],
)
async def test_whatever_else_is_answered_is_no_success(
    clock: Clock, answer: tuple[int, bytes, str], error: type[HubError]
) -> None:
    """Portals, redirects, endless and broken answers; a redirect is never followed."""
    async with robot("wecom", clock) as group:
        group.answers.append(answer)
        with pytest.raises(error) as caught:
            await driver(group, clock).tell(CARD)
    assert type(caught.value) is error
    assert len(group.attempts) == 1


async def test_a_slow_answer_is_not_waited_for(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The receiver counts as away; the limit is ten seconds, here a part of one."""
    assert plumbing.TIMEOUT_S == 10
    monkeypatch.setattr(plumbing, "TIMEOUT_S", 0.1)
    async with robot("wecom", clock) as group:
        group.delay_s = 2
        async with asyncio.timeout(1.5):
            with pytest.raises(Away, match="no answer"):
                await driver(group, clock).tell(CARD)


async def test_a_private_address_is_not_reached_unless_allowed(clock: Clock) -> None:
    """Also when the official name leads there: the server is well and gets nothing."""

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    async with robot("dingtalk", clock) as group:
        url = f"https://oapi.dingtalk.com:{group.port}{PATHS['dingtalk']}"
        settings = Settings.model_validate({"name": "a", "kind": "dingtalk", "url_env": "X"})
        channel = GroupRobot(
            DINGTALK, settings, url=url, secret=SECRET, clock=clock, resolve=resolve
        )
        with pytest.raises(Away, match="not a public address"):
            await channel.tell(CARD)
    assert group.attempts == []


def test_a_changed_secret_is_seen_and_the_address_shows_none(clock: Clock) -> None:
    """The store notices that a disabled robot was set up anew."""
    group = Robot("feishu", clock, 80)
    settings = Settings.model_validate({"name": "a", "kind": "feishu", "url_env": "X"})
    one, two = (
        GroupRobot(KINDS["feishu"], settings, url=group.url, secret=secret, clock=clock)
        for secret in ("first-secret", "second-secret")
    )
    assert one.address == two.address == "http://127.0.0.1:80/***"
    assert one.fingerprint != two.fingerprint


@ALL
async def test_no_secret_is_anywhere(  # noqa: PLR0917 - fixtures
    store: CaseStore,
    clock: Clock,
    kind: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Logs down to DEBUG, errors, database, dead letters and the API's view, after every failure."""
    caplog.set_level(logging.DEBUG)
    fields = ("code", "msg") if kind == "feishu" else ("errcode", "errmsg")
    async with robot(kind, clock) as group:
        dispatcher = sender(store, clock, driver(group, clock))
        courier = courier_of(dispatcher)
        known = [TOKEN] if kind == "wecom" else [TOKEN, SECRET]
        echo = f"{group.url} {' '.join(known)} {PATHS[kind]}"
        gone = next(c for c, v in KINDS[kind].verdicts.items() if v is plumbing.Verdict.GONE)
        apply(store, [opened(case("F-1"))])
        for code in (-5, 9499, 40058, 310000, 19021, gone):
            body = json.dumps(dict(zip(fields, (code, echo), strict=True))).encode()
            group.answers.append((200, body, ""))
        group.answers.insert(0, (500, echo.encode(), ""))
        group.answers.insert(0, (302, b"", "location: http://127.0.0.1:1/\r\n"))
        for n in range(12):
            clock.now += 400_000
            apply(store, [opened(case(f"F-1{n}"))])
            await exhaust(courier)
        assert not dispatcher.channels()[0].enabled
        seen = repr(dispatcher.channels()) + repr(store.dead_letters()) + repr(store.counters())
    with pytest.raises(Away) as caught:
        await driver(group, clock).tell(CARD)
    output = capsys.readouterr()
    seen += repr(caught.value) + caplog.text + output.out + output.err
    database = sqlite3.connect(tmp_path / "cases.db")
    seen += "\n".join(database.iterdump())
    database.close()
    assert "channel_disabled" in output.out
    for secret in known:
        assert secret not in seen
