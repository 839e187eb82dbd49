"""What the devices of one place said, and which of them agree in time."""

from typing import NamedTuple

import msgspec

from model.anomaly import Anomaly
from model.reading import Mode

from .contract import Observation


class Witness(msgspec.Struct):
    """A device that said it: when last, whether a person's hand, and whether it has taken it back."""

    at: int
    mode: Mode
    source: str
    epoch: str
    order: int
    call_point: bool = False
    cleared: bool = False
    tested: bool = False  # said under a walk test
    awake: int = 0  # the hub's waking time when it came


class Scene(msgspec.Struct):
    """What the devices of one place said, and the anomaly while it is open."""

    witnesses: dict[str, Witness] = {}
    active: Anomaly | None = None

    @property
    def over(self) -> bool:
        """Return whether every device has taken it back."""
        return all(witness.cleared for witness in self.witnesses.values())


class Spot(NamedTuple):
    """The place that witnesses share, and its compound."""

    place: str
    compound: str


def said_at(seen: Observation, known: Witness | None) -> int:
    """Return when (ms) a word was said that is newer than the known one of its device.

    The gateway's own time, also where its clock was set back in between: numbers tell what is newer.
    """
    reading = seen.reading
    if known is None or known.epoch == reading.epoch or not seen.stale:
        return reading.received_at
    return max(reading.received_at, known.at)


def near(one: Witness, other: Witness, within: int) -> bool:
    """Return whether two words are at most `within` ms apart.

    Where the times of one gateway run against its numbers its clock was set back between them; then
    the hub's waking time at which they came decides.
    """
    if abs(one.at - other.at) <= within:
        return True
    numbered = one.epoch == other.epoch and one.order and other.order
    set_back = numbered and (one.order - other.order) * (one.at - other.at) < 0
    return bool(set_back) and abs(one.awake - other.awake) <= within


def spot_of(seen: Observation) -> Spot | None:
    """Return the building, else what fronts the device; a whole compound is too wide to corroborate."""
    reading = seen.reading
    if seen.place and seen.place.building:
        return Spot(f"place:{seen.place.building}", seen.place.compound)
    if reading.source:
        compound = seen.place.compound if seen.place else reading.compound
        return Spot(f"place:{reading.source}", compound)
    return None
