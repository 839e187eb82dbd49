"""What the parts of a camera process counted since it was last said."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Protocol


class Counting(Protocol):
    """Something that counts, up only; other threads may count on."""

    @property
    def counters(self) -> Mapping[str, int]:
        """What was counted since it was made."""


class Counted:
    """Adds up what many parts counted, and says each count once."""

    def __init__(self, parts: Iterable[Counting]) -> None:
        self._parts = tuple(parts)
        self._said: Counter[str] = Counter()

    def news(self) -> dict[str, int]:
        """Return what was counted since the last call, by name."""
        whole: Counter[str] = Counter()
        for part in self._parts:
            whole.update(dict(part.counters))  # a copy first: another thread may add a name
        news = whole - self._said
        self._said = whole
        return dict(news)
