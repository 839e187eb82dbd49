"""Finds every device family by its package; nothing is registered by hand, and none can vanish."""

import importlib
import pkgutil
from types import ModuleType
from typing import Final

from model.errors import ConfigError

from .contract import Adapter, Settings

NOT_FAMILIES: Final = frozenset({"runners"})
_ATTRIBUTES: Final = ("name", "settings", "transport", "quantities", "decode")
_TRANSPORTS: Final = ("tcp", "mqtt", "onvif")


def adapters(package: str = "adapters") -> dict[str, type[Adapter]]:
    """Return all device families by name; raises ConfigError for one that does not load."""
    root = importlib.import_module(package)
    return {
        found.name: _load(f"{package}.{found.name}")
        for found in pkgutil.iter_modules(root.__path__)
        if found.ispkg and found.name not in NOT_FAMILIES
    }


def _load(module_name: str) -> type[Adapter]:
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # a family's import may fail in any way; all of them stop the start
        raise ConfigError(
            f"does not load: {type(error).__name__}: {error}", file=module_name
        ) from error
    return _checked(module, module_name)


def _checked(module: ModuleType, module_name: str) -> type[Adapter]:
    """Return the module's ADAPTER if it keeps the contract that no type checker sees here."""
    found = getattr(module, "ADAPTER", None)
    if not isinstance(found, type):
        raise ConfigError("exports no class ADAPTER", file=module_name)
    missing = [name for name in _ATTRIBUTES if not hasattr(found, name)]
    if missing:
        raise ConfigError(f"ADAPTER lacks {', '.join(missing)}", file=module_name)
    adapter: type[Adapter] = found
    if adapter.name != module_name.rpartition(".")[2]:
        raise ConfigError(f"ADAPTER calls itself {adapter.name!r}", file=module_name)
    if not (isinstance(adapter.settings, type) and issubclass(adapter.settings, Settings)):
        raise ConfigError("ADAPTER.settings is no subclass of Settings", file=module_name)
    if adapter.transport not in _TRANSPORTS:
        raise ConfigError(f"ADAPTER.transport is none of {_TRANSPORTS}", file=module_name)
    if adapter.transport == "mqtt" and not hasattr(adapter, "topics"):
        raise ConfigError("ADAPTER speaks MQTT but has no topics()", file=module_name)
    return adapter
