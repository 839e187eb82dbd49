"""The pure part of the SOAP conversation: addresses, digests, times, faults."""

import pytest

from adapters.onvif.soap import (
    Token,
    create_pull_point,
    device_time,
    digest,
    envelope,
    events_address,
    fault_of,
    granted_s,
    is_denial,
    pull,
    reachable,
    subscription_of,
)
from adapters.onvif.xml import first, named, parsed, text_of

BASE = "http://192.0.2.1:8080/onvif/events"
DIALLED = "http://192.0.2.1:80"


@pytest.mark.parametrize(
    ("named_by_device", "asked"),
    [
        ("http://192.0.2.1:8080/sub?Idx=3", "http://192.0.2.1:8080/sub?Idx=3"),
        ("/sub?Idx=3", "http://192.0.2.1:8080/sub?Idx=3"),
        ("sub?Idx=3", "http://192.0.2.1:8080/onvif/sub?Idx=3"),
        ("http://10.0.0.9:8080/sub?Idx=3", "http://192.0.2.1:80/sub?Idx=3"),
        ("http://192.0.2.1:8106:8106/sub", "http://192.0.2.1:8106/sub"),
        ("http://admin:pw@192.0.2.1/sub", "http://192.0.2.1/sub"),
        ("file:///etc/passwd", "http://192.0.2.1:80/etc/passwd"),
        ("http://[bad/sub", "http://192.0.2.1:80/onvif/device_service"),
    ],
)
def test_an_address_leads_to_the_device_that_was_dialled(named_by_device: str, asked: str) -> None:
    """Path and query stay; a host that is not the device's is never asked, so no login goes there."""
    assert reachable(named_by_device, base=BASE, dialled=DIALLED) == asked


def test_the_digest_is_the_profile_s() -> None:
    """Known pair: computed with `openssl dgst -sha1` over nonce, created and password."""
    nonce = bytes.fromhex("2d14a96d7f0c4f41b7b8a9b17a1b2c3d")
    assert digest(nonce, "2010-09-16T07:50:45Z", "userpassword") == "353txPpHmntg66kiaW+fnE2FWb8="


def test_a_request_carries_login_addressing_and_reference() -> None:
    """And what people wrote in a name or a password cannot break out of it."""
    token = Token("<admin>", 'p"w<', 1_764_000_000_123, b"n" * 16)
    root = parsed(
        envelope(pull(10, 100), to=BASE, message_id="urn:uuid:1", token=token, reference="<x/>")
    )
    assert text_of(first(root, "Username")) == "<admin>"
    created = text_of(first(root, "Created"))
    assert created == "2025-11-24T16:00:00.123Z"
    assert text_of(first(root, "Password")) == digest(b"n" * 16, created, 'p"w<')
    assert text_of(first(root, "To")) == BASE
    assert first(root, "x").getparent() is first(root, "Header")
    assert text_of(first(root, "Timeout")) == "PT10S"
    plain = parsed(envelope(create_pull_point(60), to=BASE, message_id="m"))
    assert not list(named(plain, "Security"))


def test_reference_parameters_are_echoed_as_they_are() -> None:
    """With their own namespace, marked as WS-Addressing wants."""
    made = subscription_of(
        parsed(
            b'<r xmlns:a="http://www.w3.org/2005/08/addressing"><SubscriptionReference>'
            b"<a:Address> /sub </a:Address><a:ReferenceParameters>"
            b'<d:Id xmlns:d="urn:d">7</d:Id></a:ReferenceParameters></SubscriptionReference>'
            b"<CurrentTime>2026-01-01T00:00:00Z</CurrentTime>"
            b"<TerminationTime>2026-01-01T00:01:30Z</TerminationTime></r>"
        )
    )
    assert made is not None
    assert (made.address, made.granted_s) == ("/sub", 90.0)
    block = parsed(made.reference.encode())
    assert (block.tag, block.text) == ("{urn:d}Id", "7")
    assert block.get("{http://www.w3.org/2005/08/addressing}IsReferenceParameter") == "true"
    assert subscription_of(parsed(b"<r><SubscriptionReference/></r>")) is None


@pytest.mark.parametrize(
    ("now", "until", "seconds"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:02:00Z", 120.0),
        ("2026-01-01T00:00:00", "2026-01-01T00:02:00Z", 120.0),
        ("2026-01-01T00:00:00Z", "1970-01-01T00:00:00Z", None),
        ("0000-00-00T00:00:00Z", "soon", None),
        ("", "", None),
    ],
)
def test_a_grant_that_cannot_be_is_none(now: str, until: str, seconds: float | None) -> None:
    """Then what was asked for is assumed."""
    root = parsed(
        f"<r><CurrentTime>{now}</CurrentTime><TerminationTime>{until}</TerminationTime></r>".encode()
    )
    assert granted_s(root) == seconds


def test_a_clock_may_be_missing_or_impossible() -> None:
    """Month 0 is no date; second 60 is one."""

    def clock(month: int, second: int) -> int | None:
        return device_time(
            parsed(
                f"<r><UTCDateTime><Time><Hour>1</Hour><Minute>2</Minute><Second>{second}</Second></Time>"
                f"<Date><Year>2026</Year><Month>{month}</Month><Day>4</Day></Date></UTCDateTime></r>".encode()
            )
        )

    assert clock(3, 5) == 1_772_586_125_000
    assert clock(3, 60) == 1_772_586_179_000
    assert clock(0, 5) is None
    assert device_time(parsed(b"<r/>")) is None


def test_events_are_found_by_services_or_capabilities() -> None:
    """The newer answer and the older one."""
    services = (
        b"<r><Service><Namespace>http://www.onvif.org/ver10/media/wsdl</Namespace><XAddr>m</XAddr></Service>"
        b"<Service><Namespace>http://www.onvif.org/ver10/events/wsdl</Namespace><XAddr>e</XAddr></Service></r>"
    )
    assert events_address(parsed(services)) == "e"
    assert events_address(parsed(b"<r><Events><XAddr>c</XAddr></Events></r>")) == "c"
    assert events_address(parsed(b"<r/>")) == ""


def test_a_fault_is_one_line_and_a_refused_login_is_known() -> None:
    """SOAP 1.2 and 1.1; no fault is an empty text."""
    denied = fault_of(
        parsed(
            b"<E><Body><Fault><Code><Value>s:Sender</Value><Subcode><Value>ter:NotAuthorized</Value>"
            b"</Subcode></Code><Reason><Text>Sender not\nAuthorized</Text></Reason></Fault></Body></E>"
        )
    )
    assert denied == "s:Sender ter:NotAuthorized Sender not_Authorized"
    assert is_denial(denied)
    old = fault_of(parsed(b"<E><Fault><faultstring>busy</faultstring></Fault></E>"))
    assert (old, is_denial(old)) == ("busy", False)
    assert fault_of(parsed(b"<E><Body/></E>")) == ""
