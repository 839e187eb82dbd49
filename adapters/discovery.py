"""Finds every device family by its package; nothing is registered by hand, and none can vanish."""

import importlib
import pkgutil
from typing import Final

from model.errors import ConfigError
from model.exported import exported

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
    """Return the module's ADAPTER if it keeps the contract that no type checker sees here."""
    adapter: type[Adapter] = exported(module_name, "ADAPTER", _ATTRIBUTES)
    if not (isinstance(adapter.settings, type) and issubclass(adapter.settings, Settings)):
        raise ConfigError("ADAPTER.settings is no subclass of Settings", file=module_name)
    if adapter.transport not in _TRANSPORTS:
        raise ConfigError(f"ADAPTER.transport is none of {_TRANSPORTS}", file=module_name)
    if adapter.transport == "mqtt" and not hasattr(adapter, "topics"):
        raise ConfigError("ADAPTER speaks MQTT but has no topics()", file=module_name)
    return adapter
