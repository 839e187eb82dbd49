"""What a gateway shows of its cameras: the newest picture of each, and its settings without secrets.

Nothing here is evidence or alarm: a message that is lost is followed by another one.
"""

from typing import Annotated

import msgspec

from .codec import CodecError, decoded

PICTURE_BYTES = 256 << 10
"""No picture may be larger."""

SETTINGS_BYTES = 64 << 10

Part = Annotated[float, msgspec.Meta(ge=0, le=1)]
Corner = tuple[Part, Part]
"""x and y in parts of the picture's width and height."""


class PictureSent(msgspec.Struct, frozen=True):
    """A JPEG that is masked, and how old it was (ms) when it was sent; clocks need not agree."""

    age_ms: Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
    jpeg: Annotated[bytes, msgspec.Meta(max_length=PICTURE_BYTES)]


class CameraShown(msgspec.Struct, frozen=True, omit_defaults=True):
    """A camera's settings as people may see them: where it is read from is a kind and a host."""

    camera: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    compound: str = ""
    source: str = ""  # rtsp, onvif, file, folder, snapshot
    host: str = ""
    fps: float = 0.0
    keyframes_only: bool = False
    clip: bool = True
    pixelate_persons: bool = False
    masks: tuple[tuple[Corner, ...], ...] = ()
    masks_drawn_on: str = ""  # WIDTHxHEIGHT of that picture, if somebody wrote it
    zones: dict[str, tuple[Corner, ...]] = {}
    observations: dict[str, dict[str, object]] = {}
    detector: bool = False


class Looked(msgspec.Struct, frozen=True, omit_defaults=True):
    """The hub says that people look at these cameras now: send their pictures more often for a while."""

    plain: list[str] = []
    seen: list[str] = []
    lacking: list[str] = []  # of which the hub has no picture at all
    for_s: Annotated[int, msgspec.Meta(ge=0, le=300)] = 30


_pictures = msgspec.msgpack.Decoder(PictureSent)
_shown = msgspec.json.Decoder(CameraShown)
_looked = msgspec.json.Decoder(Looked)
_packer = msgspec.msgpack.Encoder()
_writer = msgspec.json.Encoder()


def encode_picture(picture: PictureSent) -> bytes:
    """Return the message of a picture."""
    return _packer.encode(picture)


def decode_picture(payload: bytes) -> PictureSent:
    """Decode a picture; raises CodecError for what is none, and for what is no JPEG."""
    if len(payload) > PICTURE_BYTES + 64:
        raise CodecError(f"a picture of {len(payload)} bytes; at most {PICTURE_BYTES}")
    try:
        found = decoded(_pictures, payload)
    except CodecError as error:
        raise CodecError(f"no picture: {error}") from error
    if not found.jpeg.startswith(b"\xff\xd8\xff"):
        raise CodecError("no JPEG")
    return found


def encode_shown(camera: CameraShown) -> bytes:
    """Return the message of a camera's settings."""
    return _writer.encode(camera)


def decode_shown(payload: bytes) -> CameraShown:
    """Decode a camera's settings; raises CodecError."""
    if len(payload) > SETTINGS_BYTES:
        raise CodecError(f"settings of {len(payload)} bytes; at most {SETTINGS_BYTES}")
    try:
        return decoded(_shown, payload)
    except CodecError as error:
        raise CodecError(f"no settings of a camera: {error}") from error


def encode_looked(looked: Looked) -> bytes:
    """Return the hub's message."""
    return _writer.encode(looked)


def decode_looked(payload: bytes) -> Looked:
    """Decode the hub's message; raises CodecError."""
    try:
        return decoded(_looked, payload)
    except CodecError as error:
        raise CodecError(f"no list of cameras: {error}") from error
