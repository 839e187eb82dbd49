"""How long evidence stays: by class and observation, pinned never removed, the oldest first for room."""

import time
from collections import Counter

import structlog

from hub.case_store.footage import DAY_MS, FootageRecords, Shown
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

    def room_for(self, gateway: str, size: int, now: int) -> bool:
        """Make room for a gateway's file of `size` bytes; `now` in ms.

        A gateway that has more than its equal share makes room from its own; else the one that has most
        does. False: no more than `gateway_percent` is one gateway's, or all that is left is pinned.
        """
        most = self._rules.max_mb << 20
        share = most * self._rules.gateway_percent // 100
        while True:
            sizes, used = self._records.sizes(), self._records.size()
            mine = sizes.setdefault(gateway, 0)
            crowds = mine + size > share < most
            if not crowds and used + size <= most and size <= self._files.free():
                # Small files still fit where a clip does not: that is no end of it.
                self.full = self.full and used + self._refused > most
                return True
            givers = sorted(sizes, key=lambda name: -sizes[name])
            if crowds:
                givers = [gateway]
            elif mine + size > most // len(sizes):
                givers = [gateway, *(name for name in givers if name != gateway)]
            if not any(self._give_up_oldest(name, now) for name in givers):
                self._refuse(gateway, size, crowds=crowds)
                return False

    def _give_up_oldest(self, gateway: str, now: int) -> bool:
        """Remove a gateway's oldest episode that nobody needs; False where there is none."""
        oldest = self._records.unpinned(now, self._rules.days_after(), gateway=gateway, limit=1)
        if not oldest:
            return False
        # A clip without its manifest tells less than nothing: an episode goes whole.
        for shown in self._records.of_episode(oldest[0].gateway, oldest[0].episode):
            if not shown.pinned_by:
                self._remove(shown, "room")
        return True

    def sweep(self, now: int) -> None:
        """Remove what has had its time, and what crashes left behind; `now` in ms."""
        rules = self._rules
        expired = self._records.expired(
            now, days=rules.days, days_of=rules.days_of, case_days=rules.days_after()
        )
        for shown in expired:
            self._remove(shown, "retention")
        self.counters["removed.looks"] += self._records.forget_looks(
            now - rules.looks_days * DAY_MS
        )
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

    def _remove(self, shown: Shown, why: str) -> None:
        """Remove a record, and its file unless another record has the same."""
        if self._records.remove(shown):
            self._files.remove(shown.sha256, Type(shown.type))
        self.counters[f"removed.{why}"] += 1
        log.info("evidence_removed", episode=shown.episode, kind=shown.kind, why=why)

    def _refuse(self, gateway: str, size: int, *, crowds: bool) -> None:
        if crowds:
            self.counters["refused.share"] += 1
            remedy = (
                "close its cases, or raise evidence.gateway_percent; its share is pinned by cases"
            )
            log.warning("evidence_share_full", gateway=gateway, remedy=remedy)
            return
        self._refused = size
        if not self.full:
            remedy = "raise evidence.max_mb or free the disk; everything there is pinned by a case"
            log.error("evidence_disk_full", remedy=remedy)
        self.full = True
