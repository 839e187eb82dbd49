"""What runs inside a gateway, for those who look at all of it."""

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from model.reading import Lane
from model.topics import GatewayTopics

from .evidence import EvidenceUplink
from .intake import Intake
from .outbox import Outbox
from .sources import Sources
from .uplink import LaneUplink

if TYPE_CHECKING:
    from .cameras import Cameras


class Parts(NamedTuple):
    """Everything of one gateway."""

    intake: Intake
    outbox: Outbox
    lanes: dict[Lane, LaneUplink]
    topics: GatewayTopics
    sources: Sources
    evidence: EvidenceUplink
    tasks: list["asyncio.Task[None]"]
    cameras: list["Cameras"]  # none or one
    started: float  # by the monotonic clock, s
