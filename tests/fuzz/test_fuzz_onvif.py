"""What ONVIF devices answer, damaged: only FrameError, no hang, and never an address of another host."""

import random
from urllib.parse import urlsplit

import pytest

from adapters.onvif.soap import (
    device_time,
    events_address,
    fault_of,
    granted_s,
    reachable,
    subscription_of,
)
from adapters.onvif.xml import notifications, parsed, read_notification
from hub.onvif_discovery import read_matches
from hub.simulation import onvif_answers as answers
from hub.simulation.onvif_probe import probe_match
from model.errors import FrameError

from .damage import damaged, hangs

AT = 1_764_000_000_000
DIALLED = "http://192.0.2.1:80"
NOTE = answers.Note(
    "tns1:Device/Trigger/DigitalInput", (("InputToken", "1"),), (("LogicalState", "1"),)
)
REFERENCE = '<d:Id xmlns:d="urn:d">7</d:Id>'
PLAIN, ODD = answers.Dialect(), answers.Dialect(odd_prefixes=True, zero_time=True)
SEEDS = [
    PLAIN.messages([NOTE] * 3, now_ms=AT, until_ms=AT + 60_000),
    ODD.messages([NOTE], now_ms=AT, until_ms=AT + 60_000),
    PLAIN.envelope(answers.services("http://10.0.0.1:8080")),
    PLAIN.envelope(answers.capabilities("http://192.0.2.1")),
    PLAIN.envelope(answers.date_and_time(AT)),
    ODD.envelope(answers.subscription("/sub?Idx=1", REFERENCE, now_ms=AT, until_ms=AT + 9000)),
    PLAIN.fault("NotAuthorized", "Sender not Authorized"),
    probe_match(relates_to="uuid:1", address="http://192.0.2.1/x http://[::1]/y", scopes=("onvif://www.onvif.org/name/%E5",)),
]  # fmt: skip


def test_a_damaged_answer_is_refused_or_read_but_never_fatal() -> None:
    """Whatever address it names, the login goes to the dialled host only."""
    seed = random.randrange(2**32)
    tried = 0
    for payload in damaged(SEEDS, random.Random(seed)):
        tried += 1
        try:
            _read(payload)
        except FrameError:
            pass
        except Exception as error:  # noqa: BLE001 - any other is the finding
            pytest.fail(f"seed={seed} payload={payload!r}: {error!r}")
    assert tried >= 50


def test_a_large_answer_is_read_in_time() -> None:
    """Thousands of notifications, and one with thousands of items."""
    many = PLAIN.messages([NOTE] * 3000, now_ms=AT, until_ms=AT)
    wide = PLAIN.messages([NOTE._replace(data=NOTE.data * 3000)], now_ms=AT, until_ms=AT)
    assert len(notifications(parsed(many, limit=4 << 20))) == 3000
    with pytest.raises(FrameError, match="oversize"):
        read_notification(wide)
    assert not hangs(lambda: read_notification(wide))


def test_messages_inside_of_messages_cost_no_more_than_their_size() -> None:
    """Nested as deep as XML allows, with a large heart: one message, not two hundred copies."""
    heart = b"x" * (1 << 20)
    depth = 200
    nested = b"<NotificationMessage>" * depth + heart + b"</NotificationMessage>" * depth
    root = parsed(nested, limit=4 << 20)
    assert [len(message) for message in notifications(root)] == [len(nested)]
    values = b"<Fault>" + b"<Value>" * depth + heart + b"</Value>" * depth + b"</Fault>"
    assert len(fault_of(parsed(values, limit=4 << 20))) < 1000
    blocks = b"<ReferenceParameters><a/>" * depth + b"</ReferenceParameters>" * depth
    made = subscription_of(
        parsed(
            b"<r><SubscriptionReference><Address>/x</Address>"
            + blocks
            + b"</SubscriptionReference></r>"
        )
    )
    assert made is not None
    assert len(made.reference) <= 16_384


def _read(payload: bytes) -> None:
    """Do with an answer all that the runner does."""
    read_matches(payload, "192.0.2.1")
    root = parsed(payload)
    fault_of(root)
    device_time(root)
    granted_s(root)
    made = subscription_of(root)
    for address in (events_address(root), made.address if made else ""):
        url = urlsplit(reachable(address, base=f"{DIALLED}/onvif/events", dialled=DIALLED))
        assert (url.scheme in ("http", "https"), url.hostname) == (True, "192.0.2.1")
    for message in notifications(root):
        read_notification(message)
