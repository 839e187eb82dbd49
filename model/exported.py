"""Loads the one class that a plug-in's module exports: device families and observations are found so."""

import importlib
from collections.abc import Sequence

from .errors import ConfigError


def exported(module_name: str, export: str, attributes: Sequence[str]) -> type:
    """Return the class that a module exports by that name; raises ConfigError naming what it lacks.

    `attributes` are what its contract asks for: no type checker sees a module that is found by name.
    """
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # an import may fail in any way; all of them stop the start
        raise ConfigError(
            f"does not load: {type(error).__name__}: {error}", file=module_name
        ) from error
    found = getattr(module, export, None)
    if not isinstance(found, type):
        raise ConfigError(f"exports no class {export}", file=module_name)
    missing = [name for name in attributes if not hasattr(found, name)]
    if missing:
        raise ConfigError(f"{export} lacks {', '.join(missing)}", file=module_name)
    called = getattr(found, "name", None)
    if called != module_name.rpartition(".")[2]:
        raise ConfigError(f"{export} calls itself {called!r}", file=module_name)
    return found
