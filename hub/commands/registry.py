"""`smarthub registry`: check, import and export the places, devices and contacts of a site."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from model.errors import ConfigError

if TYPE_CHECKING:
    from hub.territory.registry_import import Merge

app = typer.Typer(
    name="registry", help="Places, devices and contacts of a site.", no_args_is_help=True
)

_WRONG = 2  # exit code: what people wrote is wrong, and nothing was changed
_SHOWN_MAX = 20

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="A registry directory.")]


@app.command()
def check(directory: Directory) -> None:
    """Check a registry and name every problem with file, line and key. 检查登记库。"""
    from hub.territory.registry_files import load_registry, read_documents

    try:
        registry = load_registry(read_documents(directory))
    except ConfigError as error:
        raise _refusal(error) from error
    grids = sum(1 for item in registry.divisions.values() if item.level == "grid")
    typer.echo(
        f"{directory}: {len(registry.compounds)} compounds, {len(registry.buildings)} buildings, "
        f"{grids} grids, {len(registry.devices)} devices, {len(registry.contacts)} contacts; no "
        "problem found"
    )


@app.command("export")
def export_files(
    directory: Directory,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A directory without a registry.")],
) -> None:
    """Write a checked registry as fresh files, safe to open in a spreadsheet. 导出登记库。"""
    from hub.territory.registry_export import export_registry
    from hub.territory.registry_files import load_registry, read_documents

    try:
        registry = load_registry(read_documents(directory))
        export_registry(registry, _without_registry(out))
    except ConfigError as error:
        raise _refusal(error) from error
    except OSError as error:
        raise _refusal(f"{out}: cannot be written: {error.strerror}") from error
    typer.echo(f"{out}: {len(registry.devices)} devices written")


@app.command("import")
def import_devices(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="A CSV with a column id.")],
    into: Annotated[Path, typer.Option("--into", metavar="DIR", help="The registry directory.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show, but write nothing.")] = False,
) -> None:
    """Add and change devices from a CSV or XLSX; shows what changes and removes nobody. 导入设备。"""
    from hub.territory.point_list import as_text
    from hub.territory.registry_export import write_whole
    from hub.territory.registry_files import read_documents
    from hub.territory.registry_import import DEVICES_CSV, merge_devices

    try:
        text = as_text(file.read_bytes(), file.name)
        merge = merge_devices(read_documents(into), text, name=file.name)
        _show(merge)
        if not dry_run and (merge.added or merge.changed):
            write_whole(into / DEVICES_CSV, merge.devices_csv)
    except ConfigError as error:
        raise _refusal(error) from error
    except OSError as error:
        raise _refusal(f"{error.filename or file}: {error.strerror}") from error
    done = "would be" if dry_run else "were"
    typer.echo(
        f"{len(merge.added)} devices {done} added, {len(merge.changed)} changed, "
        f"{merge.unchanged} are as they were"
    )


def _without_registry(out: Path) -> Path:
    from hub.territory.registry_files import REGISTRY_YAML

    if (out / REGISTRY_YAML).exists():
        raise ConfigError("there is a registry already; name another directory", file=str(out))
    return out


def _show(merge: "Merge") -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False, soft_wrap=True)
    for device in merge.added[:_SHOWN_MAX]:
        console.print(f"[green]+[/] {escape(device)}")
    for change in merge.changed[:_SHOWN_MAX]:
        what = ", ".join(f"{key}: {old!r} → {new!r}" for key, (old, new) in change.columns.items())
        console.print(f"[yellow]~[/] {escape(change.device)}  {escape(what)}")
    hidden = max(0, len(merge.added) - _SHOWN_MAX) + max(0, len(merge.changed) - _SHOWN_MAX)
    if hidden:
        console.print(f"… and {hidden} more")


def _refusal(error: ConfigError | str) -> typer.Exit:
    typer.echo(str(error), err=True)
    return typer.Exit(_WRONG)
