"""Times and time zones as people give them to commands."""

from datetime import datetime
from zoneinfo import ZoneInfo

from model.errors import HubError


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone; raises HubError."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise HubError(f"--zone {name} is not a time zone; write it as Asia/Shanghai") from error


def moment_of(text: str, zone: ZoneInfo, option: str) -> int:
    """Return a local time as ms; one with an offset of its own keeps it. Raises HubError."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise HubError(f"{option} {text} is not a time; write it as 2026-11-20T08:00") from error
    return int((when if when.tzinfo else when.replace(tzinfo=zone)).timestamp() * 1000)
