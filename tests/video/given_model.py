"""Finds the detector's model that `make model` makes and that is never committed."""

import os
from functools import cache
from pathlib import Path

import pytest

from video.contract import Detector
from video.detectors import load
from video.model_file.fetch import FILE, SHA256
from video.settings import DetectorSettings

MODEL = Path(os.environ.get("SMARTHUB_MODEL", Path(__file__).parents[2] / "models" / FILE))


def model_settings(**other: object) -> DetectorSettings:
    """Return settings of the made model; skip loudly without it, fail without it in CI."""
    if not MODEL.exists():
        message = f"no detector model: {MODEL} (run `make model`)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return DetectorSettings.model_validate({"model": MODEL, "sha256": SHA256, **other})


@cache
def _loaded() -> Detector:
    return load(model_settings())


def detector() -> Detector:
    """Return the real detector, loaded once."""
    model_settings()
    return _loaded()
