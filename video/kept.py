"""What is kept of a camera's open episodes over a restart: the episodes, and what they were looked for with."""

from hashlib import blake2b
from typing import NamedTuple

from .episodes import Episode
from .settings import CameraSettings


class Kept(NamedTuple):
    """An episode that may go on, and what names the settings it began with."""

    episode: Episode
    settings: str


def settings_name(camera: CameraSettings, observation: str) -> str:
    """Return 16 hex digits that change when somebody changes an observation or a zone it looks at."""
    wanted = camera.wanted()[observation]
    corners = {zone: camera.zones[zone] for zone in wanted.zones}
    text = f"{wanted.model_dump_json()}{corners}"
    return blake2b(text.encode(), digest_size=8).hexdigest()
