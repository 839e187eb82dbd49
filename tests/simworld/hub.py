"""The hub of the simulated site: the product's log, intake, case store and desk, moved by hand."""

import asyncio
import contextlib
import gc
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import msgspec
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from hub.asking import merged
from hub.case_store import CaseStore
from hub.desk_reader import DeskReader
from hub.intake import HubIntake
from hub.log.sqlite import SqliteLog
from model.case import Case, Change
from model.codec import Ask, encode
from model.entry import AWAKE_STEP_MS, Draft, Entry, EntryKind, Tick
from model.reading import Reading
from model.topics import GatewayTopics

from .inline import Fuse, Inline
from .town import SITE, as_payload, registry_version, rules_version

Published = Callable[[str, bytes], None]
"""Takes a receipt; raises ConnectionError where the broker is away."""


class FullLog(SqliteLog):
    """A log whose disk can refuse."""

    refuses = False

    def append(self, *args: Any, **named: Any) -> list[Entry]:
        """Write, or refuse as a full disk does."""
        if self.refuses:
            raise sqlite3.OperationalError("database or disk is full")
        return super().append(*args, **named)


class FullStore(CaseStore):
    """A case store whose disk refuses the next few transactions."""

    refusals = 0

    def apply(self, changes: Sequence[Change], **named: Any) -> None:
        """Write, or refuse."""
        if self.refusals > 0:
            self.refusals -= 1
            raise OperationalError("apply", {}, Exception("database or disk is full"))
        super().apply(changes, **named)


@cache
def empty_cases() -> Path:
    """Build an empty case database, once in a process."""
    path = Path(mkdtemp(prefix="simworld-")) / "cases.db"
    CaseStore(f"sqlite:///{path}").close()
    gc.collect()
    gc.freeze()  # what is imported by now is never garbage: looking at it costs a sixth of a life
    return path


class SimHub:
    """The hub's process and its files; `up` is False while it is dead."""

    def __init__(self, folder: Path, wall: Callable[[], int], publish: Published) -> None:
        """`wall` is the hub's clock in ms."""
        self.folder = folder
        self.up = False
        self.log_refuses = False
        self.fuse = Fuse()
        self.told: list[Change] = []  # since the world looked last
        self.volatile: list[Reading] = []
        self._wall = wall
        self._publish = publish
        folder.mkdir(parents=True)
        shutil.copy(empty_cases(), folder / "cases.db")

    def boot(self, now_s: float) -> None:
        """Start the process on the files that are there."""
        self.log = FullLog(self.folder / "log")
        self.log.refuses = self.log_refuses
        for segment in self.log._segments:
            segment._db.execute("PRAGMA synchronous=OFF")  # a crash here drops objects, not pages
        self.store = FullStore(f"sqlite:///{self.folder / 'cases.db'}", site=SITE)
        self.store._engine.dispose()
        event.listen(self.store._engine, "connect", _unsynced)
        self.intake = HubIntake(
            self.log,
            site=SITE,
            publish=self._send,
            appended=lambda: None,
            dead_letter=_refused,
            volatile=self.volatile.extend,
            logged=lambda _: None,
            clock=self._wall,
            crash=self.fuse,
        )
        self.intake._disk = Inline()  # type: ignore[assignment]
        if not self.log.end:
            self._begin_log()
        newest = self.log.newest(EntryKind.TICK)
        self._awake = msgspec.json.decode(newest.payload, type=Tick).awake if newest else 0
        self._ticked_s = now_s
        self.desk = DeskReader(
            self.log, self.store,
            told=self.told.extend, dead_letters=_letters, crash=self.fuse, wish=self.wish,
        )  # fmt: skip
        self.up = True

    def die(self) -> None:
        """Be killed: what was not committed is gone."""
        if self.up:
            self.up = False
            self.log.close()
            self.store.close()

    def refuse(self, *, refuses: bool) -> None:
        """Let the log's disk be full, or free again."""
        self.log_refuses = refuses
        if self.up:
            self.log.refuses = refuses

    async def tick(self, now_s: float) -> None:
        """Log one tick; `awake` grows by at most 2 s."""
        self._awake += min(round((now_s - self._ticked_s) * 1000), AWAKE_STEP_MS)
        self._ticked_s = now_s
        await self.append(EntryKind.TICK, msgspec.json.encode(Tick(self._wall(), self._awake)))

    def wish(self, wanted: Mapping[str, Iterable[int]]) -> None:
        """Ask gateways for a word, as the hub does: what does not arrive is lost."""
        for gateway, times in wanted.items():
            ask = encode(Ask(merged(times)))
            with contextlib.suppress(ConnectionError):
                self._publish(GatewayTopics.of(SITE, gateway).ask, ask)

    async def append(self, kind: EntryKind, payload: bytes) -> bool:
        """Log what does not come from a gateway; False where the disk refused it."""
        done = self.intake.append(Draft(kind, payload))
        await self.commit()
        return done.exception() is None

    async def commit(self) -> None:
        """Commit what came, and answer."""
        if self.intake._waiting or self.intake._again:
            await self.intake._commit_group()

    def read(self) -> None:
        """Let rules and desk read the log to its end; what breaks is begun again from the stores."""
        reading = True
        while reading:
            try:
                reading = self.desk.advance()
            except OperationalError:
                self.desk._begin_again()

    def cases(self) -> dict[str, Case]:
        """Return every case in the store."""
        return {case.id: case for case in self.store.working_set(closed_after=-1)}

    def entries(self, after: int) -> list[Entry]:
        """Return the entries of the log behind a position."""
        found: list[Entry] = []
        while entries := self.log.read(after + len(found), 1000):
            found += entries
        return found

    def _begin_log(self) -> None:
        first = [
            Draft(EntryKind.RULES, as_payload(rules_version())),
            Draft(EntryKind.REGISTRY, as_payload(registry_version())),
        ]
        self.log.append(first, self._wall())

    async def _send(self, topic: str, payload: bytes) -> None:
        await asyncio.sleep(0)
        self._publish(topic, payload)


def _unsynced(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def _refused(source: str, reason: str, _payload: bytes, detail: str) -> None:
    raise AssertionError(f"the intake refused what {source} sent: {reason}, {detail}")


def _letters(readings: tuple[Reading, ...]) -> None:
    raise AssertionError(f"dead letters appeared: {readings}")
