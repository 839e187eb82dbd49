"""Notes who looked at pictures of cameras and what for 查看留痕: in the audit, beside changes of accounts.

Looking on is one look: the same person, camera and purpose are noted once in ten minutes.
"""

from collections import OrderedDict
from collections.abc import Callable

from .case_store.accounts import LOOKED, AccountChange, Accounts

PURPOSE_MAX = 200
AGAIN_MS = 10 * 60_000
REMEMBERED = 10_000


class Looks:
    """The notes; `note` is for worker threads, it writes to the disk before anything is shown."""

    def __init__(self, accounts: Accounts, clock: Callable[[], int]) -> None:
        """Take the audit and a clock in ms."""
        self._accounts = accounts
        self._clock = clock
        self._noted: OrderedDict[tuple[str, str, str], int] = OrderedDict()

    def note(self, who: str, what: str, purpose: str) -> None:
        """Note that somebody looks at a camera (or the wall of all); raises what the disk raises."""
        now, key = self._clock(), (who, what, purpose)
        if 0 <= now - self._noted.get(key, -AGAIN_MS) < AGAIN_MS:
            return
        self._accounts.note(AccountChange(now, who, LOOKED, what, purpose[:PURPOSE_MAX]))
        self._noted[key] = now
        self._noted.move_to_end(key)
        if len(self._noted) > REMEMBERED:
            self._noted.popitem(last=False)
