"""Frames that the tests of this family share: worked examples of others, and framed by us."""

import json
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from adapters.contract import Received
from adapters.gb26875.adapter import FirePanels, FirePanelSettings
from adapters.gb26875.frame import Command, encode
from adapters.gb26875.times import to_label
from model.reading import Reading
from tests.shared_data import shared

SHANGHAI = ZoneInfo("Asia/Shanghai")
AT = int(datetime(2021, 7, 2, 9, 0, 10, tzinfo=SHANGHAI).timestamp()) * 1000
"""A gateway time six seconds after the objects of the public data units."""

FIRE = bytes.fromhex(
    "404001000101203a091a090c790300000000385b0100000030000202010101280a000200020020202020202020"
    "202020202020202020202020202020202020202020202000023a091a090c462323"
)
HEARTBEAT = bytes.fromhex("4040000001010c3b0c1b0c11672b00000000385b01000000000002b52323")
BAD_SUM = FIRE[:-3] + b"\x00" + FIRE[-2:]
MAINS_FAULT = bytes.fromhex(
    "404001000101203a091a090c790300000000385b01000000090002150108023a091a090c422323"
)


def public(key: str) -> list[dict[str, Any]]:
    """Return a list of the shared file of public frames."""
    data = json.loads(shared("data/gb26875_frames.json").read_text(encoding="utf-8"))
    found = data[key]
    return cast("list[dict[str, Any]]", found["vectors"] if key == "derived_vectors" else found)


def framed(
    adu: bytes | str, *, serial: int = 7, command: int = Command.SEND, at: int = AT
) -> bytes:
    """Frame a data unit as device 889 would send it, its clock right."""
    return encode(
        serial=serial,
        command=command,
        source=889,
        destination=88888,
        label=to_label(at, SHANGHAI),
        adu=bytes.fromhex(adu) if isinstance(adu, str) else adu,
    )


def panels(**settings: object) -> FirePanels:
    """Return the adapter with settings as people write them."""
    return FirePanels(FirePanelSettings.model_validate(settings), bytes(32))


def decoded(payload: bytes, *, at: int = AT, **settings: object) -> list[Reading]:
    """Decode one frame received at `at`."""
    return list(panels(**settings).decode(Received(payload, at)))


def component(
    state: int = 3, *, description: bytes = b"", time: bytes = bytes.fromhex("040009020715")
) -> bytes:
    """Return a data unit of type 2: component 0a000200 of system 1/1, a smoke detector."""
    return b"".join(
        (
            bytes.fromhex("02010101280a000200"),
            state.to_bytes(2, "little"),
            description.ljust(31, b"\x00"),
            time,
        )
    )


def one(adu: bytes | str, **settings: object) -> Reading:
    """Decode a data unit with one object."""
    (reading,) = decoded(framed(adu), at=AT, **settings)
    return reading
