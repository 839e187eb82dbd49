"""The gateway's process: opens the outbox, starts sources and uplink, and tells how it is doing."""

import asyncio
import contextlib
import os
import secrets
import signal
import time
from collections.abc import AsyncIterator

import structlog

from model.errors import ConfigError
from model.reading import Lane
from model.topics import GatewayTopics

from .config import GatewayConfig
from .crash import crash_points
from .evidence import KBIT_S, EvidenceUplink
from .heartbeats import Heartbeats
from .intake import Intake
from .outbox import Outbox, OutboxRow
from .parts import Parts
from .sources import Sources
from .uplink import LaneUplink

log = structlog.get_logger()


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
    tasks.append(asyncio.create_task(Heartbeats(config, parts).run(), name="heartbeat"))
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
    return Parts(intake, outbox, lanes, topics, Sources(), evidence, [], [], time.monotonic())


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
