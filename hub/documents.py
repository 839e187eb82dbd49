"""Gathers the texts of rules and registry into versions that the log can hold whole."""

from collections.abc import Mapping
from hashlib import sha256
from importlib import resources
from pathlib import Path

from chinese_calendar import constants

from model.calendar import SHIPPED_CALENDAR
from model.entry import Versioned
from model.errors import ConfigError
from rules.rulefile import load_rules

from .config import HubFile
from .territory.divisions import SHIPPED_DIVISIONS, shipped_divisions
from .territory.registry_files import REGISTRY_YAML, load_registry, read_documents

FIRST_YEAR = 2024
"""No rule looks further back; older days would only make each version longer."""


def rules_version(file: HubFile, known: str = "") -> Versioned:
    """Return the rules in force, checked; raises ConfigError with file, line and key.

    `known` is the hash of a version that was checked before: it is not checked again.
    """
    version = versioned(folder_rules(file.rules) if file.rules else library_rules())
    if version.hash != known:
        load_rules(version.documents)
    return version


def registry_version(file: HubFile, known: str = "") -> Versioned:
    """Return the registry in force, checked as `rules_version` does."""
    version = versioned(read_documents(file.registry) if file.registry else empty_registry())
    if version.hash != known:
        load_registry(version.documents)
    return version


def empty_registry() -> dict[str, str]:
    """Return a registry that knows the divisions and nothing else."""
    return {REGISTRY_YAML: "compounds: []\n", SHIPPED_DIVISIONS: shipped_divisions()}


def library_rules() -> dict[str, str]:
    """Return the rule files that come with the product."""
    folder = resources.files("rules") / "library"
    return {SHIPPED_CALENDAR: shipped_calendar()} | {
        item.name: item.read_text(encoding="utf-8")
        for item in sorted(folder.iterdir(), key=lambda item: item.name)
        if item.name.endswith(".yaml")
    }


def folder_rules(folder: Path) -> dict[str, str]:
    """Return the rule files of a folder by path; raises ConfigError when there are none."""
    paths = sorted(folder.glob("*.yaml")) if folder.is_dir() else [folder]
    if not paths:
        raise ConfigError("holds no rule files (*.yaml)", file=str(folder))
    try:
        texts = {str(path): path.read_text(encoding="utf-8") for path in paths}
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=str(folder)) from error
    return {SHIPPED_CALENDAR: shipped_calendar()} | texts


def shipped_calendar() -> str:
    """Return China's holidays and make-up workdays as chinesecalendar knows them, from 2024 on.

    They stand in the log with the rules, so a newer version of that library changes no replay.
    """
    holidays = (day.isoformat() for day in sorted(constants.holidays) if day.year >= FIRST_YEAR)
    workdays = (day.isoformat() for day in sorted(constants.workdays) if day.year >= FIRST_YEAR)
    return f"schema: 1\nholidays: [{', '.join(holidays)}]\nworkdays: [{', '.join(workdays)}]\n"


def versioned(texts: Mapping[str, str]) -> Versioned:
    """Name texts by their content."""
    digest = sha256()
    for name, text in sorted(texts.items()):
        digest.update(f"{name}\0{text}\0".encode())
    return Versioned(digest.hexdigest()[:16], dict(sorted(texts.items())))
