"""The outside world as the core and the shell's parts see it; implementations live in `hub`."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from .case import Health
from .entry import Draft, Entry
from .place import Place
from .reading import Reading


class Log(Protocol):
    """The durable log: append-only, positions without gaps, an id of its own."""

    @property
    def id(self) -> str:
        """A random id born with the log; a reader's position belongs to it."""

    @property
    def end(self) -> int:
        """The position of the newest entry, 0 when empty."""

    def append(self, drafts: Sequence[Draft], now: int) -> list[Entry]:
        """Write all drafts in one transaction; they are on disk when this returns."""

    def read(self, after: int, limit: int) -> list[Entry]:
        """Return up to `limit` entries behind position `after`, oldest first."""


class Placed(Protocol):
    """Anything that knows where devices are."""

    def place_of(self, device: str) -> Place | None:
        """Return the place of a registered device, or None."""


class HealthView(Protocol):
    """Tells the desk what a device's "normal" is worth."""

    def health(self, device: str) -> Health:
        """Return the health of a device as of the newest entry read."""


class ReadingStore(Protocol):
    """Where Readings live for dashboards: InfluxDB, or the embedded store."""

    def write(self, readings: Iterable[Reading]) -> list[tuple[Reading, str]]:
        """Store all; idempotent by (device, kind, time). Returns rejected Readings with reasons.

        Raises Transient when the store is away or busy (nothing is lost: call again).
        """

    def sync(self) -> None:
        """Return when what was written survives a power cut; then a position may be saved."""

    def query(self, device: str, since: int, until: int, limit: int) -> list[Reading]:
        """Return a device's Readings with since <= received_at < until, newest first."""

    def between(self, since: int, until: int) -> list[Reading]:
        """Return all devices' Readings with since <= received_at < until, oldest first.

        For short spans: everything is in memory at once.
        """

    def close(self) -> None:
        """Release connections and files."""
