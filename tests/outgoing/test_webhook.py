"""A webhook is signed so that receivers can trust it, and goes only where it may."""

import json
import time
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

import cases
from hub.case_store import CaseStore, OutgoingEvent
from hub.outgoing.address import check_url, is_public, parse_url
from hub.outgoing.channel import HOUR, MINUTE, SECOND, Gone, RetryLater
from hub.outgoing.webhook import BODY_MAX, SCHEDULE, Webhook, shortened
from model.anomaly import Evidence
from model.errors import ConfigError, Refused
from tests.case_store.samples import opened

from .receiver import Receiver, receiving

OLD, NEW = (f"whsec_{b64encode(key * 24).decode()}" for key in (b"a", b"b"))
EVENT = OutgoingEvent(1, "F-1", 2, "update", "", False, '{"data":{"名":"火警"}}', 0)  # noqa: FBT003 - a record


def now() -> int:
    """Return this machine's clock: the verifier compares with it."""
    return int(time.time() * 1000)


def to(receiver: Receiver) -> Webhook:
    """Return a webhook to the test's server."""
    return Webhook("test", receiver.url, keys=[NEW, OLD], clock=now, allow_private=True)


async def test_each_key_verifies_the_signature() -> None:
    """A receiver that still has the old key, and one that has the new one, both can check."""
    async with receiving() as receiver:
        await to(receiver).send(EVENT)
    request = receiver.received[0]
    for key in (OLD, NEW):
        assert Verifier(key).verify(request.body, request.headers) == {"data": {"名": "火警"}}
    assert request.headers["webhook-id"] == "F-1/2"
    with pytest.raises(WebhookVerificationError):
        Verifier(NEW).verify(request.body.replace(b"1", b"2") + b" ", request.headers)


async def test_the_host_header_is_the_name_and_the_path_is_whole() -> None:
    """The connection goes to the checked address, the request names what was configured."""
    asked: list[tuple[str, int]] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append((host, port))
        return ["127.0.0.1"]

    async with receiving() as receiver:
        url = f"http://hooks.example:{receiver.port}/案件?k=1"
        hook = Webhook("t", url, keys=[NEW], clock=now, allow_private=True, resolve=resolve)
        await hook.send(EVENT)
    assert asked == [("hooks.example", receiver.port)]
    assert receiver.received[0].headers["host"] == f"hooks.example:{receiver.port}"
    assert receiver.received[0].path == "/%E6%A1%88%E4%BB%B6?k=1"


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 404, 429, 500, 503])
async def test_every_answer_but_success_is_tried_again(status: int) -> None:
    """Also a redirect, which is not followed: the second request never happens."""
    async with receiving([status], headers="location: /elsewhere\r\n") as receiver:
        with pytest.raises(RetryLater, match=str(status)):
            await to(receiver).send(EVENT)
    assert len(receiver.received) == 1


async def test_gone_is_gone() -> None:
    """410 says: never again."""
    async with receiving([410]) as receiver:
        with pytest.raises(Gone):
            await to(receiver).send(EVENT)


async def test_the_receiver_may_ask_for_time() -> None:
    """Retry-After in seconds is passed on, at most an hour; a date is left to the schedule."""
    for text, wait in (("120", 120 * SECOND), ("999999", HOUR), ("Sun, 22 Nov 2026", 0)):
        async with receiving([503], headers=f"retry-after: {text}\r\n") as receiver:
            with pytest.raises(RetryLater) as caught:
                await to(receiver).send(EVENT)
        assert caught.value.after == wait


async def test_nobody_listening_is_tried_again() -> None:
    """A refused connection is no fault of the event."""
    async with receiving() as receiver:
        pass
    with pytest.raises(RetryLater, match="no answer"):
        await to(receiver).send(EVENT)


async def test_a_private_address_is_not_reached_unless_allowed() -> None:
    """The server is there and well, and gets nothing."""
    async with receiving() as receiver:
        hook = Webhook("t", receiver.url, keys=[NEW], clock=now)
        with pytest.raises(RetryLater, match="not a public address"):
            await hook.send(EVENT)
    assert receiver.received == []


async def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    """A name that leads to two places may lead inside at the second try."""

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return ["1.1.1.1", "10.0.0.5"]

    with pytest.raises(Refused, match=r"10\.0\.0\.5"):
        await check_url("https://hooks.example/", allow_private=False, resolve=resolve)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",  # noqa: S104 - an address to refuse
        "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1",
        "::ffff:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "ff02::1", "x",
    ],
)  # fmt: skip
def test_inner_addresses_are_known_in_every_wrapping(address: str) -> None:
    """Loopback, private, link-local, carrier, multicast, mapped, NAT64 and 6to4."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_pass(address: str) -> None:
    """The check refuses what is inside, not everything."""
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://a/", "gopher://a/", "//a/", "a", "", "http://", "https:///x",
        "http://u:p@a/", "http://u@a/", "http://a:99999/", "http://[::1", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_other_urls_stop_the_start(url: str) -> None:
    """Only http and https with a host and without names or passwords."""
    with pytest.raises(Refused):
        parse_url(url)
    with pytest.raises(ConfigError):
        Webhook("t", url, keys=[NEW], clock=now)


@pytest.mark.parametrize("keys", [[], ["whsec_"], ["whsec_é"]])
def test_a_bad_key_stops_the_start(keys: list[str]) -> None:
    """Nobody should learn at the first fire that nothing can be signed."""
    with pytest.raises(ConfigError):
        Webhook("t", "https://a/", keys=keys, clock=now)


def test_the_schedule_is_ten_attempts_over_three_days() -> None:
    """0 s, 5 s, 5 min, 30 min, 2 h, 5 h … about 75 h in all."""
    assert SCHEDULE.waits[:4] == (5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR)
    assert len(SCHEDULE.waits) == 9
    assert 75 * HOUR < sum(SCHEDULE.waits) < 76 * HOUR
    assert SCHEDULE.wait(10) is None


@given(
    evidence=st.lists(st.text(max_size=300), max_size=200),
    text=st.text(max_size=4000),
    notes=st.dictionaries(st.text(max_size=9), st.text(max_size=4000), max_size=9),
)
def test_a_body_is_at_most_20_kb(evidence: list[str], text: str, notes: dict[str, str]) -> None:
    """Lists are emptied first, then texts are cut, and the event says so."""
    case = {"text": text, "evidence": evidence, "proof": notes, "flags": ["late"]}
    payload = json.dumps({"id": "x", "data": {"case": case}}, ensure_ascii=False)
    body = shortened(payload)
    assert len(body.encode()) <= BODY_MAX
    if body != payload:
        found = json.loads(body)["data"]["case"]
        assert found["flags"] == ["late", "shortened"]
        assert found["evidence"] == []
        assert text.startswith(found["text"])
        assert found["proof"].keys() == notes.keys()


def test_an_event_that_cannot_be_shortened_is_refused() -> None:
    """It becomes a dead letter instead of being tried for three days."""
    with pytest.raises(Refused):
        shortened(json.dumps({"data": {f"n{n}": "x" * 400 for n in range(100)}}))


def test_a_shortened_event_still_keeps_to_the_published_schema(tmp_path: Path) -> None:
    """Receivers that check what they get are not broken by a big fire."""
    schema = json.loads((Path(cases.__file__).parent / "schema/case-event.schema.json").read_text())
    change = opened("E-00000-00001")
    evidence = tuple(Evidence(f"g/e/alarm/{n}", "d", n, raw="40" * 400) for n in range(32))
    big = msgspec.structs.replace(change.case, evidence=evidence, text="火" * 4000)
    store = CaseStore(f"sqlite:///{tmp_path / 'c.db'}", site="home")
    store.outbox.open_channels({"hook": "url"})
    store.apply([msgspec.structs.replace(change, case=big)], log_id="log", pos=1)
    store.outbox.enrol("hook")
    payload = store.outbox.due("hook", now=0, limit=1)[0].payload
    store.close()
    jsonschema.validate(json.loads(payload), schema)
    body = shortened(payload)
    assert len(body.encode()) <= BODY_MAX < len(payload.encode())
    jsonschema.validate(json.loads(body), schema)
