"""Access control: a door says who came, who was refused, and when it was forced.

Cards leave the gateway only as a keyed hash with their last two digits (design, privacy by
construction); a payload that is kept as evidence or dead letter has the number overwritten.
"""

import math
from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from adapters.card import Card, Mask, card_of, mask_text
from adapters.contract import Received, Settings
from adapters.json_fields import clean, getter, identity_text, parse_object
from adapters.json_time import TimeMapping, compile_time
from adapters.topic_pattern import TopicPattern
from model.errors import FrameError
from model.reading import ALARM_EVENTS, Event, Reading, Value

Word = Literal["granted", "denied", "forced", "held_open", "duress", "panic", "tamper", "normal"]

EVENTS: Mapping[Word, Event] = {
    "granted": Event.ACCESS_GRANTED,
    "denied": Event.ACCESS_DENIED,
    "forced": Event.DOOR_FORCED,
    "held_open": Event.DOOR_HELD_OPEN,
    "duress": Event.DURESS,
    "panic": Event.PANIC,
    "tamper": Event.TAMPER,
    "normal": Event.NORMAL,
}
OWN_WORDS: Mapping[str, Word] = {str(word): word for word in EVENTS}
STATES = ("forced", "held_open", "duress", "tamper")


class AccessFields(Settings):
    """Names of the fields in the vendor's JSON; nested ones by dotted path, the card flat."""

    door: str = "door"
    card: str = Field(default="card", pattern=r"^[^.]+$")
    event: str = "event"
    result: str = "result"
    released: str = "released"


class AccessControlSettings(Settings):
    """A source of door events; `events` translates a vendor's words into ours."""

    topic: str = "iot/{compound}/ac/{door}/event"
    compound: str = Field(default="", description="for topics without {compound}")
    fields: AccessFields = AccessFields()
    events: dict[str, Word] = Field(default_factory=lambda: dict(OWN_WORDS))
    time: TimeMapping | None = TimeMapping(field="ts")

    @field_validator("topic")
    @classmethod
    def _names_the_door(cls, topic: str) -> str:
        if "door" not in TopicPattern.of(topic).names:
            raise ValueError("the topic must have a level {door}")
        return topic


class AccessControl:
    """Turns a door's event into a Reading without telling whose card it was."""

    name: ClassVar[str] = "access_control"
    settings: ClassVar[type[Settings]] = AccessControlSettings
    transport: ClassVar[str] = "mqtt"
    quantities: ClassVar[frozenset[str]] = frozenset(
        {*STATES, "result", "released", "card_hmac", "card_tail"}
    )

    def __init__(self, settings: Settings, secret: bytes) -> None:
        """Compile; `secret` keys the cards' hashes and must stay the same on one gateway."""
        if not isinstance(settings, AccessControlSettings):
            raise TypeError(
                f"access_control takes AccessControlSettings, not {type(settings).__name__}"
            )
        self._secret = secret
        self._pattern = TopicPattern.of(settings.topic)
        self._compound = settings.compound
        self._fields = settings.fields
        self._door, self._event = getter(settings.fields.door), getter(settings.fields.event)
        self._result = getter(settings.fields.result)
        self._released = getter(settings.fields.released)
        self._words = settings.events
        self._time = compile_time(settings.time) if settings.time else None
        self._mask = Mask(settings.fields.card)

    def topics(self) -> list[str]:
        """Return the filters to subscribe to."""
        return [self._pattern.filter]

    def redact(self, payload: bytes) -> bytes:
        """Return any payload, also a broken one, without its card number."""
        try:
            card = card_of(parse_object(payload).get(self._fields.card), self._secret)
        except FrameError:
            card = None
        return self._mask.payload(payload, card)

    def decode(self, received: Received) -> tuple[Reading, ...]:
        """Return one Reading; raises FrameError (json, type, nan, identity, oversize, topic)."""
        document = parse_object(received.payload)
        levels = self._pattern.match(received.topic)
        door = identity_text(levels["door"], "{door}")
        if identity_text(self._door(document), self._fields.door) != door:
            raise FrameError(
                "identity", f"field {self._fields.door!r} differs from the topic's door"
            )
        compound = clean(levels.get("compound", self._compound))
        word = self._word(document)
        flaws: list[str] = []
        card = self._card(document, flaws)
        observed_at = self._time(document, received.at, flaws) if self._time else None
        event = EVENTS[word]
        raw = self._mask.payload(received.payload, card) if event in ALARM_EVENTS else b""
        return (
            Reading(
                device=f"ac-{compound}-{door}",
                kind="door",
                received_at=received.at,
                values=self._values(document, word, card, flaws),
                event=event,
                observed_at=observed_at,
                quality=tuple(flaws),
                historical=received.retained,
                compound=compound,
                raw=raw.hex(),
            ),
        )

    def _word(self, document: Mapping[str, object]) -> Word:
        """Return what happened; the error never quotes the payload, which may hold a card."""
        value = self._event(document)
        if value.__class__ is str and (word := self._words.get(str(value))):
            return word
        name = self._fields.event
        if value is None:
            raise FrameError("type", f"field {name!r} is missing")
        if value.__class__ is float and not math.isfinite(value):
            raise FrameError("nan", f"field {name!r} is not a number")
        raise FrameError("type", f"field {name!r} is none of: {', '.join(self._words)}")

    def _card(self, document: Mapping[str, object], flaws: list[str]) -> Card | None:
        value = document.get(self._fields.card)
        if value is None or value == "":
            return None
        card = card_of(value, self._secret)
        if card is None:
            flaws.append(f"field:{self._fields.card}")
        return card

    def _values(
        self, document: Mapping[str, object], word: Word, card: Card | None, flaws: list[str]
    ) -> dict[str, Value]:
        values: dict[str, Value] = {}
        if word == "normal":
            values.update(dict.fromkeys(STATES, False))
        elif word in STATES:
            values[word] = True
        result = self._result(document)
        if result.__class__ is str:
            values["result"] = clean(mask_text(str(result), card))
        elif result is not None:
            flaws.append(f"field:{self._fields.result}")
        released = self._released(document)
        if released.__class__ is bool:
            values["released"] = bool(released)
        elif released is not None:
            flaws.append(f"field:{self._fields.released}")
        if card is not None:
            values["card_hmac"] = card.mac
            if card.tail:
                values["card_tail"] = card.tail
        return values
