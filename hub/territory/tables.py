"""The registry's rows before they are checked against each other; each knows its file and line."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from model.errors import ConfigError
from model.mistakes import in_words
from model.spelling import did_you_mean

from .csvtext import CsvTable
from .rows import (
    BuildingRow,
    CompoundRow,
    ContactRow,
    DeviceRow,
    DivisionRow,
    GridRow,
    HouseholdRow,
    Row,
)

SECTIONS: Final = (
    "divisions", "grids", "compounds", "buildings", "contacts", "households", "devices",
)  # fmt: skip
CSV_DOCUMENTS: Final[Mapping[str, str]] = {
    "grids.csv": "grids",
    "compounds.csv": "compounds",
    "buildings.csv": "buildings",
    "contacts.csv": "contacts",
    "households.csv": "households",
    "devices.csv": "devices",
}
_MODELS: Final[Mapping[str, type[Row]]] = {
    "divisions": DivisionRow,
    "grids": GridRow,
    "compounds": CompoundRow,
    "buildings": BuildingRow,
    "contacts": ContactRow,
    "households": HouseholdRow,
    "devices": DeviceRow,
}


class Entry(NamedTuple):
    """One thing of the registry as written: where it stands, and its values by key."""

    file: str
    line: int
    path: str  # `devices.3` in YAML, empty in CSV
    cells: Mapping[str, object]
    lines: Mapping[str, int]  # the line of a key, where it differs from the entry's own

    @property
    def where(self) -> str:
        """Return file:line, for a problem that points at another one."""
        return f"{self.file}:{self.line}"

    def problem(self, message: str, key: str = "") -> ConfigError:
        """Return a problem of this entry at `key`."""
        path = ".".join(part for part in (self.path, key) if part)
        return ConfigError(message, file=self.file, line=self.lines.get(key, self.line), key=path)


class Tables:
    """All entries of a registry, by section, in the order they were read."""

    def __init__(self) -> None:
        self.areas: str | None = None  # the text of areas.geojson
        self._sections: dict[str, list[Entry]] = {section: [] for section in SECTIONS}

    def of(self, section: str) -> list[Entry]:
        """Return the entries of a section; changes to the list change the table."""
        return self._sections[section]


def entry_columns(section: str) -> list[str]:
    """Return the columns that a section may have, in the order they are written."""
    names = list(_MODELS[section].model_fields)
    return sorted(names, key=lambda name: name in {"lon", "lat"})


def unknown_columns(table: CsvTable, section: str, name: str) -> list[ConfigError]:
    """Return a problem for every column of a CSV that its section does not have."""
    known = entry_columns(section)
    return [
        ConfigError(
            f"unknown column{did_you_mean(column, known) or '; known: ' + ', '.join(known)}",
            file=name,
            line=table.header_line,
            key=column,
        )
        for column in table.columns
        if column not in known
    ]


def check_row(section: str, entry: Entry) -> tuple[Row | None, list[ConfigError]]:
    """Check an entry by itself; returns the row, or why it is none."""
    model = _MODELS[section]
    cells = entry.cells
    if not entry.path:  # a cell that is empty says nothing: the default holds
        cells = {key: value for key, value in cells.items() if value != ""}
    try:
        return model.model_validate(cells), []
    except ValidationError as error:
        return None, [
            entry.problem(_message(item, key=key, known=list(model.model_fields)), key)
            for item in error.errors(include_url=False)
            for key in (".".join(str(part) for part in item["loc"]),)
        ]


def _message(item: ErrorDetails, *, key: str, known: list[str]) -> str:
    if item["type"] == "extra_forbidden":
        return f"unknown key{did_you_mean(key, known) or '; known: ' + ', '.join(known)}"
    if item["type"] == "missing":
        return "is missing or empty; fill it in"
    return in_words(item)
