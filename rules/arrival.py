"""When a Reading counts as received, whatever the clocks say."""

import msgspec

from model.reading import Reading

EARLIEST = 1_577_836_800_000
"""2020-01-01 UTC, ms: a clock before it belongs to a box that booted without one (our assumption)."""

AHEAD_MS = 5 * 60_000
"""How far a gateway's clock may run ahead of the hub's before it is not believed (design §3)."""

LATE_MS = 60_000
"""A Reading logged this long after it was received is marked late (our assumption)."""


def latest_believed(logged_at: int) -> int:
    """Return the newest time (ms) that a Reading logged at `logged_at` may claim.

    A hub whose own clock is in 1970 is in no position to correct a gateway.
    """
    if logged_at < EARLIEST:
        return 1 << 62
    return logged_at + AHEAD_MS


def believed(at: int, logged_at: int) -> int:
    """Return a gateway's time (ms), or the hub's when the gateway's cannot be right."""
    return at if EARLIEST <= at <= latest_believed(logged_at) else logged_at


def mended(reading: Reading, logged_at: int) -> Reading:
    """Return the Reading with a time that can be right; a replaced one is flagged `gateway_clock`."""
    at = believed(reading.received_at, logged_at)
    if at == reading.received_at:
        return reading
    quality = (*(flag for flag in reading.quality if flag != "gateway_clock"), "gateway_clock")
    return msgspec.structs.replace(reading, received_at=at, quality=quality)
