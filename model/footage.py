"""Footage 影像: the pictures and clips of an episode, from the camera's process to the hub.

A file is named by its SHA-256 on the way and at the hub; the names that people gave (camera, zone)
never become a path.
"""

import re
from enum import StrEnum
from typing import Annotated

import msgspec

from .codec import CodecError, decoded
from .reading import Whole

VERSION = 1
FILE_BYTES = 64 << 20
"""No file may be larger; a clip of 20 s has 1 to 6 MiB."""

PIECE_BYTES = 192 << 10
"""So much of a file travels in one message: NATS disconnects who sends more than 1 MiB."""

MESSAGE_BYTES = 256 << 10
MANIFEST_BYTES = 64 << 10

_EPISODE = "^[0-9a-f]{16}$"
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
EpisodeId = Annotated[str, msgspec.Meta(pattern=_EPISODE)]
Size = Annotated[int, msgspec.Meta(ge=0, le=FILE_BYTES)]
Name = Annotated[str, msgspec.Meta(max_length=200)]
Word = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,63}$")]


def is_episode(word: object) -> bool:
    """Whether a Reading's value names an episode of a camera: 16 hex digits and nothing else."""
    return isinstance(word, str) and re.fullmatch(_EPISODE[1:-1], word) is not None


class Kind(StrEnum):
    """What a file shows."""

    SNAPSHOT = "snapshot"
    CLIP = "clip"
    MANIFEST = "manifest"


class Type(StrEnum):
    """How a file is written; nothing else is accepted."""

    JPEG = "jpeg"
    MP4 = "mp4"
    WEBM = "webm"
    JSON = "json"

    @property
    def media(self) -> str:
        """The media type that browsers know."""
        return _MEDIA[self]

    @property
    def ending(self) -> str:
        """The end of a file's name, with its dot."""
        return ".jpg" if self is Type.JPEG else f".{self.value}"

    def begins(self, head: bytes) -> bool:
        """Return whether a file of this type may begin with these (at least 12) bytes."""
        if self is Type.JPEG:
            return head.startswith(b"\xff\xd8\xff")
        if self is Type.MP4:
            return head[4:8] == b"ftyp"
        if self is Type.WEBM:
            return head.startswith(b"\x1a\x45\xdf\xa3")
        return head.startswith(b"{")


_MEDIA = {
    Type.JPEG: "image/jpeg", Type.MP4: "video/mp4", Type.WEBM: "video/webm",
    Type.JSON: "application/json",
}  # fmt: skip

TYPES = {
    Kind.SNAPSHOT: frozenset({Type.JPEG}),
    Kind.CLIP: frozenset({Type.MP4, Type.WEBM}),
    Kind.MANIFEST: frozenset({Type.JSON}),
}


class FootageFile(msgspec.Struct, frozen=True, rename={"since": "from", "until": "to"}):
    """One picture or clip; `since` and `until` (ms, gateway's clock) are its first and last picture."""

    kind: Kind
    type: Type
    sha256: Sha256
    size: Size
    since: Whole
    until: Whole
    number: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1  # a second snapshot is a more certain one


class Footage(msgspec.Struct, frozen=True, omit_defaults=True):
    """The manifest of an episode: what was kept of it and how; written beside its files as JSON."""

    episode: EpisodeId
    camera: Name
    device: Name  # the camera, or CAMERA/ZONE
    zone: Name
    observation: Word
    started_at: Whole
    title: tuple[Name, Name] = ("", "")  # zh, en: what the observation is called
    files: tuple[FootageFile, ...] = ()
    masks: int = 0  # polygons that were blanked before anything was kept
    pixelated: bool = False
    settings: Annotated[str, msgspec.Meta(max_length=64)] = ""  # hash of the camera's settings
    confidence: float = 0.0  # at the most certain moment, 0-1
    complete: bool = False  # nothing more comes
    note: Annotated[str, msgspec.Meta(max_length=300)] = ""  # why there is no clip, or a short one


class Card(msgspec.Struct, frozen=True, rename={"since": "from", "until": "to"}):
    """What the hub has to know of a file, beside its bytes."""

    episode: EpisodeId
    camera: Name
    device: Name
    observation: Word
    kind: Kind
    type: Type
    since: Whole
    until: Whole
    number: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1


class Piece(msgspec.Struct, frozen=True):
    """A part of a file; without bytes it asks how much of the file the hub has."""

    v: int
    sha256: Sha256
    size: Size
    offset: Size
    card: Card


class PieceReceipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """The hub's answer: how much it has, whether the file is whole and safe, or why it is not taken."""

    sha256: Sha256
    have: Size = 0
    done: bool = False  # verified and durable: the gateway may forget it
    refused: str = ""  # a word: type, size, mismatch, disk_full …
    final: bool = False  # refused for good: do not send it again


_encoder = msgspec.json.Encoder()
_piece = msgspec.json.Decoder(Piece)
_receipt = msgspec.json.Decoder(PieceReceipt)
_footage = msgspec.json.Decoder(Footage)


def encode_piece(piece: Piece, data: bytes) -> bytes:
    """Return a message: the piece as a line of JSON, then its bytes as they are."""
    return _encoder.encode(piece) + b"\n" + data


def decode_piece(message: bytes) -> tuple[Piece, bytes]:
    """Return a piece and its bytes; raises CodecError."""
    if len(message) > MESSAGE_BYTES:
        raise CodecError(f"a piece of {len(message)} bytes; at most {MESSAGE_BYTES}")
    head, found, data = message.partition(b"\n")
    if not found:
        raise CodecError("no line of JSON before the bytes")
    piece = decoded(_piece, head)
    if piece.v != VERSION:
        raise CodecError(f"version {piece.v} of evidence is not known here")
    if piece.offset + len(data) > piece.size:
        raise CodecError(f"bytes up to {piece.offset + len(data)} of a file of {piece.size}")
    if piece.card.kind is Kind.MANIFEST and piece.size > MANIFEST_BYTES:
        raise CodecError(f"a manifest of {piece.size} bytes; at most {MANIFEST_BYTES}")
    if piece.card.type not in TYPES[piece.card.kind]:
        raise CodecError(f"a {piece.card.kind} is no {piece.card.type}")
    return piece, data


def encode_receipt(receipt: PieceReceipt) -> bytes:
    """Return the hub's answer as JSON."""
    return _encoder.encode(receipt)


def decode_receipt(message: bytes) -> PieceReceipt:
    """Return the hub's answer; raises CodecError."""
    return decoded(_receipt, message)


def encode_footage(footage: Footage) -> bytes:
    """Return a manifest as JSON."""
    return _encoder.encode(footage)


def decode_footage(text: bytes) -> Footage:
    """Return a manifest; raises CodecError."""
    return decoded(_footage, text)


def card_of(footage: Footage, file: FootageFile) -> Card:
    """Return what the hub has to know of one of an episode's files."""
    return Card(
        footage.episode, footage.camera, footage.device, footage.observation,
        file.kind, file.type, file.since, file.until, file.number,
    )  # fmt: skip


def file_name(episode: str, kind: Kind, form: Type, number: int = 1) -> str:
    """Return a file's name in the gateway's evidence folder: EPISODE.jpg, EPISODE-2.jpg, EPISODE.mp4."""
    again = f"-{number}" if kind is Kind.SNAPSHOT and number > 1 else ""
    return f"{episode}{again}{form.ending}"
