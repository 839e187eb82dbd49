"""Doors, locks and cards: ONVIF Access Control and Door Control Service Specifications.

Whose card it was never leaves: card numbers and credential tokens become keyed hashes, names of holders
are dropped; `private` overwrites them in the message that is kept as evidence.
"""

import hmac
from collections.abc import Callable, Mapping
from typing import Final

from adapters.card import MAC_DIGITS, card_of
from adapters.json_fields import clean
from model.reading import Event

from .said import Said, State, truth, value_of, values_of
from .topics import YES
from .xml import Notification

_CARDS: Final = ("Card", "IdentifierValue")
_WORDS: Final[Mapping[str, tuple[str, Event]]] = {
    "AccessGranted": ("granted", Event.ACCESS_GRANTED),
    "AccessTaken": ("taken", Event.NONE),
    "AccessNotTaken": ("not_taken", Event.NONE),
    "Denied": ("denied", Event.ACCESS_DENIED),
    "Duress": ("duress", Event.DURESS),
    "Request": ("requested", Event.NONE),
}


def read_access(note: Notification, said: Said, secret: bytes) -> bool:
    """Fill in what an access point says; False when the topic is none of these."""
    _, word, *rest = (*note.path.split("/"), "")
    if word not in _WORDS:
        return False
    access, event = _WORDS[word]
    said.kind = "door"
    said.values["access"] = access
    if event is Event.DURESS:
        said.state(State("duress", Event.DURESS, moment=True), holds=True)
    said.event = event
    result = value_of(note.data, "Reason") or next(
        (part for part in rest if part == "CredentialNotFound"), ""
    )
    if result:
        said.values["result"] = clean(result)
    if any(value.lower() in YES for value in values_of(note.data, "External")):
        said.values["external"] = True
    _credential(note, said, secret)
    return True


def _credential(note: Notification, said: Said, secret: bytes) -> None:
    items = (*note.source, *note.data)
    if token := value_of(items, "CredentialToken"):
        mac = hmac.digest(secret, b"credential:" + token.encode(), "sha256").hex()
        said.values["credential_hmac"] = mac[:MAC_DIGITS]
    if number := value_of(items, *_CARDS):
        card = card_of(number, secret)
        if card is None:
            said.flaws.append("field:card")
            return
        said.values["card_hmac"] = card.mac
        if card.tail:
            said.values["card_tail"] = card.tail


def read_credential(note: Notification, said: Said, secret: bytes) -> bool:
    """Anti-passback 反潜回 of a credential; the controller says it, not a door."""
    broken = truth(values_of(note.data, "ApbViolation"))
    if not note.path.endswith("/ApbViolation") or broken is None:
        return False
    said.values["anti_passback"] = broken
    if broken:
        said.event = Event.ACCESS_DENIED
        said.values["result"] = "ApbViolation"
    _credential(note, said, secret)
    return True


def read_door(note: Notification, said: Said) -> bool:
    """Fill in a door's state; False when topic or word is none that is known."""
    reader = _DOORS.get(note.path.rpartition("/")[2])
    state = value_of(note.data, "State")
    said.kind = "door"
    return reader is not None and bool(state) and reader(state, said, note)


def _alarm(state: str, said: Said, note: Notification) -> bool:
    """DoorAlarm; the specification's text types it as DoorTamperState, its WSDL as DoorAlarmState."""
    if state in ("TamperDetected", "NotInTamper"):
        return _tamper(state, said, note)  # the erratum, taken at its word by some
    words = {
        "Normal": Event.NORMAL,
        "DoorForcedOpen": Event.DOOR_FORCED,
        "DoorOpenTooLong": Event.DOOR_HELD_OPEN,
    }
    if state not in words:
        return False
    forced = State("forced", Event.DOOR_FORCED, Event.NORMAL)
    held_open = State("held_open", Event.DOOR_HELD_OPEN, Event.NORMAL)
    said.state(forced, holds=state == "DoorForcedOpen")
    said.state(held_open, holds=state == "DoorOpenTooLong")
    said.event = words[state]
    return True


def _tamper(state: str, said: Said, _note: Notification) -> bool:
    if state not in ("TamperDetected", "NotInTamper"):
        return False
    said.state(State("tamper", Event.TAMPER, Event.TAMPER_CLEARED), holds=state == "TamperDetected")
    return True


def _fault(state: str, said: Said, note: Notification) -> bool:
    if state not in ("FaultDetected", "NotInFault"):
        return False
    said.state(State("fault", Event.FAULT, Event.FAULT_CLEARED), holds=state == "FaultDetected")
    if reason := value_of(note.data, "Reason"):
        said.values["result"] = clean(reason)
    return True


def _open(state: str, said: Said, _note: Notification) -> bool:
    return _one_of("open", "Open", "Closed", state, said)


def _lock(state: str, said: Said, _note: Notification) -> bool:
    return _one_of("unlocked", "Unlocked", "Locked", state, said)


def _one_of(name: str, yes: str, no: str, state: str, said: Said) -> bool:
    """Read a physical state; its word Fault is the sensor's."""
    fault = State("fault", Event.FAULT, Event.FAULT_CLEARED)
    if state == "Fault":
        said.state(fault, holds=True)
    elif state in (yes, no):
        said.state(State(name), holds=state == yes)
        said.state(fault._replace(over=Event.NONE), holds=False)
    return state in (yes, no, "Fault")


def _double_lock(state: str, said: Said, _note: Notification) -> bool:
    if state in ("Locked", "Unlocked"):
        said.state(State("double_locked"), holds=state == "Locked")
    return state in ("Locked", "Unlocked")


def _mode(state: str, said: Said, _note: Notification) -> bool:
    said.values["door_mode"] = clean(state)
    return True


_DOORS: Final[Mapping[str, Callable[[str, Said, Notification], bool]]] = {
    "DoorAlarm": _alarm,
    "DoorTamper": _tamper,
    "DoorFault": _fault,
    "DoorPhysicalState": _open,
    "LockPhysicalState": _lock,
    "DoubleLockPhysicalState": _double_lock,
    "DoorMode": _mode,
}
