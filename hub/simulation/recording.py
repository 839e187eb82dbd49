"""Recordings of device traffic: the shared frames of GB/T 26875.3, and captures of our own."""

from pathlib import Path
from typing import Literal

import msgspec

from adapters.gb26875.frame import HEADER_SIZE, Command
from model.errors import ConfigError

Via = Literal["tcp", "mqtt"]
Answer = Literal["ack", "deny", "none", "any", "not sent"]
_COMMAND_AT = HEADER_SIZE - 1


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One message to replay: pieces of bytes in order, and the answers a device should get."""

    id: str
    via: Via
    pieces: tuple[bytes, ...]
    meaning: str = ""
    topic: str = ""
    t: int = 0  # ms since 1970 UTC, when it was recorded; 0: at once
    connection: int = 0
    expected: Answer = "any"


class CaptureLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of a capture: when (ms), via which protocol, on which topic or connection, bytes."""

    t: int
    via: Via
    hex: str
    topic: str = ""
    connection: int = 0


class _SharedFrame(msgspec.Struct, frozen=True):
    id: str
    hex: str
    meaning: str
    kind: str


class _Vector(msgspec.Struct, frozen=True):
    id: str
    expect: str
    bytes: str = ""
    chunks: list[str] = []


class _Vectors(msgspec.Struct, frozen=True):
    vectors: list[_Vector]


class _SharedFrames(msgspec.Struct, frozen=True):
    frames: list[_SharedFrame]
    derived_vectors: _Vectors = _Vectors(vectors=[])


def read_recording(path: Path) -> list[Record]:
    """Read a recording: `.json` in the shape of the shared frames, else JSON lines of a capture.

    Raises ConfigError naming file and line.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=str(path)) from error
    if path.suffix.lower() == ".json":
        return _shared_frames(data, path.name)
    return _capture(data, path.name)


def _shared_frames(data: bytes, name: str) -> list[Record]:
    try:
        document = msgspec.json.decode(data, type=_SharedFrames)
        records = [_of_frame(frame, number) for number, frame in enumerate(document.frames, 1)]
        for number, vector in enumerate(document.derived_vectors.vectors, len(records) + 1):
            pieces = tuple(bytes.fromhex(piece) for piece in vector.chunks or [vector.bytes])
            records.append(
                Record(
                    id=vector.id,
                    via="tcp",
                    pieces=pieces,
                    meaning=vector.expect,
                    connection=number,
                    expected=_expectation(vector.expect),
                )
            )
    except (msgspec.DecodeError, ValueError) as error:
        raise ConfigError(f"not recorded frames: {error}", file=name) from error
    return records


def _of_frame(frame: _SharedFrame, number: int) -> Record:
    data = bytes.fromhex(frame.hex)
    expected: Answer = "ack"
    if frame.kind == "invalid":
        expected = "deny"
    elif data[_COMMAND_AT] != Command.SEND:
        # Answers and what the centre says: a device that sent them would prove nothing.
        expected = "not sent"
    return Record(
        id=frame.id,
        via="tcp",
        pieces=(data,),
        meaning=frame.meaning,
        connection=number,  # each on a connection of its own: none can hide behind another
        expected=expected,
    )


def _expectation(text: str) -> Answer:
    """Read the one word that counts out of a derived vector's prose."""
    if "deny" in text:
        return "deny"
    return "any" if "policy of the receiver" in text else "ack"


def _capture(data: bytes, name: str) -> list[Record]:
    records = []
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            found = msgspec.json.decode(line, type=CaptureLine)
            piece = bytes.fromhex(found.hex)
        except (msgspec.DecodeError, ValueError) as error:
            raise ConfigError(
                f"not a line of a capture: {error}", file=name, line=number
            ) from error
        if found.via == "mqtt" and not found.topic:
            raise ConfigError(
                "an MQTT message needs its topic", file=name, line=number, key="topic"
            )
        records.append(
            Record(
                id=str(number),
                via=found.via,
                pieces=(piece,),
                topic=found.topic,
                t=found.t,
                connection=found.connection,
                meaning=found.topic or f"connection {found.connection}",
            )
        )
    return records
