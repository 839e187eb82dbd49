"""Makes addresses of things whose names may hold anything."""

from urllib.parse import quote


def device_path(device: str) -> str:
    """Return the address of a device's page; `?`, `#`, `%` and `/` in its id stay a part of the id."""
    return f"/devices/{quote(device, safe='')}"


def rule_path(rule: str) -> str:
    """Return the address of a rule's page."""
    return f"/rules/{quote(rule, safe='')}"


def camera_path(camera: str) -> str:
    """Return the address of a camera's page."""
    return f"/cameras/{quote(camera, safe='')}"


def picture_path(camera: str, at: int, view: str = "plain", of: str = "wall") -> str:
    """Return the address of a camera's newest picture; `at` makes it another one when it is newer."""
    return f"/page/cameras/picture?name={quote(camera, safe='')}&view={view}&of={of}&at={at}"
