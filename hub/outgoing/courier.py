"""Carries notices to one group of people: fires first, a storm as digests, nothing untold."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import msgspec
import structlog

from hub.case_store import CaseStore, OutgoingEvent
from hub.case_store.notice_queue import Waiting
from hub.case_store.outbox import DEAD, DELIVERED, PENDING, Outcome
from model.errors import HubError, Refused

from .channel import HOUR, MINUTE, SECOND, Away, Gone, NoticeChannel, RetryLater, Schedule
from .message import Message, card, digest, trial
from .notice import Notice, notice_of
from .pace import TRIAL_MAX, Pace

SCHEDULE = Schedule((5 * SECOND, 15 * SECOND, MINUTE, 5 * MINUTE))
"""Waits of a message that the receiver answers with an error of its own; then it is given up."""

REST = Schedule((2 * SECOND, 5 * SECOND, 15 * SECOND, 30 * SECOND, MINUTE), endless=True)
"""How long a receiver that is away is left alone; nothing is given up meanwhile."""

REST_MAX = HOUR
KEEP_TELLING = 72 * HOUR  # older notices become dead letters; our assumption, as for webhooks
DIGEST_MAX = 200  # cases looked at for one digest
TRIAL_GAP = 10 * SECOND

_log = structlog.get_logger("outgoing")


class TooSoon(HubError):  # noqa: N818 - reads as a word at the raise
    """A test message may not be sent yet; `wait` is how long (ms)."""

    def __init__(self, message: str, *, wait: int) -> None:
        super().__init__(message)
        self.wait = wait


class Courier:
    """Tells one channel what it waits for, one message a round."""

    def __init__(
        self,
        store: CaseStore,
        channel: NoticeChannel,
        *,
        clock: Callable[[], int],
        public_url: str,
    ) -> None:
        self.channel = channel
        self._store = store
        self._queue = store.notices
        self._clock = clock
        self._public_url = public_url
        self._pace = Pace(store.outbox.records.of(channel.name).recent)
        self._rest_until = 0
        self._failed = 0  # times in a row that the receiver was away
        self._trial_at = 0

    async def round(self) -> int:
        """Send the next message, if its time has come; return how long (ms) to wait then."""
        name = self.channel.name
        seen = await asyncio.to_thread(self._queue.enrol, name, self._wants)
        now = self._clock()
        if self._rest_until > now:
            self._rest_until = min(self._rest_until, now + REST_MAX)  # a clock that was set back
            return self._rest_until - now
        waiting = await asyncio.to_thread(self._queue.waiting, name, now=now)
        if old := [item for item in waiting if now - item.created_at > KEEP_TELLING]:
            await self._settle(await self._give_up(old, "nobody could be told for 72 hours"), now)
            return 0
        if not waiting:
            return 0 if seen else MINUTE
        turn = self._pace.turn(waiting[0], now)
        if turn.wait > 0:
            return turn.wait
        await self._tell(_batch(waiting) if turn.digest else waiting[:1], now)
        return 0

    async def trial(self, site: str) -> None:
        """Send a test message now; raises TooSoon, Away, RetryLater, Refused or Gone.

        A channel that was disabled tells again once a test got through.
        """
        now = self._clock()
        since = now - self._trial_at
        if 0 <= since < TRIAL_GAP:
            raise TooSoon("a test was sent just now", wait=TRIAL_GAP - since)
        if not self._pace.room(now, TRIAL_MAX):
            raise TooSoon("the channel is busy with notices", wait=MINUTE // 2)
        self._trial_at = now
        form = self.channel.form(plain=False)
        message = trial(site, form, self.channel.language, public_url=self._public_url, at=now)
        outbox, name = self._store.outbox, self.channel.name
        try:
            await self._send(message, now)
        except (HubError, OSError) as error:
            reason = self.channel.hide(str(error))
            await asyncio.to_thread(outbox.records.failed, name, now, reason)
            raise
        await asyncio.to_thread(outbox.records.succeeded, name, self._clock())
        if await asyncio.to_thread(outbox.disabled, name):
            await asyncio.to_thread(outbox.enable, name)
            _log.info("channel_enabled", channel=name)
        self._rest_until = self._failed = 0

    async def _tell(self, batch: Sequence[Waiting], now: int) -> None:
        loaded = await asyncio.to_thread(self._queue.load, [item.events[-1] for item in batch])
        # Asked again: the file may have changed since the event was queued.
        fit = [item for item in batch if self._wants(loaded[item.events[-1]])]
        unfit = [item for item in batch if item not in fit]
        outcomes = [Outcome(n, DELIVERED, error="not for it") for i in unfit for n in i.events]
        if fit:
            outcomes += await self._attempt(fit, loaded, now)
        await self._settle(outcomes, now)

    async def _attempt(
        self, batch: Sequence[Waiting], loaded: Mapping[int, OutgoingEvent], now: int
    ) -> list[Outcome]:
        try:
            message, taken = self._written(batch, loaded)
        except Refused as error:
            return await self._give_up(batch, str(error))
        told = batch[:taken]
        try:
            await self._send(message, now)
        except (HubError, OSError) as error:
            return await self._failed_with(error, told)
        if self._failed:
            _log.info("channel_back", channel=self.channel.name)
        self._failed = 0
        return [Outcome(number, DELIVERED) for item in told for number in item.events]

    async def _failed_with(self, error: Exception, told: Sequence[Waiting]) -> list[Outcome]:
        """Return what becomes of a message that was not taken."""
        reason = self.channel.hide(str(error)) or type(error).__name__
        match error:
            case Gone():
                return await self._gone(reason)
            case Away():
                return await self._away(told, reason, error.after)
            case RetryLater():
                return await self._again(told, reason)
            case Refused() if told[0].attempts:
                return await self._give_up(told, reason)
            case Refused():
                return self._pending(told, reason, 0)  # next as plain text, each for itself
            case _:
                return await self._away(told, reason, 0)

    async def _send(self, message: Message, now: int) -> None:
        # Counted before it is sent: a kill in between must not let the next start send too much.
        sent = self._pace.take(now)
        await asyncio.to_thread(self._store.outbox.records.reserve, self.channel.name, sent)
        await self.channel.tell(message)

    def _written(
        self, batch: Sequence[Waiting], loaded: Mapping[int, OutgoingEvent]
    ) -> tuple[Message, int]:
        notices = [self._notice(item, loaded[item.events[-1]]) for item in batch]
        form = self.channel.form(plain=batch[0].attempts > 0)
        language = self.channel.language
        if len(notices) == 1:
            return card(notices[0], form, language), 1
        return digest(notices, form, language, public_url=self._public_url)

    def _notice(self, item: Waiting, event: OutgoingEvent) -> Notice:
        return notice_of(event, item.notices, public_url=self._public_url, zone=self.channel.zone)

    def _wants(self, event: OutgoingEvent) -> bool:
        try:
            return self.channel.wants(event)
        except msgspec.MsgspecError:  # an event of another version: told by the others
            _log.error("notice_not_understood", channel=self.channel.name, case=event.case)
            return False

    async def _settle(self, outcomes: Sequence[Outcome], now: int) -> None:
        if outcomes:
            settle = self._store.outbox.settle
            await asyncio.to_thread(settle, self.channel.name, outcomes, at=now)

    async def _gone(self, reason: str) -> list[Outcome]:
        """Disable the channel, loudly, with one dead letter that says how much is not told."""
        name = self.channel.name
        left = await asyncio.to_thread(self._queue.count, name)
        _log.error("channel_disabled", channel=name, reason=reason, not_told=left)
        await self._letter("channel_gone", f"{left} notices are not told: {reason}", b"")
        await asyncio.to_thread(self._store.outbox.records.failed, name, self._clock(), reason)
        await asyncio.to_thread(self._store.outbox.disable, name, reason)
        return []

    async def _away(self, told: Sequence[Waiting], reason: str, asked: int) -> list[Outcome]:
        """Leave the receiver alone for a while; every message keeps its place."""
        self._failed += 1
        wait = max(REST.wait(self._failed) or 0, min(asked, REST_MAX))
        self._rest_until = self._clock() + wait
        name = self.channel.name
        say = _log.error if self._failed == 1 else _log.warning
        say(
            "channel_away",
            channel=name,
            reason=reason,
            again_in_s=wait // SECOND,
            case=told[0].case,
        )
        await asyncio.to_thread(self._store.outbox.records.failed, name, self._clock(), reason)
        return []

    async def _again(self, told: Sequence[Waiting], reason: str) -> list[Outcome]:
        wait = SCHEDULE.wait(told[0].attempts + 1)
        if wait is None:
            return await self._give_up(told, reason)
        return self._pending(told, reason, self._clock() + wait)

    @staticmethod
    def _pending(told: Sequence[Waiting], reason: str, next_at: int) -> list[Outcome]:
        numbers = [number for item in told for number in item.events]
        return [Outcome(number, PENDING, next_at=next_at, error=reason) for number in numbers]

    async def _give_up(self, items: Sequence[Waiting], reason: str) -> list[Outcome]:
        name = self.channel.name
        for item in items:
            _log.error("notice_not_told", channel=name, case=item.case, reason=reason)
            await self._letter("not_delivered", reason, item.case.encode())
        return [Outcome(number, DEAD, error=reason) for item in items for number in item.events]

    async def _letter(self, word: str, detail: str, payload: bytes) -> None:
        await asyncio.to_thread(
            self._store.dead_letter,
            at=self._clock(),
            source=self.channel.name,
            reason=word,
            detail=detail,
            payload=payload,
        )


def _batch(waiting: Sequence[Waiting]) -> list[Waiting]:
    """Return what one digest is about: one queue, never emergencies beside upkeep.

    What was refused before is told alone, so that one bad name cannot silence its neighbours.
    """
    first = waiting[0]
    if first.attempts:
        return [first]
    alike = [item for item in waiting if item.group == first.group and not item.attempts]
    return alike[:DIGEST_MAX]
