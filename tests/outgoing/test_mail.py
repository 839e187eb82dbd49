"""Mails go out over checked TLS, say what a card says, and nothing in them can act."""

import asyncio
import os
import shutil
import ssl
from collections.abc import Sequence
from pathlib import Path

import pytest

from hub.case_store import CaseStore
from hub.outgoing import mail as driver
from hub.outgoing.channel import Away
from hub.outgoing.mail import Mail
from hub.outgoing.message import Message
from hub.outgoing.settings import Email
from model.errors import HubError, Refused

from .notice_world import Clock, apply, case, courier_of, exhaust, opened, sender, until_told
from .smtp_server import PASSWORD, USER, SmtpServer, certificate, smtp_server

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None and os.environ.get("CI") != "true",
    reason="no openssl here: TLS is not tested",
)
NOTE = Message("火警 fire", "正文\n.\n..two\nlast", "http://hub/cases/1", "critical", "F-1/1")


@pytest.fixture
def clock() -> Clock:
    """A clock at T0."""
    return Clock()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """The certificate file, and a server's side of it."""
    crt, key = certificate(tmp_path_factory.mktemp("tls"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(crt, key)
    return crt, context


def to(server: SmtpServer, clock: Clock, **more: object) -> Mail:
    """Return a mail channel to the test's server, without TLS unless told otherwise."""
    written: dict[str, object] = {
        "name": "post", "kind": "email", "host": "mail.example", "port": server.port,
        "tls": "none", "from": "hub@site.example", "to": ["duty@site.example"],
        "allow_private": True, **more,
    }  # fmt: skip

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    settings = Email.model_validate(written)
    password = PASSWORD if settings.user else ""
    return Mail(settings, password=password, clock=clock, resolve=resolve)


@needs_openssl
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_a_mail_goes_out_over_tls_with_a_password(
    clock: Clock, authority: tuple[Path, ssl.SSLContext], tls: str
) -> None:
    """The certificate is checked against the server's name, the address against the check."""
    path, context = authority
    async with smtp_server(context, implicit=tls == "implicit") as server:
        more = {"tls": tls, "user": USER, "password_env": "X", "ca_file": str(path)}
        await to(server, clock, **more).tell(NOTE)
    assert server.secured == [True]
    (mail,) = server.mails
    assert mail["subject"] == "火警 fire"
    assert mail.get_content().splitlines() == NOTE.text.splitlines()


@needs_openssl
@pytest.mark.parametrize("change", [{"host": "other.example"}, {"ca_file": None}])
async def test_a_server_that_is_not_who_it_says_gets_no_password(
    clock: Clock, authority: tuple[Path, ssl.SSLContext], change: dict[str, object]
) -> None:
    """Another name, or a certificate that nobody vouches for."""
    path, context = authority
    more: dict[str, object] = {
        "tls": "starttls", "user": USER, "password_env": "X", "ca_file": str(path), **change,
    }  # fmt: skip
    async with smtp_server(context) as server:
        with pytest.raises(Away, match="TLS"):
            await to(server, clock, **more).tell(NOTE)
    assert server.mails == []


async def test_a_server_without_tls_gets_no_mail(clock: Clock) -> None:
    """`starttls` is no wish."""
    async with smtp_server() as server:
        with pytest.raises(Away, match="TLS"):
            await to(server, clock, tls="starttls").tell(NOTE)
    assert server.mails == []


@needs_openssl
async def test_a_wrong_password_waits_for_a_person_and_is_not_repeated(
    clock: Clock, authority: tuple[Path, ssl.SSLContext]
) -> None:
    """The server says the password in its answer; we do not pass it on."""
    path, context = authority
    async with smtp_server(context) as server:
        server.answers["AUTH"] = f"535 not {PASSWORD}"
        more = {"tls": "starttls", "user": USER, "password_env": "X", "ca_file": str(path)}
        with pytest.raises(Away, match="535") as caught:
            await to(server, clock, **more).tell(NOTE)
    assert PASSWORD not in repr(caught.value)
    assert caught.value.after == driver.SETUP_WAIT


@pytest.mark.parametrize(
    ("verb", "answer", "error"),
    [
        ("", "421 busy", Away), ("", "554 no service", Away), ("EHLO", "421 later", Away),
        ("MAIL", "451 later", Away), ("MAIL", "550 not you", Away), ("RCPT", "450 later", Away),
        ("RCPT", "550 nobody", Refused), ("DATA", "451 later", Away),
        ("DATA-END", "452 full", Away), ("DATA-END", "554 spam", Refused),
        ("EHLO", "nonsense", Away),
    ],
)  # fmt: skip
async def test_each_answer_means_later_or_never(
    clock: Clock, verb: str, answer: str, error: type[HubError]
) -> None:
    """4xx is later, 5xx about the message is never, 5xx about us waits for a person."""
    async with smtp_server() as server:
        server.answers[verb] = answer
        if verb == "EHLO":
            server.answers["HELO"] = answer
        with pytest.raises(error) as caught:
            await to(server, clock).tell(NOTE)
    assert type(caught.value) is error


async def test_one_wrong_mailbox_does_not_cost_the_others_their_mail(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said in the log."""
    async with smtp_server() as server:
        server.refuse = {"gone@site.example"}
        await to(server, clock, to=["gone@site.example", "duty@site.example"]).tell(NOTE)
    assert server.mailboxes == [["duty@site.example"]]
    assert "gone@site.example" in capsys.readouterr().out


async def test_a_slow_server_is_not_waited_for(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each answer is in time, all together are not: the line is cut and the thread ends."""
    assert driver.WHOLE_S == 30
    monkeypatch.setattr(driver, "WHOLE_S", 0.3)
    async with smtp_server() as server:
        server.delay_s = 0.2
        async with asyncio.timeout(2):
            with pytest.raises(Away, match="in time"):
                await to(server, clock).tell(NOTE)
    assert server.mails == []


async def test_answers_without_end_are_not_read(clock: Clock) -> None:
    """64 KiB of a greeting are enough."""
    async with smtp_server() as server:
        server.answers[""] = "\r\n".join(["220-more"] * 20_000)
        with pytest.raises(Away):
            await to(server, clock).tell(NOTE)


async def test_names_cannot_write_headers(store: CaseStore, clock: Clock) -> None:
    """A place with line ends and a second recipient is one line of a subject and of a text."""
    evil = "1号楼\r\nBcc: all@evil.example\r\n\r\n<script>alert(1)</script>\u202egnp\u2028x"
    async with smtp_server() as server:
        courier = courier_of(sender(store, clock, to(server, clock)), "post")
        apply(store, [opened(case("F-1", place_name=evil, category=f"x{evil}"[:60]))])
        await exhaust(courier)
    (mail,) = server.mails
    assert server.mailboxes == [["duty@site.example"]]
    assert mail["bcc"] is None
    assert "\u202e" not in mail["subject"] + mail.get_content()
    place = next(line for line in mail.get_content().splitlines() if line.startswith("地点"))
    assert "Bcc" in place
    assert "＜script＞" in place


async def test_a_repeat_has_the_same_message_id(store: CaseStore, clock: Clock) -> None:
    """A mail program shows one mail, not two, when a kill made us send twice."""
    async with smtp_server() as server:
        channel = to(server, clock)
        for _ in range(2):
            await channel.tell(NOTE)
        await channel.tell(NOTE._replace(identity="F-1/2"))
        apply(store, [])
    ids = [mail["message-id"] for mail in server.mails]
    assert ids[0] == ids[1] != ids[2]


async def test_200_cases_are_at_most_18_mails_a_minute(store: CaseStore, clock: Clock) -> None:
    """A mailbox is flooded as easily as a group."""
    async with smtp_server() as server:
        courier = courier_of(sender(store, clock, to(server, clock)), "post")
        apply(store, (opened(case(f"F-{n:05}")) for n in range(200)))
        start = clock.now
        await until_told(courier, clock, store)
    text = "".join(mail.get_content() for mail in server.mails)
    assert [n for n in range(200) if f"F-{n:05}" not in text] == []
    assert len(server.mails) <= 18
    assert clock.now - start < 60_000
