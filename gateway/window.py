"""Decides what one lane sends, when again, and what it may forget. Pure: the shell gives it the time.

A row leaves only with a receipt that names its epoch, numbers and content. Sent rows stand in a
bounded window; the rest waits in a short queue, and behind that on disk only. Times are seconds of a
clock that nobody sets.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from model.codec import WIRE_VERSION as VERSION
from model.codec import Receipt, Row, Uplink
from model.reading import Lane

from .outbox import OutboxRow

WINDOW_ROWS = 64
QUEUE_ROWS = 256
MESSAGE_BYTES = 200_000  # well below the 1 MiB at which the embedded broker hangs up
RESEND_FIRST_S = 5.0
RESEND_LAST_S = 60.0


class Sent(NamedTuple):
    """A row that was sent: when last, and how often."""

    row: OutboxRow
    at: float
    tries: int


class LaneWindow:
    """One lane's queue and window of sent rows that have no receipt yet."""

    def __init__(self, lane: Lane, *, gateway: str, now: float) -> None:
        self.queue: deque[OutboxRow] = deque()
        self.sent: dict[tuple[str, int], Sent] = {}
        self.last_id = 0  # the newest row that was taken from the outbox into the queue
        self.top_id = 0  # the newest row that is in the outbox
        self._lane = lane
        self._gateway = gateway
        self._tries: dict[int, int] = {}  # of rows that are queued again, by row id
        self._volatile: deque[OutboxRow] = deque()
        self._offered = False  # the oldest volatile row is in the message that is being published
        self.refused = 0  # Readings of volatile rows for which there was no room
        self._answered_at = now

    def load(self, waiting: list[OutboxRow], newest: int) -> None:
        """Take up the oldest rows that the outbox holds at the start; `newest` is its last id."""
        self.queue.extend(waiting)
        self.last_id = waiting[-1].id if waiting else 0
        self.top_id = newest

    def add(self, row: OutboxRow) -> None:
        """Queue a row that is now in the outbox."""
        if self.last_id == self.top_id and len(self.queue) < QUEUE_ROWS:
            self.queue.append(row)
            self.last_id = row.id
        self.top_id = row.id

    def add_volatile(self, row: OutboxRow) -> None:
        """Queue an alarm row that the disk refused: sent once, from memory, marked.

        Without room it is counted as refused: the first alarms tell most, and its device says it again.
        """
        if len(self._volatile) >= QUEUE_ROWS:
            self.refused += row.readings
            return
        self._volatile.append(row)

    @property
    def wants_rows(self) -> bool:
        """Whether the queue is empty and the outbox holds rows behind `last_id`."""
        return not self.queue and self.last_id < self.top_id

    def refill(self, rows: list[OutboxRow], *, top: int) -> None:
        """Take rows that were read behind `last_id` while `top_id` was `top`.

        Rows that were added during the reading come with the next refill.
        """
        self.queue.extend(rows)
        self.last_id = rows[-1].id if rows else top

    def next_message(self, now: float) -> Uplink | None:
        """Return the next message to publish, or None when everything is sent or the window is full.

        `published` must follow when it is; else what only memory holds is in the next message again.
        """
        self.expire(now)
        self._offered = bool(self._volatile)
        if self._offered:
            return self._message([self._volatile[0]], not_durable=True)
        rows = self._take()
        if not rows:
            return None
        if not self.sent:
            self._answered_at = now
        for row in rows:
            tries = self._tries.pop(row.id, 0) + 1
            self.sent[row.epoch, row.first] = Sent(row, now, tries)
        return self._message(rows, not_durable=False)

    def published(self) -> None:
        """Forget what only memory held, now that the message of it is with the broker."""
        if self._offered:
            self._offered = False
            self._volatile.popleft()

    def expire(self, now: float) -> None:
        """Queue again what was sent long ago and never receipted."""
        self._requeue(
            [
                sent
                for sent in self.sent.values()
                if now - sent.at > min(RESEND_FIRST_S * 2 ** min(sent.tries - 1, 9), RESEND_LAST_S)
            ]
        )

    def reconnected(self) -> None:
        """Queue again all that has no receipt: what an old connection carried may be lost."""
        self._requeue(list(self.sent.values()))

    def take_receipt(self, receipt: Receipt, now: float) -> list[int]:
        """Return the ids of the rows that the outbox may forget."""
        done = []
        for first, last, content in receipt.rows:
            sent = self.sent.get((receipt.epoch, first))
            # A receipt for other content is another gateway's (a cloned card): not ours to delete.
            if sent is None or sent.row.last != last or sent.row.hash != content:
                continue
            del self.sent[receipt.epoch, first]
            done.append(sent.row.id)
        if done:
            self._answered_at = now
        return done

    @property
    def idle(self) -> bool:
        """Whether every row has its receipt."""
        return not (self.queue or self.sent) and self.last_id >= self.top_id

    def oldest_wait_s(self, now: float) -> float:
        """Return for how many seconds the oldest sent row has been without a receipt."""
        if not self.sent:
            return 0.0
        return now - max(self._answered_at, min(sent.at for sent in self.sent.values()))

    def oldest_at(self) -> int | None:
        """Return the received_at (ms) of the oldest row without a receipt; None when all have theirs.

        0: it is on disk only, and not yet looked at.
        """
        return None if self.idle else min(self._waiting(), default=0)

    def newest_at(self) -> int | None:
        """Return the largest received_at (ms) of those rows: in the future, the clock was set back meanwhile."""
        return max(self._waiting(), default=None)

    def _waiting(self) -> Iterator[int]:
        yield from (sent.row.at for sent in self.sent.values())
        yield from (row.at for row in self.queue)

    def _take(self) -> list[OutboxRow]:
        """Take the next rows for one message: one epoch, bounded in bytes and by the window."""
        batch: list[OutboxRow] = []
        size = 0
        while self.queue and len(self.sent) + len(batch) < WINDOW_ROWS:
            row = self.queue[0]
            if batch and (row.epoch != batch[0].epoch or size + len(row.payload) > MESSAGE_BYTES):
                break
            batch.append(self.queue.popleft())
            size += len(row.payload)
        return batch

    def _message(self, rows: list[OutboxRow], *, not_durable: bool) -> Uplink:
        epoch = rows[0].epoch
        low = min((first for of, first in self.sent if of == epoch), default=rows[0].first)
        return Uplink(
            VERSION,
            self._gateway,
            epoch,
            self._lane,
            low,
            [Row(row.first, row.readings, msgspec.Raw(row.payload)) for row in rows],
            not_durable,
        )

    def _requeue(self, sent: Iterable[Sent]) -> None:
        """Put sent rows back at the head of the queue, oldest first."""
        for item in sorted(sent, key=lambda item: item.row.id, reverse=True):
            del self.sent[item.row.epoch, item.row.first]
            self._tries[item.row.id] = item.tries
            self.queue.appendleft(item.row)
