"""What each hour of a week (or of a day) brought in the last weeks, in few bytes.

A device has one chunk for each weekday (with `season: day` only one). A chunk holds, for each of 24
hours, the newest values of the last periods in a ring: 4 bytes a value, NaN where there is none. So
memory is bounded, a missing week is a gap and not a zero, and median and MAD are exact.
"""

import math
from array import array
from typing import NamedTuple

import msgspec

HOURS = 24
_NAN = math.nan


class Shape(NamedTuple):
    """How much of a season is remembered."""

    days: int  # chunks: 7 for a week, 1 for a day
    periods: int  # weeks (days) remembered
    per_hour: int  # values in an hour

    @property
    def length(self) -> int:
        """Return how many values one hour may hold."""
        return self.periods * self.per_hour


class Chunk(msgspec.Struct):
    """The hours of one weekday: the period in which each was last learned, and the values."""

    newest: bytes
    values: bytes


class Known(NamedTuple):
    """The values of one hour, and from how many periods they are."""

    values: list[float]
    periods: int


def empty(shape: Shape) -> Chunk:
    """Return a chunk in which nothing is learned."""
    return Chunk(
        array("q", [-1] * HOURS).tobytes(), array("f", [_NAN] * HOURS * shape.length).tobytes()
    )


def learn(chunk: Chunk, hour: int, period: int, *, values: list[float], shape: Shape) -> None:
    """Put the values of one hour of one period into their place; older ones leave the ring."""
    newest, ring = _arrays(chunk)
    base, last = hour * shape.length, newest[hour]
    if period < last:
        return  # a clock went back a whole period: what is known is newer
    cleared = range(max(last + 1, period - shape.periods + 1), period + 1)
    for passed in cleared:
        begin = base + passed % shape.periods * shape.per_hour
        ring[begin : begin + shape.per_hour] = array("f", [_NAN] * shape.per_hour)
    begin = base + period % shape.periods * shape.per_hour
    room = [n for n in range(begin, begin + shape.per_hour) if math.isnan(ring[n])]
    for place, value in zip(room, values, strict=False):
        ring[place] = value
    newest[hour] = period
    chunk.newest, chunk.values = newest.tobytes(), ring.tobytes()


def known(chunk: Chunk, hour: int, period: int, shape: Shape) -> Known:
    """Return what is known of an hour as of a period; what is older than the ring is forgotten."""
    newest, ring = _arrays(chunk)
    last, base = newest[hour], hour * shape.length
    values, seen = [], 0
    for back in range(shape.periods):
        earlier = last - back
        if earlier < 0 or period - earlier > shape.periods:
            continue
        begin = base + earlier % shape.periods * shape.per_hour
        some = [value for value in ring[begin : begin + shape.per_hour] if not math.isnan(value)]
        values += some
        seen += bool(some)
    return Known(values, seen)


def shift(chunk: Chunk, by: float) -> None:
    """Move every value: a new level with the old shape of the week."""
    ring = array("f", chunk.values)
    chunk.values = array("f", [value + by for value in ring]).tobytes()


def _arrays(chunk: Chunk) -> "tuple[array[int], array[float]]":
    newest: array[int] = array("q")
    newest.frombytes(chunk.newest)
    ring: array[float] = array("f")
    ring.frombytes(chunk.values)
    return newest, ring
