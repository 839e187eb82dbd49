"""Checks the registry's rows against each other and builds the Registry."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

from model.place import (
    Building,
    Compound,
    Contact,
    Device,
    Division,
    Household,
    Outline,
    Registry,
)
from model.spelling import did_you_mean
from model.yamlfile import ConfigErrors

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
from .survey import read_outlines
from .tables import Entry, Tables, check_row

if TYPE_CHECKING:
    from model.errors import ConfigError

R = TypeVar("R", bound=Row)


def build(tables: Tables) -> Registry:
    """Return the Registry of these rows, or raise ConfigErrors with all problems, in file order."""
    return _Build(tables).registry()


class _Build:
    """One pass over the tables, from the district down; collects problems as it goes."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._problems: list[ConfigError] = []
        # Ids of rows that are wrong in themselves: what refers to them is not wrong as well.
        self._broken: set[str] = set()
        self._hints: dict[str, str] = {}
        self._divisions: dict[str, Division] = {}
        self._compounds: dict[str, Compound] = {}
        self._buildings: dict[str, Building] = {}
        self._households: dict[str, Household] = {}

    def registry(self) -> Registry:
        self._take_divisions()
        self._take_grids()
        self._take_compounds()
        self._take_buildings()
        outlines = self._outlines()
        contacts = self._contacts()
        self._take_households()
        devices = self._devices()
        if self._problems:
            raise ConfigErrors(self._problems)
        return Registry(
            divisions=self._divisions.values(),
            compounds=self._compounds.values(),
            buildings=self._buildings.values(),
            devices=devices,
            contacts=contacts,
            outlines=outlines,
            households=self._households.values(),
        )

    def _outlines(self) -> Iterable[Outline]:
        if self._tables.areas is None:
            return ()
        outlines, problems = read_outlines(self._tables.areas, self._divisions)
        self._problems.extend(problems)
        return outlines.values()

    def _rows(self, section: str, model: type[R], key: str = "id") -> Iterable[tuple[Entry, R]]:
        """Give the rows that are right by themselves and the first of their id."""
        first: dict[str, Entry] = {}
        for entry in self._tables.of(section):
            row, problems = check_row(section, entry)
            self._problems.extend(problems)
            if not isinstance(row, model):
                self._broken.add(str(entry.cells.get(key, "")))
                continue
            name = str(getattr(row, key, "")) if key else repr(row)
            if name in first:
                subject = name if key else "this row"
                self._say(
                    entry, f"{subject} is already at {first[name].where}; remove one of them", key
                )
                continue
            first[name] = entry
            yield entry, row

    def _say(self, entry: Entry, message: str, key: str) -> None:
        self._problems.append(entry.problem(message, key))

    def _take_divisions(self) -> None:
        entries = {}
        for entry, row in self._rows("divisions", DivisionRow, "code"):
            self._divisions[row.code] = row.record()
            entries[row.code] = entry
        for code, division in self._divisions.items():
            if division.level != "district" and division.parent not in self._divisions:
                self._say(entries[code], f"no division {division.parent or '(empty)'}", "parent")

    def _take_grids(self) -> None:
        for entry, row in self._rows("grids", GridRow, "code"):
            if self._in_community(entry, row.code, "code"):
                self._divisions[row.code] = row.record()

    def _take_compounds(self) -> None:
        for entry, row in self._rows("compounds", CompoundRow):
            self._check_grid(entry, row.grid)
            self._compounds[row.id] = row.record()

    def _take_buildings(self) -> None:
        for entry, row in self._rows("buildings", BuildingRow):
            self._check_grid(entry, row.grid)
            self._check_compound(entry, row.compound)
            if row.id in self._compounds:
                self._say(entry, f"{row.id} is a compound; give the building another id", "id")
            self._buildings[row.id] = row.record()

    def _contacts(self) -> list[Contact]:
        found = []
        for entry, row in self._rows("contacts", ContactRow, ""):
            self._check_compound(entry, row.compound)
            found.append(row.record())
        return found

    def _take_households(self) -> None:
        for entry, row in self._rows("households", HouseholdRow):
            if row.building not in self._buildings:
                self._unknown(entry, "building", row.building, self._buildings)
            if row.id in self._buildings or row.id in self._compounds:
                self._say(entry, f"{row.id} is a building or compound; give another id", "id")
            self._households[row.id] = row.record()

    def _devices(self) -> list[Device]:
        found = []
        entries: dict[str, Entry] = {}
        for entry, row in self._rows("devices", DeviceRow):
            compound = row.compound
            if row.building in self._buildings:
                compound = self._buildings[row.building].compound
                if row.compound and row.compound != compound:
                    self._say(
                        entry,
                        f"{row.building} is in compound {compound}, not {row.compound}; "
                        "leave compound empty",
                        "compound",
                    )
            elif row.building:
                self._unknown(entry, "building", row.building, self._buildings)
            else:
                self._check_compound(entry, compound)
            home = self._households.get(row.household)
            if row.household and home is None:
                self._unknown(entry, "household", row.household, self._households)
            elif home and home.building != row.building:
                self._say(entry, f"household {home.id} is in building {home.building}", "household")
            found.append(row.record(compound=compound))
            entries[row.id] = entry
        self._check_links({device.id: device for device in found}, entries)
        return found

    def _check_links(self, devices: Mapping[str, Device], entries: Mapping[str, Entry]) -> None:
        """What a device hangs on must be there, and nothing may hang on itself by a ring."""
        for device in devices.values():
            for link, upper in device.links:
                if upper not in devices:
                    self._unknown(entries[device.id], link, upper, devices)
                elif _reaches(devices, upper, device.id):
                    message = (
                        f"{device.id} hangs on itself through {upper}; remove one of the links"
                    )
                    self._say(entries[device.id], message, link)

    def _check_compound(self, entry: Entry, compound: str) -> None:
        if compound not in self._compounds:
            self._unknown(entry, "compound", compound, self._compounds)

    def _unknown(self, entry: Entry, key: str, name: str, known: Iterable[str]) -> None:
        if name in self._broken:
            return
        if name not in self._hints:
            self._hints[name] = did_you_mean(name, list(known)) or "; add it first"
        self._say(entry, f"no {key} {name}{self._hints[name]}", key)

    def _check_grid(self, entry: Entry, grid: str) -> None:
        if not self._in_community(entry, grid, "grid") or grid in self._divisions:
            return
        # A territory that lists grids lists all of a community's; one that lists none trusts codes.
        siblings = [
            code
            for code, item in self._divisions.items()
            if item.level == "grid" and item.parent == grid[:12]
        ]
        if siblings:
            self._say(entry, f"no grid {grid} in its community{did_you_mean(grid, siblings)}", "grid")  # fmt: skip

    def _in_community(self, entry: Entry, grid: str, key: str) -> bool:
        community = self._divisions.get(grid[:12])
        if community is not None and community.level == "community":
            return True
        known = [code for code, item in self._divisions.items() if item.level == "community"]
        self._say(
            entry,
            f"no community {grid[:12]} (the first 12 digits of {grid})"
            f"{did_you_mean(grid[:12], known)}",
            key,
        )
        return False


def _reaches(devices: Mapping[str, Device], start: str, wanted: str) -> bool:
    seen, level = {start}, [start]
    while level:
        name = level.pop()
        if name == wanted:
            return True
        above = devices[name].links if name in devices else ()
        level += [upper for _, upper in above if upper not in seen]
        seen.update(upper for _, upper in above)
    return False
