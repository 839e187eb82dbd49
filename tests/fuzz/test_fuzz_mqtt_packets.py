"""The MQTT packet reader under damaged streams: only FrameError, bounded memory."""

import random

import pytest

from adapters.runners.mqtt_packets import PacketReader
from model.errors import FrameError
from tests.runners.test_mqtt_packets import publish

from .damage import damaged

LIMIT = 2048
SEEDS = [
    b"\x20\x02\x00\x00",
    b"\x90\x04\x00\x01\x01\x80",
    b"\xd0\x00",
    publish("iot/c1/nb/1/up", b'{"imei":"1","alarm":1}', pid=7) * 3,
    publish("zigbee2mqtt/烟感", b'{"smoke":true}', flags=1),
    publish("big", b"x" * 4000, pid=9) + publish("small", b"y", pid=10),
]


def test_a_damaged_stream_is_refused_or_read_but_never_fatal() -> None:
    """However it is split, what is kept between reads stays within the limit."""
    seed = random.randrange(2**32)
    source = random.Random(seed)
    tried = refused = 0
    for stream in damaged(SEEDS, source):
        tried += 1
        reader, pos = PacketReader(LIMIT), 0
        try:
            while pos < len(stream):
                size = source.randrange(1, 700)
                for head, pid, _, payload in reader.feed(stream[pos : pos + size])[0]:
                    assert head & 0xF0 == 0x30
                    assert len(pid) in (0, 2)
                    assert len(payload) <= LIMIT
                pos += size
                assert len(reader._rest) <= 65_535 + LIMIT + 700, f"seed={seed}"
        except FrameError:
            refused += 1
        except Exception as error:  # noqa: BLE001 - any other is the finding
            pytest.fail(f"seed={seed} stream={stream!r}: {error!r}")
    assert 0 < refused < tried
