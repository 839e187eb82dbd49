"""`smarthub check`: finds out what kind of file each one is, and checks it as its process would."""

from collections.abc import Sequence
from pathlib import Path

from model.errors import ConfigError
from model.yamlfile import ConfigErrors, YamlText


def problems_of(paths: Sequence[Path]) -> list[ConfigError]:
    """Return every problem of the files, with file, line and key."""
    found: list[ConfigError] = []
    for path in paths:
        try:
            check_file(path)
        except ConfigErrors as error:
            found.extend(error.problems)
        except ConfigError as error:
            found.append(error)
    return found


def check_file(path: Path) -> None:
    """Check one file; raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", file=str(path)) from error
    data = YamlText(text, str(path)).data
    keys = set(data) if isinstance(data, dict) else set()
    if "rules" in keys and "mqtt" not in keys:
        from rules.rulefile import load_rules

        load_rules({str(path): text})
    elif "mqtt" in keys:
        from hub.config import load as load_hub

        load_hub(path)
    elif keys & {"gateway", "sources", "uplink"}:
        from gateway.config import check

        check(text, str(path))
    else:
        raise ConfigError(
            "neither a gateway's file (key `sources`), nor a hub's (`mqtt`), nor rules (`rules`)",
            file=str(path),
            line=1,
        )
