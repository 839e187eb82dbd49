"""Translates the six-byte local times of the standard to and from UTC milliseconds."""

from datetime import UTC, datetime, tzinfo

CENTURY = 2000  # the year byte is 0-99; the standard is of 2011


def to_utc(six: bytes, zone: tzinfo) -> int | None:
    """Return the time in ms since 1970 UTC, or None when no calendar has it.

    The bytes are second, minute, hour, day, month, year, plain binary. Vendors that
    write BCD are found out when a digit pair exceeds its range, not otherwise.
    """
    second, minute, hour, day, month, year = six
    if year > 99:  # noqa: PLR2004 - two digits
        return None
    try:
        local = datetime(CENTURY + year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
    return int(local.timestamp()) * 1000


def to_label(at: int, zone: tzinfo) -> bytes:
    """Return a time in ms since 1970 UTC as the six bytes of a time label in local time."""
    local = datetime.fromtimestamp(at // 1000, tz=UTC).astimezone(zone)
    return bytes((local.second, local.minute, local.hour, local.day, local.month, local.year % 100))
