"""Cameras' own analytics, inputs, hardware and measurements: ONVIF Analytics, Imaging, Core and Thermal."""

import math
from collections.abc import Callable, Mapping
from typing import Final

from adapters.json_fields import clean
from model.reading import Event

from .said import Said, State, truth, value_of, values_of
from .settings import MEANINGS, InputSettings
from .topics import (
    ANALYTICS,
    CLASSES,
    HARDWARE,
    IMAGING,
    ITEMS,
    LOITERING,
    NO,
    NUMBERS,
    OBJECTS,
    RELAY,
    YES,
    Flag,
)
from .xml import Notification

_DELETED = "Deleted"


def read_camera(note: Notification, said: Said) -> bool:
    """Fill in what a camera says of its picture, itself or a relay; False when nothing is understood."""
    path = note.path
    if path in HARDWARE:
        return _hardware(note, said)
    if path in NUMBERS:
        return _number(note, said)
    if flag := ANALYTICS.get(path) or IMAGING.get(path):
        return _flag(note, said, flag)
    if reader := _READERS.get(path):
        return reader(note, said)
    return path.startswith("RuleEngine/") and _telling_items(note, said)


def read_input(note: Notification, said: Said, item: str, wired: InputSettings | None) -> bool:
    """Fill in what a contact says; without a setting it is only `active`."""
    closed = _holds(note, (item, "LogicalState", "State"))
    if closed is None:
        return False
    meaning = MEANINGS[wired.means if wired else "active"]
    away = closed if wired is None or wired.normally == "open" else not closed
    if note.operation == _DELETED:
        away = False
    said.kind = (wired.kind if wired else "") or meaning.kind
    said.state(State(meaning.state, meaning.word, meaning.over), holds=away)
    return True


def _state(said: Said, flag: Flag, *, holds: bool) -> bool:
    said.state(State(flag.to, flag.word, flag.over, flag.moment), holds=holds)
    return True


def _holds(note: Notification, items: tuple[str, ...]) -> bool | None:
    """Return what the first of the items says, any item without names; None when it cannot be told."""
    if note.operation == _DELETED:
        return False
    if not items:
        return truth(value for _, value in note.data if value.lower() in YES | NO)
    name = next((name for name in items if any(values_of(note.data, name))), items[0])
    return truth(values_of(note.data, name))


def _flag(note: Notification, said: Said, flag: Flag) -> bool:
    if flag.moment:
        if number := value_of(note.data, "ObjectId"):
            said.values["object_id"] = clean(number)
        if note.operation == "Initialized":
            return True  # an event repeated as if it were a state: it says nothing of now
        return _state(said, flag, holds=True)
    holds = _holds(note, flag.items)
    return holds is not None and _state(said, flag, holds=holds)


def _telling_items(note: Notification, said: Said) -> bool:
    """Read items such as IsPeople under any topic of the rule engine."""
    for name, flag in ITEMS.items():
        words = list(values_of(note.data, name))
        holds = False if words and note.operation == _DELETED else truth(iter(words))
        if holds is not None:
            _state(said, flag, holds=holds)
        elif words:
            said.flaws.append(f"field:{name}")
    return bool(said.states)


def _objects(note: Notification, said: Said) -> bool:
    """ClassTypes: the kinds of things seen now, as a list; an empty one means nothing is there any more."""
    lists = list(values_of(note.data, "ClassTypes"))
    if not lists and note.operation != _DELETED:
        return False
    words = [] if note.operation == _DELETED else " ".join(lists).replace(",", " ").split()
    seen = {CLASSES.get(word.lower(), "") for word in words}
    for name in ("person", "vehicle", "animal"):
        said.state(State(name), holds=name in seen)
    said.values["object_classes"] = clean(" ".join(words))
    return True


def _loitering(note: Notification, said: Said) -> bool:
    lists = list(values_of(note.data, "ObjectId"))
    if not lists and note.operation != _DELETED:
        return False
    ids = [] if note.operation == _DELETED else " ".join(lists).split()
    said.values["object_id"] = clean(" ".join(ids))
    return _state(said, Flag("loitering"), holds=bool(ids))


def _hardware(note: Notification, said: Said) -> bool:
    part, item = HARDWARE[note.path]
    holds = _holds(note, (item,))
    if holds is None:
        return False
    said.values["fault_part"] = part
    return _state(said, Flag("fault", (), Event.FAULT, Event.FAULT_CLEARED), holds=holds)


def _number(note: Notification, said: Said) -> bool:
    quantity, item = NUMBERS[note.path]
    try:
        number = float(value_of(note.data, item))
    except ValueError:
        return False
    if not math.isfinite(number):
        return False
    said.values[quantity] = number
    return True


def _relay(note: Notification, said: Said) -> bool:
    holds = _holds(note, ("LogicalState",))
    return holds is not None and _state(said, Flag("relay_active"), holds=holds)


def _auth_failed(note: Notification, said: Said) -> bool:
    said.values["auth_failed"] = True
    if peer := value_of(note.data, "SourceIPv4", "SourceIPv6"):
        said.values["peer"] = clean(peer)
    return True


_READERS: Final[Mapping[str, Callable[[Notification, Said], bool]]] = {
    OBJECTS: _objects,
    LOITERING: _loitering,
    RELAY: _relay,
    "Device/SecurityPolicy/AuthFailed": _auth_failed,
}
