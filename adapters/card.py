"""Keeps card numbers in the gateway: what leaves is a keyed hash, two digits, and asterisks."""

import hmac
import re
from typing import NamedTuple

MAC_DIGITS = 32
TAIL_FROM = 6  # a shorter number would be half told by its last two digits (our assumption)
_DIGIT_TEXT = re.compile(r"[0-9]")
_DIGIT = re.compile(rb"[0-9]")
_CARD_TEXT = re.compile(r"[0-9A-Za-z][0-9A-Za-z _:.-]{0,62}")


class Card(NamedTuple):
    """A card as it may leave the gateway; `number` is for masking only."""

    number: str
    mac: str
    tail: str


def card_of(value: object, secret: bytes) -> Card | None:
    """Return the card of a payload's field, or None when it cannot be one.

    The hash is HMAC-SHA256 over the number in upper case, the first 128 bits in hex, so one card
    is one value at all doors of a gateway and cannot be guessed by trying numbers without the key.
    """
    if value.__class__ is int and 0 <= value < 10**40:
        number = str(value)
    elif value.__class__ is str and _CARD_TEXT.fullmatch(value.strip()):
        number = value.strip()
    else:
        return None
    mac = hmac.digest(secret, number.upper().encode(), "sha256").hex()[:MAC_DIGITS]
    return Card(number, mac, number[-2:] if len(number) >= TAIL_FROM else "")


class Mask:
    """Overwrites card numbers in payloads, same length, so that the rest stays readable."""

    def __init__(self, field: str) -> None:
        """Take the name of the JSON field that holds the card."""
        name = re.escape(field.encode())
        # A string up to its closing quote (or the end of a cut payload), or a bare value.
        self._value = re.compile(
            rb'("' + name + rb'"\s*:\s*)("(?:\\.|[^"\\])*"?|[^\s,}\]]+)', re.DOTALL
        )

    def payload(self, payload: bytes, card: Card | None) -> bytes:
        """Mask a payload whose card is known; None masks every digit, to be safe."""
        masked = self._value.sub(_stars_for_value, payload)
        if card is None or b"\\u" in payload:
            # An escape can spell a number in ways that no search finds.
            return _DIGIT.sub(b"*", masked)
        return _ignoring_case(card).sub(lambda found: b"*" * len(found[0]), masked)


def mask_text(text: str, card: Card | None) -> str:
    """Mask the card's number inside another text; without a card, every digit."""
    if card is None:
        return _DIGIT_TEXT.sub("*", text)
    pattern = re.compile(re.escape(card.number), re.IGNORECASE)
    return pattern.sub(lambda found: "*" * len(found[0]), text)


def _ignoring_case(card: Card) -> re.Pattern[bytes]:
    return re.compile(re.escape(card.number.encode()), re.IGNORECASE)


def _stars_for_value(found: re.Match[bytes]) -> bytes:
    value = found[2]
    if not value.startswith(b'"'):
        return found[1] + b"*" * len(value)
    closed = len(value) > 1 and value.endswith(b'"')
    return found[1] + b'"' + b"*" * (len(value) - 1 - closed) + (b'"' if closed else b"")
