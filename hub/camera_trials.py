"""Runs trials of settings on clips that people bring: one at a time, bounded in time, memory and disk."""

import asyncio
import contextlib
import json
import secrets
import shutil
import sys
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

import structlog

from model.errors import Refused, Transient

from .broker import die_with_parent
from .scratch import room_for

log = structlog.get_logger()
Json = dict[str, object]
CLIP_BYTES = 64 << 20
CLIPS = 3
KEPT_S = 1_800.0
LIMIT_S = 180.0
BRING_S = 300.0
"""So long may a clip take to come; some 220 kB/s for the largest. Our assumption."""

LINE_BYTES = 4 << 20


class Trials:
    """Clips in a folder of their own, which is empty after a restart, and at most one running trial."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it is made when it is needed."""
        self._folder = folder
        self._clips: OrderedDict[str, tuple[Path, str, float]] = OrderedDict()
        self._running: tuple[str, asyncio.Task[None]] | None = None
        self._states: OrderedDict[str, Json] = OrderedDict()
        self._owners: dict[str, str] = {}
        self._began = False
        self._bringing: set[str] = set()
        self._tidying = asyncio.Lock()

    async def keep(self, owner: str, chunks: AsyncIterator[bytes]) -> str:
        """Write a clip to the disk and return its name.

        Raises Refused when it is too large; Transient without room, when it takes too long, and while
        another one of the same person is on its way.
        """
        if owner in self._bringing:
            raise Transient("another clip of yours is on its way; wait for it 您的另一段录像正在上传，请稍候")  # fmt: skip
        self._bringing.add(owner)
        try:
            async with asyncio.timeout(BRING_S):
                return await self._brought(owner, chunks)
        except TimeoutError as error:
            raise Transient(
                f"not here after {BRING_S:.0f} s; cut the clip 上传超时，请截取"
            ) from error
        finally:
            self._bringing.discard(owner)

    async def _brought(self, owner: str, chunks: AsyncIterator[bytes]) -> str:
        async with self._tidying:
            await asyncio.to_thread(self._tidy)
        name = secrets.token_urlsafe(12)
        path = self._folder / f"{name}.clip"
        try:
            with path.open("wb") as file:
                await _written(file, chunks)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        self._clips[name] = (path, owner, time.monotonic())
        while len(self._clips) > CLIPS:
            _, (old, _, _) = self._clips.popitem(last=False)
            old.unlink(missing_ok=True)
        return name

    def _tidy(self) -> None:
        """Forget clips of long ago; raises Transient when the disk has no room for all that come."""
        if not self._began:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._began = True
        for name, (path, _, at) in list(self._clips.items()):
            if time.monotonic() - at > KEPT_S:
                path.unlink(missing_ok=True)
                del self._clips[name]
        room_for(self._folder, CLIP_BYTES * len(self._bringing))

    def clip(self, owner: str, name: str) -> Path:
        """Return a clip that somebody brought; raises LookupError."""
        known = self._clips.get(name)
        if known is None or known[1] != owner:
            raise LookupError(
                "the clip is not there any more; choose it again 录像已清除，请重新选择"
            )
        return known[0]

    def start(self, owner: str, clip: Path, before: Json, after: Json) -> str:
        """Begin a trial and return its name; raises Refused while another one runs."""
        if self._running is not None and not self._running[1].done():
            raise Refused("another trial runs; try again in a moment 有试运行正在进行，请稍后")
        name = secrets.token_urlsafe(12)
        self._states[name] = {"state": "running", "done": 0.0}
        self._owners[name] = owner
        while len(self._states) > 20:  # noqa: PLR2004 - results of some hours
            old, _ = self._states.popitem(last=False)
            self._owners.pop(old, None)
        orders: Json = {"clip": str(clip), "before": before, "after": after}
        self._running = (name, asyncio.create_task(self._run(name, orders), name="camera-trial"))
        return name

    def state(self, owner: str, trial: str) -> Json | None:
        """Return how a trial of somebody's is: `state` running, done, failed; None for one that is not theirs."""
        return self._states.get(trial) if self._owners.get(trial) == owner else None

    def stop(self, owner: str, trial: str) -> None:
        """End a trial that runs."""
        if self._running and self._running[0] == trial and self._owners.get(trial) == owner:
            self._running[1].cancel()

    async def _run(self, name: str, orders: Json) -> None:
        state = self._states[name]
        try:
            code = await _looked(orders, state)
        except TimeoutError:
            state.update(state="failed", error=f"not done after {LIMIT_S:.0f} s; cut the clip, or lower fps 超时")  # fmt: skip
        except asyncio.CancelledError:  # also before its process has begun
            state.update(state="failed", error="stopped 已停止")
        except OSError as error:
            state.update(state="failed", error=f"no process could be started: {error.strerror}")
        if state["state"] == "running":
            log.warning("camera_trial_broke", code=code)
            state.update(
                state="failed",
                error="the trial broke; is it a video file? 无法分析，请确认是录像文件",
            )


async def _looked(orders: Json, state: Json) -> int:
    """Run a trial's process to its end, and no longer than allowed; return its code."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hub.camera_trial",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL, limit=LINE_BYTES,
        start_new_session=True, preexec_fn=die_with_parent,
    )  # fmt: skip
    try:
        async with asyncio.timeout(LIMIT_S):
            await _hear(process, orders, state)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return process.returncode or 0


async def _written(file: BinaryIO, chunks: AsyncIterator[bytes]) -> None:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > CLIP_BYTES:
            raise Refused(f"over {CLIP_BYTES >> 20} MiB; cut the clip 录像过大，请截取")
        await asyncio.to_thread(file.write, chunk)


async def _hear(process: asyncio.subprocess.Process, orders: Json, state: Json) -> None:
    assert process.stdin is not None  # noqa: S101 - asked for
    assert process.stdout is not None  # noqa: S101 - asked for
    process.stdin.write(json.dumps(orders).encode() + b"\n")
    process.stdin.close()
    while line := await process.stdout.readline():
        said = json.loads(line)
        if "result" in said:
            state.update(state="done", done=1.0, result=said["result"])
        elif "error" in said:
            state.update(state="failed", error=said["error"])
        else:
            state["done"] = said["done"]
