"""Everything of evidence in a hub's process: the connection, the receiver, and the sweep."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from gateway.crash import CrashPoint
from hub.bus import Bus, evidence_sessions
from hub.case_store.footage import FootageRecords
from hub.config import HubFile
from hub.intake import DeadLetter
from hub.lasting import lasting
from model.footage import Type

from .files import FootageFiles
from .keeping import Keeping
from .receiver import EvidenceReceiver

log = structlog.get_logger()
SWEEP_S = 600.0


class EvidenceParts:
    """The hub's evidence; `run` makes it move, and nothing of it stops the way of alarms."""

    def __init__(
        self,
        file: HubFile,
        records: FootageRecords,
        *,
        dead_letter: DeadLetter,
        clock: Callable[[], int],
        crash: CrashPoint,
    ) -> None:
        """Take the folder `DATA/evidence`; it is opened when this moves."""
        self._clock = clock
        self._folder = file.data / "evidence"
        self._unusable = ""
        self._files = FootageFiles(self._folder, make=False)
        self._keeping = Keeping(self._files, records, file.evidence)
        self._bus = Bus(file.mqtt, sessions=evidence_sessions(file.site), handler=self._message)
        self._receiver = EvidenceReceiver(
            self._files,
            records,
            self._keeping,
            site=file.site,
            publish=self._bus.publish,
            dead_letter=dead_letter,
            clock=clock,
            crash=crash,
        )

    async def run(self) -> None:
        """Receive and sweep until cancelled; what breaks is said and begun anew."""
        await lasting("evidence", self._move)

    def path(self, digest: str, form: Type) -> Path:
        """Return where a file with that SHA-256 lies, if it is here."""
        return self._files.path(digest, form)

    def state(self) -> str:
        """Return `ok`, or what is wrong, in words."""
        if self._unusable:
            return self._unusable
        if self._keeping.full:
            return "full: everything there is pinned by a case"
        return "ok" if self._bus.connected else f"broker away: {self._bus.last_error}"

    def counters(self) -> dict[str, int]:
        """Return what was received, refused and removed since the start."""
        return {**self._receiver.counters, **self._keeping.counters}

    def close(self) -> None:
        """End the thread that writes."""
        self._receiver.close()

    async def _move(self) -> None:
        try:
            await asyncio.to_thread(self._files.make_folders)
        except OSError as error:
            if not self._unusable:
                log.error("evidence_folder_unusable", folder=str(self._folder), why=str(error))
            self._unusable = f"its folder {self._folder} cannot be used: {error.strerror or error}"
            return
        self._unusable = ""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._bus.run(), name="evidence-bus")
            group.create_task(self._sweep(), name="evidence-sweep")

    async def _message(self, topic: str, payload: bytes) -> None:
        await self._receiver.message(topic, payload)

    async def _sweep(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._keeping.sweep, self._clock())
            except (OSError, SQLAlchemyError) as error:
                log.error("evidence_not_swept", why=str(error))
            await asyncio.sleep(SWEEP_S)
