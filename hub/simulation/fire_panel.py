"""A 用户信息传输装置 on the wire: sends its frames over TCP until each one is acknowledged.

GB/T 26875.3-2011, clause 6.5: a frame without an acknowledgement (command 3) within 10 s, or with
a denial (6), is sent again, three times at most; then this communication has failed.
"""

import asyncio
import contextlib
import time
from collections import deque
from dataclasses import dataclass
from random import Random

from adapters.gb26875.frame import Command, Frame, acknowledge, deny, encode
from adapters.gb26875.framer import Framer
from adapters.gb26875.times import to_label
from hub.territory.demo_plan import transmitter_id
from model.reading import Event

from .fire_adu import (
    Operation,
    TransmitterState,
    transmitter_operation,
    transmitter_state,
    transmitter_time,
    transmitter_version,
)
from .ledger import Ledger
from .messages import DeviceMessage, FireContent
from .world import ZONE

ACK_WITHIN_S = 10.0  # clause 6.5.4
RESENDS = 3  # clause 6.5.5
_RECONNECT_S = (1.0, 15.0)
_CONNECT_WITHIN_S = 10.0
_INSPECTION_ANSWER_S = 5.0
_WAITING_MAX = 500  # normal life beyond it is forgotten, as a device's small memory does
_INSPECTION, _READ_STATE, _READ_VERSION, _READ_TIME = 91, 81, 85, 88


@dataclass(frozen=True, kw_only=True)
class Centre:
    """Where the monitoring centre listens, and how patient the panels are with it."""

    host: str
    port: int
    address: int = 88_888  # 目的地址; any will do
    ack_within_s: float = ACK_WITHIN_S
    reconnect_s: tuple[float, float] = _RECONNECT_S


@dataclass(kw_only=True)
class FireCounts:
    """What happened on the wire, over all panels."""

    acknowledged: int = 0
    denied: int = 0
    resent: int = 0
    failed: int = 0  # communications that failed after all resends
    forgotten: int = 0  # normal life that found no room while the centre was away
    connections: int = 0


class FirePanel:
    """One transmission device: a queue of messages, one connection, one frame under way at a time."""

    def __init__(self, source: int, centre: Centre, counts: FireCounts, *, ledger: Ledger) -> None:
        """Speak for the device of that source address; `ledger` hears of each alarm."""
        self._source = source
        self._centre = centre
        self._counts = counts
        self._ledger = ledger
        self._alarms: deque[DeviceMessage] = deque()
        self._normal: deque[DeviceMessage] = deque()
        self._waiting = asyncio.Event()
        self._serial = 0
        self._answered = 0
        self._under_way: tuple[DeviceMessage, bytes] | None = None
        self._answers: asyncio.Queue[Frame] = asyncio.Queue()
        self._random = Random(source)  # noqa: S311 - spreads reconnections, no secret

    def send(self, message: DeviceMessage) -> None:
        """Queue a message; alarms go first and are kept until acknowledged."""
        if message.event:
            self._alarms.append(message)
        else:
            self._normal.append(message)
            if len(self._normal) > _WAITING_MAX:
                self._normal.popleft()
                self._counts.forgotten += 1
        self._waiting.set()

    @property
    def idle(self) -> bool:
        """Return whether everything queued has been acknowledged."""
        return not (self._alarms or self._normal or self._under_way)

    async def run(self) -> None:
        """Stay connected and send what is queued, until cancelled."""
        shortest_s, longest_s = self._centre.reconnect_s
        wait_s = shortest_s
        while True:
            answered = self._answered
            with contextlib.suppress(OSError, TimeoutError, EOFError):
                await self._session()
            wait_s = shortest_s if self._answered > answered else min(wait_s * 2, longest_s)
            # Spread, so that panels do not all come back in the same moment.
            await asyncio.sleep(self._random.uniform(wait_s / 2, wait_s))

    async def _session(self) -> None:
        """Use one connection until it ends, or until a frame stays without acknowledgement."""
        async with asyncio.timeout(_CONNECT_WITHIN_S):
            reader, writer = await asyncio.open_connection(self._centre.host, self._centre.port)
        self._counts.connections += 1
        self._answers = asyncio.Queue()
        tasks = (
            asyncio.create_task(self._listen(reader, writer), name=f"panel-{self._source}-listen"),
            asyncio.create_task(self._speak(writer), name=f"panel-{self._source}-speak"),
        )
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            writer.close()

    async def _speak(self, writer: asyncio.StreamWriter) -> None:
        while True:
            if self._under_way is None:
                self._under_way = await self._next()
            message, frame = self._under_way
            answer = await self._deliver(writer, frame)
            if answer is None:
                self._counts.failed += 1
                if not message.event:  # normal life is not worth keeping; the next is newer
                    self._under_way = None
                return
            self._under_way = None
            if answer is Command.CONFIRM:
                self._counts.acknowledged += 1
                self._ledger.note_acknowledged(message)
            else:
                self._counts.failed += 1

    async def _next(self) -> tuple[DeviceMessage, bytes]:
        while not (self._alarms or self._normal):
            self._waiting.clear()
            await self._waiting.wait()
        message = self._alarms.popleft() if self._alarms else self._normal.popleft()
        if not isinstance(message.content, FireContent):
            raise TypeError(f"{message.device} does not speak GB/T 26875.3")
        self._ledger.note_sent(message)
        serial, self._serial = self._serial, (self._serial + 1) & 0xFFFF
        return message, self._frame(Command.SEND, serial, message.content.adu)

    async def _deliver(self, writer: asyncio.StreamWriter, frame: bytes) -> Command | None:
        """Send the same bytes until they are acknowledged; returns the last answer, if any.

        Same serial number, time label and body: by them the centre knows a repeat.
        """
        serial = int.from_bytes(frame[2:4], "little")
        answer: Command | None = None
        for attempt in range(1 + RESENDS):
            self._counts.resent += attempt > 0
            writer.write(frame)
            await writer.drain()
            answer = await self._answer(serial)
            if answer is Command.CONFIRM:
                break
            self._counts.denied += answer is Command.DENY
        return answer

    async def _answer(self, serial: int) -> Command | None:
        try:
            async with asyncio.timeout(self._centre.ack_within_s):
                while True:
                    frame = await self._answers.get()
                    if frame.serial == serial:  # others answer a frame given up long ago
                        self._answered += 1
                        return Command(frame.command)
        except TimeoutError:
            return None

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framer = Framer()
        while data := await reader.read(4096):
            for piece in framer.feed(data):
                if not isinstance(piece, Frame):
                    continue
                if piece.command in {Command.CONFIRM, Command.DENY}:
                    self._answers.put_nowait(piece)
                elif piece.command in {Command.CONTROL, Command.REQUEST}:
                    writer.write(self._reply(piece))
                    await writer.drain()
        raise EOFError

    def _reply(self, frame: Frame) -> bytes:
        """Answer the centre: control is acknowledged, a request answered, the unknown denied."""
        flag = frame.adu[0] if frame.adu else 0
        if frame.command == Command.CONTROL:
            if flag == _INSPECTION:
                asyncio.get_running_loop().call_later(_INSPECTION_ANSWER_S, self._answer_inspection)
            return acknowledge(frame, self._label())
        answers = {
            _READ_STATE: transmitter_state(TransmitterState.RUNNING, self._label()),
            _READ_VERSION: transmitter_version(),
            _READ_TIME: transmitter_time(self._label()),
        }
        if flag not in answers:
            return deny(frame, self._label())
        return self._frame(Command.RESPOND, frame.serial, answers[flag])

    def _answer_inspection(self) -> None:
        """Let the person on duty press the button (查岗应答)."""
        adu = transmitter_operation(Operation.CONFIRM, self._label())
        self.send(
            DeviceMessage(
                at=_now(),
                device=transmitter_id(self._source),
                kind="fire_transmitter",
                event=Event.DUTY_ANSWERED,
                content=FireContent(self._source, adu),
            )
        )

    def _frame(self, command: Command, serial: int, adu: bytes) -> bytes:
        return encode(
            serial=serial,
            command=command,
            source=self._source,
            destination=self._centre.address,
            label=self._label(),
            adu=adu,
        )

    def _label(self) -> bytes:
        return to_label(_now(), ZONE)


def _now() -> int:
    return time.time_ns() // 1_000_000
