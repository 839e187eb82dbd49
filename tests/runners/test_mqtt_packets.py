"""MQTT packets: any split of the bytes is the same, and sizes have limits."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.runners.mqtt_packets import (
    CUT,
    KEPT_OF_OVERSIZE,
    Control,
    PacketReader,
    Publish,
    connect_packet,
    puback_packets,
    subscribe_packet,
)
from model.errors import FrameError


def publish(topic: str, payload: bytes, pid: int = 0, flags: int = 0) -> bytes:
    """Write a PUBLISH as a broker does (3.3)."""
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name
    body += pid.to_bytes(2, "big") if pid else b""
    body += payload
    length, digits = len(body), b""
    while True:
        length, low = divmod(length, 128)
        digits += bytes([low | 0x80 if length else low])
        if not length:
            return bytes([0x30 | flags | (2 if pid else 0)]) + digits + body


def read(chunks: list[bytes], limit: int = 256 * 1024) -> tuple[list[Publish], list[Control]]:
    """Feed chunks to a new reader and gather what it returns."""
    reader, publishes, controls = PacketReader(limit), [], []
    for chunk in chunks:
        some, others = reader.feed(chunk)
        publishes += some
        controls += others
    return publishes, controls


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    """Cut bytes at the given places."""
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


messages = st.lists(
    st.one_of(
        st.builds(
            publish,
            st.text(min_size=1, max_size=20),
            st.binary(max_size=300),
            st.integers(0, 65535),
            st.sampled_from([0, 1, 8, 9]),
        ),
        st.sampled_from([b"\x20\x02\x00\x00", b"\x90\x03\x00\x01\x01", b"\xd0\x00"]),
    ),
    max_size=12,
).map(b"".join)


@given(messages, st.lists(st.integers(0, 5000), max_size=20))
def test_any_split_of_the_bytes_gives_the_same_packets(data: bytes, cuts: list[int]) -> None:
    """The network may cut anywhere; what comes out is what one read would give."""
    assert read(split(data, cuts)) == read([data])


@given(messages, st.lists(st.integers(0, 5000), max_size=20))
def test_oversize_messages_are_cut_alike_however_the_bytes_arrive(
    data: bytes, cuts: list[int]
) -> None:
    """With a limit of 100 bytes the same messages are cut at the same place, and none after is lost."""
    whole, controls = read([data], 100)
    assert read(split(data, cuts), 100) == (whole, controls)
    assert len(whole) == len(read([data])[0])


def test_every_part_of_a_publish_is_read() -> None:
    """Flags, packet id, a Chinese topic and payload come out as they went in."""
    packet = publish("iot/海勃湾/nb/1/up", b"{}", pid=513, flags=9)
    assert read([packet]) == ([(0x3B, b"\x02\x01", "iot/海勃湾/nb/1/up".encode(), b"{}")], [])


def test_a_message_over_the_limit_is_cut_and_the_next_one_is_read() -> None:
    """300,000 bytes cost 1,024, not the connection, and the id is there to acknowledge."""
    big = publish("a", b"x" * 300_000, pid=7)
    small = publish("b", b"y", pid=8)
    data = big + small
    chunks = [data[i : i + 65_536] for i in range(0, len(data), 65_536)]
    first, second = read(chunks)[0]
    assert first == (0x32 | CUT, b"\0\7", b"a", b"x" * KEPT_OF_OVERSIZE)
    assert second == (0x32, b"\0\x08", b"b", b"y")


def test_a_message_at_the_limit_is_whole() -> None:
    """A packet of exactly 256 KiB is read in full."""
    payload = b"x" * (256 * 1024 - 3)
    assert read([publish("a", payload)])[0] == [(0x30, b"", b"a", payload)]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\x30\xff\xff\xff\xff\x01", "four bytes"),
        (b"\x30\x00", "without a topic"),
        (b"\x30\x02\x00\x09", "shorter than its own header"),
        (b"\x34\x05\x00\x01a\x00\x01", "QoS 2"),
        (b"\x32\x05\x00\x01a\x00\x00", "packet id 0"),
        (b"\x90\xff\xff\x7f", "packet type 9"),
    ],
)
def test_what_is_not_mqtt_is_named(data: bytes, what: str) -> None:
    """A broken peer is told apart by its error's text."""
    with pytest.raises(FrameError, match=what) as error:
        PacketReader().feed(data)
    assert error.value.reason == "malformed"


def test_the_packets_we_write_are_those_of_the_standard() -> None:
    """CONNECT without clean session, SUBSCRIBE with QoS 1, PUBACKs in order."""
    connect = connect_packet(client_id="c", user="u", password="p", keepalive_s=30)
    assert connect == b"\x10\x13\x00\x04MQTT\x04\xc0\x00\x1e\x00\x01c\x00\x01u\x00\x01p"
    assert connect_packet(client_id="c", user="", password="", keepalive_s=1)[9] == 0
    assert subscribe_packet(1, ["a/#"]) == b"\x82\x08\x00\x01\x00\x03a/#\x01"
    assert puback_packets([b"\0\1", b"\0\2"]) == b"\x40\x02\0\1\x40\x02\0\2"
