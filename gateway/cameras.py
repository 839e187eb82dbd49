"""Runs the processes that look at cameras: starts them, hears them, and starts anew what broke.

A camera process gets its orders by its standard input and ends when that closes, so none outlives the
gateway. What breaks in one costs its own cameras; every other source goes on.
"""

import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import msgspec
import structlog

from adapters.contract import Sink
from model.reading import Reading, Value
from video.readings import CAMERA
from video.settings import CameraSettings, VideoSettings
from video.worker.kept_file import forgotten
from video.worker.pictures import forget_pictures
from video.worker.protocol import (
    LINE_BYTES_MAX,
    SILENT_S,
    Orders,
    ProtocolError,
    Said,
    decode_said,
    encode,
)

from .secret import given_secret

log = structlog.get_logger()
FIRST_PAUSE_S, LAST_PAUSE_S, STEADY_S = 1.0, 60.0, 120.0
CLOSE_S = 5.0
START_S = 60.0  # a model is read from a slow card
QUICK_ENDS = 3
"""After so many ends in a row that came soon, each camera of the group gets a process of its own."""
ORDERS_REFUSED = 2  # the exit code of a process that understood its orders and cannot follow them
HOLD_S = 60.0
"""What broke twice in short order is not mended before it held for so long: a case must not blink with it."""

UNSEEN: dict[str, Value] = {"online": False, "offline_reason": "process"}


class CameraProcess:
    """One process with its cameras; it is started anew whenever it ends."""

    def __init__(
        self,
        settings: VideoSettings,
        folder: Path,
        sink: Sink,
        *,
        apart: "Callable[[CameraProcess], None] | None" = None,
    ) -> None:
        """Start it; call from a running loop.

        `apart` is called when it breaks again and again; then it runs no more, and others must look.
        """
        self.settings = settings
        self.warnings: list[str] = []
        self.pid: int | None = None
        self._apart = apart
        self._broke = False  # whether the process itself did, after it took its orders
        self._folder, self._sink = folder, sink
        self._held_until = 0.0  # monotonic seconds
        self._names = ", ".join(camera.camera for camera in settings.cameras)
        self._task = asyncio.create_task(self._run(), name=f"cameras {self._names}")

    async def close(self) -> None:
        """Let the process end its episodes, and end it if it does not."""
        self._task.cancel()
        for outcome in await asyncio.gather(self._task, return_exceptions=True):
            if isinstance(outcome, Exception):
                log.error("cameras_stopped_with_error", cameras=self._names, why=repr(outcome))

    async def _run(self) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            why = await self._tried()
            failures = 0 if time.monotonic() - began > STEADY_S else failures + 1
            pause = min(LAST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(failures - 1, 10)) if failures else 0
            self._held_until = time.monotonic() + pause + HOLD_S if failures > 1 else 0.0
            self.warnings = [f"cameras {self._names}: their process {why}; it is started anew"]
            self._sink.count("camera_processes_ended")
            log.error("camera_process_ended", cameras=self._names, why=why, again_in_s=round(pause))
            # Awaited: these Readings say that nobody looks, and must be on disk before anything else.
            await self._sink.store(self._unseen())
            if failures >= QUICK_ENDS and self._broke and self._apart:
                return self._apart(self)
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - scatter, not a secret

    async def _tried(self) -> str:
        """Run one process until it ends; return why, also when it could not even be started."""
        self._broke = False
        try:
            return await self._once()
        except Exception as error:  # noqa: BLE001 - a secret or memory that is away for a moment
            return f"could not be run: {str(error) or type(error).__name__}"

    async def _once(self) -> str:
        """Run one process until it ends; return why."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "video.worker",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            limit=LINE_BYTES_MAX, start_new_session=True, env=_environment(),
        )  # fmt: skip
        self.pid = process.pid
        try:
            assert process.stdin is not None  # noqa: S101 - asked for above
            process.stdin.write(encode(self._orders()))
            await process.stdin.drain()
            return await self._hear(process)
        except (BrokenPipeError, ConnectionResetError):
            return f"ended with code {await process.wait()} before it took its orders"
        finally:
            await asyncio.shield(_end(process, self._hear_out(process)))
            self.pid = None

    def _orders(self) -> Orders:
        return Orders(
            settings=self.settings.model_dump(mode="json", exclude_defaults=True),
            folder=str(self._folder),
            passwords={camera.camera: password_of(camera) for camera in self.settings.cameras},
        )

    async def _hear(self, process: asyncio.subprocess.Process) -> str:
        """Store what the process says until it ends or falls silent; return why it ended."""
        assert process.stdout is not None  # noqa: S101 - asked for above
        patience = START_S
        while True:
            try:
                async with asyncio.timeout(patience):
                    line = await process.stdout.readline()
            except TimeoutError:
                self._broke = True
                return f"said nothing for {patience:.0f} s"
            except ValueError:
                return f"said a line of more than {LINE_BYTES_MAX} bytes"
            if not line:
                code = await process.wait()
                self._broke = code != ORDERS_REFUSED
                return f"ended with code {code}"
            patience = SILENT_S
            try:
                self._take(decode_said(line))
            except ProtocolError as error:
                self._sink.reject("cameras", "worker", line, str(error))

    def _take(self, said: Said) -> None:
        if said.readings:
            self._sink.store(self._believed(said.readings))
        for name, n in said.counters.items():
            self._sink.count(name, n)
        if said.warnings is not None:
            self.warnings = said.warnings

    async def _hear_out(self, process: asyncio.subprocess.Process) -> None:
        """Store the last words of a process that was told to stop."""
        assert process.stdout is not None  # noqa: S101 - asked for above
        with contextlib.suppress(ValueError, ProtocolError):
            while line := await process.stdout.readline():
                self._take(decode_said(line))

    def _believed(self, readings: list[Reading]) -> list[Reading]:
        """Return what may be told of a process that broke again and again: not yet that it sees."""
        if time.monotonic() >= self._held_until:
            return readings
        return [
            msgspec.structs.replace(one, values={**one.values, **UNSEEN})
            if one.values.get("online") is True
            else one
            for one in readings
        ]

    def _unseen(self) -> list[Reading]:
        """Say of every camera that nobody looks; a state that was true is not known to have ended."""
        now = self._sink.now()
        return [
            Reading(
                device=camera.camera,
                kind=CAMERA,
                received_at=now,
                values=UNSEEN,
                compound=camera.compound,
            )
            for camera in self.settings.cameras
        ]


class Cameras:
    """All camera processes of a gateway."""

    def __init__(self, settings: VideoSettings, folder: Path, sink: Sink) -> None:
        """Start them; call from a running loop."""
        self._folder, self._sink = folder, sink
        self._notes: list[str] = []
        self._ended: list[CameraProcess] = []
        forget_others(folder, sink, [camera.camera for camera in settings.cameras])
        size = settings.cameras_a_process
        groups = [settings.cameras[i : i + size] for i in range(0, len(settings.cameras), size)]
        self.processes = [
            CameraProcess(
                settings.model_copy(update={"cameras": group}),
                folder,
                sink,
                apart=self._take_apart if len(group) > 1 else None,
            )
            for group in groups
        ]

    def warnings(self) -> list[str]:
        """Say what is wrong with cameras."""
        return self._notes + [text for process in self.processes for text in process.warnings]

    async def close(self) -> None:
        """End all processes; raises nothing, for more is to be closed after them."""
        every = (process.close() for process in (*self._ended, *self.processes))
        for outcome in await asyncio.gather(*every, return_exceptions=True):
            if isinstance(outcome, Exception):
                log.error("cameras_not_closed", why=repr(outcome))

    def _take_apart(self, group: CameraProcess) -> None:
        """Give each camera of a group that breaks again and again a process of its own.

        What breaks a process (a library that crashes on one camera's pictures) then costs that camera
        only, until the gateway starts anew.
        """
        cameras = group.settings.cameras
        names = ", ".join(camera.camera for camera in cameras)
        self._sink.count("camera_groups_taken_apart")
        log.error("camera_group_taken_apart", cameras=names)
        self._notes.append(
            f"cameras {names}: their process ended {QUICK_ENDS} times soon after its start; each runs"
            " in a process of its own until the gateway starts anew; see which one goes on breaking"
        )
        self.processes.remove(group)
        self._ended.append(group)
        self.processes += [
            CameraProcess(
                group.settings.model_copy(update={"cameras": (camera,)}), self._folder, self._sink
            )
            for camera in cameras
        ]


def forget_others(folder: Path, sink: Sink, cameras: Sequence[str] = ()) -> None:
    """Remove old pictures, and end what was kept of cameras that are in the gateway's file no more."""
    forget_pictures(folder / "video" / "pictures")
    if over := forgotten(folder, cameras, sink.now()):
        sink.store(over)


def password_of(camera: CameraSettings) -> str:
    """Return the password of a camera, or ""; raises ConfigError when its file or variable is away."""
    login = camera.source.login
    return given_secret(
        env=login.password_env, file=login.password_file, key="video.cameras.source.login.password"
    )


def check_passwords(cameras: Sequence[CameraSettings]) -> None:
    """Raise ConfigError for the first password that cannot be had, before anything starts."""
    for camera in cameras:
        password_of(camera)


async def _end(process: asyncio.subprocess.Process, last_words: Coroutine[Any, Any, None]) -> None:
    """Close its input, hear its last words, and end it if it does not end by itself."""
    if process.stdin:
        process.stdin.close()
    try:
        async with asyncio.timeout(CLOSE_S):
            await last_words
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _environment() -> dict[str, str]:
    """Return the environment of a camera process: one thread each for libraries that grab all cores."""
    wanted = {"OMP_NUM_THREADS": "1", "OPENCV_FOR_THREADS_NUM": "1"}
    return {**os.environ, **wanted}
