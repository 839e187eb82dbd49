"""Devices that speak the real protocols to a stack and remember what was acknowledged."""

import asyncio
import contextlib
import json
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import aiomqtt

from adapters.gb26875.frame import encode, parse

SHORTEST = 30
LOCAL = ZoneInfo("Asia/Shanghai")


def label(at: float) -> bytes:
    """Code a time as the standard's six bytes, local to the site."""
    when = datetime.fromtimestamp(at, UTC).astimezone(LOCAL)
    return bytes((when.second, when.minute, when.hour, when.day, when.month, when.year % 100))


def component_state(component: int, state: int, at: float) -> bytes:
    """Write the ADU of one component's state (type 2), a point smoke detector."""
    head = bytes((2, 1, 1, 1, 40)) + component.to_bytes(4, "little") + state.to_bytes(2, "little")
    return head + "3号楼烟感".encode("gb18030").ljust(31, b"\0") + label(at)


class Panel:
    """A 用户信息传输装置 that repeats each message until it is acknowledged."""

    def __init__(self, port: int, source: int) -> None:
        self.port = port
        self.source = source
        self.acknowledged: list[tuple[int, int]] = []  # component, state
        self.denied = 0
        self._serial = 0
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def frame(self, adu: bytes, at: float) -> bytes:
        """Write the next frame."""
        self._serial = (self._serial + 1) & 0xFFFF
        return encode(
            serial=self._serial, command=2, source=self.source, destination=88888,
            label=label(at), adu=adu,
        )  # fmt: skip

    async def fire(self, component: int, *, state: int = 3, give_up_s: float = 60) -> None:
        """Report a component's state and repeat until the gateway has it on disk."""
        at = time.time()
        if await self.send(self.frame(component_state(component, state, at), at), give_up_s) == 3:
            self.acknowledged.append((component, state))

    async def send(self, frame: bytes, give_up_s: float = 60) -> int:
        """Send a frame until an answer with its serial comes; return the answer's command, or 0."""
        until = time.monotonic() + give_up_s
        while time.monotonic() < until:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                return await asyncio.wait_for(self._exchange(frame), 5)
            await self.close()
            await asyncio.sleep(0.1)
        return 0

    async def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _exchange(self, frame: bytes) -> int:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        writer.write(frame)
        await writer.drain()
        while True:
            answer = parse(await reader.readexactly(SHORTEST))
            if answer.serial == int.from_bytes(frame[2:4], "little"):
                return int(answer.command)


def nb_payload(imei: str, *, alarm: int, at: float) -> bytes:
    """Write an NB-IoT detector's message."""
    return json.dumps(
        {"imei": imei, "ts": int(at * 1000), "smoke": 30 if alarm else 2, "temp": 21.5,
         "batt": 90, "rssi": -71, "alarm": alarm}
    ).encode()  # fmt: skip


async def publish(port: int, password: str, messages: list[tuple[str, bytes]]) -> None:
    """Publish as user `device`, QoS 1."""
    async with aiomqtt.Client(
        "127.0.0.1", port, username="device", password=password, timeout=10
    ) as client:
        for topic, payload in messages:
            await client.publish(topic, payload, qos=1)
