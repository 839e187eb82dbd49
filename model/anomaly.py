"""An Anomaly is what one of our rules concluded; it may become a Case."""

from enum import StrEnum
from hashlib import sha256

import msgspec

from .reading import Mode, Value


class Severity(StrEnum):
    """How bad: critical 特别严重, major 严重, minor 一般, warning 提示."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    WARNING = "warning"

    @property
    def rank(self) -> int:
        """Return 4 for critical down to 1 for warning."""
        return _RANKS[self]


_RANKS = {Severity.CRITICAL: 4, Severity.MAJOR: 3, Severity.MINOR: 2, Severity.WARNING: 1}


LIFE_SAFETY = frozenset(
    {"fire", "gas", "water_flow", "duress", "panic", "fire_pre_alarm", "fire_hint"}
)
"""Categories that concern lives; whatever is critical is of them too."""


def endangers(category: str, severity: Severity) -> bool:
    """Return whether lives may depend on it: neither hours nor a silence hide it."""
    return category in LIFE_SAFETY or severity is Severity.CRITICAL


class Phase(StrEnum):
    """What a rule says about its anomaly: it started, it was said again, it ended."""

    STARTED = "started"
    CONTINUED = "continued"
    ENDED = "ended"


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A reference to one Reading that led to the conclusion, with what it said at the time."""

    reading: str  # gateway/epoch/lane/seq
    device: str
    at: int  # received_at, ms
    values: dict[str, Value] = {}
    event: str = ""
    raw: str = ""


class Anomaly(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a rule concluded about a device or a place (异常).

    `started_at` is always a data time (first reading over the limit, last heard + contract), never
    the moment of detection, so a late or restarted engine makes the same `key`.
    """

    key: str
    rule: str
    rule_hash: str
    subject: str  # a device id, a gateway id (`gateway:…`) or a place id (`place:…`)
    category: str  # a word of cases' category table: fire, door_forced, device_fault …
    severity: Severity
    started_at: int
    phase: Phase = Phase.STARTED
    ended_at: int | None = None
    last_at: int = 0  # received_at of the newest reading that led to this statement
    mode: Mode = Mode.REAL
    scope: str = (
        "component"  # component, system (a panel), source (a 用户信息传输装置), gateway, place
    )
    source: str = ""  # device that fronts the subject, for grouping what one fire says thrice
    compound: str = ""
    historical: bool = False
    late: bool = False  # data arrived long after it was received at the gateway
    corroborates: bool = False  # two independent detectors, or a detector and a call point
    manual: bool = False  # a person pressed a button: a person's report
    explanation: str = ""  # rule text with the values against the thresholds
    quality: tuple[str, ...] = ()
    ended_by: str = ""  # cleared, reset, normal, heard_again …
    evidence: tuple[Evidence, ...] = ()


def anomaly_key(rule: str, subject: str, started_at: int) -> str:
    """Return the key of an anomaly: a hash of (rule id, subject, start)."""
    return sha256(f"{rule}\n{subject}\n{started_at}".encode()).hexdigest()[:24]
