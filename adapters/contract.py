"""What every adapter is: a pure decoder with settings, found by its package's name."""

from collections.abc import Awaitable, Sequence
from typing import ClassVar, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict

from model.reading import Reading


class Settings(BaseModel):
    """What people write about a source in the gateway's file; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Received(NamedTuple):
    """A payload as it came in; `at` is the gateway's clock in ms, `topic` is empty where there is none."""

    payload: bytes
    at: int
    topic: str = ""
    retained: bool = False


class Adapter(Protocol):
    """A device family. `decode` is pure and repeatable; only FrameError may come out of it."""

    name: ClassVar[str]
    settings: ClassVar[type[Settings]]
    transport: ClassVar[str]  # "tcp", "mqtt" or "onvif"
    quantities: ClassVar[frozenset[str]]  # every key of `values` it may emit; its page lists them

    def __init__(self, settings: Settings, secret: bytes) -> None:
        """Take checked settings and the gateway's HMAC key (32 bytes)."""

    def decode(self, received: Received) -> Sequence[Reading]:
        """Return the Readings of one message, possibly none; raises FrameError."""


class Sink(Protocol):
    """Where a transport puts what it received: the gateway's outbox, dead letters and counters."""

    def now(self) -> int:
        """Return the gateway's clock in ms."""

    def store(
        self, readings: Sequence[Reading], *, fingerprints: Sequence[str] = ()
    ) -> Awaitable[bool]:
        """Queue Readings for the outbox at once; the awaitable is True when they are on disk.

        False means "not durable" (disk full): forwarded from memory, the device must not be
        acknowledged. `fingerprints` name messages whose repeats must not be stored again.
        """

    def seen(self, fingerprint: str) -> bool:
        """Return whether a message of that fingerprint was stored (or queued) before."""

    def reject(self, source: str, reason: str, payload: bytes, detail: str) -> None:
        """Count a message that cannot be understood and keep it as a dead letter."""

    def count(self, name: str, n: int = 1) -> None:
        """Add to a counter such as received, repeats or connections."""
