"""Writes a registry back into the files that people edit."""

import os
import tempfile
from collections.abc import Iterable
from io import StringIO
from pathlib import Path

import msgspec
from ruamel.yaml import YAML

from model.place import Registry

from .csvtext import write_table
from .registry_files import REGISTRY_YAML
from .survey import AREAS_GEOJSON, write_outlines
from .tables import entry_columns

_DIVISIONS_CSV = "divisions.csv"


def export_documents(registry: Registry) -> dict[str, str]:
    """Return a registry as name → text; read again, it is the same registry.

    In CSV, a text that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    grids = [item for item in registry.divisions.values() if item.level == "grid"]
    divisions = [item for item in registry.divisions.values() if item.level != "grid"]
    # A device's compound follows from its building; written twice, the two could disagree.
    devices = [
        msgspec.structs.replace(item, compound="") if item.building else item
        for item in registry.devices.values()
    ]
    households = registry.households.values()
    surveyed = (
        {AREAS_GEOJSON: write_outlines(registry.outlines.values())} if registry.outlines else {}
    )
    return surveyed | {
        REGISTRY_YAML: _yaml(registry),
        _DIVISIONS_CSV: _csv("divisions", divisions),
        "grids.csv": _csv("grids", grids),
        "buildings.csv": _csv("buildings", registry.buildings.values()),
        "contacts.csv": _csv("contacts", registry.contacts),
        **({"households.csv": _csv("households", households)} if households else {}),
        "devices.csv": _csv("devices", devices),
    }


def export_registry(registry: Registry, directory: Path) -> None:
    """Write a registry's files into a directory, each at once or not at all; raises OSError."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in export_documents(registry).items():
        write_whole(directory / name, text)


def write_whole(path: Path, text: str) -> None:
    """Replace a file by `text` so that a crash leaves the old file or the new one, never half."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            Path(temporary).chmod(path.stat().st_mode & 0o777)
        else:
            Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    """Put the new name on disk too; some file systems cannot, and then it is as safe as they are."""
    try:
        handle = os.open(directory, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _csv(section: str, items: Iterable[msgspec.Struct]) -> str:
    return write_table(entry_columns(section), [msgspec.structs.asdict(item) for item in items])


def _yaml(registry: Registry) -> str:
    out = StringIO()
    out.write("# Compounds of the site; grid codes and ids as in the CSV files beside this one.\n")
    writer = YAML(typ="rt", pure=True)
    writer.width = 4096
    compounds = [msgspec.structs.asdict(item) for item in registry.compounds.values()]
    writer.dump({"divisions": _DIVISIONS_CSV, "compounds": compounds}, out)
    return out.getvalue()
