"""Checks that nothing goes uncounted: what was received is stored, rejected or expired."""

from collections.abc import Mapping

_ACCOUNTED = (
    "readings_stored",
    "readings_not_durable",  # unacknowledged: they come, and count, again
    "readings_expired.disk_full",
    "rejected.encode",
)


def warning(counters: Mapping[str, int]) -> str:
    """Return how many Readings nobody accounts for, in words, or an empty text.

    Only while nothing waits for the disk; what waits is in no counter yet.
    """
    received = counters.get("readings_received", 0)
    missing = received - sum(counters.get(name, 0) for name in _ACCOUNTED)
    if not missing:
        return ""
    return (
        f"the counters do not add up: {missing} of {received} Readings are neither stored, rejected"
        " nor expired; this is a defect, please report it"
    )
