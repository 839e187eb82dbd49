"""What every device family must keep, whoever wrote it: found by discovery, none skipped."""

import contextlib
import json
import random
from collections.abc import Sequence

import pytest
from pydantic import ValidationError

from adapters.contract import Adapter, Received
from adapters.discovery import adapters
from model.codec import encode
from model.errors import FrameError
from model.reading import Reading

from .families import ROOT, build, goldens, sample_entry

FAMILIES = adapters()
AT = 1_764_000_000_000
NAMES = sorted(FAMILIES)
MQTT_NAMES = [name for name in NAMES if FAMILIES[name].transport == "mqtt"]
RECORDED_NAMES = [name for name in NAMES if FAMILIES[name].transport != "tcp"]


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """Name each family in turn."""
    return str(request.param)


def adapter_of(name: str) -> Adapter:
    """Build a family from its sample."""
    return build(FAMILIES[name], sample_entry(name))


def garbage(name: str) -> list[Received]:
    """Return seeded nonsense: noise, noise as text, and recorded messages with damage."""
    source = random.Random(26875)
    topics = ["", "iot/c1/nb/1/up", "iot/c1/ac/d1/event", "zigbee2mqtt/x", "a" * 300, "/", "$SYS/x"]
    payloads = [source.randbytes(source.randrange(200)) for _ in range(150)]
    payloads += [b"", b"{}", b"[]", b"null", b"1e999", b"[" * 70_000, b'{"a":' * 5000, b"\xff" * 9]
    if name in RECORDED_NAMES:
        for golden in goldens(name):
            damaged = bytearray(golden.received.payload)
            for _ in range(10):
                damaged[source.randrange(len(damaged))] = source.randrange(256)
                payloads.append(bytes(damaged))
            topics.append(golden.received.topic)
    return [Received(payload, AT, topic) for payload in payloads for topic in topics]


def test_the_family_loads_from_its_own_sample(name: str) -> None:
    """The sample beside the page is a complete source entry."""
    assert sample_entry(name)["adapter"] == name
    assert adapter_of(name).name == name


def test_an_unknown_key_is_an_error(name: str) -> None:
    """A misspelt setting never passes in silence."""
    entry = sample_entry(name) | {"no_such_key": 1}
    with pytest.raises(ValidationError, match="no_such_key"):
        build(FAMILIES[name], entry)


def test_every_quantity_is_on_the_page(name: str) -> None:
    """Who reads the page knows every value that may arrive."""
    page = (ROOT / name / "page.md").read_text(encoding="utf-8")
    missing = [quantity for quantity in FAMILIES[name].quantities if f"`{quantity}`" not in page]
    assert missing == []


def test_garbage_is_refused_with_a_reason_and_nothing_else(name: str) -> None:
    """Only FrameError comes out, its reason is one short word, and no Reading leaves the page."""
    adapter = adapter_of(name)
    refused = 0
    for received in garbage(name):
        reason = ""
        try:
            readings = adapter.decode(received)
        except FrameError as error:
            reason = error.reason
            refused += 1
        else:
            assert not quantities_of(readings) - FAMILIES[name].quantities
        assert not reason or reason.isidentifier()
    assert refused > 100


def quantities_of(readings: Sequence[Reading]) -> set[str]:
    """Return the names of all values."""
    return {quantity for reading in readings for quantity in reading.values}


def test_decoding_twice_says_the_same_twice(name: str) -> None:
    """Decoding depends on the message alone, whatever came before it."""
    adapter, other = adapter_of(name), adapter_of(name)
    messages = garbage(name)
    for received in messages:
        with contextlib.suppress(FrameError):
            other.decode(received)
    for received in messages[::7]:
        assert outcome(adapter, received) == outcome(other, received)


def outcome(adapter: Adapter, received: Received) -> object:
    """Return the Readings as JSON, or the error's text."""
    try:
        return encode(list(adapter.decode(received)))
    except FrameError as error:
        return str(error)


@pytest.mark.parametrize("family", RECORDED_NAMES)
def test_recorded_messages_mean_what_they_meant(family: str) -> None:
    """Each golden message still gives its Readings, or its reason of refusal."""
    adapter = adapter_of(family)
    cases = goldens(family)
    assert len(cases) >= 5
    for case in cases:
        found: object = None
        reason = ""
        try:
            readings = list(adapter.decode(case.received))
            found = json.loads(encode(readings))
            assert quantities_of(readings) <= FAMILIES[family].quantities
        except FrameError as error:
            reason = error.reason
        assert (case.name, reason, found) == (case.name, case.error, case.readings)


@pytest.mark.parametrize("family", MQTT_NAMES)
def test_a_family_over_mqtt_can_be_subscribed(family: str) -> None:
    """It names its topics."""
    assert adapter_of(family).topics()  # type: ignore[attr-defined]  # discovery checks that it is there


@pytest.mark.parametrize("family", RECORDED_NAMES)
def test_what_cannot_be_read_can_be_redacted(family: str) -> None:
    """Dead letters pass through the family's masking."""
    adapter = adapter_of(family)
    for payload in (b"", b"{}", b"\xff\xfe", b'{"card":"12345678"'):
        kept = adapter.redact(payload)  # type: ignore[attr-defined]  # as above
        assert len(kept) == len(payload)
