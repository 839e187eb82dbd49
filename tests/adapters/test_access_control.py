"""Doors: every event, and no card number anywhere."""

import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.access_control.adapter import AccessControl, AccessControlSettings
from adapters.contract import Received
from model.codec import encode
from model.errors import FrameError
from model.reading import Event, Reading

AT = 1_764_000_001_000
KEY = b"k" * 32
DOORS = AccessControl(AccessControlSettings(), KEY)
CANARY = "8844221177"


def read(**fields: object) -> Reading:
    """Decode one event of door d-a."""
    payload = json.dumps({"door": "d-a", "ts": AT} | fields).encode()
    [reading] = DOORS.decode(Received(payload, AT, "iot/c-b/ac/d-a/event"))
    return reading


def test_a_card_is_a_keyed_hash_and_two_digits() -> None:
    """HMAC-SHA256 with the gateway's key, 32 hex digits; another key is another hash."""
    values = read(event="granted", card=CANARY).values
    expected = hmac.new(KEY, CANARY.encode(), hashlib.sha256).hexdigest()[:32]
    assert values == {"card_hmac": expected, "card_tail": "77"}
    other = AccessControl(AccessControlSettings(), b"o" * 32)
    payload = json.dumps({"door": "d-a", "event": "granted", "card": CANARY}).encode()
    [reading] = other.decode(Received(payload, AT, "iot/c-b/ac/d-a/event"))
    assert reading.values["card_hmac"] != expected


def test_one_card_is_one_hash_however_it_is_written() -> None:
    """As text, as a number, in capitals or not."""
    assert (
        read(event="granted", card=12345678).values == read(event="granted", card="12345678").values
    )
    upper, lower = (read(event="granted", card=card).values for card in ("04A1B2C3", "04a1b2c3"))
    assert upper["card_hmac"] == lower["card_hmac"]


def test_a_short_number_has_no_tail() -> None:
    """Two digits of five would tell too much."""
    assert "card_tail" not in read(event="granted", card="12345").values


@pytest.mark.parametrize(
    ("word", "event", "states"),
    [
        ("granted", Event.ACCESS_GRANTED, {}),
        ("denied", Event.ACCESS_DENIED, {}),
        ("forced", Event.DOOR_FORCED, {"forced": True}),
        ("held_open", Event.DOOR_HELD_OPEN, {"held_open": True}),
        ("duress", Event.DURESS, {"duress": True}),
        ("tamper", Event.TAMPER, {"tamper": True}),
        ("normal", Event.NORMAL, dict.fromkeys(("forced", "held_open", "duress", "tamper"), False)),
    ],
)
def test_each_word_has_its_event_and_states(
    word: str, event: Event, states: dict[str, bool]
) -> None:
    """The words of a controller."""
    reading = read(event=word)
    assert (reading.event, reading.values, reading.device) == (event, states, "ac-c-b-d-a")


# They begin with what no time and no hex of ASCII text holds, so that a find is a leak.
CARDS = st.from_regex(r"9988[0-9]{4,12}", fullmatch=True) | st.from_regex(
    r"9988[0-9A-F]{4,10}", fullmatch=True
)


@given(
    card=CARDS,
    numeric=st.booleans(),
    word=st.sampled_from(["duress", "forced", "denied", "tamper", "granted"]),
    where=st.sampled_from(["plain", "in result", "twice", "escaped", "lower"]),
)
def test_no_card_number_leaves_the_gateway(
    card: str, *, numeric: bool, word: str, where: str
) -> None:
    """Not in the Reading, not in its JSON, not in the hex of the evidence."""
    text = str(int(card)) if numeric and card.isdecimal() else card
    value: object = int(text) if numeric and card.isdecimal() else text
    result = {"in result": f"card {text} seen", "lower": text.lower()}.get(where, "ok")
    payload = json.dumps({"door": "d-a", "card": value, "event": word, "result": result})
    if where == "twice":
        payload = payload.replace('"result"', f'"card": "{text}", "result"')
    if where == "escaped":
        payload = payload.replace(text, f"\\u00{ord(text[0]):x}{text[1:]}")
    reading = told_of(payload)
    told = [repr(reading), encode(reading).decode(), bytes.fromhex(reading.raw).decode()]
    mac = str(reading.values.get("card_hmac"))
    for form in (text, text.lower(), text[1:]):
        assert all(form not in place.replace(mac, "") for place in told)
    if reading.raw:
        assert len(bytes.fromhex(reading.raw)) == len(payload)


def told_of(payload: str) -> Reading:
    """Decode; where an escape made a bare number invalid JSON, return the dead letter as `raw`."""
    try:
        [reading] = DOORS.decode(Received(payload.encode(), AT, "iot/c-b/ac/d-a/event"))
    except FrameError:
        return Reading(device="", kind="", raw=DOORS.redact(payload.encode()).hex())
    return reading


@pytest.mark.parametrize(
    "payload",
    [
        f'{{"door":"d-a","card":"{CANARY}","event":"opened"}}',
        f'{{"door":"d-a","card":"{CANARY}","event":"{CANARY}"}}',
        f'{{"door":"d-b","card":"{CANARY}","event":"granted"}}',
        f'{{"door":"d-a","card":"{CANARY}","event":"granted"',
        f'{{"door":"d-a","card":"{CANARY}',
        f'{{"door":"d-a","card":{CANARY}, broken',
        f'{{"door":"d-a","card":["{CANARY}"],"event":1}}',
        f'{{"door":"d-a","cardNo":"{CANARY}","event":"?"}}',
        f'["{CANARY}"]',
        f"{CANARY}",
    ],
)
def test_a_refused_message_tells_no_card_number(payload: str) -> None:
    """Neither the error nor the dead letter; the masked payload keeps its length."""
    with pytest.raises(FrameError) as error:
        DOORS.decode(Received(payload.encode(), AT, "iot/c-b/ac/d-a/event"))
    assert CANARY not in f"{error.value} {error.value.detail} {error.value.__cause__!r}"
    assert error.value.__suppress_context__ or error.value.__context__ is None
    kept = DOORS.redact(payload.encode())
    assert CANARY.encode() not in kept
    assert len(kept) == len(payload)


@pytest.mark.parametrize("card", [True, 1.5, -5, [1], {"a": 1}, "卡", "x" * 200, 10**50])
def test_duress_is_told_though_the_card_makes_no_sense(card: object) -> None:
    """The alarm is worth more than the card."""
    reading = read(event="duress", card=card, result=7, ts="soon")
    assert reading.event is Event.DURESS
    assert reading.quality == ("field:card", "field:ts", "field:result")


def test_a_vendors_words_and_fields_are_configuration() -> None:
    """Another dialect is a few lines of YAML."""
    settings = AccessControlSettings.model_validate(
        {
            "topic": "acme/{door}",
            "compound": "c7",
            "fields": {"door": "d.id", "card": "cardNo", "event": "d.type", "result": "why"},
            "events": {"7": "forced", "Alarm": "duress"},
            "time": None,
        }
    )
    payload = json.dumps({"d": {"id": "9", "type": "Alarm"}, "cardNo": CANARY}).encode()
    [reading] = AccessControl(settings, KEY).decode(Received(payload, AT, "acme/9"))
    assert (reading.device, reading.event) == ("ac-c7-9", Event.DURESS)
    assert CANARY not in bytes.fromhex(reading.raw).decode()
