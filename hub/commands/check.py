"""`smarthub check`: finds out what kind of file each one is, and checks it as its process would."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gateway.variables import filled_in
from model.errors import ConfigError
from model.yamlfile import ConfigErrors, YamlText

from .surroundings import (
    HUB_YAML,
    GatewaySeen,
    HubSeen,
    RegistrySeen,
    RulesSeen,
    not_there,
    other_site,
    unknown_compounds,
    unsaid_words,
)

Seen = HubSeen | GatewaySeen | RulesSeen | RegistrySeen


class Checked(NamedTuple):
    """What stops a start or keeps two files apart, and what may be right elsewhere or later."""

    problems: list[ConfigError]
    warnings: list[ConfigError]


def checked(paths: Sequence[Path]) -> Checked:
    """Check the files one by one and with each other; each finding has file, line and key.

    A gateway's file is held against the hubs' files among them, else against the `hub.yaml` beside it;
    that one may be another site's hub, so a site that differs is then no more than a warning.
    """
    problems: list[ConfigError] = []
    seen: list[Seen] = []
    for path in paths:
        try:
            found = check_file(path)
        except ConfigErrors as error:
            problems.extend(error.problems)
        except ConfigError as error:
            problems.append(error)
        else:
            seen += [found] if found else []
    warnings = unsaid_words(seen)
    for one in seen:
        warnings += not_there(one) if isinstance(one, HubSeen | GatewaySeen) else []
    given = [one for one in seen if isinstance(one, HubSeen)]
    for gateway in seen:
        if isinstance(gateway, GatewaySeen):
            hubs = given or _beside(gateway)
            elsewhere = other_site(gateway, hubs)
            (problems if given else warnings).extend(elsewhere)
            if given or not elsewhere:
                warnings += unknown_compounds(gateway, hubs)
    return Checked(problems, warnings)


def summary(files: int, warnings: int) -> str:
    """Return the last line for files without an error; only without a warning nothing is wrong."""
    if warnings:
        return (
            f"{files} file(s) without an error, {warnings} warning(s) 没有错误，{warnings} 处请核对"
        )
    return f"{files} file(s) without a problem 无误"


def check_file(path: Path) -> Seen | None:
    """Check one file, or a registry's folder; returns what was read; raises ConfigError."""
    if path.is_dir():
        return _check_registry(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", file=str(path)) from error
    if path.suffix.lower() == ".geojson":
        _check_areas(path, text)
        return None
    data = YamlText(text, str(path)).data
    keys = set(data) if isinstance(data, dict) else set()
    if "rules" in keys and "mqtt" not in keys:
        from rules.rulefile import load_rules

        load_rules({str(path): text})
        return RulesSeen(str(path), text)
    if "mqtt" in keys:
        return _hub(path, text)
    if keys & {"gateway", "sources", "uplink"}:
        from gateway.config import check

        return GatewaySeen(_filled(path, text), check(text, str(path)))
    raise ConfigError(
        "neither a gateway's file (key `sources`), nor a hub's (`mqtt`), nor rules (`rules`)",
        file=str(path),
        line=1,
    )


def _hub(path: Path, text: str) -> HubSeen:
    from hub.config import load

    return HubSeen(_filled(path, text), load(path))


def _beside(gateway: GatewaySeen) -> list[HubSeen]:
    """Return the hub's file in the gateway's folder; one that is wrong is told where it is checked."""
    path = Path(gateway.text.name).parent / HUB_YAML
    try:
        return [_hub(path, path.read_text(encoding="utf-8"))] if path.is_file() else []
    except (ConfigError, OSError, UnicodeDecodeError):
        return []


def _filled(path: Path, text: str) -> YamlText:
    return YamlText(filled_in(text, os.environ, name=str(path)), str(path))


def _check_registry(folder: Path) -> RegistrySeen:
    from hub.territory.registry_files import load_registry, read_documents

    return RegistrySeen(load_registry(read_documents(folder)))


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
