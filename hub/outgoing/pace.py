"""Keeps a channel below what its service allows: at most 18 messages in any minute.

The services shut a robot out after 20. First come single cards; then digests, evenly spread over
the rest of the minute, so that in a storm nothing waits long. Lower queues leave room for higher
ones: however much upkeep there is, a fire is told at once.
"""

from collections.abc import Sequence
from typing import NamedTuple

from hub.case_store.notice_queue import EMERGENCY, UPKEEP, URGENT, Waiting

from .channel import MINUTE

PER_MINUTE = 18


class Share(NamedTuple):
    """How full the minute may be for a card, and for any message."""

    cards: int
    messages: int

    @property
    def gap(self) -> int:
        """Return the ms between two digests."""
        return MINUTE // (self.messages - self.cards)


# Our assumption; the first column is what a group can read in a minute.
_FIRE = Share(10, PER_MINUTE)
_SHARES = {EMERGENCY: Share(8, 16), URGENT: Share(6, 12), UPKEEP: Share(4, 8)}
TRIAL_MAX = 14  # a test message leaves room for real ones


class Turn(NamedTuple):
    """What may be sent next: wait so long (ms), then a card or a digest."""

    wait: int
    digest: bool = False


class Pace:
    """The messages of the last minute of one channel."""

    def __init__(self, sent: Sequence[int]) -> None:
        """Take the times (ms) of the newest messages, as they were kept over a restart."""
        self._sent = list(sent)

    def turn(self, first: Waiting, now: int) -> Turn:
        """Return when and how the most urgent case may be told."""
        share = _FIRE if first.fire else _SHARES.get(first.group, _SHARES[UPKEEP])
        sent = self._recent(now)
        if len(sent) < share.cards:
            return Turn(0)
        if len(sent) >= share.messages:
            return Turn(sent[len(sent) - share.messages] + MINUTE - now)
        return Turn(max(0, sent[-1] + share.gap - now), digest=True)

    def room(self, now: int, limit: int) -> bool:
        """Return whether the last minute holds fewer messages than that."""
        return len(self._recent(now)) < limit

    def take(self, now: int) -> list[int]:
        """Count a message as sent now; return the times to keep."""
        self._sent = [*self._recent(now), now]
        return self._sent

    def _recent(self, now: int) -> list[int]:
        # A clock that was set back must not silence the channel: the future counts as now.
        self._sent = sorted(min(at, now) for at in self._sent if now - at < MINUTE)
        return self._sent
