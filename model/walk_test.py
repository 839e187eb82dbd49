"""A walk test 巡检测试: people try detectors on purpose, announced, for a while that ends by itself."""

from enum import StrEnum

import msgspec

WALK_TEST = "walk_test"
"""The flag (in a Reading's and an Anomaly's `quality`, a Case's `flags`) of what a walk test caused."""

LASTS_MS = 2 * 3_600_000
"""How long a walk test lasts unless told otherwise; our assumption."""

LONGEST_MS = 8 * 3_600_000
"""No walk test lasts longer than a shift; our assumption."""


class Scope(StrEnum):
    """What a walk test covers: a device with all that it fronts, or a compound."""

    DEVICE = "device"
    COMPOUND = "compound"


class WalkTestOrder(msgspec.Struct, frozen=True, omit_defaults=True):
    """A person starts or stops a walk test; the durable log holds it, and the log's time counts.

    The same order again changes nothing.
    """

    id: str  # of the walk test
    actor: str
    stops: bool = False
    scope: Scope = Scope.DEVICE
    subject: str = ""  # id of the device or compound
    reason: str = ""
    lasts_ms: int = LASTS_MS

    @property
    def request(self) -> str:
        """The id under which the answer to this order is waited for."""
        return f"walk-test/{self.id}/{'stop' if self.stops else 'start'}"


class WalkTest(msgspec.Struct):
    """A walk test as the hub knows it; times in ms of the hub's clock."""

    id: str
    scope: Scope
    subject: str
    actor: str
    reason: str
    started_at: int
    until: int
    started_awake: int = 0
    ended_at: int | None = None
    ended_by: str = ""  # a person, or `hub` when its time was over
    alarmed: dict[str, int] = {}  # devices that alarmed in it → when first
