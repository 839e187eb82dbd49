"""Tells everyone who listens now: the stream's readers, and the broker for what cannot wait."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
import structlog

from cases.events import case_json
from model.case import Change
from model.reading import Reading
from model.topics import cases_topic

from .memory_alarms import MemoryAlarms

log = structlog.get_logger()
Json = dict[str, object]
SUBSCRIBER_QUEUE = 1_000


class Announcer:
    """The hub's voice on its event loop; a reader that does not keep up is told to start anew."""

    def __init__(
        self, site: str, publish: Callable[[str, bytes], Awaitable[None]], memory: MemoryAlarms
    ) -> None:
        self._memory = memory
        self._site = site
        self._publish = publish
        self._loop = asyncio.get_running_loop()
        self._subscribers: set[asyncio.Queue[tuple[str, Json]]] = set()
        self._sending: set[asyncio.Future[None]] = set()
        self._after: list[Callable[[], None]] = []

    def after_changes(self, call: Callable[[], None]) -> None:
        """Call this on the loop after every change of cases (the outgoing dispatcher's wake)."""
        self._after.append(call)

    async def subscribe(self) -> AsyncIterator[tuple[str, Json]]:
        """Yield (event, data) as things happen."""
        queue: asyncio.Queue[tuple[str, Json]] = asyncio.Queue(SUBSCRIBER_QUEUE)
        self._subscribers.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._subscribers.discard(queue)

    def say(self, name: str, data: Json) -> None:
        """Give every reader an event."""
        for queue in self._subscribers:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(("resync", {}))
            queue.put_nowait((name, data))

    def told(self, changes: list[Change]) -> None:
        """Take changes from the desk's thread, once the cases are stored."""
        self._loop.call_soon_threadsafe(self._changes, changes)

    def _changes(self, changes: list[Change]) -> None:
        for call in self._after:
            call()
        for change in changes:
            shown: Json = {
                "kind": change.kind,
                "notice": change.notice,
                "quiet_at_compound": change.quiet_at_compound,
                "case": case_json(change.case),
            }
            self.say("case", shown)

    def not_durable(self, readings: list[Reading]) -> None:
        """Show alarms that are nowhere on disk; they become cases when they can be logged."""
        for shown in self._memory.add(readings):
            self.say("alarm_not_durable", shown)
            log.error("alarm_not_durable", device=shown["device"], alarm=shown["event"])
            payload = msgspec.json.encode({"type": "smarthub.alarm.not_durable", "data": shown})
            sending = asyncio.ensure_future(self._send(payload))
            self._sending.add(sending)
            sending.add_done_callback(self._sending.discard)

    async def _send(self, payload: bytes) -> None:
        try:
            await self._publish(cases_topic(self._site), payload)
        except ConnectionError as error:
            log.error("alarm_not_durable_not_sent", why=str(error))
