"""Runs trials that people order on the page: one at a time, in a process of its own that may be ended."""

import asyncio
import contextlib
import json
import secrets
import sys
from collections import OrderedDict
from collections.abc import Callable

import structlog

from model.errors import Refused

from .broker import die_with_parent

log = structlog.get_logger()
Json = dict[str, object]
LINE_BYTES = 4 << 20
KEPT = 20  # results, of some hours


class TrialRuns:
    """At most one running trial, and how the last ones ended; each is its owner's alone.

    The process takes one line of JSON and says lines of JSON: `done` (0 to 1), at last `result` or `error`.
    """

    def __init__(self, module: str, *, limit_s: Callable[[], float], slow: str, broke: str) -> None:
        """Take what to run, for how long at most, and what to say of one that was too slow or broke."""
        self._module = module
        self._limit_s, self._slow, self._broke = limit_s, slow, broke
        self._running: tuple[str, asyncio.Task[None]] | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._states: OrderedDict[str, Json] = OrderedDict()
        self._owners: dict[str, str] = {}

    def start(self, owner: str, orders: Json) -> str:
        """Begin a trial and return its name; raises Refused while another one runs."""
        if self._is_busy():
            raise Refused("another trial runs; try again in a moment 有试运行正在进行，请稍后")
        name = secrets.token_urlsafe(12)
        self._states[name] = {"state": "running", "done": 0.0}
        self._owners[name] = owner
        while len(self._states) > KEPT:
            old, _ = self._states.popitem(last=False)
            self._owners.pop(old, None)
        task = asyncio.create_task(self._run(name, orders), name="trial")
        self._running = (name, task)
        self._ending.add(task)  # kept until its process is gone, which may be after its last word
        task.add_done_callback(self._ending.discard)
        return name

    def _is_busy(self) -> bool:
        if self._running is None or self._running[1].done():
            return False
        return self._states[self._running[0]]["state"] == "running"

    def state(self, owner: str, trial: str) -> Json | None:
        """Return how a trial of somebody's is: `state` running, done, failed; None for one that is not theirs."""
        return self._states.get(trial) if self._owners.get(trial) == owner else None

    def stop(self, owner: str, trial: str) -> None:
        """End a trial that runs; another one may begin at once."""
        if self._running is None or self._running[0] != trial or self._owners.get(trial) != owner:
            return
        (_, task), self._running = self._running, None
        if self._states[trial]["state"] == "running":
            self._states[trial].update(state="failed", error="stopped 已停止")
        task.cancel()

    async def _run(self, name: str, orders: Json) -> None:
        state = self._states[name]
        limit_s, code = self._limit_s(), None
        try:
            code = await self._tried(orders, state, limit_s)
        except TimeoutError:
            state.update(state="failed", error=f"not done after {limit_s:.0f} s; {self._slow}")
        except OSError as error:
            state.update(state="failed", error=f"no process could be started: {error.strerror}")
        except ValueError:  # half a line of one that was killed, or one without end
            code = None
        if state["state"] == "running":
            log.warning("trial_broke", trial=self._module, code=code)
            state.update(state="failed", error=self._broke)

    async def _tried(self, orders: Json, state: Json, limit_s: float) -> int:
        """Run a trial's process to its end, and no longer than allowed; return its code."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self._module,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL, limit=LINE_BYTES,
            start_new_session=True, preexec_fn=die_with_parent,
        )  # fmt: skip
        try:
            async with asyncio.timeout(limit_s):
                await _hear(process, orders, state)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        return process.returncode or 0


async def _hear(process: asyncio.subprocess.Process, orders: Json, state: Json) -> None:
    assert process.stdin is not None  # noqa: S101 - asked for
    assert process.stdout is not None  # noqa: S101 - asked for
    process.stdin.write(json.dumps(orders).encode() + b"\n")
    process.stdin.close()
    while line := await process.stdout.readline():
        said = json.loads(line)
        if "result" in said:
            state.update(state="done", done=1.0, result=said["result"])
            return
        if "error" in said:
            state.update(state="failed", error=said["error"])
            return
        state["done"] = said["done"]
