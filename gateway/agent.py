"""The gateway's process: opens the outbox, starts sources and uplink, and tells how it is doing."""

import asyncio
import contextlib
import os
import secrets
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING, NamedTuple

import aiomqtt
import structlog

from model.codec import Heartbeat, encode
from model.errors import ConfigError, HubError
from model.reading import Lane
from model.topics import GatewayTopics

from . import balance
from .config import GatewayConfig
from .connection import client_of
from .crash import crash_points
from .evidence import KBIT_S, EvidenceUplink
from .intake import Intake
from .outbox import Outbox, OutboxRow
from .sources import Sources
from .uplink import LaneUplink

if TYPE_CHECKING:
    from .cameras import Cameras

log = structlog.get_logger()
REFUSED = "readings_refused.memory_full"
"""Counts Readings of alarms that neither disk nor memory took; they are in `readings_not_durable` too."""


class Parts(NamedTuple):
    """What runs inside a gateway."""

    intake: Intake
    outbox: Outbox
    lanes: dict[Lane, LaneUplink]
    topics: GatewayTopics
    sources: Sources
    evidence: EvidenceUplink
    tasks: list["asyncio.Task[None]"]
    cameras: list["Cameras"]  # none or one


async def run(config: GatewayConfig) -> None:
    """Run a gateway until it is told to stop (SIGTERM, SIGINT); raises ConfigError."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(config) as parts:
        log.info("gateway_started", gateway=config.file.gateway, epoch=parts.intake.epoch)
        refused = asyncio.create_task(parts.sources.refused(), name="refused")
        stopped = asyncio.create_task(stop.wait(), name="stop")
        ended, _ = await asyncio.wait(
            {refused, stopped, *parts.tasks}, return_when=asyncio.FIRST_COMPLETED
        )
        for task in ended:  # one that broke ends the process: its supervisor starts it anew
            task.result()
        refused.cancel()
    log.info("gateway_stopped", gateway=config.file.gateway)


@contextlib.asynccontextmanager
async def running(config: GatewayConfig) -> AsyncIterator[Parts]:
    """Start everything in the order outbox, uplink, sources; stop in the opposite order."""
    parts = _parts(config)
    for uplink in parts.lanes.values():
        uplink.load()
    tasks = parts.tasks
    tasks.append(asyncio.create_task(parts.intake.run(), name="intake"))
    tasks += [
        asyncio.create_task(u.run(), name=f"uplink-{lane}") for lane, u in parts.lanes.items()
    ]
    tasks.append(asyncio.create_task(parts.evidence.run(), name="evidence"))
    tasks.append(asyncio.create_task(_report(config, parts), name="heartbeat"))
    try:
        await parts.sources.start(config, parts.intake)
        _look(config, parts)
        yield parts
    finally:
        await _close(parts)


async def _close(parts: Parts) -> None:
    """Close what gives Readings, then what takes them; one that breaks keeps nothing else open."""
    giving = [*(cameras.close() for cameras in parts.cameras), parts.sources.close()]
    outcomes = await asyncio.gather(*giving, return_exceptions=True)
    for task in reversed(parts.tasks):
        task.cancel()
    outcomes += await asyncio.gather(*parts.tasks, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            log.error("stopped_with_error", why=repr(outcome))
    parts.outbox.close()


def _parts(config: GatewayConfig) -> Parts:
    file = config.file
    try:
        file.data.mkdir(parents=True, exist_ok=True)
        outbox = Outbox(file.data / "outbox.db")
    except Exception as error:
        raise ConfigError(f"the data folder {file.data} cannot be used: {error}") from error
    crash = crash_points(os.environ)
    topics = GatewayTopics.of(file.site, file.gateway)
    lanes: dict[Lane, LaneUplink] = {}

    def stored(rows: list[OutboxRow], durable: bool) -> None:  # noqa: FBT001 - Stored's shape
        for row in rows:
            if durable:
                lanes[row.lane].add(row)
            else:
                lanes[row.lane].add_volatile(row)

    intake = Intake(
        outbox,
        gateway=file.gateway,
        mode=file.mode,
        max_bytes=file.outbox.max_mb << 20,
        stored=stored,
        crash=crash,
    )
    # Not fixed: a cloned card must not throw the original off the broker.
    client_id = f"gw-{file.gateway}-{secrets.token_hex(4)}"
    for lane in Lane:
        lanes[lane] = LaneUplink(
            lane,
            outbox,
            broker=file.uplink,
            gateway=file.gateway,
            topics=topics,
            receipted=intake.receipted,
            new_epoch=intake.draw_epoch,
            crash=crash,
            client_id=client_id,
        )
    evidence = EvidenceUplink(
        file.data / "evidence",
        broker=file.uplink,
        topics=topics,
        client_id=client_id,
        crash=crash,
        kbit_s=config.video.evidence.kbit_s if config.video else KBIT_S,
    )
    return Parts(intake, outbox, lanes, topics, Sources(), evidence, [], [])


def _look(config: GatewayConfig, parts: Parts) -> None:
    """Start the camera processes, if there are cameras; raises ConfigError for a missing password."""
    data = config.file.data.absolute()
    if config.video is None and not (data / "video").exists():
        return
    from .cameras import Cameras, check_passwords, forget_others  # noqa: PLC0415 - as in config: no cameras, no OpenCV
    from .pictures import Pictures  # noqa: PLC0415 - as above

    if config.video is None:
        forget_others(data, parts.intake)
        return
    check_passwords(config.video.cameras)
    parts.cameras.append(Cameras(config.video, data, parts.intake))
    pictures = Pictures(config.file, config.video, data / "video" / "pictures")
    parts.tasks.append(asyncio.create_task(pictures.run(), name="pictures"))


async def _report(config: GatewayConfig, parts: Parts) -> None:
    """Send heartbeats with counters, and leave a last will with the broker."""
    file = config.file
    lost = Heartbeat(file.gateway, parts.intake.epoch, "lost")
    will = aiomqtt.Will(parts.topics.status, encode(lost), qos=0)
    while True:
        try:
            async with client_of(
                file.uplink, f"gw-{file.gateway}-{secrets.token_hex(4)}-status", will
            ) as client:
                await _beat(client, config, parts)
        except (aiomqtt.MqttError, OSError, TimeoutError, HubError, sqlite3.Error) as error:
            log.debug("heartbeat_not_sent", why=str(error))
            await asyncio.sleep(min(file.heartbeat_s, 2.0))


async def _beat(client: aiomqtt.Client, config: GatewayConfig, parts: Parts) -> None:
    try:
        while True:
            beat = await heartbeat(config, parts, "online")
            for warning in beat.warnings:
                log.warning("uplink_stuck", why=warning)
            await client.publish(parts.topics.status, encode(beat), qos=0)
            await asyncio.sleep(config.file.heartbeat_s)
    except asyncio.CancelledError:
        with contextlib.suppress(aiomqtt.MqttError, TimeoutError, sqlite3.Error):
            last = await heartbeat(config, parts, "stopped")
            await client.publish(parts.topics.status, encode(last), qos=0, timeout=1)
        raise


async def heartbeat(config: GatewayConfig, parts: Parts, state: str) -> Heartbeat:
    """Say how the gateway is: what waits, what was counted, what is wrong."""
    now = parts.intake.now()
    held = [parts.intake.oldest_at, *(lane.window.oldest_at() for lane in parts.lanes.values())]
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
        caught_up_to=caught_up_to(now, held),
        depth={lane: depth[lane] for lane in Lane},
        counters=counters,
        warnings=warnings,
    )


def caught_up_to(now: int, held: Iterable[int | None]) -> int:
    """Return the time (ms) before which nothing is held back; `held` are times of the oldest that is."""
    return min((at for at in held if at is not None), default=now)
