"""A device's quantities over a span, thinned evenly so that no peak is lost."""

from collections.abc import Iterator
from typing import NamedTuple

from hub.api.services import StoredReadings
from model.reading import Reading

from .device_words import CODES

FEW = 3  # points without a line between them need a symbol
RAW_MAX = 1_200
"""Points of a quantity that are drawn as they are."""

BUCKETS = 300
"""Of a chart with more: about one for each pixel and a half of a small one."""

ASKED = 5_000
"""Readings in one question, so that the store is never held for long."""

READ_MAX = 60_000
"""Readings that a chart is made of; our assumption: one every 10 s for a week, some 1 s to read."""


class Series(NamedTuple):
    """A quantity over time: (ms, number), oldest first."""

    quantity: str
    points: list[tuple[int, float]]


class History(NamedTuple):
    """What a span holds: series for charts, the newest Readings, and how true the picture is."""

    series: list[Series]
    newest: list[Reading]
    total: int
    from_ms: int  # since when the span is whole; later than asked when there was too much
    bucket_ms: int  # of the thinning; 0 when every Reading is drawn

    @property
    def whole(self) -> bool:
        """Whether every Reading of the span was looked at."""
        return self.total < READ_MAX


class _Bucket:
    """First, lowest, highest and last of a quantity in a short time: what a line would show of it."""

    __slots__ = ("first", "high", "last", "low")

    def __init__(self, point: tuple[int, float]) -> None:
        self.first = self.last = self.low = self.high = point

    def add(self, point: tuple[int, float]) -> None:
        """Take a point; Readings come newest first."""
        self.first = point
        if point[1] <= self.low[1]:
            self.low = point
        if point[1] >= self.high[1]:
            self.high = point

    def points(self) -> list[tuple[int, float]]:
        """Return its points, oldest first."""
        return sorted({self.first, self.low, self.high, self.last})


class _Line:
    """A quantity while it is read, newest first: as it is, and in buckets once that is too much."""

    def __init__(self, width: int) -> None:
        self.thinned = False
        self._width = width
        self._raw: list[tuple[int, float]] = []
        self._buckets: dict[int, _Bucket] = {}

    def add(self, point: tuple[int, float]) -> None:
        """Take a point."""
        bucket = self._buckets.get(point[0] // self._width)
        if bucket is None:
            self._buckets[point[0] // self._width] = _Bucket(point)
        else:
            bucket.add(point)
        self.thinned = len(self._raw) == RAW_MAX
        if not self.thinned:
            self._raw.append(point)

    def points(self) -> list[tuple[int, float]]:
        """Return what is drawn, oldest first."""
        if not self.thinned:
            return self._raw[::-1]
        return [p for place in sorted(self._buckets) for p in self._buckets[place].points()]


def history(store: StoredReadings, device: str, since: int, until: int, *, kept: int) -> History:
    """Read a span of a device (ms, `until` excluded), newest first, at most `READ_MAX` Readings.

    `kept` are returned as they are. For a worker thread; raises Transient when the store is away.
    """
    width = max(1, -(-(until - since) // BUCKETS))
    found: dict[str, _Line] = {}
    newest: list[Reading] = []
    count, oldest = 0, until
    for reading in _newest_first(store, device, since, until):
        count += 1
        oldest = reading.received_at
        if len(newest) < kept:
            newest.append(reading)
        for quantity, value in reading.values.items():
            if isinstance(value, float) and quantity not in CODES:
                line = found.setdefault(quantity, _Line(width))
                line.add((reading.received_at, value))
        if count >= READ_MAX:
            break
    series = [Series(name, line.points()) for name, line in sorted(found.items())]
    thinned = any(line.thinned for line in found.values())
    whole = count < READ_MAX
    return History(series, newest, count, since if whole else oldest, width if thinned else 0)


def _newest_first(store: StoredReadings, device: str, since: int, until: int) -> Iterator[Reading]:
    """Yield a device's Readings, asked for in parts; those of one moment may stand in two parts."""
    seen: set[tuple[int, str, int]] = set()
    while until > since:
        part = store.query(device, since, until, ASKED)
        fresh = [item for item in part if _name(item) not in seen]
        yield from fresh
        if len(part) < ASKED:
            return
        oldest = part[-1].received_at
        # The rest of the oldest millisecond is in the next part, with what is known of it already.
        seen = {_name(item) for item in part if item.received_at == oldest}
        until = oldest + 1 if fresh and oldest + 1 < until else oldest


def _name(reading: Reading) -> tuple[int, str, int]:
    return reading.received_at, reading.kind, reading.order
