"""Fills in what a configuration file leaves to the machine: `${NAME}` and `${NAME:-default}`.

One file then serves containers, where the defaults hold, and plain processes, where the environment
names other hosts and folders. It is for addresses and paths: a secret has a file of its own.
"""

import re
from collections.abc import Mapping

from model.errors import ConfigError

_VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)(?::-([^}]*))?\}")


def filled_in(text: str, environment: Mapping[str, str], *, name: str) -> str:
    """Return `text` with its variables replaced; lines stay where they are.

    As in a shell, `:-` also replaces an empty value. `name` is the file's name in errors. Raises
    ConfigError for a variable that is not set and for a value of several lines, which could add keys.
    """

    def value_of(found: re.Match[str]) -> str:
        variable, default = found[1], found[2]
        value = environment.get(variable, "") or default
        line = text.count("\n", 0, found.start()) + 1
        if value is None:
            raise ConfigError(
                f"set the environment variable {variable}, or write ${{{variable}:-default}}",
                file=name,
                line=line,
            )
        if "\n" in value or "\r" in value:
            raise ConfigError(f"the variable {variable} has several lines", file=name, line=line)
        return value

    return _VARIABLE.sub(value_of, text)
