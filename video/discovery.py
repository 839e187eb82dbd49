"""Finds every observation by its module; nothing is registered by hand, and none can vanish."""

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from model.errors import ConfigError
from model.exported import exported

from .contract import ObservationSettings
from .observation import Observation

_ATTRIBUTES = (
    "name", "settings", "needs_objects", "needs_detector", "always", "learns", "quantities",
    "measures", "title", "limits", "look",
)  # fmt: skip


@functools.cache
def observations() -> Mapping[str, type[Observation]]:
    """Return all observations by name; raises ConfigError for a module that does not load."""
    root = importlib.import_module("video.observations")
    found = (
        _load(f"video.observations.{entry.name}") for entry in pkgutil.iter_modules(root.__path__)
    )
    return MappingProxyType({kind.name: kind for kind in found if kind is not None})


def _load(module_name: str) -> type[Observation] | None:
    if module_name.rpartition(".")[2].startswith("_"):  # what several observations share
        return None
    kind: type[Observation] = exported(module_name, "OBSERVATION", _ATTRIBUTES)
    if not issubclass(kind.settings, ObservationSettings):
        raise ConfigError("settings is no subclass of ObservationSettings", file=module_name)
    return kind
