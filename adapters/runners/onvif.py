"""Hears one ONVIF device by pulling its notifications, and keeps hearing it through what devices do.

Declared I/O. A subscription may vanish at any time: refused, forgotten at a reboot, or silently dead. It is
made anew each time; what the device then repeats is told from news by `adapters.onvif.properties`.
"""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from typing import Any

from adapters.contract import Received, Sink
from adapters.onvif.adapter import Onvif
from adapters.onvif.properties import Properties
from adapters.onvif.said import Notice
from adapters.onvif.soap import (
    SYNCHRONISE,
    UNSUBSCRIBE,
    Request,
    Subscription,
    create_pull_point,
    granted_s,
    pull,
    reachable,
    renew,
    subscription_of,
)
from adapters.onvif.xml import notifications
from model.errors import FrameError, Transient
from model.reading import Event, Reading

from .onvif_client import ANSWER_S, Fault, OnvifClient

MESSAGE_LIMIT = 100
MIN_PULL_S = 1.0  # between pulls of a device that answers at once when it has nothing
SLACK_S = 10.0  # a device may hold longer than it was asked to
FIRST_RETRY_S = 1.0
LAST_RETRY_S = 60.0
DENIED_RETRY_S = 60.0  # devices lock a user out after a few wrong logins
LOST_RETRY_S = 5.0  # longest pause before a subscription that was lost is made anew
STEADY_S = 5.0  # a session that was heard for so long starts the back-off anew
ANSWERING_PULLS = 2  # pulls without news after states were asked for: the subscription is dead
UNSURE = 10  # times longer between proofs of a device that does not repeat its states
TEND_S = 0.5


class _Lost(Transient):
    """The subscription is gone; the device is there."""


class OnvifSource:
    """One device; it reconnects by itself and says what is wrong meanwhile.

    Counts `connections`, `received`, `onvif_subscriptions`, `onvif_silent_subscriptions`,
    `onvif_renew_refused`, `onvif_unknown_topics`, `onvif_unexpected`.
    """

    def __init__(self, adapter: Onvif, sink: Sink, *, password: str) -> None:
        """Start connecting; call from a running loop."""
        self.connected = False
        self.trouble = ""  # why nothing is heard, for heartbeat and `doctor`; without the password
        source = adapter.source
        self._adapter, self._sink, self._settings = adapter, sink, source
        self._client = OnvifClient(
            host=source.host,
            port=source.port,
            user=source.login.user,
            password=password,
            clock=sink.now,
        )
        self._properties = Properties()
        self._subscription: Subscription | None = None
        self._online: bool | None = None
        self._repeats = False  # whether it ever repeated a state
        self._can_prove = False  # whether it can be asked to
        self._since: float | None = None  # when this session was first heard
        self._beat_at = 0.0
        name = f"onvif {source.camera}"
        self._tasks = [
            asyncio.create_task(self._run(), name=name),
            asyncio.create_task(self._tend(), name=f"{name} heartbeat"),
        ]

    async def close(self) -> None:
        """Stop hearing; tell the device that its subscription is no longer needed."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._subscription and self.connected:
            with contextlib.suppress(Fault, Transient, TimeoutError):
                async with asyncio.timeout(1):
                    await self._ask(self._subscription, UNSUBSCRIBE)
        self.connected = False
        await self._client.close()

    async def _run(self) -> None:
        """Hold one session after another; the pause grows and is scattered.

        A lost subscription is made anew at once: what happens in between is kept by nobody.
        """
        failures = 0
        while True:
            shortest, longest = FIRST_RETRY_S, LAST_RETRY_S
            self._since = None
            try:
                await self._session()
            except _Lost as lost:
                self.trouble = self._says(str(lost))
                shortest, longest = 0.0, LOST_RETRY_S
            except Fault as fault:
                await self._gone(self._refusal(fault))
                shortest = DENIED_RETRY_S if fault.denied else FIRST_RETRY_S
            except Transient as error:
                # One lost answer is not yet an absent device: the next attempt tells.
                await self._gone(str(error), offline=not self.connected)
            except Exception as error:  # noqa: BLE001 - one device's oddity must not end its listening
                self._sink.count("onvif_unexpected")
                await self._gone(f"unexpected {type(error).__name__}; please report it")
            self._subscription = None
            failures = 0 if self._was_steady() else failures + 1
            grown = FIRST_RETRY_S * 2 ** min(failures - 1, 10) if failures else 0.0
            pause = max(shortest, min(longest, grown))
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - scatter, not a secret

    def _was_steady(self) -> bool:
        since = self._since
        return since is not None and asyncio.get_running_loop().time() - since > STEADY_S

    def _refusal(self, fault: Fault) -> str:
        login = self._settings.login
        if not fault.denied:
            return str(fault)
        who = f"user {login.user!r}" if login.user else "anonymous requests"
        return f"refuses {who} ({fault}); correct `login`, or allow events there"

    def _says(self, why: str) -> str:
        source = self._settings
        return f"camera {source.camera} at {source.host}:{source.port}: {why}"

    async def _gone(self, why: str, *, offline: bool = True) -> None:
        self.connected = False
        self.trouble = self._says(why)
        if offline:
            await self._say_online(holds=False)

    async def _session(self) -> None:
        """Subscribe and pull until something breaks; always ends with an exception."""
        await self._client.look()
        made = subscription_of(
            await self._client.call(
                self._client.events_url, create_pull_point(self._settings.subscription_s)
            )
        )
        if made is None:
            raise Fault("made a subscription without an address", denied=False)
        url = reachable(made.address, base=self._client.events_url, dialled=self._client.dialled)
        self._subscription = made = made._replace(address=url)
        self._properties.begin(_steady())
        self._sink.count("onvif_subscriptions")
        self._sink.count("connections")
        try:
            await self._ask(made, SYNCHRONISE)  # most repeat their states at once, unasked
            self._can_prove = True
        except Fault:
            self._can_prove = False
        await self._listen(made)

    async def _ask(self, made: Subscription, request: Request, within_s: float = ANSWER_S) -> Any:
        return await self._client.call(
            made.address, request, reference=made.reference, within_s=within_s
        )

    async def _listen(self, made: Subscription) -> None:
        loop, source = asyncio.get_running_loop(), self._settings
        news_at = loop.time()
        renew_at = news_at + (made.granted_s or source.subscription_s) / 2
        unanswered = -1  # pulls without news since states were asked for; -1: not asked
        while True:
            began = loop.time()
            if began >= renew_at:
                renew_at = began + await self._renew(made) / 2
            hold_s = max(1.0, min(source.pull_s, renew_at - began))
            messages = await self._pull(made, hold_s)
            self._since = self._since or loop.time()
            self.connected, self.trouble = True, ""
            await self._say_online(holds=True)
            if messages:
                news_at, unanswered = loop.time(), -1
                await self._keep(messages)
                continue
            unanswered += unanswered >= 0
            if unanswered >= ANSWERING_PULLS:
                self._sink.count("onvif_silent_subscriptions")
                with contextlib.suppress(Fault, Transient):
                    await self._ask(made, UNSUBSCRIBE)  # a device has room for few
                raise _Lost("said nothing when asked for its states; the subscription is made anew")
            if unanswered < 0 and loop.time() - news_at > self._proof_s():
                unanswered = 0
                await self._prove(made)
            await asyncio.sleep(max(0.0, began + MIN_PULL_S - loop.time()))

    async def _pull(self, made: Subscription, hold_s: float) -> list[bytes]:
        try:
            answer = await self._ask(made, pull(hold_s, MESSAGE_LIMIT), hold_s + SLACK_S)
        except Fault as fault:
            raise _Lost(f"has dropped the subscription ({fault})") from None
        return notifications(answer)

    async def _renew(self, made: Subscription) -> float:
        """Prolong the subscription; returns its new length in s."""
        try:
            answer = await self._ask(made, renew(self._settings.subscription_s))
        except Fault as fault:
            self._sink.count("onvif_renew_refused")
            with contextlib.suppress(Fault, Transient):
                await self._keep(await self._pull(made, 0.0))  # what it still holds for us
                await self._ask(made, UNSUBSCRIBE)
            raise _Lost(f"does not renew the subscription ({fault})") from None
        return granted_s(answer) or made.granted_s or self._settings.subscription_s

    def _proof_s(self) -> float:
        """Return after how long a silence proves itself; where silence proves little, it is rarely asked."""
        sure = self._repeats and self._can_prove
        return self._settings.proof_s * (1 if sure else UNSURE)

    async def _prove(self, made: Subscription) -> None:
        """Ask for the states after a long silence: a dead subscription answers pulls for ever."""
        try:
            await self._ask(made, SYNCHRONISE)
        except Fault as fault:
            raise _Lost(f"no longer knows the subscription ({fault})") from None

    async def _keep(self, messages: Sequence[bytes]) -> None:
        """Store one answer's messages in one commit; what cannot be understood is a dead letter."""
        readings: list[Reading] = []
        at = self._sink.now()
        self._sink.count("received", len(messages))
        for payload in messages:
            notice = self._notice(payload, at)
            if notice is None:
                continue
            self._repeats |= notice.initialized
            if notice.reading.event is Event.VENDOR:
                self._sink.count("onvif_unknown_topics")
            readings.append(self._properties.take(notice, _steady()))
        if readings:
            await self._sink.store(readings)

    def _notice(self, payload: bytes, at: int) -> Notice | None:
        try:
            return self._adapter.notice(Received(payload, at), offset_ms=self._client.offset_ms)
        except FrameError as error:
            reason, detail = error.reason, error.detail
        except Exception as error:  # noqa: BLE001 - an adapter's defect must not stop the device's other news
            reason, detail = "adapter", type(error).__name__
        source = f"onvif {self._settings.camera}"
        self._sink.reject(source, reason, self._adapter.redact(payload), detail)
        return None

    async def _tend(self) -> None:
        """End what was only a moment or is no longer repeated, and say from time to time that the device answers."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TEND_S)
            if ended := list(self._properties.over(self._sink.now(), _steady())):
                await self._sink.store(ended)
            if self.connected and loop.time() - self._beat_at >= self._settings.heartbeat_s:
                await self._say(holds=True)

    async def _say_online(self, *, holds: bool) -> None:
        """Say whether the device answers, when that has changed."""
        if self._online is not holds:
            self._online = holds
            await self._say(holds=holds)

    async def _say(self, *, holds: bool) -> None:
        self._beat_at = asyncio.get_running_loop().time()
        reading = Reading(
            device=self._settings.camera,
            kind="camera",
            received_at=self._sink.now(),
            values={"online": holds},
            event=Event.HEARTBEAT if holds else Event.NONE,
            compound=self._settings.compound,
        )
        await self._sink.store([reading])


def _steady() -> int:
    """Return a time in ms that nobody sets."""
    return int(asyncio.get_running_loop().time() * 1000)
