"""Makes addresses of things whose names may hold anything."""

from urllib.parse import quote


def device_path(device: str) -> str:
    """Return the address of a device's page; `?`, `#`, `%` and `/` in its id stay a part of the id."""
    return f"/devices/{quote(device, safe='')}"


def rule_path(rule: str) -> str:
    """Return the address of a rule's page."""
    return f"/rules/{quote(rule, safe='')}"
