"""Makes a hub move: readers, ticks, broker, outgoing events and the API, ended in order."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import msgspec
import structlog
import uvicorn

from cases.taxonomy import category
from model.anomaly import Severity
from model.case import Case, Change, ChangeKind
from model.entry import AWAKE_STEP_MS, Draft, EntryKind, Tick, Versioned
from model.reading import Mode

from .access import ensure_admin
from .api.app import create_app
from .asking import Asking
from .case_lines import CaseEncoder
from .case_points import CasePoints, Influx, LineWriter
from .config import EmbeddedReadings, HubFile, InfluxReadings
from .desk_reader import DeskReader
from .documents import registry_version, rules_version
from .intake import HubIntake
from .lasting import lasting
from .log.sqlite import SqliteLog
from .outgoing.wiring import dispatcher_of
from .page.board import Board
from .page.mount import install_page
from .reading_store.choose import token_of
from .reading_store.embedded import EmbeddedStore
from .recorder import Recorder
from .service import Hub
from .simulation.orders import Orders

log = structlog.get_logger()
RETAIN_EVERY_S = 60
API_END_S = 3

Started = Callable[[str | None], None]
"""Told once everything moves, with the administrator's password if it was just made."""


async def run(file: HubFile, started: Started, say: Callable[[str], None] | None = None) -> None:
    """Run a hub until it is told to stop (SIGTERM, SIGINT); `say` gets a line for each new case."""
    hub = Hub(file)
    task = asyncio.ensure_future(_move(hub, started, say))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _move(hub: Hub, started: Started, say: Callable[[str], None] | None) -> None:
    tasks = [asyncio.create_task(hub.intake.run(), name="intake")]
    server: Server | None = None
    try:
        await _log_versions(hub)
        # First the channels: one that is new is told what happens from now on.
        hub.outgoing = outgoing = dispatcher_of(
            hub.file, hub.store, publish=hub.publish_event, clock=hub.now
        )
        hub.announcer.after_changes(outgoing.wake)
        _start_readers(hub)
        config, board = _web(hub)
        server = Server(config)
        # Late, and told before anything else may fail: the only word of the password must not be lost.
        password = await asyncio.to_thread(ensure_admin, hub.store, hub.file.admin_password())
        for name, work in (
            ("board", board.run()),
            ("bus", hub.bus.run()),
            ("pictures", lasting("pictures", hub.picture_bus.run)),
            ("looked", lasting("looked", partial(hub.cameras.ask, hub.picture_bus.publish))),
            ("evidence", hub.evidence.run()),
            ("tick", _tick(hub)),
            ("retain", _retain(hub)),
            ("outgoing", outgoing.run()),
            ("api", server.serve()),
        ):
            tasks.append(asyncio.create_task(work, name=name))
        if say is not None:
            tasks.insert(0, asyncio.create_task(_say_cases(hub, say), name="say"))
        started(password)
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        if server is not None:
            # Asked to end, the API ends quietly; cancelled, it would say so in a trace.
            server.should_exit = True
            await asyncio.wait({tasks[-1]}, timeout=API_END_S)
        for task in reversed(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(_stop, hub)


def _web(hub: Hub) -> tuple[uvicorn.Config, Board]:
    app = create_app(hub)
    orders = Orders(hub.file.demo.orders) if hub.file.demo else None
    board = install_page(app, hub, app.state.access, zone=app.state.zone, orders=orders)
    config = uvicorn.Config(
        app,
        host=hub.file.http.host,
        port=hub.file.http.port,
        log_level="warning",
        access_log=False,
        http="h11",  # the parser that the API is tested with; another may be installed beside it
        timeout_graceful_shutdown=1,
    )
    return config, board


class Server(uvicorn.Server):
    """The API's server; signals are the hub's, so that everything ends in order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


async def _say_cases(hub: Hub, say: Callable[[str], None]) -> None:
    """Say each new case in one line."""
    async for name, data in hub.subscribe():
        case = data.get("case")
        if name != "case" or data.get("kind") != ChangeKind.CREATE or not isinstance(case, dict):
            continue
        words = category(str(case["category"]), Severity(case["severity"]))
        verification = f" ({case['verification']})" if case["verification"] else ""
        mode = "" if case["mode"] == Mode.REAL else f"[{case['mode']}] "
        say(
            f"{mode}case 案件 {case['id']}: {words.zh} {words.en}{verification},"
            f" {case['severity']}, {case['place_name'] or case['place']}"
        )


async def _log_versions(hub: Hub) -> None:
    """Log rules and registry when they differ from the newest logged version."""
    for kind, read in (
        (EntryKind.RULES, rules_version),
        (EntryKind.REGISTRY, registry_version),
    ):
        newest = hub.log.newest(kind)
        known = msgspec.json.decode(newest.payload, type=Versioned).hash if newest else ""
        version = read(hub.file, known)
        if version.hash != known:
            await hub.intake.append(Draft(kind, msgspec.json.encode(version)))


def _start_readers(hub: Hub) -> None:
    hub.case_points = points = case_points_of(hub)

    def told(changes: list[Change]) -> None:
        hub.announcer.told(changes)
        if points:
            points.told(changes)

    hub.desk = DeskReader(
        hub.log, hub.store,
        told=told, dead_letters=hub.letterbox.take, crash=hub.crash,
        wish=Asking(hub.file.site, hub.bus.publish).wish,
    )  # fmt: skip
    hub.recorder = Recorder(hub.log, hub.readings, hub.store, hub.letterbox.keep)
    hub.moving = True
    hub.desk.start()
    hub.recorder.start()
    if points:
        points.start()


def case_points_of(hub: Hub) -> CasePoints | None:
    """Return what copies cases to InfluxDB, where Readings go there too."""
    readings = hub.file.readings
    if not isinstance(readings, InfluxReadings):
        return None

    def cases(closed_after: int) -> list[Case]:
        return hub.store.working_set(closed_after=closed_after)

    return CasePoints(
        LineWriter(Influx.of(readings, token_of(readings))),
        encoder=CaseEncoder(hub.registry, hub.file.site),
        cases=cases,
        clock=hub.now,
    )


def _stop(hub: Hub) -> None:
    if hub.moving:
        hub.desk.stop()
        hub.recorder.stop()
        if hub.case_points:
            hub.case_points.stop()
    hub.close()


async def _tick(hub: Hub) -> None:
    """Log one tick a second; `awake` grows by at most 2 s, however long we were away."""
    newest = hub.log.newest(EntryKind.TICK)
    awake = float(msgspec.json.decode(newest.payload, type=Tick).awake) if newest else 0.0
    before = time.monotonic()
    while True:
        await asyncio.sleep(1)
        now = time.monotonic()
        awake += min((now - before) * 1000, AWAKE_STEP_MS)  # no part of a ms is lost, day after day
        before = now
        with contextlib.suppress(OSError):  # the full disk is reported by the intake
            tick = Tick(hub.now(), int(awake))
            await hub.intake.append(Draft(EntryKind.TICK, msgspec.json.encode(tick)))
        ready, detail = hub.ready()
        hub.announcer.say("status", {"ready": ready, **detail})


async def _retain(hub: Hub) -> None:
    """Remove log files that every reader has behind it, once the log is over its size."""
    while True:
        await asyncio.sleep(RETAIN_EVERY_S)
        try:
            await _keep_rule_texts(hub)
            await retain_log(hub.log, hub.intake, _needed(hub), keep_mb=hub.file.log.keep_mb)
            if isinstance(hub.file.readings, EmbeddedReadings) and isinstance(
                hub.readings, EmbeddedStore
            ):
                days = hub.file.readings.keep_days
                await asyncio.to_thread(hub.readings.retention, days, now=hub.now())
        except Exception as error:  # noqa: BLE001 - room is made in the next minute
            log.error("retention_failed", why=repr(error))


async def _keep_rule_texts(hub: Hub) -> None:
    """Keep what rules said; if it cannot be, the log must still not fill the disk."""
    try:
        await asyncio.to_thread(hub.keep_rule_texts)
    except Exception as error:  # noqa: BLE001 - tried again in the next minute, and when a text is asked for
        log.error("rule_texts_not_kept", why=repr(error))


class Needed(NamedTuple):
    """The positions behind which each reader has taken its last entry for good."""

    desk: int
    recorder: int


def _needed(hub: Hub) -> Needed:
    return Needed(hub.desk.snapshot_position, hub.recorder.position)


async def retain_log(
    durable: SqliteLog, intake: HubIntake, readers: Needed, *, keep_mb: int
) -> None:
    """Remove what nobody needs; the rules and the registry in force are never removed.

    A restart needs the versions that held where it takes up. Those in the oldest file are written
    anew at the end, and the old file goes once the desk is past that.
    """
    needed = min(readers) + 1
    for kind in (EntryKind.RULES, EntryKind.REGISTRY):
        held = await asyncio.to_thread(durable.newest, kind, readers.desk)
        newest = await asyncio.to_thread(durable.newest, kind)
        if held is None or newest is None:
            continue
        if newest.pos == held.pos and durable.in_oldest_file(held.pos):
            await intake.append(Draft(kind, held.payload))
        needed = min(needed, held.pos)
    await asyncio.to_thread(durable.retain, needed=needed, keep_bytes=keep_mb << 20)
