"""Publishes device messages over MQTT at a given rate, in a process of its own, and cheaply.

`python -m benchmarks.load --port P --messages N [--rate R]`: QoS 1 by raw socket, so that the load
costs little of the machine it is measured on. Prints one line of JSON: what was sent and
acknowledged. Every message carries its own number `n`, and its time is unique for its device.
"""

import argparse
import json
import select
import socket
import time
from typing import NamedTuple

from .fleet import Speaker, speakers

WINDOW = 4_000
BURST = 250
PACKET_IDS = 65_535
CONNECT_TIMEOUT_S = 10.0


class Sent(NamedTuple):
    """What became of a load."""

    sent: int
    acknowledged: int
    seconds: float


class Publisher:
    """An MQTT 3.1.1 connection that only publishes and counts acknowledgements."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), CONNECT_TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = b"benchmark-load"
        body = b"\x00\x04MQTT\x04\x02\x00\x00" + len(name).to_bytes(2, "big") + name
        self._socket.sendall(bytes((0x10, len(body))) + body)
        answer = self._socket.recv(4)
        if answer[:1] != b"\x20" or answer[3:] != b"\x00":
            raise RuntimeError(f"the broker refused the load's connection: {answer.hex()}")
        self.sent = 0
        self.acknowledged = 0
        self._rest = 0

    def publish(self, crowd: list[Speaker], count: int) -> None:
        """Send the next `count` messages of the crowd in one write."""
        packets = []
        now = b"%d" % (time.time_ns() // 1_000_000)
        for number in range(self.sent, self.sent + count):
            speaker = crowd[number % len(crowd)]
            head = speaker.before_time + now if speaker.before_time else b""
            payload = b"%b%b%d}" % (head, speaker.before_number, number)
            packets.append(publish_packet(speaker.topic, payload, number % PACKET_IDS + 1))
        self._socket.sendall(b"".join(packets))
        self.sent += count

    def collect(self, timeout_s: float) -> None:
        """Count what acknowledgements have come, waiting for the first at most so long."""
        while select.select([self._socket], [], [], timeout_s)[0]:
            received = len(self._socket.recv(65_536))
            if not received:
                raise RuntimeError("the broker closed the load's connection")
            # A publisher is told nothing but PUBACKs, of four bytes each.
            whole, self._rest = divmod(self._rest + received, 4)
            self.acknowledged += whole
            timeout_s = 0

    def close(self) -> None:
        """Say goodbye."""
        self._socket.sendall(b"\xe0\x00")
        self._socket.close()


def publish_packet(topic: bytes, payload: bytes, packet_id: int) -> bytes:
    """Write a PUBLISH of QoS 1 (MQTT 3.1.1, 3.3)."""
    size = len(topic) + len(payload) + 4
    length = bytes((size,)) if size < 128 else bytes((size & 127 | 128, size >> 7))
    return b"\x32%b%b%b%b%b" % (
        length, len(topic).to_bytes(2, "big"), topic, packet_id.to_bytes(2, "big"), payload,
    )  # fmt: skip


def run(port: int, *, messages: int, rate: float) -> Sent:
    """Publish and return when all is acknowledged; raises RuntimeError when the broker hangs up."""
    crowd = speakers()
    publisher = Publisher(port)
    started = time.monotonic()
    while publisher.sent < messages:
        due = int((time.monotonic() - started) * rate) if rate else messages
        room = WINDOW - (publisher.sent - publisher.acknowledged)
        count = min(due - publisher.sent, messages - publisher.sent, room, BURST)
        if count > 0:
            publisher.publish(crowd, count)
        publisher.collect(0 if count > 0 else 0.002)
    seconds = time.monotonic() - started
    until = time.monotonic() + CONNECT_TIMEOUT_S
    while publisher.acknowledged < messages and time.monotonic() < until:
        publisher.collect(0.1)
    publisher.close()
    return Sent(publisher.sent, publisher.acknowledged, seconds)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--messages", type=int, required=True)
    parser.add_argument("--rate", type=float, default=0.0, help="messages a second; 0: flat out")
    given = parser.parse_args()
    print(json.dumps(run(given.port, messages=given.messages, rate=given.rate)._asdict()))


if __name__ == "__main__":
    main()
