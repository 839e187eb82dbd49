"""`smarthub grafana write` and `sync`: the dashboards as files, or straight into a Grafana."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboards.names import DEFAULT_HUB
from model.errors import ConfigError, HubError

if TYPE_CHECKING:
    from model.place import Registry

app = typer.Typer(no_args_is_help=True, help="Grafana dashboards as code. 看板。")
PROVISIONING = ("datasources", "dashboards")
GRAFANA_VARIABLE = "SMARTHUB_GRAFANA_TOKEN"
INFLUX_VARIABLE = "SMARTHUB_INFLUX_TOKEN"

RegistryFolder = Annotated[
    Path | None, typer.Option("--registry", help="folder with registry.yaml; else the demo's")
]
HubUrl = Annotated[str, typer.Option(help="the hub's address, for links to cases 中枢地址")]


@app.command()
def write(
    folder: Annotated[Path, typer.Argument(help="where the files go")],
    *,
    registry: RegistryFolder = None,
    hub_url: HubUrl = DEFAULT_HUB,
) -> None:
    """Write dashboards and provisioning files for Grafana 9.3 to 12. 写出看板与配置文件。"""
    from dashboards.build import dashboards

    boards = dashboards(_registry(registry), hub=hub_url)
    try:
        _write_boards(folder / "dashboards", boards)
        _write_provisioning(folder / "provisioning")
    except OSError as error:
        raise ConfigError(
            f"cannot be written: {error.strerror}; choose another folder", file=str(folder)
        ) from error
    typer.echo(
        f"{len(boards)} dashboards in {folder / 'dashboards'}: mount it in Grafana as "
        f"/var/lib/grafana/dashboards/smarthub, and {folder / 'provisioning'} as "
        "/etc/grafana/provisioning (docs/dashboards.md)"
    )


@app.command()
def sync(
    *,
    url: Annotated[str, typer.Option(help="Grafana's address")],
    token_env: Annotated[
        str, typer.Option(help="variable with a service account token")
    ] = GRAFANA_VARIABLE,
    influx_url: Annotated[
        str, typer.Option(help="InfluxDB, as Grafana sees it")
    ] = "http://127.0.0.1:8086",
    influx_database: Annotated[
        str, typer.Option(help="database (1.8) or bucket (2.x)")
    ] = "readings",
    influx_token_env: Annotated[
        str, typer.Option(help="variable with its token; on 1.8 user:password")
    ] = INFLUX_VARIABLE,
    registry: RegistryFolder = None,
    hub_url: HubUrl = DEFAULT_HUB,
) -> None:
    """Create or update folder, data source and dashboards in a Grafana. 同步到 Grafana。

    A repeat changes nothing. What that Grafana has from provisioning files is left to them.
    """
    from rich.progress import Progress

    from dashboards.build import dashboards
    from hub.grafana_sync import GrafanaSync, Source

    token = os.environ.get(token_env, "")
    if not token:
        raise HubError(
            f"no token for Grafana: set {token_env} to a service account token (Administration, "
            "Service accounts, role Admin)"
        )
    boards = dashboards(_registry(registry), hub=hub_url)
    source = Source(influx_url, influx_database, os.environ.get(influx_token_env, ""))
    outcomes: Counter[str] = Counter()
    with GrafanaSync(url, token) as grafana, Progress() as progress:
        bar = progress.add_task("Grafana", total=len(boards) + 2)
        for step in grafana.run(source, boards):
            outcomes[step.outcome] += 1
            progress.update(bar, advance=1, description=step.name)
    typer.echo(", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())))


def _registry(folder: Path | None) -> "Registry":
    from hub.territory.demo_territory import demo_documents
    from hub.territory.registry_files import load_registry, read_documents

    return load_registry(read_documents(folder) if folder else demo_documents())


def _write_boards(folder: Path, boards: list[dict[str, object]]) -> None:
    """Write one file a dashboard; those of compounds that are gone are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    written = set()
    for board in boards:
        path = folder / f"{board['uid']}.json"
        path.write_text(json.dumps(board, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        written.add(path.name)
    for old in folder.glob("smarthub-*.json"):
        if old.name not in written:
            old.unlink()


def _write_provisioning(folder: Path) -> None:
    from importlib.resources import files

    for kind in PROVISIONING:
        target = folder / kind / "smarthub.yaml"
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (files("dashboards.provisioning") / kind / "smarthub.yaml").read_text("utf-8")
        target.write_text(text, encoding="utf-8")
