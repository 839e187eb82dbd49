"""Models that name what is in a picture, behind one small interface."""

from model.errors import ConfigError
from video.camera import Detector
from video.settings import DetectorSettings


def load(settings: DetectorSettings) -> Detector:
    """Return the detector; raises ConfigError for an unknown type, a missing or another model."""
    raise ConfigError(
        f"no detector of type {settings.type!r} is built yet", key="video.detector.type"
    )
