"""Stores what the desk did: waits for a disk or a database, and puts aside what no database takes."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec
import structlog
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from model.case import Change

from .case_store.store import CaseStore

log = structlog.get_logger()
RETRY_S = 1.0
REASON = "case_not_stored"


class CaseKeeper:
    """Stores changes with the desk's position, in the desk's thread."""

    def __init__(
        self,
        store: CaseStore,
        log_id: str,
        *,
        told: Callable[[list[Change]], None],
        stop: threading.Event,
        counters: Counter[str],
    ) -> None:
        self.defect = ""
        """What could not be stored, in words: a person has to look. It stands until a restart."""
        self._store = store
        self._log_id = log_id
        self._told = told
        self._stop = stop
        self._counters = counters

    def keep(self, changes: list[Change], pos: int) -> None:
        """Store changes; a full disk is waited out, and one case that is refused costs no other one."""
        try:
            self._apply(changes, pos)
        except (DataError, IntegrityError) as error:
            # Before their position, which moves only when each was tried: a restart tries again.
            log.error("case_store_defect", position=pos, why=str(error))
            for case, part in _by_case(changes).items():
                try:
                    self._apply(part, pos - 1)
                except (DataError, IntegrityError) as refused:
                    self._put_aside(case, part, refused)
            self._apply([], pos)

    def _apply(self, changes: list[Change], pos: int) -> None:
        shown = False
        while True:
            try:
                self._store.apply(changes, log_id=self._log_id, pos=pos)
            except (DataError, IntegrityError):
                raise
            except SQLAlchemyError as error:
                self._counters["case_store_refused"] += 1
                if not shown:
                    log.error("case_store_refused", why=str(error), remedy="free disk space")
                    self._told(changes)  # shown from memory; stored when the disk takes it
                    shown = True
                if self._stop.wait(RETRY_S):
                    raise
            else:
                return

    def _put_aside(self, case: str, changes: Sequence[Change], error: SQLAlchemyError) -> None:
        """Keep as a dead letter what was refused for what it is: tried again it would stop the desk."""
        why = str(getattr(error, "orig", None) or error)
        self.defect = f"case {case} could not be stored: {why}; see the dead letters ({REASON})"
        self._counters["case_defects"] += 1
        log.error("case_not_stored", case=case, why=why)
        try:
            self._store.dead_letter(
                at=changes[-1].case.updated_at, source=case, reason=REASON, detail=why,
                payload=msgspec.json.encode(changes),
            )  # fmt: skip
        except SQLAlchemyError as lost:
            log.error("dead_letter_not_kept", reason=REASON, why=str(lost))


def _by_case(changes: Iterable[Change]) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(change.case.id, []).append(change)
    return found
