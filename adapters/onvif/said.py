"""What a notification says, on its way to a Reading; and how its items are read."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from adapters.json_fields import clean
from model.reading import Event, Reading, Value

from .private import shown
from .topics import NO, YES
from .xml import Items, Notification


class State(NamedTuple):
    """A boolean that the notification reports, with the words of its onset and end."""

    name: str
    word: Event = Event.NONE
    over: Event = Event.NONE
    moment: bool = False


class Notice(NamedTuple):
    """A Reading and what the memory of properties needs to tell news from repetition."""

    reading: Reading
    states: tuple[State, ...] = ()
    source: str = ""  # names the property inside the device; many may feed one state
    initialized: bool = False  # the device repeats what holds, after a subscription or on demand


@dataclass
class Said:
    """The part of a Reading that a topic decides."""

    device: str
    kind: str
    values: dict[str, Value] = field(default_factory=dict)
    event: Event = Event.NONE
    states: list[State] = field(default_factory=list)
    flaws: list[str] = field(default_factory=list)
    fronted_by: str = ""

    def state(self, state: State, *, holds: bool) -> None:
        """Report that a state holds or not, with its word."""
        self.values[state.name] = holds
        self.states.append(state)
        word = state.word if holds else state.over
        if word is not Event.NONE:
            self.event = word


def values_of(items: Items, name: str) -> Iterator[str]:
    """Yield the values of a name: some devices send several items of one name."""
    return (value for found, value in items if found == name)


def value_of(items: Items, *names: str) -> str:
    """Return the first value of the first of these names that is there, or ""."""
    return next((value for name in names for value in values_of(items, name)), "")


def truth(words: Iterator[str]) -> bool | None:
    """Return whether any of the words says yes; None when one is neither yes nor no, or none is there."""
    said = [word.lower() for word in words]
    if not said or not all(word in YES or word in NO for word in said):
        return None
    return any(word in YES for word in said)


def source_of(note: Notification) -> str:
    """Name the property: its topic and the items of Source and Key."""
    return "|".join([note.path, *(f"{name}={value}" for name, value in sorted(note.source))])


def vendor(note: Notification, said: Said) -> Said:
    """Keep what no table knows: the topic and its items, without what may be somebody's."""
    items = [shown(name, value) for name, value in (*note.source, *note.data)]
    said.event = Event.VENDOR
    said.values = {"topic": note.topic}
    if items:
        said.values["items"] = clean("; ".join(items))
    said.states = []
    return said
