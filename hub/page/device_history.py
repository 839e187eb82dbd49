"""A device's quantities over a span, thinned evenly so that no peak is lost."""

from collections.abc import Iterator
from typing import NamedTuple

from hub.api.services import StoredReadings
from model.reading import Reading

FEW = 3  # points without a line between them need a symbol
CODES = frozenset({"system_type", "component_type", "operator"})
"""Numbers that name something: a line through them would say nothing."""

BUCKETS = 300
"""Of a chart: about one for each pixel and a half of a small one."""

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

    __slots__ = ("count", "first", "high", "last", "low")

    def __init__(self, point: tuple[int, float]) -> None:
        self.first = self.last = self.low = self.high = point
        self.count = 1

    def add(self, point: tuple[int, float]) -> None:
        """Take a point; Readings come newest first."""
        self.count += 1
        self.first = point
        if point[1] <= self.low[1]:
            self.low = point
        if point[1] >= self.high[1]:
            self.high = point

    def points(self) -> list[tuple[int, float]]:
        return sorted({self.first, self.low, self.high, self.last})


def history(store: StoredReadings, device: str, since: int, until: int, *, kept: int) -> History:
    """Read a span of a device (ms, `until` excluded), newest first, at most `READ_MAX` Readings.

    `kept` are returned as they are. For a worker thread; raises Transient when the store is away.
    """
    width = max(1, -(-(until - since) // BUCKETS))
    found: dict[str, dict[int, _Bucket]] = {}
    newest: list[Reading] = []
    count, oldest = 0, until
    for reading in _newest_first(store, device, since, until):
        count += 1
        oldest = reading.received_at
        if len(newest) < kept:
            newest.append(reading)
        for quantity, value in reading.values.items():
            if isinstance(value, float) and quantity not in CODES:
                _put(found.setdefault(quantity, {}), (reading.received_at, value), width)
        if count >= READ_MAX:
            break
    thinned = any(b.count > len(b.points()) for buckets in found.values() for b in buckets.values())
    series = [
        Series(name, [p for place in sorted(buckets) for p in buckets[place].points()])
        for name, buckets in sorted(found.items())
    ]
    whole = count < READ_MAX
    return History(series, newest, count, since if whole else oldest, width if thinned else 0)


def _put(buckets: dict[int, _Bucket], point: tuple[int, float], width: int) -> None:
    place = point[0] // width
    bucket = buckets.get(place)
    if bucket is None:
        buckets[place] = _Bucket(point)
    else:
        bucket.add(point)


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
