"""A device's own time of an event, put right by the offset its clock was measured to have."""

from datetime import UTC, datetime

EARLIEST_MS = 1_420_070_400_000  # 2015-01-01: older is a clock that was never set (our assumption)
AHEAD_MS = 5 * 60 * 1000


def observed(utc_time: str, at: int, offset_ms: int, flaws: list[str]) -> int | None:
    """Return the event's time in ms by our clock, or None; flags `device_clock` when it cannot be right.

    `offset_ms` is the device's clock minus ours. A time without a zone is UTC, as the attribute says.
    An old time is no flaw: a repeated state carries the time of its change.
    """
    if not utc_time:
        return None
    wrong = abs(offset_ms) > AHEAD_MS
    try:
        moment = datetime.fromisoformat(utc_time)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        found = int(moment.timestamp() * 1000) - offset_ms
    except (ValueError, OverflowError):
        found = 0  # 0000-00-00T00:00:00Z and other times that no calendar has
    plausible = EARLIEST_MS <= found <= at + AHEAD_MS
    if wrong or not plausible:
        flaws.append("device_clock")
    return found if plausible else None
