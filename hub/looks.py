"""Notes who looked at the live pictures of cameras and what for 查看留痕, beside the looks at evidence.

Looking on is one look: the same person, camera and purpose are noted once in ten minutes.
"""

from collections import OrderedDict
from collections.abc import Callable

from .access import Principal
from .case_store.footage import FootageRecords, Look

LIVE = "live"
"""The kind of a look at what is there now; the others are at what was kept."""

AGAIN_MS = 10 * 60_000
SHIFT_MS = 8 * 3_600_000
"""A camera on the wall of all is noted once in so long, a shift; our assumption."""

REMEMBERED = 10_000


class Looks:
    """The notes; `note` is for worker threads, it writes to the disk before anything is shown."""

    def __init__(self, records: FootageRecords, clock: Callable[[], int]) -> None:
        """Take where looks are kept and a clock in ms."""
        self._records = records
        self._clock = clock
        self._noted: OrderedDict[tuple[str, str, str], int] = OrderedDict()

    def note(
        self, who: Principal, what: str, purpose: str, *, grid: str = "", again_ms: int = AGAIN_MS
    ) -> None:
        """Note that somebody looks at a camera of a grid, or the wall of all; raises what the disk raises."""
        now, key = self._clock(), (who.name, what, purpose)
        if 0 <= now - self._noted.get(key, -again_ms) < again_ms:
            return
        look = Look(
            now, who.name, purpose, case_id="", grid=grid or who.grid, episode="", device=what,
            kind=LIVE, sha256="",
        )  # fmt: skip
        self._records.looked(look)
        self._noted[key] = now
        self._noted.move_to_end(key)
        if len(self._noted) > REMEMBERED:
            self._noted.popitem(last=False)
