"""Models that name things in a picture; one module for each way to read a model's tensors.

The module's name is the `type` in the settings; `_name.py` is what several of them share.
"""

import hashlib
import importlib
import pkgutil

from model.errors import ConfigError
from video.contract import Detector
from video.settings import DetectorSettings


def known() -> list[str]:
    """Return the types of models that can be read."""
    return sorted(
        entry.name for entry in pkgutil.iter_modules(__path__) if not entry.name.startswith("_")
    )


def load(settings: DetectorSettings) -> Detector:
    """Return the detector; raises ConfigError for a type, file or content that is not as written."""
    if settings.type not in known():
        raise ConfigError(
            f"{settings.type!r} is none of {', '.join(known())}", key="video.detector.type"
        )
    module = importlib.import_module(f"{__name__}.{settings.type}")
    detector: Detector = module.DETECTOR(_content(settings), settings)
    return detector


def _content(settings: DetectorSettings) -> bytes:
    """Return the model's bytes; it is code that runs in our process, so its sum must be as written."""
    path = settings.model
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"cannot be read: {error.strerror}; make it (`make model`) or remove `detector:`: "
            "observations by motion work without one",
            file=str(path),
            key="video.detector.model",
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != settings.sha256:
        raise ConfigError(
            f"has the SHA-256 {found}, not {settings.sha256}; if you changed the model on purpose, "
            "write the new sum, else copy or make the file again (`make model`)",
            file=str(path),
            key="video.detector.sha256",
        )
    return content
