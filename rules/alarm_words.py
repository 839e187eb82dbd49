"""What the kinds have in common that listen to alarm words: what wakes them, what says it, what takes it back."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet

from model.reading import Event, Reading

from .contract import Interest, Observation
from .finding import SYSTEM, TRANSMITTER
from .rows import DeviceRow
from .specs.base import Clearing, Devices, Words


def interest_in(devices: Devices, onset: Words, *, resets: bool) -> Interest:
    """Return what wakes a rule about a device that says nothing yet; `resets`: also panels' resets."""
    kinds = frozenset(devices.kinds)
    events = frozenset(str(event.value) for event in onset.events)
    states = onset.states
    if resets:
        events |= {Event.RESET.value}
        kinds |= {SYSTEM, TRANSMITTER} if kinds else frozenset()
        states = (*states, "reset")
    return Interest(kinds, events, dict.fromkeys(states, (0.0, 0.0)))


def says(words: Words, reading: Reading) -> bool:
    """Return whether a Reading says one of the words: an event, or a state that is true."""
    values = reading.values
    return reading.event in words.events or any(values.get(state) is True for state in words.states)


def in_doubt(clear: Clearing, reading: Reading, flags: AbstractSet[str]) -> bool:
    """Return whether a clearing proves nothing: the device is isolated, faulty, removed."""
    return any(word in flags or reading.values.get(word) is True for word in clear.unless)


def takes_back(clear: Clearing, reading: Reading) -> bool:
    """Return whether a Reading says that it is over, if that can be believed."""
    values = reading.values
    return reading.event in clear.events or any(
        values.get(state) is False for state in clear.states_false
    )


def taken_back_by(
    seen: Observation, row: DeviceRow | None, ends: Callable[[Reading], bool]
) -> Reading | None:
    """Return the newer word of the same device by which a late one was over already."""
    reading = seen.reading
    for word in (row.last, row.calm) if seen.stale and row else ():
        if word is None or word.epoch != reading.epoch or word.order <= reading.order:
            continue
        if ends(word):
            return word
    return None
