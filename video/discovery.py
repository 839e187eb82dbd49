"""Finds every observation by its module; nothing is registered by hand, and none can vanish."""

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from model.errors import ConfigError

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
    short = module_name.rpartition(".")[2]
    if short.startswith("_"):  # what several observations share
        return None
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # an import may fail in any way; all of them stop the start
        raise ConfigError(
            f"does not load: {type(error).__name__}: {error}", file=module_name
        ) from error
    found = getattr(module, "OBSERVATION", None)
    if not isinstance(found, type):
        raise ConfigError("exports no class OBSERVATION", file=module_name)
    missing = [name for name in _ATTRIBUTES if not hasattr(found, name)]
    if missing:
        raise ConfigError(f"OBSERVATION lacks {', '.join(missing)}", file=module_name)
    kind: type[Observation] = found
    if kind.name != short:
        raise ConfigError(f"OBSERVATION calls itself {kind.name!r}", file=module_name)
    if not issubclass(kind.settings, ObservationSettings):
        raise ConfigError("settings is no subclass of ObservationSettings", file=module_name)
    return kind
