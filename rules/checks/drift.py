"""Says when the level of a device has moved away slowly from where it was when it was new.

A day counts by its median. The reference is the median of the first days, and stays; the level is the
median of the last days. So one day moves neither, and a slow change cannot teach the reference.
"""

from statistics import median

import msgspec

from rules.local_time import local, zone
from rules.specs import BaselineSpec
from rules.specs.baseline import DriftCheck as Text

from .check import AllInMemory, Verdict

_TODAY_MAX = 144


class DriftMemory(msgspec.Struct, tag="drift"):
    """The days of a device: the first ones, the last ones, and the one that runs."""

    day: int = -1
    today: list[float] = []
    first: list[float] = []  # medians of the reference days
    days: list[int] = []
    medians: list[float] = []  # of the last days


class LevelDrift(AllInMemory):
    """The levels of all devices under one rule."""

    def __init__(self, spec: BaselineSpec, text: Text) -> None:
        self._spec, self._text = spec, text
        self._zone = zone(spec.timezone)
        self._clear = text.change / 2 if text.clear_change is None else text.clear_change

    def begin(self) -> DriftMemory:
        """Return the memory of a device that was never heard."""
        return DriftMemory()

    def judge(self, device: str, memory: DriftMemory, at: int, value: float) -> Verdict | None:
        """Compare the level of the last days with the reference; it changes once a day."""
        del device, value
        day = local(at, self._zone).day
        if day != memory.day:
            self._close_day(memory)
            memory.day = day
        moved = self._moved(memory)
        if moved is None:
            return None
        return Verdict(moved > self._text.change, moved <= self._clear)

    def learn(
        self, device: str, memory: DriftMemory, at: int, *, value: float, open_: bool
    ) -> None:
        """Add a value to its day."""
        del device, at, open_
        if len(memory.today) < _TODAY_MAX:
            memory.today.append(value)

    def accept(self, device: str, memory: DriftMemory) -> None:
        """Let the level of the last days be the reference."""
        del device
        memory.first = list(memory.medians)

    def says(self, memory: DriftMemory, at: int, value: float) -> str:
        """Say the level, the reference, and from how many days each is."""
        del at, value
        if self._moved(memory) is None:
            return (
                f"still learning 学习中: {len(memory.first)} of {self._text.reference} days 天 "
                f"of the reference, {len(memory.medians)} of {self._enough()} of the level"
            )
        return (
            f"{self._spec.quantity}: level 水平 {median(memory.medians):.5g} over {len(memory.medians)}"
            f" days 天, reference 基准 {median(memory.first):.5g} over {len(memory.first)} days 天, "
            f"allowed change 允许变化 {self._text.change:g}"
        )

    def _enough(self) -> int:
        """More than half of the recent days must have values."""
        return self._text.recent // 2 + 1

    def _moved(self, memory: DriftMemory) -> float | None:
        if len(memory.first) < self._text.reference or len(memory.medians) < self._enough():
            return None
        off = median(memory.medians) - median(memory.first)
        if self._spec.direction == "both":
            return abs(off)
        return off if self._spec.direction == "above" else -off

    def _close_day(self, memory: DriftMemory) -> None:
        if len(memory.today) >= self._spec.min_samples:
            middle = median(memory.today)
            if len(memory.first) < self._text.reference:
                memory.first.append(middle)
            else:
                memory.days.append(memory.day)
                memory.medians.append(middle)
        memory.today = []
        while memory.days and (
            len(memory.days) > self._text.recent
            or memory.day - memory.days[0] >= 2 * self._text.recent
        ):
            del memory.days[0], memory.medians[0]
