"""What the book keeps of one device, one gateway and the clock."""

import msgspec

from model.reading import Reading, Value


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
    """One gateway; `caught_awake` is when it last proved to hold nothing back."""

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


class ClockRow(msgspec.Struct):
    """The hub's waking time over all its restarts."""

    awake: int = 0
    tick: int = 0  # `awake` of the newest tick as the hub counted it
    at: int = 0
