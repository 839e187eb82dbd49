"""Carries every outgoing event to every channel, however long a receiver is away."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from random import Random, SystemRandom

import structlog
from sqlalchemy.exc import SQLAlchemyError

from hub.case_store import CaseStore, OutgoingEvent
from hub.case_store.outbox import DEAD, DELIVERED, PENDING, Outcome
from model.errors import HubError, Refused

from .channel import HOUR, MINUTE, SECOND, Channel, Gone, NoticeChannel, RetryLater
from .courier import Courier
from .status import Shown, shown

KEEP = 30 * 24 * HOUR
"""How long delivered events are kept for questions; our assumption."""

JITTER = 0.1  # a wait is lengthened by up to this part, so that receivers are not hit in step
PAUSE_MAX = 30 * SECOND
POLL_S = 1.0
LOOK_S = 0.1

_log = structlog.get_logger("outgoing")


class Dispatcher:
    """Reads the transactional outbox and sends; a slow or absent receiver delays only itself.

    Within a case a channel gets events in the order of their sequence: the next one waits until
    the one before is delivered or given up. Delivery is at least once; receivers tell repeats by
    the event's id. Channels are made known at construction: what happens afterwards is sent.
    """

    def __init__(
        self,
        store: CaseStore,
        channels: Sequence[Channel],
        *,
        clock: Callable[[], int],
        random: Random | None = None,
        notices: Sequence[NoticeChannel] = (),
        public_url: str = "",
    ) -> None:
        """Take the store, the channels and a clock in ms; `random` is for the jitter.

        `notices` are told only what people must know; their links begin with `public_url`.
        """
        self._store = store
        self._channels = tuple(channels)
        self._clock = clock
        self._random = random or SystemRandom()
        names = [channel.name for channel in channels] + [item.name for item in notices]
        self._news = {name: asyncio.Event() for name in names}
        self._failed_rounds = dict.fromkeys(self._news, 0)
        self._gone: dict[str, str] = {}  # channels whose receiver said so in this round
        addresses = {channel.name: channel.address for channel in channels}
        addresses |= {item.name: f"{item.address} {item.fingerprint}" for item in notices}
        store.outbox.open_channels(addresses)
        self._couriers = {
            item.name: Courier(store, item, clock=clock, public_url=public_url) for item in notices
        }

    def wake(self) -> None:
        """Say that there may be new events; call it on the loop's thread, as often as you like."""
        for news in self._news.values():
            news.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for channel in self._channels:
                tasks.create_task(self._follow(channel), name=f"outgoing-{channel.name}")
            for name, courier in self._couriers.items():
                tasks.create_task(self._carry(courier), name=f"outgoing-{name}")
            tasks.create_task(self._tidy(), name="outgoing-tidy")

    def channels(self) -> list[Shown]:
        """Return how every channel fares, for people; reads the database."""
        notices = [courier.channel for courier in self._couriers.values()]
        return shown(self._store, self._channels, notices)

    async def trial(self, name: str, site: str) -> None:
        """Send a test message; raises LookupError, Refused for what is no notice channel, or why."""
        courier = self._couriers.get(name)
        if courier is None:
            if name not in self._news:
                raise LookupError(f"no channel {name}")
            raise Refused(f"{name} is for programs: only robots and mail take a test message")
        await courier.trial(site)

    async def round(self, channel: Channel) -> int:
        """Send what is due on one channel; return how long (ms) to wait before the next round.

        0 means that more may be due already.
        """
        outbox = self._store.outbox
        await asyncio.to_thread(outbox.enrol, channel.name)
        now = self._clock()
        due = await asyncio.to_thread(outbox.due, channel.name, now=now, limit=channel.at_once)
        if not due:
            next_at = await asyncio.to_thread(outbox.next_at, channel.name)
            return MINUTE if next_at is None else max(0, next_at - now)
        outcomes = await asyncio.gather(*(self._attempt(channel, event) for event in due))
        await asyncio.to_thread(outbox.settle, channel.name, outcomes, at=self._clock())
        if reason := self._gone.pop(channel.name, ""):
            await asyncio.to_thread(outbox.disable, channel.name, reason)
            _log.error("channel_disabled", channel=channel.name, reason=reason)
        return self._pause(channel, outcomes)

    async def _attempt(self, channel: Channel, event: OutgoingEvent) -> Outcome:
        if event.quiet_at_compound and channel.reaches_compound:
            return Outcome(event.id, DELIVERED, error="kept silent at the compound")
        try:
            await channel.send(event)
        except Gone as error:
            self._gone[channel.name] = str(error)
            return Outcome(event.id, DEAD, error=str(error))
        except Refused as error:
            return await self._give_up(channel, event, str(error))
        except (HubError, OSError, TimeoutError) as error:
            return await self._retry(channel, event, error)
        return Outcome(event.id, DELIVERED)

    async def _retry(self, channel: Channel, event: OutgoingEvent, error: Exception) -> Outcome:
        reason = str(error) or type(error).__name__
        wait = channel.schedule.wait(event.attempts + 1)
        if wait is None:
            return await self._give_up(channel, event, reason)
        asked = error.after if isinstance(error, RetryLater) else 0
        wait = int(max(wait, min(asked, HOUR)) * (1 + JITTER * self._random.random()))
        return Outcome(event.id, PENDING, next_at=self._clock() + wait, error=reason)

    async def _give_up(self, channel: Channel, event: OutgoingEvent, reason: str) -> Outcome:
        _log.error("event_not_delivered", channel=channel.name, case=event.case, reason=reason)
        await asyncio.to_thread(
            self._store.dead_letter,
            at=self._clock(),
            origin="hub",
            source=channel.name,
            reason="not_delivered",
            detail=reason,
            payload=event.payload.encode(),
        )
        return Outcome(event.id, DEAD, error=reason)

    def _pause(self, channel: Channel, outcomes: Sequence[Outcome]) -> int:
        """Return how long to leave a receiver alone that failed a whole full round."""
        full = len(outcomes) == channel.at_once
        if not full or any(outcome.state == DELIVERED for outcome in outcomes):
            self._failed_rounds[channel.name] = 0
            return 0
        self._failed_rounds[channel.name] += 1
        return min(PAUSE_MAX, SECOND << min(self._failed_rounds[channel.name], 5))

    async def _follow(self, channel: Channel) -> None:
        news = self._news[channel.name]
        while True:
            news.clear()
            try:
                wait = await self.round(channel)
            except SQLAlchemyError as error:
                # The database is busy, away or full: events stay in it, so try again.
                _log.warning("outbox_unreadable", channel=channel.name, reason=str(error))
                await asyncio.sleep(POLL_S)
                continue
            if self._failed_rounds[channel.name]:
                await asyncio.sleep(wait / SECOND)
            elif wait:
                await _first(news.wait(), min(wait / SECOND, POLL_S))

    async def _carry(self, courier: Courier) -> None:
        """Tell one notice channel; while it may not speak yet, news is looked at now and then."""
        news = self._news[courier.channel.name]
        while True:
            news.clear()
            try:
                wait = await courier.round()
            except SQLAlchemyError as error:
                reason = str(getattr(error, "orig", None) or error)
                _log.warning("outbox_unreadable", channel=courier.channel.name, reason=reason)
                await asyncio.sleep(POLL_S)
                continue
            if wait:
                # Not for every event of a storm: the queue is sorted anew at each look.
                await asyncio.sleep(min(wait / SECOND, LOOK_S))
                await _first(news.wait(), min(wait / SECOND, POLL_S))

    async def _tidy(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._store.outbox.forget, before=self._clock() - KEEP)
            except SQLAlchemyError as error:
                _log.warning("outbox_not_tidied", reason=str(error))
            await asyncio.sleep(HOUR / SECOND)


async def _first(news: Awaitable[bool], seconds: float) -> None:
    """Wait for news, at most that long."""
    try:
        async with asyncio.timeout(seconds):
            await news
    except TimeoutError:
        return
