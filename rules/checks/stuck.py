"""Says when a value does not move although it used to: a frozen sensor, not a silent one.

The longest of the last rests between two movements is what a device is used to. A rest counts only
while Readings come; a pause in them begins a new one.
"""

import msgspec

from rules.specs import BaselineSpec
from rules.specs.baseline import StuckCheck as Text

from .check import AllInMemory, Verdict

_RESTS = 32
_READINGS_MIN = 3
_PAUSE = 6  # so many missing values are a pause


class StuckMemory(msgspec.Struct, tag="stuck"):
    """Where a device rests since when, and how long it rested before."""

    first_at: int = 0
    anchor: float = 0.0
    since: int = 0
    last_at: int = 0
    readings: int = 0
    rests: list[int] = []  # ms, between movements


class StuckValue(AllInMemory):
    """The rests of all devices under one rule."""

    def __init__(self, spec: BaselineSpec, text: Text) -> None:
        self._spec, self._text = spec, text

    def begin(self) -> StuckMemory:
        """Return the memory of a device that was never heard."""
        return StuckMemory()

    def judge(self, device: str, memory: StuckMemory, at: int, value: float) -> Verdict | None:
        """Compare the rest that lasts with those it used to have."""
        del device
        if abs(value - memory.anchor) > self._text.tolerance:
            return Verdict(outside=False, inside=True)
        if self._paused(memory, at):
            return None
        if len(memory.rests) < self._spec.min_samples or at - memory.first_at < self._spec.learn:
            return None
        rests = at - memory.since > self._limit(memory) and memory.readings >= _READINGS_MIN
        return Verdict(outside=rests, inside=False)

    def learn(
        self, device: str, memory: StuckMemory, at: int, *, value: float, open_: bool
    ) -> None:
        """Note a movement; the rest of an open anomaly is nothing to get used to."""
        del device
        memory.first_at = memory.first_at or at
        moved = abs(value - memory.anchor) > self._text.tolerance
        if moved and memory.readings and not open_ and not self._paused(memory, at):
            memory.rests = [*memory.rests[-_RESTS + 1 :], at - memory.since]
        if moved or not memory.readings or self._paused(memory, at):
            memory.anchor, memory.since, memory.readings = value, at, 0
        memory.readings += 1
        memory.last_at = at

    def accept(self, device: str, memory: StuckMemory) -> None:
        """Get used to rests as long as this one."""
        del device
        memory.rests = [*memory.rests[-_RESTS + 1 :], memory.last_at - memory.since]

    def says(self, memory: StuckMemory, at: int, value: float) -> str:
        """Say how long it rests, and how long it used to at most."""
        if not memory.rests:
            return "still learning 学习中: no movement seen yet"
        return (
            f"{self._spec.quantity}={value:.5g} for {(at - memory.since) / 3_600_000:.1f} h; longest"
            f" of the last 近期最长静止 {len(memory.rests)} rests {max(memory.rests) / 3_600_000:.1f} h,"
            f" allowed 允许 {self._limit(memory) / 3_600_000:.1f} h"
        )

    def _limit(self, memory: StuckMemory) -> float:
        return max(self._text.after, self._text.factor * max(memory.rests))

    def _paused(self, memory: StuckMemory, at: int) -> bool:
        return memory.readings > 0 and at - memory.last_at > _PAUSE * self._spec.every
