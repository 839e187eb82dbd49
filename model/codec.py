"""What travels between gateway and hub, as JSON, and back again.

A *row* is what one commit wrote into the gateway's outbox: consecutive Readings of one lane. It is
the unit of sending, of the receipt and of the repeat check: same first number and same hash is a
repeat; the same number with other content is not (a reinstalled gateway, a cloned SD card).
"""

from hashlib import blake2b
from typing import Annotated, Protocol, TypeVar

import msgspec

from .reading import Lane, Reading, Whole

WIRE_VERSION = 1
ASKED_MAX = 100  # times in one wish of the hub
Number = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
Message = TypeVar("Message")
Made_co = TypeVar("Made_co", covariant=True)


class Row(msgspec.Struct, frozen=True):
    """Consecutive Readings of one lane: `first` .. `first + count - 1`; `readings` is a JSON array."""

    first: Number
    count: Number
    readings: msgspec.Raw


class Uplink(msgspec.Struct, frozen=True):
    """One message of a gateway: rows of one lane, and the lowest number still without receipt."""

    v: int
    gateway: str
    epoch: str
    lane: Lane
    low: Number
    rows: list[Row]
    not_durable: bool = False  # forwarded from memory: the gateway could not store it


class Receipt(msgspec.Struct, frozen=True):
    """The hub's word that rows are in the durable log; a row is (first, last, hash)."""

    epoch: str
    lane: Lane
    rows: list[tuple[int, int, str]]
    new_epoch: bool = False  # the numbers of this epoch are in use twice: draw a new one


class Heartbeat(msgspec.Struct, frozen=True, omit_defaults=True):
    """A gateway's sign of life; `caught_up_to` is the time (ms) up to which all Readings are receipted.

    Its process runs since `since` (ms): what was said before that it may not have heard.
    """

    gateway: str
    epoch: str
    state: str  # online, stopped (orderly), lost (the broker's last will)
    at: Whole = 0
    caught_up_to: Whole = 0
    depth: dict[str, Number] = {}  # Readings in the outbox, by lane
    counters: dict[str, Number] = {}  # received, stored, rejected.<reason>, expired.<reason>, …
    warnings: list[str] = []
    since: Whole = 0


class Ask(msgspec.Struct, frozen=True):
    """The hub's wish: a heartbeat as soon as all up to each of these times (ms) is receipted."""

    prove: Annotated[list[Whole], msgspec.Meta(max_length=ASKED_MAX)]


_encoder = msgspec.json.Encoder()
_uplink = msgspec.json.Decoder(Uplink)
_receipt = msgspec.json.Decoder(Receipt)
_heartbeat = msgspec.json.Decoder(Heartbeat)
_ask = msgspec.json.Decoder(Ask)
_readings = msgspec.json.Decoder(list[Reading])
_raws = msgspec.json.Decoder(list[msgspec.Raw])
_reading = msgspec.json.Decoder(Reading)

CodecError = msgspec.DecodeError
"""Raised by the decoders on what is not JSON or not of the shape (msgspec.ValidationError is one)."""


def encode(message: Uplink | Receipt | Heartbeat | Ask | list[Reading] | Reading) -> bytes:
    """Encode a message as JSON text in UTF-8."""
    return _encoder.encode(message)


class Decoder(Protocol[Made_co]):
    """A decoder of msgspec, of JSON or of MessagePack."""

    def decode(self, buf: bytes | msgspec.Raw, /) -> Made_co:
        """Decode what came."""


def decoded(decoder: Decoder[Message], payload: bytes | msgspec.Raw) -> Message:
    """Decode what came from elsewhere; raises CodecError on whatever it may be."""
    try:
        return decoder.decode(payload)
    except (UnicodeDecodeError, RecursionError) as error:  # not a DecodeError in msgspec
        raise CodecError(f"the message is malformed: {error}") from None


def row_hash(readings: bytes) -> str:
    """Return 16 hex digits that name the content of a row."""
    return blake2b(readings, digest_size=8).hexdigest()


def decode_uplink(payload: bytes) -> Uplink:
    """Decode a gateway's message without looking into its rows; raises CodecError."""
    return decoded(_uplink, payload)


def decode_receipt(payload: bytes) -> Receipt:
    """Decode a receipt; raises CodecError."""
    return decoded(_receipt, payload)


def decode_heartbeat(payload: bytes) -> Heartbeat:
    """Decode a heartbeat or last will; raises CodecError."""
    return decoded(_heartbeat, payload)


def decode_ask(payload: bytes) -> Ask:
    """Decode the hub's wish for heartbeats; raises CodecError."""
    return decoded(_ask, payload)


def decode_readings(payload: bytes, gateway: str, epoch: str) -> list[Reading]:
    """Decode a row's Readings and fill in who sent them; raises CodecError if any one is wrong."""
    readings = decoded(_readings, payload)
    fill = msgspec.structs.force_setattr
    for reading in readings:
        fill(reading, "gateway", gateway)
        fill(reading, "epoch", epoch)
    return readings


def salvage_readings(
    payload: bytes, gateway: str, epoch: str
) -> tuple[list[Reading], list[tuple[bytes, str]]]:
    """Decode what can be decoded of a row: (good Readings, [(bytes of a bad one, why)]).

    One message that cannot be understood costs nothing else.
    """
    good: list[Reading] = []
    bad: list[tuple[bytes, str]] = []
    try:
        parts = decoded(_raws, payload)
    except CodecError as error:
        return [], [(payload, str(error))]
    for part in parts:
        try:
            reading = decoded(_reading, part)
        except CodecError as error:
            bad.append((bytes(part), str(error)))
        else:
            good.append(msgspec.structs.replace(reading, gateway=gateway, epoch=epoch))
    return good, bad
