"""Says what an hour of the week usually brings to a device: median and MAD, else a moving average.

Values of the hour that runs are learned when it is over, so no value is judged by itself. A value
outside the band is learned as the band's edge (winsorised): one bad day moves nothing, and what comes
back week after week becomes usual in time. A level that lasts is taken over whole by `accept`.
"""

import math
from statistics import median

import msgspec

from rules.local_time import DAYS, Local, local, zone
from rules.specs import BaselineSpec
from rules.specs.baseline import BandCheck as Text
from rules.states import StateTable

from .check import Verdict
from .profile import HOURS, Chunk, Shape, empty, known, learn, shift

_MAD_TO_SIGMA = 1.4826  # for a normal distribution
_MEAN_TO_SIGMA = 1.2533  # mean absolute deviation, likewise
_RESIDUALS = 256
_ROWS = "hours:"


class Band(msgspec.Struct, frozen=True):
    """What is expected in the hour that runs."""

    middle: float
    half: float
    values: int
    weeks: int = 0  # 0: by the moving average


class BandMemory(msgspec.Struct, tag="band"):
    """What is kept of a device beside its hours: the hour that runs, and a moving average."""

    since: int = 0  # first value learned, ms
    count: int = 0
    last_at: int = 0
    hour: int = -1  # since 0001-01-01, local
    fresh: list[float] = []  # of the hour that runs, not yet learned
    mean: float = 0.0
    deviation: float = 0.0
    band: Band | None = None
    residuals: list[float] = []  # of an open anomaly, for the new level


class SeasonBand:
    """The band of every device under one rule."""

    def __init__(self, spec: BaselineSpec, text: Text) -> None:
        self._spec, self._text = spec, text
        self._zone = zone(spec.timezone)
        weekly = text.season == "week"
        self._shape = Shape(
            days=7 if weekly else 1,
            periods=text.weeks if weekly else text.weeks * 7,
            per_hour=max(1, 3_600_000 // spec.every),
        )
        self._chunks = StateTable(Chunk)

    def begin(self) -> BandMemory:
        """Return the memory of a device that was never heard."""
        return BandMemory()

    def judge(self, device: str, memory: BandMemory, at: int, value: float) -> Verdict | None:
        """Compare a value with what its hour usually brings; None while too little is known."""
        now = local(at, self._zone)
        hour = now.day * HOURS + now.hour
        horizon = self._text.weeks * 7 * 86_400_000
        if memory.count and at - memory.last_at > horizon:
            self._start_anew(device, memory)
        if hour != memory.hour:
            self._close_hour(device, memory)
            memory.hour = hour
            memory.band = self._expected(device, memory, now, at)
        band = memory.band
        if band is None:
            return None
        off = self._side(value - band.middle)
        return Verdict(off > band.half, off <= band.half * self._text.clear)

    def learn(self, device: str, memory: BandMemory, at: int, *, value: float, open_: bool) -> None:
        """Learn a value, as it is or as the band's edge."""
        del device
        band, kept = memory.band, value
        if band is not None:
            off = value - band.middle
            if self._side(off) > band.half:
                kept = band.middle + math.copysign(band.half, off)
            if open_:
                memory.residuals.append(off)
                if len(memory.residuals) > _RESIDUALS:
                    memory.residuals = memory.residuals[::2]
            else:
                memory.residuals.clear()
        if len(memory.fresh) < self._shape.per_hour:
            memory.fresh.append(kept)
        self._average(memory, at, kept)
        memory.since = memory.since or at
        memory.count, memory.last_at = memory.count + 1, at

    def accept(self, device: str, memory: BandMemory) -> None:
        """Move everything known to the new level."""
        by = median(memory.residuals) if memory.residuals else 0.0
        for day in range(self._shape.days):
            row = f"{_ROWS}{day}:{device}"
            chunk = self._chunks.rows.get(row)
            if chunk is not None:
                shift(chunk, by)
                self._chunks.put(row, chunk)
        memory.mean += by
        memory.fresh = [value + by for value in memory.fresh]
        memory.residuals.clear()
        if memory.band is not None:
            memory.band = msgspec.structs.replace(memory.band, middle=memory.band.middle + by)

    def says(self, memory: BandMemory, at: int, value: float) -> str:
        """Say the band and how it was learned: `learned from 6 weeks, 41 values for Tue 14:00`."""
        now, band = local(at, self._zone), memory.band
        if band is None:
            days = (at - memory.since) / 86_400_000 if memory.since else 0
            return (
                f"still learning 学习中: {memory.count} values 个值 in {days:.1f} days 天, "
                f"needs {self._spec.learn / 86_400_000:g} days and {self._spec.min_samples} values"
            )
        name = f"{DAYS[now.weekday]} {now.hour:02}:00" if self._shape.days > 1 else f"{now.hour:02}:00"  # fmt: skip
        if band.weeks:
            unit = "weeks 周" if self._shape.days > 1 else "days 天"
            source = f"{band.weeks} {unit}, {band.values} values 个值 for {name}"
        else:
            source = f"a moving average 滑动平均 of {band.values} values 个值 (too few for {name})"
        low, high = band.middle - band.half, band.middle + band.half
        expected = {
            "above": f"up to 至多 {high:.5g}", "below": f"at least 至少 {low:.5g}",
            "both": f"{low:.5g} to 至 {high:.5g}",
        }[self._spec.direction]  # fmt: skip
        return f"{self._spec.quantity}={value:.5g}; expected 预期 {expected}, learned from 学自 {source}"

    def forget(self, device: str) -> None:
        """Give up the hours of a device."""
        for day in range(self._shape.days):
            self._chunks.drop(f"{_ROWS}{day}:{device}")

    def snapshot(self) -> dict[str, bytes]:
        """Return the changed hours."""
        return self._chunks.snapshot()

    def restore(self, subject: str, state: bytes) -> bool:
        """Put the hours of a device's weekday back."""
        if not subject.startswith(_ROWS):
            return False
        self._chunks.restore(subject, state)
        return True

    def subjects(self) -> set[str]:
        """Return the names of the rows of hours."""
        return set(self._chunks.rows)

    def _start_anew(self, device: str, memory: BandMemory) -> None:
        """After a gap longer than the memory nothing is known any more."""
        self.forget(device)
        memory.since = memory.count = 0
        memory.hour, memory.band = -1, None
        memory.fresh.clear()
        memory.residuals.clear()

    def _close_hour(self, device: str, memory: BandMemory) -> None:
        if not memory.fresh:
            return
        day, hour = divmod(memory.hour, HOURS)
        row, period = self._row(device, day)
        chunk = self._chunks.rows.get(row) or empty(self._shape)
        learn(chunk, hour, period, values=memory.fresh, shape=self._shape)
        self._chunks.put(row, chunk)
        memory.fresh = []

    def _row(self, device: str, day: int) -> tuple[str, int]:
        """Name the chunk of a day, and the period (week, or day) it falls in."""
        days = self._shape.days
        return f"{_ROWS}{day % days}:{device}", day // days

    def _expected(self, device: str, memory: BandMemory, now: Local, at: int) -> Band | None:
        if not memory.count or at - memory.since < self._spec.learn:
            return None
        values, weeks = self._around(device, now)
        if len(values) >= self._spec.min_samples:
            middle = median(values)
            mad = median(abs(value - middle) for value in values)
            half = self._half(mad * _MAD_TO_SIGMA)
            return Band(middle, half, len(values), weeks)
        if self._text.fallback and memory.count >= self._spec.min_samples:
            half = self._half(memory.deviation * _MEAN_TO_SIGMA)
            return Band(memory.mean, half, memory.count)
        return None

    def _around(self, device: str, now: Local) -> tuple[list[float], int]:
        """Collect the values of the hour, and of those around it."""
        found: list[float] = []
        weeks = 0
        for off in range(-self._text.around, self._text.around + 1):
            day, hour = divmod(now.day * HOURS + now.hour + off, HOURS)
            row, period = self._row(device, day)
            chunk = self._chunks.rows.get(row)
            if chunk is not None:
                values, periods = known(chunk, hour, period, self._shape)
                found += values
                weeks = max(weeks, periods)
        return found, weeks

    def _half(self, sigma: float) -> float:
        return max(self._text.width * sigma, self._text.min_band)

    def _side(self, off: float) -> float:
        """How far a value is off to the side that matters."""
        if self._spec.direction == "both":
            return abs(off)
        return off if self._spec.direction == "above" else -off

    def _average(self, memory: BandMemory, at: int, value: float) -> None:
        """Let the moving average follow; the first values weigh as in a plain mean."""
        if not memory.count:
            memory.mean, memory.deviation = value, 0.0
            return
        faded = 1 - 0.5 ** (max(0, at - memory.last_at) / self._text.half_life)
        share = max(faded, 1 / (memory.count + 1)) if memory.count < 100 else faded  # noqa: PLR2004
        off = value - memory.mean
        memory.mean += share * off
        memory.deviation += share * (abs(off) - memory.deviation)
