"""What the book keeps of one device, one gateway and the clock."""

import msgspec

from model.reading import Reading, Value

LEAP_MS = 2_500
"""A gateway whose clock is by so much ahead of or behind our waking time, since they went alike, was set, or
we were asleep; our assumption."""


class Content(msgspec.Struct, frozen=True):
    """What a message said, to know a retained copy of it again."""

    values: dict[str, Value]
    event: str

    @classmethod
    def of(cls, reading: Reading) -> "Content":
        """Take it from a Reading."""
        return cls(reading.values, str(reading.event))


class DeviceRow(msgspec.Struct):
    """One device; `last` is its newest Reading by order, `values` the newest of each quantity."""

    last: Reading
    values: dict[str, Value]
    heard_at: int  # ms, gateway's clock
    heard_awake: int  # ms the hub was awake
    flags: frozenset[str] = frozenset()
    alarm: Content | None = None  # newest message with an alarm word or state
    retained: Content | None = None
    calm: Reading | None = None  # newest that took an alarm back, where `last` speaks of none


class GatewayRow(msgspec.Struct):
    """One gateway; up to `caught_awake` of our waking time it has proved to hold nothing back.

    Its process runs since `since`. `said_at` and `said_awake` are when its clock was last set right by us,
    `leapt_awake` when it was last found to go otherwise than our waking time.
    """

    heard_at: int
    heard_awake: int
    back_awake: int
    state: str = "online"
    epoch: str = ""
    retired: tuple[str, ...] = ()
    caught_awake: int = -1
    caught_up_to: int = 0
    depth: dict[str, int] = {}
    warnings: list[str] = []
    counters: dict[str, int] = {}
    since: int = 0  # ms, its clock; 0: it does not say
    said_at: int = 0
    said_awake: int = 0
    leapt_awake: int = -1

    def draw_epoch(self, epoch: str) -> None:
        """Take a new epoch; what still comes under an old one is old."""
        retired = [old for old in (*self.retired, self.epoch) if old and old != epoch]
        self.retired, self.epoch = tuple(retired[-8:]), epoch

    def tell_time(self, at: int, awake: int, *, believed: bool) -> None:
        """Compare its clock (ms) with our waking time since we last found that they go alike."""
        passed = awake - self.said_awake
        if not self.said_at:
            self.said_at, self.said_awake = at, awake
        elif abs(at - self.said_at - passed) > LEAP_MS:
            self.said_at, self.said_awake, self.leapt_awake = at, awake, awake
        if not believed:  # its Readings are given our time, so its own proves nothing about them
            self.leapt_awake = awake

    def caught(self, lag: int, awake: int) -> None:
        """Take its word that it holds nothing back but of the last `lag` ms; less than 0: of another clock."""
        if lag >= 0:
            self.caught_awake = max(self.caught_awake, awake - lag)


class ClockRow(msgspec.Struct):
    """The hub's waking time over all its restarts."""

    awake: int = 0
    tick: int = 0  # `awake` of the newest tick as the hub counted it
    at: int = 0
