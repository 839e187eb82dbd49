"""What gateway and camera process say to each other: one JSON text a line, on stdin and stdout.

The gateway says once what to do (`Orders`) and later only closes the pipe, which ends the process: no
camera process outlives its gateway. Passwords travel here and nowhere else: not in arguments, not in the
environment.
"""

import msgspec

from model.reading import Reading

LINE_BYTES_MAX = 4 << 20
SILENT_S = 30.0
"""A camera process that says nothing for so long hangs, and is ended and started anew."""
ALIVE_S = 5.0


class Orders(msgspec.Struct, frozen=True):
    """What a camera process is told at its start."""

    settings: dict[str, object]  # VideoSettings as JSON, with the cameras of this group only
    folder: str  # where evidence and the newest pictures go
    passwords: dict[str, str] = {}  # by camera


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a camera process says: Readings, counters, what is wrong; all may be empty (a sign of life)."""

    readings: list[Reading] = []
    counters: dict[str, int] = {}  # to be added
    warnings: list[str] | None = None  # all that is wrong now; None: as before


_orders = msgspec.json.Decoder(Orders)
_said = msgspec.json.Decoder(Said)
_encoder = msgspec.json.Encoder()

ProtocolError = msgspec.DecodeError


def encode(message: Orders | Said) -> bytes:
    """Return one line, its end included."""
    return _encoder.encode(message) + b"\n"


def decode_orders(line: bytes) -> Orders:
    """Decode the gateway's line; raises ProtocolError."""
    return _orders.decode(line)


def decode_said(line: bytes) -> Said:
    """Decode a line of a camera process; raises ProtocolError."""
    return _said.decode(line)
