"""Reads the log, moves rules and desk, and keeps what came of it: cases first, then everyone is told.

The position of the desk is stored with its cases in one transaction. The rules' state is stored
now and then with a position of its own; a restart replays from there, and the desk ignores what it
has already had. So a restart ends in the same cases, ids and timers as an uninterrupted run.
"""

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from gateway.crash import CrashPoint
from model.anomaly import Anomaly
from model.case import Change
from model.entry import Entry, EntryKind, Versioned
from model.errors import HubError
from model.reading import Reading

from .case_keeper import CaseKeeper
from .case_store.store import CaseStore
from .core import Core
from .log.sqlite import SqliteLog
from .tap import Taps

log = structlog.get_logger()
CHUNK = 200
SNAPSHOT_EVERY_MS = 30_000
SNAPSHOT_EVERY_ENTRIES = 20_000
POSITION_EVERY = 500
JOIN_WINDOW_MS = 24 * 3600 * 1000
RETRY_S = 1.0
RETRY_LAST_S = 60.0
ANOMALIES_KEPT = 1_000


class Answer(NamedTuple):
    """What came of an action or report, for the request that waits for it."""

    changes: list[Change]
    refused: HubError | None


class DeskReader:
    """The thread in which rules and desk run."""

    def __init__(
        self,
        durable: SqliteLog,
        store: CaseStore,
        *,
        told: Callable[[list[Change]], None],
        dead_letters: Callable[[tuple[Reading, ...]], None],
        crash: CrashPoint,
        wish: Callable[[Mapping[str, Iterable[int]]], None] = lambda _: None,
    ) -> None:
        """Take where to read and write, and whom to tell; `wish` hears what the rules want gateways to prove."""
        self.counters: Counter[str] = Counter()
        self.anomalies: deque[Anomaly] = deque(maxlen=ANOMALIES_KEPT)
        self.taps = Taps()
        self.position = 0
        self.snapshot_position = 0
        self.failed: Exception | None = None
        self._log = durable
        self._store = store
        self._told = told
        self._dead_letters = dead_letters
        self._crash = crash
        self._wish = wish
        self._wake = threading.Event()
        self._stop = threading.Event()
        # A request sent twice at once waits twice; the first answer is for both.
        self._answers: dict[str, list[asyncio.Future[Answer]]] = {}
        self.guard = threading.Lock()  # held while rules and desk move; take it to look at them
        self._waiting = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="desk", daemon=True)
        self._keeper = CaseKeeper(
            store, durable.id, told=told, stop=self._stop, counters=self.counters
        )
        self._failed_at = 0
        self._snapshot_at = 0
        self._desk_from = 0
        self._unsaved: dict[tuple[str, str], bytes] = {}
        self.core = self._restore()
        self.open_cases = self.core.desk.count_open()

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def wake(self) -> None:
        """Say that the log has grown."""
        self._wake.set()

    def stop(self) -> None:
        """End after the entry at hand, with a snapshot so that the next start is quick."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(10)

    @property
    def trouble(self) -> str:
        """What keeps alarms from becoming stored cases, in words; empty when all is well."""
        return f"failed: {self.failed}" if self.failed is not None else self._keeper.defect

    def answer_to(self, request: str) -> "asyncio.Future[Answer]":
        """Return the future of what comes of an action or report; ask before it is appended."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        with self._waiting:
            self._answers.setdefault(request, []).append(future)
        return future

    def forget(self, request: str, waiting: "asyncio.Future[Answer]") -> None:
        """Stop waiting for an answer; others who wait for the same one go on."""
        with self._waiting:
            left = [other for other in self._answers.pop(request, []) if other is not waiting]
            if left:
                self._answers[request] = left

    def _restore(self) -> Core:
        """Rebuild rules and desk from the stores; what is missing is replayed from the log."""
        rules_at = self._position("rules")
        desk_at = self._position("desk")
        rules = self._version(EntryKind.RULES, rules_at)
        registry = self._version(EntryKind.REGISTRY, rules_at)
        core = Core(rules, registry)
        core.restore(self._store.rule_states())
        # The desk's own time, not the log's: a desk that was behind still remembers more.
        newest = self._log.newest(EntryKind.TICK, desk_at)
        since = (newest.logged_at if newest else 0) - JOIN_WINDOW_MS
        core.desk.restore(self._store.working_set(closed_after=since), self._store.ordinals())
        self.position = self.snapshot_position = rules_at
        self._desk_from = desk_at
        log.info("desk_restored", rules_at=rules_at, desk_at=desk_at, log_end=self._log.end)
        return core

    def _position(self, reader: str) -> int:
        stored = self._store.position(reader)
        if stored is None:
            return 0
        log_id, pos = stored
        if log_id != self._log.id or pos > self._log.end:
            raise HubError(
                f"the {reader} stands at {pos} of log {log_id}, but this is log {self._log.id} with"
                f" {self._log.end} entries: the data folder mixes two installations. Restore the"
                " log that belongs to these cases, or move cases.db away to read the log anew"
            )
        return pos

    def _version(self, kind: EntryKind, at: int) -> Versioned:
        """Return the version in force at a position; before the first entry, the first one."""
        entry = self._log.newest(kind, at) or self._log.oldest(kind)
        if entry is None:
            raise HubError(f"the log holds no version of the {kind}")
        return msgspec.json.decode(entry.payload, type=Versioned)

    def _run(self) -> None:
        """Follow the log; what breaks is begun again from the stores, as a restart would."""
        pause = RETRY_S
        while not self._stop.is_set():
            try:
                if self.failed is not None:
                    self._begin_again()
                self._follow()
            except Exception as error:
                if self._stop.is_set():
                    return
                log.exception("desk_failed", position=self.position)
                pause = min(pause * 2, RETRY_LAST_S) if self.failed else RETRY_S
                self.failed, self._failed_at = error, max(self._failed_at, self.position)
                self.counters["failures"] += 1
                self._stop.wait(pause)

    def _begin_again(self) -> None:
        core = self._restore()
        with self.guard:
            self.core = core
            self._unsaved.clear()

    def _follow(self) -> None:
        while not self._stop.is_set():
            if self.advance():
                continue
            self._wake.wait(0.5)
            self._wake.clear()
        self._snapshot()

    def advance(self) -> bool:
        """Take the next entries of the log; return whether there were any."""
        entries = self._log.read(self.position, CHUNK)
        if entries:
            self._chunk(entries)
        return bool(entries)

    def _chunk(self, entries: list[Entry]) -> None:
        """Step through entries; cases are stored before the next entry that changes any."""
        for entry in entries:
            live = entry.pos > self._desk_from
            with self.guard:
                step = self.core.step(entry, desk=live)
                self.anomalies.extend(step.anomalies)
                if entry.kind is EntryKind.TICK:
                    self.open_cases = self.core.desk.count_open()
                    self._wish_now(entry)
            for trace in step.failed:
                self.counters["defects"] += 1
                log.error("desk_defect", position=entry.pos, trace=trace)
            if step.anomalies:
                self.counters["anomalies"] += len(step.anomalies)
            if step.changes:
                self._crash("before_case_commit")
                self._keeper.keep(step.changes, entry.pos)
                self._crash("after_case_commit")
            if step.dead_letters:
                self._dead_letters(step.dead_letters)
            self.position = entry.pos
            if self.failed is not None and entry.pos > self._failed_at:
                self.failed = None
            if step.request:
                self._resolve(step.request, Answer(step.changes, step.refused))
            if step.changes:
                self._told(step.changes)
            if live:
                self.taps.offer(entry)
        self._snapshot_when_due(entries[-1])

    def _wish_now(self, tick: Entry) -> None:
        """Let gateways be asked for what the rules wait for now; what they waited for in the past is over."""
        wanted = self.core.engine.book.wanted
        if wanted and self._log.end - tick.pos < CHUNK:
            self._wish({gateway: set(times) for gateway, times in wanted.items()})

    def _snapshot_when_due(self, entry: Entry) -> None:
        due = entry.logged_at - self._snapshot_at >= SNAPSHOT_EVERY_MS
        many = entry.pos - self.snapshot_position >= SNAPSHOT_EVERY_ENTRIES
        if due or many or entry.logged_at < self._snapshot_at:
            self._snapshot_at = entry.logged_at
            self._snapshot()

    def _snapshot(self) -> None:
        """Store the rules' changed states and both positions in one transaction."""
        if self.position <= self.snapshot_position:
            return
        position = self.position
        for rule, subject, state in self.core.dirty():
            self._unsaved[rule, subject] = state
        states = [(rule, subject, state) for (rule, subject), state in self._unsaved.items()]
        try:
            self._store.apply(
                [],
                log_id=self._log.id,
                pos=max(position, self._desk_from),
                states=states,
                states_pos=position,
            )
        except SQLAlchemyError as error:
            log.error("snapshot_refused", why=str(error), remedy="free disk space")
        else:
            self._unsaved.clear()
            self.snapshot_position = position

    def _resolve(self, request: str, answer: Answer) -> None:
        with self._waiting:
            waiting = self._answers.pop(request, [])

        def settle(future: "asyncio.Future[Answer]") -> None:
            if not future.done():
                future.set_result(answer)

        for future in waiting:
            future.get_loop().call_soon_threadsafe(settle, future)
