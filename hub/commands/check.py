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
    """Check one file, or a registry's folder; raises ConfigError."""
    if path.is_dir():
        _check_registry(path)
        return
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", file=str(path)) from error
    if path.suffix.lower() == ".geojson":
        _check_areas(path, text)
        return
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


def _check_registry(folder: Path) -> None:
    from hub.territory.registry_files import load_registry, read_documents

    load_registry(read_documents(folder))


def _check_areas(path: Path, text: str) -> None:
    """Check surveyed areas; beside a registry, also whether it has their divisions and grids."""
    from hub.territory.registry_files import REGISTRY_YAML, load_registry, read_documents
    from hub.territory.survey import AREAS_GEOJSON, read_outlines

    registry = path.parent / REGISTRY_YAML
    divisions = None
    if registry.is_file():
        documents = read_documents(path.parent)
        documents.pop(AREAS_GEOJSON, None)
        divisions = load_registry(documents).divisions
    _, problems = read_outlines(text, divisions, name=str(path))
    if problems:
        raise ConfigErrors(problems)
