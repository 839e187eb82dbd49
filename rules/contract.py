"""What every rule kind is: it watches Readings and time, and says when something starts and ends."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from model.anomaly import Anomaly
from model.entry import Tick
from model.place import Place
from model.reading import Mode, Reading


class Observation(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A Reading as a rule sees it: with its id, its place and how late it is. Rows keep it as an array."""

    reading: Reading
    id: str  # gateway/epoch/lane/seq
    place: Place | None  # None: nobody registered the device
    role: str  # what the registry says the device is: detector, call_point, panel, pump, door …
    logged_at: int  # hub time, ms
    stale: bool  # an older `order` of this device than one already seen: tells no present state
    late: bool  # received at the gateway long before it was logged


class Over(NamedTuple):
    """A walk test is over since `at` (ms): what its devices still say is what it was before it."""

    at: int
    tested: Callable[[str], bool]  # whether a device is still under another test
    mode: Callable[[str], Mode]  # in which the device itself speaks


class Rule(Protocol):
    """One rule, with state of its own for every subject; state is addressable by (rule, subject)."""

    @property
    def id(self) -> str:
        """The rule's id in its file."""

    def observe(self, seen: Observation) -> Sequence[Anomaly]:
        """Take a Reading; return what starts, continues or ends with it."""

    def tick(self, tick: Tick) -> Sequence[Anomaly]:
        """Take the passing of time; return what starts or ends with it."""

    def snapshot(self) -> dict[str, bytes]:
        """Return the state of the subjects that changed since the last call (empty bytes: gone)."""

    def restore(self, subject: str, state: bytes) -> None:
        """Put one subject's state back."""

    def explain(self, subject: str) -> str:
        """Say why the subject is as it is: the rule's text, values against limits, timers."""


class Sampling(NamedTuple):
    """A rule that wants one value of a quantity in a while, from every device.

    A Reading received in [begin, until) of `asleep[device]` changes nothing for it; a device that is
    not in `asleep` is awake. The rule keeps `asleep` up to date.
    """

    quantity: str
    asleep: Mapping[str, tuple[int, int]]


NEVER = (0, 0)
"""When a device sleeps that is always awake."""


class Interest(NamedTuple):
    """What wakes a rule about a device on which it holds no state; all else cannot concern it.

    `limits` maps a quantity to the closed range in which the rule sleeps; an alarm state sleeps in
    (0, 0), so that true wakes it and false does not. No `kinds` means every kind. `streams` names
    quantities of which the rule wants every value; such a Reading wakes no other rule.
    """

    kinds: frozenset[str]
    events: frozenset[str]
    limits: Mapping[str, tuple[float, float]]
    streams: frozenset[str] = frozenset()
    sampling: Sampling | None = None


class IndexedRule(Rule, Protocol):
    """A rule as the engine runs it: it says what wakes it, so that plain telemetry costs nothing."""

    @property
    def hash(self) -> str:
        """The hash of the rule's text without its tests; a reload keeps the state of equal rules."""

    @property
    def interest(self) -> Interest:
        """What wakes the rule."""

    @property
    def ticks(self) -> bool:
        """Whether time alone can start or end something; else `tick` need not be called."""

    def holds(self, device: str) -> bool:
        """Return whether the next Reading of the device matters whatever it says."""

    def open(self) -> Sequence[Anomaly]:
        """Return the anomalies that have started and not ended."""

    def test_over(self, over: Over) -> Sequence[Anomaly]:
        """Take the end of a walk test; what it caused and still holds is real from now on."""

    def subjects(self) -> set[str]:
        """Return every subject that has a row, open or not."""
