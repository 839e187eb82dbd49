"""How the kind `baseline` learns from a device: a band by the hour, a drift of the level, a rest."""

from typing import Any

from rules.specs import BaselineSpec

from .band import BandMemory, SeasonBand
from .check import Check, Verdict
from .drift import DriftMemory, LevelDrift
from .stuck import StuckMemory, StuckValue

Memory = BandMemory | DriftMemory | StuckMemory


def check_of(spec: BaselineSpec) -> Check[Any]:
    """Return the one check that a rule's text asks for."""
    if spec.band is not None:
        return SeasonBand(spec, spec.band)
    if spec.drift is not None:
        return LevelDrift(spec, spec.drift)
    if spec.stuck is not None:
        return StuckValue(spec, spec.stuck)
    raise ValueError(f"rule {spec.id} has no check")


__all__ = [
    "BandMemory",
    "Check",
    "DriftMemory",
    "Memory",
    "StuckMemory",
    "Verdict",
    "check_of",
]
