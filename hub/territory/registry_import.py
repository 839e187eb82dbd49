"""Merges a list of devices into a registry, and says what changes before anything is written."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from model.errors import ConfigError
from model.place import Registry
from model.yamlfile import ConfigErrors

from .csvtext import read_table, write_table
from .references import build
from .registry_files import read_tables
from .tables import Entry, Tables, entry_columns, unknown_columns

DEVICES_CSV = "devices.csv"


class DeviceChange(NamedTuple):
    """What an import changes of one known device: column → (before, after)."""

    device: str
    columns: dict[str, tuple[str, str]]


class Merge(NamedTuple):
    """The new text of devices.csv, and what is new, changed and as it was."""

    devices_csv: str
    added: tuple[str, ...]
    changed: tuple[DeviceChange, ...]
    unchanged: int
    listed: Mapping[str, Entry]  # each device as the list says it, with its line
    never_heard: tuple[str, ...] = ()  # of the added: nothing came from such an address yet


def everywhere(_grid: str) -> bool:
    """Let somebody see every grid."""
    return True


def merge_devices(
    documents: Mapping[str, str],
    text: str,
    *,
    name: str,
    sees: Callable[[str], bool] = everywhere,
) -> Merge:
    """Merge a CSV of devices into a registry's texts; nobody is removed by it.

    A column that the CSV does not have stays as it is, an empty cell empties it. `sees` tells
    whether a grid is in the territory of who imports: devices elsewhere are neither touched nor
    told. Raises ConfigErrors with file, line and key of every problem in the registry or the CSV.
    """
    tables = read_tables(documents)
    before = build(tables)
    devices = tables.of("devices")
    known = {str(entry.cells.get("id", "")): number for number, entry in enumerate(devices)}
    added: list[str] = []
    changed: list[DeviceChange] = []
    taken = {device: devices[number] for device, number in known.items()}
    incoming, problems = _incoming(text, name, taken=taken)
    for entry in incoming:
        device = str(entry.cells["id"])
        if device not in known:
            added.append(device)
            devices.append(entry)
            continue
        old = devices[known[device]]
        change = _difference(old, entry)
        if change.columns:
            changed.append(change)
            devices[known[device]] = entry._replace(cells={**old.cells, **entry.cells})
    after = _built(tables, problems, name)
    _refuse_elsewhere(incoming, before, after, sees)
    rows = [entry.cells for entry in devices if not entry.path]
    return Merge(
        write_table(entry_columns("devices"), rows),
        tuple(added),
        tuple(changed),
        len(incoming) - len(added) - len(changed),
        {str(entry.cells["id"]): entry for entry in incoming},
    )


def _refuse_elsewhere(
    incoming: list[Entry], before: Registry, after: Registry, sees: Callable[[str], bool]
) -> None:
    """Raise ConfigErrors for devices that lie, or would lie, outside the importer's territory."""
    problems = []
    for entry in incoming:
        device = str(entry.cells["id"])
        for registry, what in ((before, "is registered"), (after, "would lie")):
            place = registry.place_of(device)
            if place is not None and not sees(place.grid):
                problems.append(
                    entry.problem(
                        f"{device} {what} outside your territory; let who is responsible there"
                        " import it 不在您的辖区",
                        "id" if registry is before else "building",
                    )
                )
                break
    if problems:
        raise ConfigErrors(problems)


def _built(tables: Tables, problems: list[ConfigError], name: str) -> Registry:
    """Return the registry with the list in it; raises ConfigErrors with the list's problems by row."""
    registry = None
    try:
        registry = build(tables)
    except ConfigErrors as error:
        problems = [*problems, *error.problems]
    if registry is None or problems:
        raise ConfigErrors(sorted(problems, key=lambda one: (one.file != name, one.line)))
    return registry


def _incoming(
    text: str, name: str, *, taken: Mapping[str, Entry]
) -> tuple[list[Entry], list[ConfigError]]:
    """Return the list's rows, the first of each id, and what is wrong with the others."""
    table = read_table(text, name)
    problems = unknown_columns(table, "devices", name)
    if "id" not in table.columns:
        problems.append(
            ConfigError("a list of devices needs the column id", file=name, line=table.header_line)
        )
    if problems:
        raise ConfigErrors(problems)
    entries = [Entry(name, row.line, "", dict(row.cells), {}) for row in table.rows]
    first: dict[str, Entry] = {}
    for entry in entries:
        device = str(entry.cells.get("id", ""))
        written = taken.get(device)
        if not device:
            problems.append(entry.problem("is missing or empty; fill it in", "id"))
        elif device in first:
            said = f"{device} is already at {first[device].where}; remove one of them"
            problems.append(entry.problem(said, "id"))
        elif written is not None and written.path:
            problems.append(
                entry.problem(f"{device} is written at {written.where}; change it there", "id")
            )
        else:
            first[device] = entry
    return list(first.values()), problems


def _difference(before: Entry, after: Entry) -> DeviceChange:
    device = str(after.cells["id"])
    columns = {
        key: (str(before.cells.get(key, "")), str(value))
        for key, value in after.cells.items()
        if _plain(before.cells.get(key, "")) != _plain(value)
    }
    return DeviceChange(device, columns)


def _plain(value: object) -> str:
    """An empty cell and the default 0 of silent_after_s say the same."""
    text = str(value)
    return "" if text == "0" else text
