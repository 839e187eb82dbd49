"""What of the evidence folder has yet to reach the hub, and what becomes of each file."""

import time
from collections import Counter
from hashlib import sha256
from typing import NamedTuple

import msgspec
import structlog

from model.footage import (
    FILE_BYTES,
    Card,
    Footage,
    FootageFile,
    Kind,
    Type,
    card_of,
    encode_footage,
    file_name,
)
from video.evidence.folder import EvidenceFolder

log = structlog.get_logger()
STALE_S = 600.0
"""A manifest that nobody has completed for so long never will be: its camera's process is gone."""

TRIES_MOST = 5
"""A file that arrived damaged so often is left alone until the gateway starts again."""

AGAIN_FIRST_S, AGAIN_LAST_S = 2.0, 300.0


Waiting = tuple[Footage, FootageFile | None]
"""An episode and one of its files; None is its manifest."""


class Outgoing(NamedTuple):
    """One file on its way."""

    episode: str
    name: str
    card: Card
    sha256: str
    data: bytes


class _Trouble(NamedTuple):
    tries: int
    not_before: float


class EvidenceShelf:
    """Chooses the next file; its methods read the disk, so they are for worker threads."""

    def __init__(self, folder: EvidenceFolder) -> None:
        self.counters: Counter[str] = Counter()
        self.waiting = 0
        self._folder = folder
        self._settled: set[tuple[str, str]] = (
            set()
        )  # (episode, name) that the hub has, or never will
        self._troubles: dict[tuple[str, str], _Trouble] = {}

    def next_file(self, now: float) -> Outgoing | None:
        """Return the next file: pictures before clips, old before new; `now` is monotonic, in s.

        Episodes of which everything is settled are marked done on the way. Raises OSError.
        """
        while True:
            damaged = 0
            for footage, file in sorted(self._unsettled(), key=_urgency):
                trouble = self._troubles.get((footage.episode, _name(footage, file)))
                if trouble and (trouble.not_before > now or trouble.tries >= TRIES_MOST):
                    continue
                found = self._read(footage, file)
                if found is not None:
                    return found
                damaged += 1
            if not damaged:  # else an episode may be over now
                return None

    def _unsettled(self) -> list[Waiting]:
        """Return what the hub has yet to get; a manifest comes when all its files are settled."""
        waiting: list[Waiting] = []
        for footage in self._folder.waiting():
            whole = self._completed(footage)
            files = [f for f in whole.files if self._open(whole.episode, _name(whole, f))]
            waiting += [(whole, file) for file in files]
            if whole.complete and not files:
                if self._open(whole.episode, _name(whole, None)):
                    waiting.append((whole, None))
                else:
                    self._done(whole)
        self.waiting = len(waiting)
        return waiting

    def look(self) -> None:
        """Count what waits, for when nothing can be sent; raises OSError."""
        self._unsettled()

    def sent(self, file: Outgoing) -> None:
        """Take the hub's word that a file is verified and durable there."""
        self._settle(file.episode, file.name)
        self.counters["evidence_sent"] += 1
        self.counters["evidence_bytes_sent"] += len(file.data)

    def refused(self, file: Outgoing, why: str, now: float, *, final: bool) -> None:
        """Take the hub's refusal: for good, or to be tried again later and later, a bounded number."""
        self.counters[f"evidence_refused.{why}"] += 1
        if final:
            log.warning("evidence_refused", file=file.name, why=why)
            self._settle(file.episode, file.name)
            return
        before = self._troubles.get((file.episode, file.name), _Trouble(0, 0.0))
        # A hub without room takes nothing of anybody: that is no fault of this file.
        tries = before.tries + (why != "disk_full")
        wait = min(AGAIN_FIRST_S * 2 ** min(before.tries, 8), AGAIN_LAST_S)
        wait = AGAIN_LAST_S if why == "disk_full" else wait
        self._troubles[file.episode, file.name] = _Trouble(tries, now + wait)
        if tries == TRIES_MOST:
            log.error("evidence_given_up", file=file.name, why=why, tries=tries)

    @property
    def given_up(self) -> int:
        """How many files arrived damaged so often that they are not tried any more."""
        return sum(trouble.tries >= TRIES_MOST for trouble in self._troubles.values())

    def _open(self, episode: str, name: str) -> bool:
        return (episode, name) not in self._settled

    def _settle(self, episode: str, name: str) -> None:
        self._settled.add((episode, name))
        self._troubles.pop((episode, name), None)

    def _done(self, footage: Footage) -> None:
        self._folder.mark_done(footage.episode)
        self._settled = {key for key in self._settled if key[0] != footage.episode}

    def _completed(self, footage: Footage) -> Footage:
        """Complete what a camera's process left open; one that was taken out never comes back."""
        if footage.complete or self._folder.age(footage.episode, time.time()) < STALE_S:
            return footage
        note = "the process ended before the clip was whole"
        whole = msgspec.structs.replace(footage, complete=True, note=note)
        self._folder.write_manifest(whole, owner="gateway")
        return whole

    def _read(self, footage: Footage, file: FootageFile | None) -> Outgoing | None:
        """Return a file with its bytes; one that is gone or damaged here is settled, and counted."""
        name = _name(footage, file)
        if file is None:
            data = encode_footage(footage)
            whole = FootageFile(
                Kind.MANIFEST, Type.JSON, sha256(data).hexdigest(), len(data),
                footage.started_at, footage.started_at,
            )  # fmt: skip
            return Outgoing(footage.episode, name, card_of(footage, whole), whole.sha256, data)
        try:
            data = self._folder.read(name)
        except FileNotFoundError:
            data = b""
        if not 0 < len(data) <= FILE_BYTES or sha256(data).hexdigest() != file.sha256:
            self.counters["evidence_damaged"] += 1
            log.error("evidence_damaged", file=name, why="is gone, or differs from its manifest")
            self._settle(footage.episode, name)
            return None
        return Outgoing(footage.episode, name, card_of(footage, file), file.sha256, data)


def _name(footage: Footage, file: FootageFile | None) -> str:
    if file is None:
        return file_name(footage.episode, Kind.MANIFEST, Type.JSON)
    return file_name(footage.episode, file.kind, file.type, file.number)


def _urgency(item: Waiting) -> tuple[bool, int]:
    """Pictures first: who decides whether it burns looks at one before a clip can be here."""
    footage, file = item
    return file is not None and file.kind is not Kind.SNAPSHOT, footage.started_at
