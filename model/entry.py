"""What the durable log holds: everything the engines react to, and nothing else.

Readings, ticks of the hub's clock, heartbeats of gateways, actions on cases, reports of people, walk
tests (`walk_test.py`), silences (`silence.py`), and versions of rules and registry. Engines read nothing
else; that makes restart and replay exact.
"""

from enum import StrEnum
from typing import NamedTuple

import msgspec

from .reading import Lane, Reading, Value


class EntryKind(StrEnum):
    """The kinds of log entries."""

    READINGS = "readings"
    TICK = "tick"
    HEARTBEAT = "heartbeat"
    ACTION = "action"
    REPORT = "report"
    RULES = "rules"
    REGISTRY = "registry"
    WALK_TEST = "walk_test"
    SILENCE = "silence"


class RowId(NamedTuple):
    """Names a row of Readings: who sent it, under which numbers, with what content."""

    gateway: str
    epoch: str
    lane: Lane
    first: int
    last: int
    low: int
    hash: str


class Draft(NamedTuple):
    """An entry that is to be appended."""

    kind: EntryKind
    payload: bytes
    row: RowId | None = None  # for READINGS only


class Entry(NamedTuple):
    """An entry of the log; `pos` counts from 1 without gaps, `logged_at` is hub time in ms."""

    pos: int
    logged_at: int
    kind: EntryKind
    payload: bytes
    row: RowId | None = None
    readings: list[Reading] | None = None  # already decoded, when the entry is still in memory


AWAKE_STEP_MS = 2_000
"""So much at most `awake` grows from tick to tick."""


class Tick(msgspec.Struct, frozen=True):
    """One second of the hub: `at` is wall time (ms), `awake` the time the hub was awake (ms).

    `awake` grows by at most 2 s a tick, so a hub that was suspended, or whose clock jumped, does
    not find every gateway silent afterwards.
    """

    at: int
    awake: int


class Action(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a person (or the hub itself) does to a case; `name` is a word of the action table."""

    case: str
    name: str
    actor: str
    at: int = 0
    fields: dict[str, Value | list[str] | None] = {}
    level: str = "grid"  # the actor's level: grid, community, street, district
    id: str = ""  # an idempotency key; the same id is applied once


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """A matter that a person reports 上报: a place, a category and a text."""

    id: str
    place: str
    category: str
    text: str
    reporter: str
    at: int = 0
    contact: str = ""


class Versioned(msgspec.Struct, frozen=True):
    """A version of the rules or of the registry, whole, so that a replay needs no other file."""

    hash: str
    documents: dict[str, str]  # name -> text
