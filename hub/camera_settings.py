"""Reads what people write of one camera, as the gateway would; the gateway's file stays where it is."""

from typing import TYPE_CHECKING

from pydantic import ValidationError

from model.camera_messages import CameraShown
from model.errors import ConfigError
from model.yamlfile import ConfigErrors, YamlText

if TYPE_CHECKING:
    from video.settings import CameraSettings

TEXT_MAX = 48_000
NODES_MAX = 6_000
"""Some 2,000 corners of masks and zones."""


def checked(text: str, camera: str) -> "CameraSettings":
    """Return a camera's settings from its keys without `source`; raises ConfigError(s) with every problem."""
    from video.settings import CameraSettings  # noqa: PLC0415 - needs OpenCV, which a hub loads only when asked

    if len(text.encode("utf-8", "replace")) > TEXT_MAX:
        raise ConfigError(f"more than {TEXT_MAX} bytes; remove corners")
    parsed = YamlText(text, "", nodes_max=NODES_MAX)
    written = parsed.plain()
    if written is None:
        written = {}
    if not isinstance(written, dict):
        raise ConfigError("holds no keys; write masks, zones and observations")
    # Where it is read from is not told to the hub; any source will do for the check.
    alone = {**written, "source": {"file": "clip"}, "camera": camera}
    try:
        return CameraSettings.model_validate(alone)
    except ValidationError as error:
        raise ConfigErrors(parsed.problems(error, model=CameraSettings)) from error


def settings_of(shown: CameraShown) -> dict[str, object]:
    """Return what a gateway told of a camera as settings that can be tried."""
    return {
        "camera": shown.camera,
        "compound": shown.compound,
        "source": {"file": "clip"},
        "fps": shown.fps or 5.0,
        "masks": shown.masks,
        "masks_drawn_on": shown.masks_drawn_on,
        "zones": shown.zones,
        "observations": shown.observations,
    }
