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


def picture_path(camera: str, at: int, *, purpose: str = "") -> str:
    """Return the address of a camera's newest picture; `at` makes it another one when it is newer.

    Without a purpose it is one of the wall's.
    """
    what = f"purpose={purpose}" if purpose else "of=wall"
    return f"/page/cameras/picture?name={quote(camera, safe='')}&view=plain&{what}&at={at}"
