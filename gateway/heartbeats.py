"""Tells the hub how the gateway is: every few seconds, and at the moments for which the hub asks.

A device is silent only once its gateway has proved that it holds nothing back. The hub knows when a
deadline comes and asks for a word at exactly that time, so nobody waits for the next heartbeat.
"""

import asyncio
import contextlib
import secrets
import sqlite3
import time
from collections.abc import Iterable

import aiomqtt
import structlog

from model.codec import CodecError, Heartbeat, decode_ask, encode
from model.errors import HubError
from model.reading import Lane

from . import balance
from .config import GatewayConfig
from .connection import client_of, hearing, may_read
from .parts import Parts
from .window import LaneWindow

log = structlog.get_logger()
REFUSED = "readings_refused.memory_full"
"""Counts Readings of alarms that neither disk nor memory took; they are in `readings_not_durable` too."""

AHEAD_MS = 5_000
"""What the hub asks for later than this is not of this clock."""
PATIENCE_MS = 2_000
"""So long after an asked time a gateway tries to prove it; then its next heartbeat must do."""
UNPROVED = 1  # a time before everything; 0 is of a gateway that says nothing about it
ASKED_KEPT = 500
UNASKED_S = 600.0
"""So long a broker is not asked again to let us hear the hub, when the connection broke over it."""
LOOK_S = 0.02
GAP_S = 0.05  # between two heartbeats, whoever asks


class Asked:
    """The times (ms, gateway's clock) for which the hub wants a word."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()
        self._times: dict[int, int] = {}  # until when (ms) each is tried

    def ask(self, times: Iterable[int], now: int) -> None:
        """Take what the hub asks for; what is far ahead, or too much, is left to the heartbeats."""
        for at in times:
            if at <= now + AHEAD_MS and len(self._times) < ASKED_KEPT:
                self._times[at] = max(at, now) + PATIENCE_MS
        self.changed.set()

    def settled(self, caught_up_to: int) -> None:
        """Note what a heartbeat proved."""
        self._times = {at: until for at, until in self._times.items() if at > caught_up_to}

    def due(self, now: int) -> int | None:
        """Return in how many ms (0: now) something is to be proved; what waited too long is given up."""
        self._times = {
            at: until for at, until in self._times.items() if at <= now + AHEAD_MS and now <= until
        }
        return max(0, min(self._times) - now) if self._times else None

    def proved(self, caught_up_to: int) -> bool:
        """Return whether the next asked time can be proved."""
        return bool(self._times) and min(self._times) <= caught_up_to


class Heartbeats:
    """The gateway's connection for words about itself."""

    def __init__(self, config: GatewayConfig, parts: Parts) -> None:
        self._config = config
        self._parts = parts
        self._asked = Asked()
        self._subscribe_from = self._warn_from = 0.0  # monotonic, s

    async def run(self) -> None:
        """Send heartbeats with counters until cancelled, and leave a last will with the broker."""
        file, parts = self._config.file, self._parts
        lost = Heartbeat(file.gateway, parts.intake.epoch, "lost")
        will = aiomqtt.Will(parts.topics.status, encode(lost), qos=0)
        while True:
            try:
                async with client_of(
                    file.uplink, f"gw-{file.gateway}-{secrets.token_hex(4)}-status", will
                ) as client:
                    await self._session(client)
            except (aiomqtt.MqttError, OSError, TimeoutError, HubError, sqlite3.Error) as error:
                log.debug("heartbeat_not_sent", why=str(error))
            await asyncio.sleep(min(file.heartbeat_s, 2.0))

    async def _session(self, client: aiomqtt.Client) -> None:
        """Say how we are until the connection ends; the first word goes before anything can go wrong."""
        try:
            await self._say(client)
            await self._subscribe(client)
            async with hearing(client, self._hear, name="asked") as heard:
                heard.add_done_callback(lambda _: self._asked.changed.set())
                while await self._due(heard):
                    await self._say(client)
        except asyncio.CancelledError:
            with contextlib.suppress(aiomqtt.MqttError, TimeoutError, sqlite3.Error):
                last = await heartbeat(self._config, self._parts, "stopped")
                await client.publish(self._parts.topics.status, encode(last), qos=0, timeout=1)
            raise

    async def _subscribe(self, client: aiomqtt.Client) -> None:
        """Hear what the hub asks for, where the broker lets us; without it there are heartbeats all the same."""
        if time.monotonic() < self._subscribe_from:
            return
        topic = self._parts.topics.ask
        self._subscribe_from = time.monotonic() + UNASKED_S
        if not await may_read(client, topic):
            log.warning("heartbeats_unasked", why="the broker lets this user not read", topic=topic, remedy="smarthub deploy init")  # fmt: skip
        self._subscribe_from = 0.0

    async def _hear(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            payload = message.payload if isinstance(message.payload, bytes) else b""
            try:
                times = decode_ask(payload).prove
            except CodecError as error:
                log.warning("ask_not_understood", why=str(error))
            else:
                self._asked.ask(times, self._parts.intake.now())

    async def _say(self, client: aiomqtt.Client) -> None:
        beat = await heartbeat(self._config, self._parts, "online")
        now = time.monotonic()
        if beat.warnings and now >= self._warn_from:
            self._warn_from = now + self._config.file.heartbeat_s / 2
            for warning in beat.warnings:
                log.warning(logged_as(warning), why=warning)
        await client.publish(self._parts.topics.status, encode(beat), qos=0)
        self._asked.settled(beat.caught_up_to)

    async def _due(self, heard: "asyncio.Task[None]") -> bool:
        """Wait until a heartbeat is due or proves what the hub asks for; False when the connection ended."""
        until = time.monotonic() + self._config.file.heartbeat_s
        await asyncio.sleep(min(GAP_S, self._config.file.heartbeat_s))
        while not heard.done() and (left := until - time.monotonic()) > 0:
            self._asked.changed.clear()
            due = self._asked.due(self._parts.intake.now())
            if due == 0:
                if self._asked.proved(_caught_up(self._parts)):
                    break
                await asyncio.sleep(min(LOOK_S, left))
                continue
            # Not `wait_for`: in Python 3.11 it loses a cancellation that comes with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left if due is None else min(left, due / 1000)):
                    await self._asked.changed.wait()
        return not heard.done()


def logged_as(warning: str) -> str:
    """Return the event under which a warning is logged: only those of a lane are the uplink's."""
    of_lane = warning.startswith(tuple(f"{lane}: " for lane in Lane))
    return "uplink_stuck" if of_lane else "trouble_noticed"


async def heartbeat(config: GatewayConfig, parts: Parts, state: str) -> Heartbeat:
    """Say how the gateway is: what waits, what was counted, what is wrong."""
    now, caught_up = parts.intake.now(), _caught_up(parts)
    depth = await asyncio.to_thread(parts.outbox.depth)
    warnings = [text for lane in parts.lanes.values() if (text := lane.warning())]
    warnings += parts.sources.warnings()
    warnings += [text for cameras in parts.cameras for text in cameras.warnings()]
    warnings += parts.evidence.warnings()
    if parts.intake.oldest_at is None and (text := balance.warning(parts.intake.counters)):
        warnings.append(text)
    counters = dict(parts.intake.counters) | parts.evidence.counters()
    if refused := sum(lane.window.refused for lane in parts.lanes.values()):
        counters[REFUSED] = refused
    if parts.intake.full:
        text = "the data disk is full: alarms are forwarded from memory only"
        warnings.append(f"{text}, and {refused} Readings found no room" if refused else text)
    return Heartbeat(
        gateway=config.file.gateway,
        epoch=parts.intake.epoch,
        state=state,
        at=now,
        caught_up_to=caught_up,
        depth={lane: depth[lane] for lane in Lane},
        counters=counters,
        warnings=warnings,
        since=now - int((time.monotonic() - parts.started) * 1000),
    )


def caught_up_to(now: int, held: Iterable[int | None]) -> int:
    """Return the time (ms) before which nothing is held back; `held` are times of the oldest and newest that is.

    What came in the future came before the clock was set back: how long ago nobody knows, so nothing is proved.
    """
    times = [at for at in held if at is not None]
    return UNPROVED if any(at > now for at in times) else min(times, default=now)


def held_by(windows: Iterable[LaneWindow]) -> list[int | None]:
    """Return the times (ms) of the oldest and the newest row that waits for a receipt, lane by lane."""
    return [at for window in windows for at in (window.oldest_at(), window.newest_at())]


def _caught_up(parts: Parts) -> int:
    held = [parts.intake.oldest_at, *held_by(lane.window for lane in parts.lanes.values())]
    return caught_up_to(parts.intake.now(), held)
