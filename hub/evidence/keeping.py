"""How long evidence stays: by class and observation, pinned never removed, the oldest first for room."""

import time
from collections import Counter

import structlog

from hub.case_store.footage import FootageRecords, Shown
from hub.config import EvidenceKeep
from model.footage import Type

from .files import FootageFiles

log = structlog.get_logger()
PART_S = 7 * 86_400
"""A file of which nothing came for so long is not coming any more."""

ORPHAN_S = 3_600
"""A file without a record for so long has none: its removal was cut short."""


class Keeping:
    """Removes what may go; a file is pinned while a case needs it or a person says so."""

    def __init__(self, files: FootageFiles, records: FootageRecords, rules: EvidenceKeep) -> None:
        self.counters: Counter[str] = Counter()
        self.full = False
        self._refused = 0  # how large the file was for which there was no room
        self._files, self._records, self._rules = files, records, rules

    def room_for(self, size: int, now: int) -> bool:
        """Make room for a file of `size` bytes; False: all that is left is pinned. `now` in ms."""
        most = self._rules.max_mb << 20
        used, free = self._records.size(), self._files.free()
        while used + size > most or size > free:
            oldest = self._records.unpinned(now, self._rules.days_after(), limit=1)
            if not oldest:
                self._refuse(size)
                return False
            # A clip without its manifest tells less than nothing: an episode goes whole.
            for shown in self._records.of_episode(oldest[0].gateway, oldest[0].episode):
                if not shown.pinned_by:
                    freed = self._remove(shown, "room")
                    used, free = used - freed, free + freed
        # Small files still fit where a clip does not: that is no end of it.
        self.full = self.full and used + self._refused > most
        return True

    def sweep(self, now: int) -> None:
        """Remove what has had its time, and what crashes left behind; `now` in ms."""
        rules = self._rules
        expired = self._records.expired(
            now, days=rules.days, days_of=rules.days_of, case_days=rules.days_after()
        )
        for shown in expired:
            self._remove(shown, "retention")
        for path in list(self._files.old_parts(time.time() - PART_S)):
            path.unlink(missing_ok=True)
        self._remove_orphans()

    def _remove_orphans(self) -> None:
        paths = [p for p in self._files.whole() if p.stat().st_mtime < time.time() - ORPHAN_S]
        known = self._records.hashes() if paths else frozenset()
        for path in paths:
            if path.stem not in known:
                path.unlink(missing_ok=True)
                self.counters["removed.orphan"] += 1

    def _remove(self, shown: Shown, why: str) -> int:
        """Remove a record, and its file unless another record has the same; return the bytes freed."""
        last = self._records.remove(shown)
        if last:
            self._files.remove(shown.sha256, Type(shown.type))
        self.counters[f"removed.{why}"] += 1
        log.info("evidence_removed", episode=shown.episode, kind=shown.kind, why=why)
        return shown.size if last else 0

    def _refuse(self, size: int) -> None:
        self._refused = size
        if not self.full:
            remedy = "raise evidence.max_mb or free the disk; everything there is pinned by a case"
            log.error("evidence_disk_full", remedy=remedy)
        self.full = True
