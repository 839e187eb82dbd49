"""Takes published messages to the sink and acknowledges them only when they are on disk."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from adapters.contract import Adapter, Received, Sink
from adapters.topic_pattern import filter_regex
from model.errors import FrameError
from model.reading import Reading

from .mqtt_packets import CUT, DUP, RETAIN, Publish, puback_packets

ROUTES_REMEMBERED = 50_000
SETTLED_REMEMBERED = 8_192  # of two generations; more than a broker keeps in flight
DETAIL_CHARS = 200

Routes = Sequence[tuple[Sequence[str], Adapter]]


class _Batch:
    """What one read brought: packet ids with a digest of their content, until the disk answers."""

    __slots__ = ("connection", "done", "entries", "repeats", "size", "stored")

    def __init__(self, connection: int, size: int) -> None:
        self.connection = connection
        self.size = size
        self.entries: dict[bytes, int] = {}
        self.repeats: dict[bytes, int] = {}  # delivered again while, or after, they were stored
        self.done = False
        self.stored = False


class MqttIntake:
    """Routes, decodes, stores and acknowledges; it outlives connections, as the session does.

    A message that the broker delivers again (DUP) is known by packet id and content: while it is
    being stored it is not stored again, and when it was stored it is only acknowledged.
    """

    def __init__(self, routes: Routes, sink: Sink, changed: Callable[[], None]) -> None:
        """Compile the routes; `changed` is told whenever a batch has been settled."""
        self.unstored = 0  # messages whose fate the disk has not told yet
        self.refused = False  # something was not durable: let the broker deliver it again
        self._sink = sink
        self._changed = changed
        self._filters = [
            (filter_regex(text), adapter) for filters, adapter in routes for text in filters
        ]
        self._routes: dict[bytes, tuple[Adapter, str]] = {}
        self._pending: deque[_Batch] = deque()
        self._settled: dict[bytes, int] = {}
        self._settled_before: dict[bytes, int] = {}
        self._connection = 0
        self._since = 0  # the connection with which the present session began
        self._write: Callable[[bytes], None] | None = None

    def attach(self, write: Callable[[bytes], None], *, session_present: bool) -> None:
        """Begin a connection; without a session at the broker all packet ids start anew."""
        self._connection += 1
        self._write = write
        self.refused = False
        if not session_present:
            self._since = self._connection
            self._settled, self._settled_before = {}, {}

    def detach(self) -> None:
        """End a connection; what it brought is settled, but no longer acknowledged on it."""
        self._write = None

    def take(self, packets: Sequence[Publish]) -> None:
        """Store all of one read with one call, and acknowledge it as one, in order, afterwards."""
        sink, routes = self._sink, self._routes
        sink.count("received", len(packets))
        at = sink.now()
        batch = _Batch(self._connection, len(packets))
        entries = batch.entries
        readings: list[Reading] = []
        for head, pid, topic, payload in packets:
            if pid:
                digest = hash(payload) ^ hash(topic)
                if head & DUP and self._is_known(pid, digest):
                    batch.repeats[pid] = digest
                    continue
                entries[pid] = digest
            route = routes.get(topic) or self._route(topic)
            if route is None or head & CUT:
                self._refuse(route, topic, payload)
                continue
            adapter, name = route
            try:
                found = adapter.decode(Received(payload, at, name, head & RETAIN == RETAIN))
            except FrameError as error:
                self._reject(
                    adapter, error.reason, payload, f"{name[:DETAIL_CHARS]}: {error.detail}"
                )
            except Exception as error:  # noqa: BLE001 - an adapter's defect must not stop the others
                self._reject(
                    adapter, "adapter", payload, f"{name[:DETAIL_CHARS]}: {type(error).__name__}"
                )
            else:
                if found:
                    readings += found
                else:
                    sink.count("ignored")
        self._store(batch, readings)

    def _store(self, batch: _Batch, readings: list[Reading]) -> None:
        if batch.repeats:
            self._sink.count("repeats", len(batch.repeats))
        self._pending.append(batch)
        self.unstored += batch.size
        if not readings:
            batch.done = batch.stored = True
            self._settle()
            return
        future = asyncio.ensure_future(self._sink.store(readings))
        future.add_done_callback(lambda done: self._answered(batch, done))

    def _answered(self, batch: _Batch, answer: "asyncio.Future[bool]") -> None:
        batch.done = True
        batch.stored = not answer.cancelled() and answer.exception() is None and answer.result()
        if not batch.stored:
            self._sink.count("not_acknowledged", len(batch.entries))
        self._settle()

    def _settle(self) -> None:
        """Acknowledge from the oldest batch on, as far as the disk has answered."""
        acknowledged: list[bytes] = []
        while self._pending and self._pending[0].done:
            batch = self._pending.popleft()
            self.unstored -= batch.size
            if batch.connection < self._since:
                continue
            if batch.stored:
                self._settled.update(batch.entries)
            else:
                self.refused = True
            if batch.connection == self._connection:
                acknowledged += batch.entries if batch.stored else ()
                acknowledged += [p for p, d in batch.repeats.items() if self._is_settled(p, d)]
        if len(self._settled) > SETTLED_REMEMBERED:
            self._settled_before, self._settled = self._settled, {}
        if acknowledged and self._write:
            self._write(puback_packets(acknowledged))
        self._changed()

    def _is_known(self, pid: bytes, digest: int) -> bool:
        return self._is_settled(pid, digest) or any(
            batch.entries.get(pid) == digest
            for batch in self._pending
            if batch.connection >= self._since
        )

    def _is_settled(self, pid: bytes, digest: int) -> bool:
        return self._settled.get(pid, self._settled_before.get(pid)) == digest

    def _route(self, topic: bytes) -> tuple[Adapter, str] | None:
        """Find the first adapter with a filter for the topic, and remember it."""
        try:
            name = topic.decode()
        except UnicodeDecodeError:
            return None
        for pattern, adapter in self._filters:
            if pattern.fullmatch(name):
                if len(self._routes) >= ROUTES_REMEMBERED:
                    self._routes.clear()
                self._routes[topic] = (adapter, name)
                return adapter, name
        return None

    def _refuse(self, route: tuple[Adapter, str] | None, topic: bytes, payload: bytes) -> None:
        name = topic[:DETAIL_CHARS].decode(errors="replace")
        if route is None:
            # A session may hold subscriptions of an older file. Nobody can mask this payload now.
            self._sink.reject("mqtt", "topic", b"", f"{name}: no source is configured for it")
            return
        self._reject(route[0], "oversize", payload, f"{name}: the packet is over the limit; cut")

    def _reject(self, adapter: Adapter, reason: str, payload: bytes, detail: str) -> None:
        """Count and keep what cannot be understood, without what must not be kept."""
        redact: Callable[[bytes], bytes] | None = getattr(adapter, "redact", None)
        try:
            kept = redact(payload) if redact else payload
        except Exception:  # noqa: BLE001 - what cannot be masked is not kept
            kept = b""
        self._sink.reject(adapter.name, reason, kept, detail)
