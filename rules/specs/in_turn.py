"""What the texts of the kinds have in common that look at Readings in the order of their data time."""

from model.anomaly import Severity

from .base import Duration
from .spec import BaseSpec

LATENESS_MS = 2_000
"""Telemetry comes in batches up to 1 s old, and the lanes may swap (our assumption: 2 s)."""


class InTurnSpec(BaseSpec):
    """How long a Reading waits for one that was said before it and comes after it."""

    lateness: Duration | None = None  # left out: 2 s, and none where it is critical

    @property
    def waits(self) -> int:
        """Return the lateness bound, ms; what may cost a life never waits."""
        if self.lateness is not None:
            return self.lateness
        return 0 if self.severity is Severity.CRITICAL else LATENESS_MS
