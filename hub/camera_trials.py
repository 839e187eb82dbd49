"""Runs trials of settings on clips that people bring: one at a time, bounded in time, memory and disk."""

import asyncio
import secrets
import shutil
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from model.errors import Refused, Transient

from .scratch import room_for
from .trial_process import Json, TrialRuns

CLIP_BYTES = 64 << 20
CLIPS = 3
KEPT_S = 1_800.0
LIMIT_S = 180.0
BRING_S = 300.0
"""So long may a clip take to come; some 220 kB/s for the largest. Our assumption."""


class Trials:
    """Clips in a folder of their own, which is empty after a restart, and at most one running trial."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it is made when it is needed."""
        self._folder = folder
        self._clips: OrderedDict[str, tuple[Path, str, float]] = OrderedDict()
        self._runs = TrialRuns(
            "hub.camera_trial",
            limit_s=lambda: LIMIT_S,
            slow="cut the clip, or lower fps 超时",
            broke="the trial broke; is it a video file? 无法分析，请确认是录像文件",
        )
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
        return self._runs.start(owner, {"clip": str(clip), "before": before, "after": after})

    def state(self, owner: str, trial: str) -> Json | None:
        """Return how a trial of somebody's is: `state` running, done, failed; None for one that is not theirs."""
        return self._runs.state(owner, trial)

    def stop(self, owner: str, trial: str) -> None:
        """End a trial that runs."""
        self._runs.stop(owner, trial)


async def _written(file: BinaryIO, chunks: AsyncIterator[bytes]) -> None:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > CLIP_BYTES:
            raise Refused(f"over {CLIP_BYTES >> 20} MiB; cut the clip 录像过大，请截取")
        await asyncio.to_thread(file.write, chunk)
