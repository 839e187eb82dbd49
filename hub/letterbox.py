"""Keeps messages that nobody could understand; they must cost nothing else."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

from model.reading import Reading

from .case_store import CaseStore

log = structlog.get_logger()
WAITING_MAX = 1_000


class Letterbox:
    """The dead letters of the hub and of its gateways; what cannot be kept is counted."""

    def __init__(self, store: CaseStore, clock: Callable[[], int]) -> None:
        """Take the store and a clock in ms."""
        self.lost: Counter[str] = Counter()
        self._store = store
        self._clock = clock
        self._clerk = ThreadPoolExecutor(1, "letters")
        self._room = threading.BoundedSemaphore(WAITING_MAX)

    def keep(
        self, source: str, reason: str, payload: bytes, detail: str, *, origin: str = "hub"
    ) -> None:
        """Keep one message that could not be understood."""
        try:
            self._store.dead_letter(
                at=self._clock(), source=source, reason=reason, payload=payload,
                detail=detail, origin=origin,
            )  # fmt: skip
        except Exception as error:  # noqa: BLE001 - counted, and on
            self.lost[reason] += 1
            log.warning("dead_letter_not_kept", reason=reason, why=str(error))

    def keep_soon(self, source: str, reason: str, payload: bytes, detail: str) -> None:
        """Keep a message without waiting for the disk: a flood of garbage must not delay alarms."""
        if not self._room.acquire(blocking=False):
            self.lost[reason] += 1
            return
        kept = self._clerk.submit(self.keep, source, reason, payload, detail)
        kept.add_done_callback(lambda _kept: self._room.release())

    def take(self, letters: tuple[Reading, ...]) -> None:
        """Keep what the gateways could not understand."""
        for letter in letters:
            values = letter.values
            self.keep(
                f"{letter.gateway}: {values.get('source', '')}",
                str(values.get("reason", "")),
                _bytes_of(str(values.get("payload", ""))),
                str(values.get("detail", "")),
                origin="gateway",
            )

    def close(self) -> None:
        """Finish what waits."""
        self._clerk.shutdown()


def _bytes_of(text: str) -> bytes:
    """Return the bytes of a hex text; a gateway that sends another text must not stop the desk."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return text.encode("utf-8", "replace")
