"""A silence 静默, or maintenance window 维护窗口: what is expected is not told for a while that always ends.

Not to be mixed up with a device that is silent 失联: that is an anomaly, this is an order of a person.
"""

from enum import StrEnum

import msgspec

SILENCED = "silenced"
"""The flag (in an Anomaly's `quality`, a Case's `flags`) of an emergency that nobody was told of aloud."""

LONGEST_MS = 366 * 86_400_000
"""No silence may be longer, whatever a site sets; a site's own limit is 30 days unless it says so."""

REASON_MAX = 500


class Deed(StrEnum):
    """What a person does with a silence."""

    CREATE = "create"
    APPROVE = "approve"
    END = "end"


class Scope(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a silence covers: all that is named must fit, what is left empty fits anything."""

    device: str = ""  # with all that it fronts
    building: str = ""
    compound: str = ""
    grid: str = ""  # a grid's or division's code, or the digits it begins with
    rule: str = ""
    category: str = ""

    @property
    def place(self) -> str:
        """The finest place that is named, as the subject of an anomaly; empty: nowhere."""
        if self.device:
            return self.device
        place = self.building or self.compound or self.grid
        return f"place:{place}" if place else ""

    def named(self) -> dict[str, str]:
        """Return the parts that are named."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value}


class SilenceOrder(msgspec.Struct, frozen=True, omit_defaults=True):
    """A person creates, approves or ends a silence; the durable log holds it, and its time counts.

    The same order again changes nothing. Times in ms of the hub's clock.
    """

    id: str  # of the silence
    actor: str
    deed: Deed = Deed.CREATE
    scope: Scope = Scope()
    reason: str = ""
    starts_at: int = 0  # 0: at once
    ends_at: int = 0
    emergencies: bool = False  # holds back the sound of emergencies too, never their case
    patrol: str = ""  # who walks the round while emergencies are quiet

    @property
    def request(self) -> str:
        """The id under which the answer to this order is waited for."""
        return f"silence/{self.id}/{self.deed}"


class Muted(msgspec.Struct, omit_defaults=True):
    """An anomaly that a silence kept from people; `at` is its data time, all times in ms."""

    key: str
    rule: str
    subject: str
    category: str
    severity: str
    at: int
    ended_at: int | None = None
    emergency: bool = False  # its case was opened, without a sound


class Silence(msgspec.Struct, omit_defaults=True):
    """A silence as the hub knows it; times in ms of the hub's clock."""

    id: str
    scope: Scope
    author: str
    reason: str
    created_at: int
    starts_at: int
    ends_at: int
    emergencies: bool = False
    patrol: str = ""
    approved_by: str = ""
    approved_at: int | None = None
    began_at: int | None = None
    began_awake: int = 0
    ended_at: int | None = None
    ended_by: str = ""  # a person, or `hub` when its time was over
    count: int = 0  # all that it muted
    counts: dict[str, int] = {}  # by category
    muted: list[Muted] = []  # the first of them
    held: dict[str, str] = {}  # what it keeps from the desk now: key -> subject
    quiet: dict[str, str] = {}  # emergencies that it keeps quiet now: key -> subject
    quiet_since: dict[str, int] = {}  # key -> waking time (ms) when it was first kept quiet

    @property
    def state(self) -> str:
        """Where it stands: awaiting_approval, planned, active, ended."""
        if self.ended_at is not None:
            return "ended"
        if self.began_at is not None:
            return "active"
        return "awaiting_approval" if self.emergencies and not self.approved_by else "planned"
