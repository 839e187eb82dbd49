"""What a broken or hostile gateway may send to the hub: only CodecError, no hang, nothing lost beside it."""

import random
import time
from collections.abc import Callable

import msgspec
import pytest

from hub.log.readings import readings_of
from model.camera_messages import (
    CameraShown,
    Looked,
    PictureSent,
    decode_looked,
    decode_picture,
    decode_shown,
    encode_looked,
    encode_picture,
    encode_shown,
)
from model.codec import (
    Ask,
    CodecError,
    Heartbeat,
    Receipt,
    Row,
    Uplink,
    decode_ask,
    decode_heartbeat,
    decode_readings,
    decode_receipt,
    decode_uplink,
    encode,
    salvage_readings,
)
from model.entry import Entry, EntryKind, RowId
from model.footage import (
    Card,
    Footage,
    Kind,
    Piece,
    PieceReceipt,
    Type,
    decode_footage,
    decode_piece,
    encode_footage,
    encode_piece,
)
from model.footage import decode_receipt as decode_piece_receipt
from model.footage import encode_receipt as encode_piece_receipt
from model.reading import Event, Lane, Reading
from model.topics import parse

from .damage import SLOWEST_S, damaged, hangs

LOGGED_AT = 1_764_000_000_500
FIRE = Reading(
    "nb-1", "smoke_detector", 1_764_000_000_000, 7, 7, {"fire": True, "smoke_db_m": 0.3},
    Event.FIRE_ALARM, raw="00ff", source="gb-1",
)  # fmt: skip
ROWS = encode([FIRE, msgspec.structs.replace(FIRE, device="烟感 2", order=8, seq=8)])
PIECE = Piece(
    1, "0" * 64, 100, 0,
    Card("0" * 16, "门口", "门口/gate", "intrusion", Kind.SNAPSHOT, Type.JPEG, 1, 1),
)  # fmt: skip
SEEDS: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "uplink": (
        decode_uplink,
        encode(Uplink(1, "gw", "e1", Lane.ALARM, 7, [Row(7, 2, msgspec.Raw(ROWS))])),
    ),
    "heartbeat": (
        decode_heartbeat,
        encode(Heartbeat("gw", "e1", "online", 1, 1, {"alarm": 3}, {"received": 9}, ["slow"])),
    ),
    "receipt": (decode_receipt, encode(Receipt("e1", Lane.ALARM, [(7, 8, "0" * 16)]))),
    "ask": (decode_ask, encode(Ask([1_764_000_000_000, 1_764_000_000_200]))),
    "piece": (decode_piece, encode_piece(PIECE, b"\xff\xd8\xff picture")),
    "piece receipt": (decode_piece_receipt, encode_piece_receipt(PieceReceipt("0" * 64, 5))),
    "manifest": (
        decode_footage,
        encode_footage(Footage("0" * 16, "门口", "门口/gate", "gate", "intrusion", 1, masks=2)),
    ),
    "picture": (decode_picture, encode_picture(PictureSent(5, b"\xff\xd8\xff picture"))),
    "camera": (
        decode_shown,
        encode_shown(
            CameraShown(
                "东门",
                "c",
                host="h",
                zones={"z": ((0, 0), (1, 0), (1, 1))},
                observations={"flame": {"after_s": 3}},
            )
        ),
    ),
    "looked": (decode_looked, encode_looked(Looked(["东门"], ["b"], ["c"]))),
    "readings": (lambda payload: decode_readings(payload, "gw", "e1"), ROWS),
}


@pytest.mark.parametrize("name", sorted(SEEDS))
def test_damaged_messages_of_gateways_are_refused_or_read(name: str) -> None:
    """Whatever the bytes are, and without a hang."""
    decode, seed_text = SEEDS[name]
    seed = random.randrange(2**32)
    tried = slow = 0
    for payload in damaged([seed_text], random.Random(seed)):
        tried += 1
        began = time.process_time()
        try:
            decode(payload)
        except CodecError:
            pass
        except Exception as error:  # noqa: BLE001 - any other is the finding
            pytest.fail(f"seed={seed} payload={payload!r}: {error!r}")
        if time.process_time() - began > SLOWEST_S:
            slow += hangs(lambda payload=payload: decode(payload))  # type: ignore[misc]
    assert tried >= 50
    assert slow == 0, f"seed={seed}: {slow} of {tried} took over {SLOWEST_S} s"


def test_a_damaged_row_in_the_log_costs_only_what_is_damaged() -> None:
    """The desk reads every row that was logged; good Readings are the same as the intake saw."""
    seed = random.randrange(2**32)
    for payload in damaged([ROWS], random.Random(seed)):
        row = RowId("gw", "e1", Lane.ALARM, 7, 8, 7, "h")
        entry = Entry(pos=1, logged_at=LOGGED_AT, kind=EntryKind.READINGS, payload=payload, row=row)
        try:
            found = readings_of(entry)
        except Exception as error:  # noqa: BLE001 - any is the finding
            pytest.fail(f"seed={seed} payload={payload!r}: {error!r}")
        told = [(reading.device, reading.seq, reading.event) for reading in found]
        good = salvage_readings(payload, "gw", "e1")[0]
        assert told == [(r.device, r.seq, r.event) for r in good], f"seed={seed}"


def test_damaged_topics_are_ours_or_nobodys() -> None:
    """Three parts or nothing, whatever the text."""
    seed = random.randrange(2**32)
    for noise in damaged([b"smarthub/v1/haibowan/gw-01/alarm"], random.Random(seed)):
        found = parse(noise.decode("utf-8", "replace"))
        assert found is None or (len(found) == 3 and "/" not in "".join(found))
