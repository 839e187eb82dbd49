"""Reads the registry of places, devices and contacts, and says every mistake at once.

A registry is a directory: `registry.yaml` (compounds; a small site may write everything there), and
`buildings.csv`, `devices.csv`, `contacts.csv`, `grids.csv` and `areas.geojson` beside it. All of it is text, so that a
version of the registry can be written into the durable log whole.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from model.errors import ConfigError
from model.place import Registry
from model.spelling import did_you_mean
from model.yamlfile import ConfigErrors, YamlText

from .csvtext import decode_text, read_table
from .divisions import SHIPPED_DIVISIONS, shipped_divisions
from .references import build
from .survey import AREAS_GEOJSON
from .tables import CSV_DOCUMENTS, Entry, Tables, unknown_columns

REGISTRY_YAML = "registry.yaml"
_DOCUMENT_BYTES_MAX = 64 * 1024 * 1024  # our assumption: some 500,000 devices


class RegistryYaml(BaseModel):
    """The keys of registry.yaml; `divisions` names the CSV of districts, streets, communities."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    divisions: str = SHIPPED_DIVISIONS
    grids: list[dict[str, object]] = []
    compounds: list[dict[str, object]] = []
    buildings: list[dict[str, object]] = []
    contacts: list[dict[str, object]] = []
    households: list[dict[str, object]] = []
    devices: list[dict[str, object]] = []


def read_documents(directory: Path) -> dict[str, str]:
    """Read a registry directory into name → text, with the shipped divisions if it has none.

    Raises ConfigError when there is no registry.yaml or a file cannot be read as text.
    """
    if not (directory / REGISTRY_YAML).is_file():
        raise ConfigError(
            f"no {REGISTRY_YAML} here; `smarthub registry export` writes a sample to start from",
            file=str(directory),
        )
    documents = {}
    for path in sorted(directory.iterdir()):
        if path.is_file() and path.suffix.lower() in {".yaml", ".yml", ".csv", ".geojson"}:
            documents[path.name] = _read(path)
    documents.setdefault(SHIPPED_DIVISIONS, shipped_divisions())
    return documents


def load_registry(documents: Mapping[str, str]) -> Registry:
    """Build the registry from texts alone; raises ConfigErrors with every problem found.

    `documents` maps file names to texts, as `read_documents` gives them; nothing else is read.
    """
    return build(read_tables(documents))


def read_tables(documents: Mapping[str, str]) -> Tables:
    """Split the texts into rows that know their file and line; raises ConfigErrors."""
    problems: list[ConfigError] = []
    tables = Tables()
    divisions = SHIPPED_DIVISIONS
    try:
        divisions = _read_yaml(documents, tables)
    except ConfigErrors as errors:
        problems.extend(errors.problems)
    except ConfigError as error:
        problems.append(error)
    sources = {divisions: "divisions", **CSV_DOCUMENTS}
    for name, text in documents.items():
        if name in {REGISTRY_YAML, SHIPPED_DIVISIONS} - {divisions}:
            continue
        if name == AREAS_GEOJSON:
            tables.areas = text
            continue
        section = sources.get(name)
        if section is None:
            known = [REGISTRY_YAML, divisions, *CSV_DOCUMENTS, AREAS_GEOJSON]
            hint = did_you_mean(name, known) or f"; a registry has {', '.join(known)}"
            problems.append(ConfigError(f"not a file of the registry{hint}", file=name))
            continue
        problems.extend(_read_csv(tables, section, name=name, text=text))
    if divisions not in documents:
        problems.append(
            ConfigError("no such file of divisions", file=REGISTRY_YAML, key="divisions")
        )
    if problems:
        raise ConfigErrors(problems)
    return tables


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _DOCUMENT_BYTES_MAX:
            raise ConfigError(f"larger than {_DOCUMENT_BYTES_MAX:,} bytes", file=str(path))
        return decode_text(path.read_bytes(), path.name)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=str(path)) from error


def _read_yaml(documents: Mapping[str, str], tables: Tables) -> str:
    text = documents.get(REGISTRY_YAML)
    if text is None:
        raise ConfigError("is missing; it lists the compounds", file=REGISTRY_YAML)
    parsed = YamlText(text, REGISTRY_YAML)
    if parsed.data is None:
        return SHIPPED_DIVISIONS
    if isinstance(parsed.data, dict):
        _check_keys(parsed)
    checked = parsed.check(RegistryYaml)
    written = {
        "grids": checked.grids,
        "compounds": checked.compounds,
        "buildings": checked.buildings,
        "contacts": checked.contacts,
        "households": checked.households,
        "devices": checked.devices,
    }
    for section, items in written.items():
        for number, cells in enumerate(items):
            path = (section, number)
            lines = {key: parsed.line((*path, key)) for key in cells}
            entry = Entry(REGISTRY_YAML, parsed.line(path), f"{section}.{number}", cells, lines)
            tables.of(section).append(entry)
    return checked.divisions


def _check_keys(parsed: YamlText) -> None:
    known = list(RegistryYaml.model_fields)
    problems = [
        ConfigError(
            f"unknown key{did_you_mean(str(key), known) or '; known: ' + ', '.join(known)}",
            file=parsed.name,
            line=parsed.line((key,)),
            key=str(key),
        )
        for key in parsed.data
        if key not in known
    ]
    if problems:
        raise ConfigErrors(problems)


def _read_csv(tables: Tables, section: str, *, name: str, text: str) -> list[ConfigError]:
    """Add a CSV's rows to their table; returns the problems."""
    try:
        table = read_table(text, name)
    except ConfigError as error:
        return [error]
    problems = unknown_columns(table, section, name)
    if not problems:
        tables.of(section).extend(
            Entry(name, row.line, "", dict(row.cells), {}) for row in table.rows
        )
    return problems
