"""Which of a camera's profiles is meant: the main stream, the sub-stream, or one by its token. Pure."""

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

SMALLEST_WIDTH = 320
"""A narrower stream shows too little to see anything in (our assumption)."""


class MediaProfile(NamedTuple):
    """A profile as the camera lists it; sizes are 0 where it does not say."""

    token: str
    width: int
    height: int
    encoding: str  # H264, H265, JPEG …, "" unknown

    @property
    def area(self) -> int:
        """Pixels of a picture."""
        return self.width * self.height


def in_order(profiles: Sequence[MediaProfile], wanted: str) -> list[MediaProfile]:
    """Return the profiles in the order to try; a token that is not there gives an empty list.

    `main` is the largest first, `sub` the smallest that is wide enough; JPEG only after the rest.
    """
    if wanted not in ("main", "sub"):
        return [profile for profile in profiles if profile.token == wanted]
    if wanted == "main":
        return sorted(profiles, key=lambda profile: (_is_jpeg(profile), -profile.area))
    return sorted(
        profiles,
        key=lambda profile: (_is_jpeg(profile), profile.width < SMALLEST_WIDTH, profile.area),
    )


def _is_jpeg(profile: MediaProfile) -> bool:
    return profile.encoding.upper() in ("JPEG", "MJPEG")


def from_here(uri: str, *, host: str, port: int = 0) -> str:
    """Return an address with the host that we reach the camera by, and without a login in it.

    Cameras with two interfaces or behind a router name hosts of their own. `port` replaces the
    address's port as well, where the host was another; 0 keeps it.
    """
    parts = urlsplit(uri.strip())
    if not parts.scheme or not parts.hostname:
        return uri.strip()
    try:
        theirs = parts.port
    except ValueError:
        theirs = None
    if parts.hostname.lower() == host.lower():
        here, at = parts.hostname, theirs
    else:
        here, at = host, port or theirs
    place = (f"[{here}]" if ":" in here else here) + (f":{at}" if at else "")
    return urlunsplit((parts.scheme, place, parts.path, parts.query, ""))
