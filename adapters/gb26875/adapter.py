"""Takes fire panels' messages over TCP: settings, decoding, repeats and answers (GB/T 26875.3)."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Annotated, ClassVar, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator

from adapters.contract import Received, Settings
from model.errors import FrameError
from model.reading import Reading

from . import objects, readings
from .frame import Command, Denied, Frame, acknowledge, deny, is_user_command, parse
from .framer import Framer, Piece
from .tables import ANALOGUES, CABLE_TEMPERATURE, QUANTITIES, Analogue
from .times import to_label

_PORT_MAX = 65535
_NEVER_ANSWERED = frozenset({Command.CONFIRM, Command.RESPOND, Command.DENY})


class UserAnalogue(BaseModel):
    """An analogue type of the user's own (128-255): its quantity's name and what one count is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,47}$")
    step: float = Field(gt=0, allow_inf_nan=False)

    @field_validator("name")
    @classmethod
    def _is_no_other_quantity(cls, name: str) -> str:
        if name in QUANTITIES - {known.name for known in (*ANALOGUES.values(), CABLE_TEMPERATURE)}:
            raise ValueError(f"{name} is a quantity with another meaning; choose another name")
        return name


class FirePanelSettings(Settings):
    """What people write about a listening port for transmission devices."""

    listen: str = Field(default="127.0.0.1:26875", description="host:port to listen on")
    timezone: str = Field(default="Asia/Shanghai", description="zone of the devices' local times")
    compound: str = Field(default="", description="compound of devices not listed in compounds")
    compounds: dict[Annotated[int, Field(ge=0, lt=1 << 48)], str] = Field(
        default_factory=dict, description="source address -> compound"
    )
    idle_timeout_s: float = Field(
        default=180, gt=0, le=86400, description="close a connection without a good frame"
    )
    frame_timeout_s: float = Field(
        default=5, gt=0, le=60, description="give up a frame that does not get complete"
    )
    max_connections: int = Field(default=256, ge=1, le=10000)
    user_analogues: dict[Annotated[int, Field(ge=128, le=255)], UserAnalogue] = Field(
        default_factory=dict, description="analogue type 128-255 -> name and step"
    )

    @field_validator("listen")
    @classmethod
    def _is_an_address(cls, listen: str) -> str:
        host, _, port = listen.rpartition(":")
        if not host or not (port.isascii() and port.isdigit() and int(port) <= _PORT_MAX):
            raise ValueError(f"{listen!r} is not host:port, for example 127.0.0.1:26875")
        return listen

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, timezone: str) -> str:
        try:
            ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{timezone!r} is no time zone, for example Asia/Shanghai") from error
        return timezone

    @property
    def host(self) -> str:
        """The host part of `listen`."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port part of `listen`; 0 lets the system choose."""
        return int(self.listen.rpartition(":")[2])


class Taken(NamedTuple):
    """What became of one piece of the stream; the runner stores, counts and answers by it."""

    raw: bytes
    source: str = ""  # device id of the sender, as far as known
    readings: Sequence[Reading] = ()
    fingerprint: str = ""  # empty: never taken for a repeat
    refused: str = ""  # reason word; empty when understood
    detail: str = ""


class FirePanels:
    """Transmission devices 用户信息传输装置 that front fire panels, after GB/T 26875.3-2011."""

    name: ClassVar[str] = "gb26875"
    settings: ClassVar[type[Settings]] = FirePanelSettings
    transport: ClassVar[str] = "tcp"
    quantities: ClassVar[frozenset[str]] = QUANTITIES

    def __init__(self, settings: Settings, secret: bytes) -> None:
        """Take checked settings; the key is not needed, no card number passes here."""
        del secret
        if not isinstance(settings, FirePanelSettings):
            raise TypeError(f"settings of gb26875 expected, got {type(settings).__name__}")
        self.limits = settings
        self._zone = ZoneInfo(settings.timezone)
        self._analogues = {
            **ANALOGUES,
            **{
                code: Analogue(own.name, own.step, -32768 * own.step, 32767 * own.step)
                for code, own in settings.user_analogues.items()
            },
        }

    def decode(self, received: Received) -> Sequence[Reading]:
        """Return the Readings of exactly one frame; raises FrameError."""
        return self._readings(parse(received.payload), received.at)

    def framer(self) -> Framer:
        """Return a fresh framer for one connection."""
        return Framer()

    def take(self, piece: Piece, at: int) -> Taken:
        """Say what a piece of the stream is worth; never raises."""
        if isinstance(piece, Denied):
            header = piece.header
            source = readings.transmitter_id(header.source) if header else ""
            return Taken(piece.raw, source, refused=piece.reason)
        source = readings.transmitter_id(piece.source)
        try:
            found = self._readings(piece, at)
        except FrameError as error:
            return Taken(piece.raw, source, refused=error.reason, detail=error.detail)
        return Taken(piece.raw, source, found, self.fingerprint(piece) if piece.adu else "")

    def fingerprint(self, frame: Frame) -> str:
        """Name a message so that its repeat is known: source, serial number, label and body.

        Heartbeats have no body and are never taken for repeats: a device with a stopped clock and
        a constant serial number would look dead.
        """
        return blake2b(
            b"".join(
                (
                    frame.source.to_bytes(6, "little"),
                    frame.serial.to_bytes(2, "little"),
                    frame.label,
                    frame.command.to_bytes(1, "little"),
                    frame.adu,
                )
            ),
            digest_size=16,
        ).hexdigest()

    def acknowledge(self, piece: Piece, at: int) -> bytes:
        """Return the confirmation (3) of uploads and vendor commands, nothing for answers."""
        if isinstance(piece, Denied):
            return b""
        if piece.command != Command.SEND and not is_user_command(piece.command):
            return b""
        return acknowledge(piece, to_label(at, self._zone))

    def deny(self, piece: Piece, at: int) -> bytes:
        """Return the denial (6), nothing when there is no header or the piece is itself an answer.

        Two sides that deny each other's denials would never stop.
        """
        head = piece.header if isinstance(piece, Denied) else piece
        if head is None or head.command in _NEVER_ANSWERED:
            return b""
        return deny(head, to_label(at, self._zone))

    def _readings(self, frame: Frame, at: int) -> Sequence[Reading]:
        sent = readings.Sent(
            frame=frame,
            at=at,
            zone=self._zone,
            compound=self.limits.compounds.get(frame.source, self.limits.compound),
            analogues=self._analogues,
        )
        match frame.command:
            case Command.CONTROL | Command.REQUEST:
                raise FrameError("wrong_direction", f"command {frame.command} is the centre's")
            case Command.CONFIRM | Command.DENY:
                return ()
            case Command.SEND | Command.RESPOND if not frame.adu:
                return (readings.heartbeat(sent),) if frame.command == Command.SEND else ()
            case Command.SEND | Command.RESPOND if objects.is_upload(frame.adu[0]):
                return readings.uploaded(sent)
            case _:
                return (readings.vendor(sent),)
