"""Reads and writes the MQTT packets that a subscriber needs, and no others.

Source: OASIS MQTT 3.1.1 (2014-10-29), chapters 2 and 3. Sizes in bytes. A PUBLISH over the limit
is not buffered: its first bytes are kept, the rest is skipped, and it is handed on as cut; closing
the connection instead would make the broker deliver it again for ever.
"""

from collections.abc import Iterable, Sequence

from model.errors import FrameError

MAX_PACKET = 256 * 1024
KEPT_OF_OVERSIZE = 1024

CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP = 0x20, 0x30, 0x40, 0x90, 0xD0
PINGREQ_PACKET = b"\xc0\x00"
DISCONNECT_PACKET = b"\xe0\x00"
RETAIN, QOS, QOS_1, DUP = 0x01, 0x06, 0x02, 0x08
CUT = 0x100  # ours, above the eight bits of the wire: the payload is only the beginning

Publish = tuple[int, bytes, bytes, bytes]
"""First byte, packet id (2 bytes; empty at QoS 0), topic, payload: plain for the hot path's sake."""
Control = tuple[int, bytes]
"""First byte and body of any other packet."""


class PacketReader:
    """Cuts a stream into packets; any split of the same bytes gives the same packets."""

    def __init__(self, max_packet: int = MAX_PACKET) -> None:
        """Take the size above which a PUBLISH is cut and anything else is malformed."""
        self._max = max_packet
        self._rest = bytearray()
        self._need = 0  # no packet can be complete before so many bytes are here
        self._skip = 0

    def feed(self, data: bytes) -> tuple[list[Publish], list[Control]]:
        """Return the packets that are now complete; raises FrameError `malformed`."""
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        if self._rest:
            self._rest += data
            if len(self._rest) < self._need:
                return [], []
            data = bytes(self._rest)
            self._rest.clear()
        publishes: list[Publish] = []
        controls: list[Control] = []
        used = self._cut(data, publishes, controls)
        if used < len(data):
            self._rest += data[used:]
        return publishes, controls

    def _cut(self, data: bytes, publishes: list[Publish], controls: list[Control]) -> int:
        """Cut packets off the front; return how many bytes are used, and set `_need`."""
        pos, end, limit = 0, len(data), self._max
        self._need = 0
        while end - pos >= 2:  # noqa: PLR2004 - the shortest packet
            head, length, start = data[pos], data[pos + 1], pos + 2
            if length > 127:  # noqa: PLR2004 - the length goes on in the next byte (2.2.3)
                if end - start > 0 and data[start] < 128:  # noqa: PLR2004 - most end here
                    length, start = length - 128 + (data[start] << 7), start + 1
                else:
                    length, start = _length(data, pos + 1)
                if length < 0:
                    break
            stop = start + length
            if length > limit:
                stop = self._oversize(data, pos=pos, start=start, length=length, into=publishes)
                if stop < 0:
                    break
            elif stop > end:
                self._need = stop - pos
                break
            elif head & 0xF0 == PUBLISH:
                publishes.append(_publish(data, head, start, stop))
            else:
                controls.append((head, data[start:stop]))
            pos = stop
        return pos

    def _oversize(
        self, data: bytes, *, pos: int, start: int, length: int, into: list[Publish]
    ) -> int:
        """Hand on the beginning of an oversize PUBLISH and skip its rest; -1 when too little is here."""
        head = data[pos]
        if head & 0xF0 != PUBLISH:
            raise FrameError("malformed", f"packet type {head >> 4} of {length} bytes")
        here = len(data)
        topic = (data[start] << 8 | data[start + 1]) + 4 if here >= start + 2 else 4
        wanted = start + min(length, topic + KEPT_OF_OVERSIZE)
        if here < wanted:
            self._need = wanted - pos
            return -1
        into.append(_publish(data, head, start, wanted, flags=CUT))
        self._skip = max(0, start + length - here)
        return min(here, start + length)


def _publish(data: bytes, head: int, start: int, stop: int, flags: int = 0) -> Publish:
    if stop - start < 2:  # noqa: PLR2004 - the length of the topic
        raise FrameError("malformed", "PUBLISH without a topic")
    topic = start + 2
    body = topic_end = topic + (data[start] << 8 | data[start + 1])
    pid = b""
    if head & QOS:
        body += 2
        pid = data[topic_end:body]
        if head & QOS != QOS_1 or pid == b"\0\0":
            raise FrameError("malformed", "PUBLISH of QoS 2 or with packet id 0")
    if body > stop:
        raise FrameError("malformed", "PUBLISH shorter than its own header")
    return head | flags, pid, data[topic:topic_end], data[body:stop]


def _length(data: bytes, pos: int) -> tuple[int, int]:
    """Return the remaining length and where the body starts; -1 when bytes are missing (2.2.3)."""
    length = 0
    for shift in (0, 7, 14, 21):
        if pos >= len(data):
            return -1, pos
        byte = data[pos]
        pos += 1
        length |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the last byte of the length
            return length, pos
    raise FrameError("malformed", "remaining length of more than four bytes")


def connect_packet(*, client_id: str, user: str, password: str, keepalive_s: int) -> bytes:
    """Write CONNECT for a persistent session without a will (3.1)."""
    flags = 0xC0 if user else 0
    body = b"\0\4MQTT\4" + bytes([flags]) + keepalive_s.to_bytes(2, "big") + _text(client_id)
    if user:
        body += _text(user) + _text(password)
    return _packet(0x10, body)


def subscribe_packet(packet_id: int, filters: Sequence[str]) -> bytes:
    """Write SUBSCRIBE with QoS 1 for every filter (3.8)."""
    body = packet_id.to_bytes(2, "big") + b"".join(_text(text) + b"\1" for text in filters)
    return _packet(0x82, body)


def puback_packets(packet_ids: Iterable[bytes]) -> bytes:
    """Write one PUBACK an id, in order (3.4)."""
    return b"".join([b"\x40\x02" + packet_id for packet_id in packet_ids])


def _packet(head: int, body: bytes) -> bytes:
    length, digits = len(body), bytearray()
    while True:
        length, low = divmod(length, 128)
        digits.append(low | 0x80 if length else low)
        if not length:
            return bytes([head]) + bytes(digits) + body


def _text(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(2, "big") + encoded
