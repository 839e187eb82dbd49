"""What an event rule remembers of a device: what it said, in which order, and how that ended."""

import msgspec

from model.anomaly import Anomaly


class Past(msgspec.Struct):
    """Orders between which all onsets are told and over; `at` and `by` say how it ended."""

    epoch: str
    since: int
    until: int
    at: int
    by: str
    started_at: int = 0


class Said(msgspec.Struct):
    """What a device said: the anomaly that is open, orders of its onsets, and the one before."""

    active: Anomaly | None = None
    epoch: str = ""
    first: int = 0
    last: int = 0
    last_awake: int = 0
    past: Past | None = None


class Reset(msgspec.Struct):
    """The newest reset of a panel or transmission device."""

    kind: str
    source: str
    epoch: str
    order: int
    at: int
