"""What is open right now, in memory, for every screen that shows it."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import datetime

import structlog

from cases.events import case_json
from cases.rearming import LOUD
from hub.api.services import Services
from hub.case_store import CaseFilter
from hub.urgency import SEVERITIES, rank, unheard
from model.case import ChangeKind, EventClass, State
from model.silence import SILENCED

from .memory import as_shown
from .pulse import Pulse
from .vitals import Vitals, Watch

log = structlog.get_logger()
Json = dict[str, object]
LATENCIES_KEPT = 1_000
PAGE = 500
RETRY_S = 1.0
WAKE_S = 1.0
REST_MAX_MS = 11 * 60_000  # beyond `Policy.renotice` it is a clock that was set back


class Board:
    """All open cases as JSON, kept current by the hub's own stream; reading it costs no disk."""

    def __init__(self, hub: Services) -> None:
        """Take the hub; `run` keeps the board current."""
        self.cases: dict[str, Json] = {}
        self.version = 0
        self.raised = 0  # emergencies since the hub began: a new one breaks every quiet
        self.latencies_ms: deque[int] = deque(maxlen=LATENCIES_KEPT)  # frame → case
        self.status: Json = {}
        self.memory: list[Json] = []  # emergencies that are nowhere on disk yet
        self.pulse = Pulse(hub)
        self._resting: set[str] = set()  # cases that sound again in a moment
        self._ordered: list[Json] = []
        self._ordered_at = -1  # the version that is so ordered
        self._watch = Watch(hub)
        self._hub = hub
        self._changed = asyncio.Condition()

    @property
    def vitals(self) -> Vitals:
        """How the hub itself is, at most two seconds old."""
        return self._watch.now

    async def run(self) -> None:
        """Keep cases and vitals current until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for name, work in (
                ("board-cases", self._follow),
                ("board-vitals", self._watch.run),
                ("board-pulse", self.pulse.run),
                ("board-wake", self._wake),
            ):
                tasks.create_task(_again(work), name=name)

    async def _follow(self) -> None:
        """Load what is open, then follow the stream."""
        stream = self._hub.subscribe()
        # Subscribed before loading: what happens meanwhile waits in the queue and is newer.
        following = asyncio.ensure_future(anext(stream))
        await self._load()
        while True:
            name, data = await following
            following = asyncio.ensure_future(anext(stream))
            await self._take(name, data)

    def now(self) -> int:
        """Return the hub's clock in ms."""
        return self._hub.now()

    async def wait(self, seen: int, timeout_s: float) -> int:
        """Return the version once it is newer than `seen`, or after the timeout."""
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(lambda: self.version != seen)
        except TimeoutError:
            pass
        return self.version

    def ordered(self, shows: Callable[[Json], bool] = lambda _case: True) -> list[Json]:
        """Return open cases: emergencies first, the unacknowledged and the worst before others."""
        # Sorted once a change, not once a screen and second.
        if self._ordered_at != self.version:
            self._ordered = sorted(self.cases.values(), key=rank)
            self._ordered_at = self.version
        return [case for case in self._ordered if shows(case)]

    def unacknowledged(self, shows: Callable[[Json], bool]) -> list[Json]:
        """Return the emergencies that nobody has acknowledged as they are now: only these sound."""
        now = self.now()
        return [
            case for case in self.ordered(shows)
            if sounds(case) and not resting(case, now)
        ]  # fmt: skip

    def by_severity(self, shows: Callable[[Json], bool]) -> dict[str, int]:
        """Count open cases by severity, worst first."""
        found = Counter(str(case["severity"]) for case in self.cases.values() if shows(case))
        return {word: found[word] for word in SEVERITIES}

    def latency(self) -> tuple[int, int] | None:
        """Return the median and 99th percentile of frame → case (ms), None before the first."""
        found = sorted(self.latencies_ms)
        if not found:
            return None
        return found[len(found) // 2], found[min(len(found) - 1, len(found) * 99 // 100)]

    async def _load(self) -> None:
        found: dict[str, Json] = {}
        cursor = ""
        while True:
            cases, after = await asyncio.to_thread(
                self._hub.store.find, CaseFilter(open=True), cursor=cursor, limit=PAGE
            )
            found |= {case.id: case_json(case) for case in cases}
            if not after:
                break
            cursor = after
        self.cases = found
        now = self.now()
        self._resting |= {name for name, c in found.items() if sounds(c) and resting(c, now)}
        await self._announce()

    async def _take(self, name: str, data: Json) -> None:
        if name == "resync":
            await self._load()
        elif name == "alarm_not_durable":
            await self._remember()
        elif name == "status":
            self.status = data
            await self._remember()
        elif name == "case":
            case = data["case"]
            if not isinstance(case, dict):
                return
            self._put(case, str(data["kind"]), str(data.get("notice", "")))
            await self._announce()

    async def _remember(self) -> None:
        """Take over which alarms only memory holds; they are on no disk, so nothing else tells."""
        memory = as_shown(self._hub.memory_alarms(), self._hub.registry())
        if memory != self.memory:
            known = {alarm["id"] for alarm in self.memory}
            self.raised += sum(alarm["id"] not in known for alarm in memory)
            self.memory = memory
            await self._announce()

    async def _wake(self) -> None:
        """Break the quiet for what has waited a moment after an acknowledgement."""
        while True:
            await asyncio.sleep(WAKE_S)
            now = self.now()
            for name in list(self._resting):
                case = self.cases.get(name)
                if case is not None and sounds(case) and resting(case, now):
                    continue
                self._resting.discard(name)
                if case is not None and sounds(case):
                    self.raised += 1
                    await self._announce()

    def _put(self, case: Json, kind: str, notice: str = "") -> None:
        known = self.cases.get(str(case["id"]))
        if known is not None and number(known, "sequence") > number(case, "sequence"):
            return
        if case["state"] == State.CLOSED:
            self.cases.pop(str(case["id"]), None)
            return
        self.cases[str(case["id"])] = case
        if sounds(case) and (known is None or not sounds(known) or notice in LOUD):
            if resting(case, self.now()):
                self._resting.add(str(case["id"]))
            else:
                self.raised += 1
        new = kind == ChangeKind.CREATE and known is None and not case["flags"]
        if new and case["class"] == EventClass.EMERGENCY:  # other rules wait on purpose
            self._time(case)

    def _time(self, case: Json) -> None:
        """Measure from the gateway's clock at the frame to now, as the duty officer feels it."""
        evidence = case["evidence"]
        if isinstance(evidence, list) and evidence:
            at = datetime.fromisoformat(str(evidence[0]["at"])).timestamp()
            self.latencies_ms.append(max(0, int((time.time() - at) * 1000)))

    async def _announce(self) -> None:
        self.version += 1
        async with self._changed:
            self._changed.notify_all()


async def _again(work: Callable[[], Awaitable[None]]) -> None:
    """Do work that never ends; what breaks in it is told and begun again: a screen ends no hub."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("page_work_failed")
            await asyncio.sleep(RETRY_S)


def silenced(case: Json) -> bool:
    """Return whether a silence keeps a case without a sound; it stands in every list all the same."""
    flags = case.get("flags")
    return isinstance(flags, list | tuple) and SILENCED in flags


def sounds(case: Json) -> bool:
    """Return whether a case is to be heard until somebody acknowledges it."""
    return unheard(case) and not silenced(case)


def resting(case: Json, now: int) -> bool:
    """Return whether an acknowledged case leaves people in peace for a moment yet; `now` in ms."""
    at = case.get("alarmed_at")
    if not isinstance(at, str):
        return False
    return 0 < datetime.fromisoformat(at).timestamp() * 1000 - now <= REST_MAX_MS


def number(case: Json, name: str) -> int:
    """Return a whole number of a case, 0 where there is none."""
    value = case.get(name)
    return value if isinstance(value, int) else 0


async def follow(board: Board, *, every_s: float) -> AsyncIterator[int]:
    """Yield at once, then whenever the board changes, and at least every so often."""
    seen = board.version
    while True:
        yield seen
        seen = await board.wait(seen, every_s)


def counted(cases: Iterable[Json], field: str) -> Counter[str]:
    """Count cases by a field."""
    return Counter(str(case[field]) for case in cases)
