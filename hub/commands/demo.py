"""`smarthub demo history`: a believable past week, so that a first look at the dashboards sees life."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from model.errors import HubError, Transient

if TYPE_CHECKING:
    from hub.case_points import Influx, LineWriter
    from hub.simulation.history import History
    from model.place import Registry
    from model.ports import ReadingStore
    from model.reading import Reading

app = typer.Typer(no_args_is_help=True, help="Made-up data for a first look. 演示数据。")
DAY_MS = 86_400_000
LINES_A_WRITE = 5_000
TRIES = 5
TOKEN_VARIABLE = "SMARTHUB_INFLUX_TOKEN"  # noqa: S105 - the variable's name


@app.callback()
def demo() -> None:
    """Made-up data for a first look; everything is marked as simulated. 演示数据,均标为模拟。"""


@app.command()
def history(
    *,
    days: Annotated[int, typer.Option(min=1, max=90, help="how far back 天数")] = 7,
    url: Annotated[str, typer.Option(help="InfluxDB's address")] = "",
    bucket: Annotated[str, typer.Option(help="bucket; on 1.8 database/policy")] = "readings",
    org: Annotated[str, typer.Option(help="organisation, on InfluxDB 2.x")] = "-",
    token_env: Annotated[
        str, typer.Option(help="variable with the token; on 1.8 user:password")
    ] = TOKEN_VARIABLE,
    data: Annotated[
        Path | None, typer.Option(help="data folder of `smarthub up`, instead of InfluxDB")
    ] = None,
    seed: Annotated[int, typer.Option(help="the same seed, the same week")] = 1,
    detectors: Annotated[int, typer.Option(min=1, help="how many of the demo's")] = 2_000,
) -> None:
    """Write a past week of the demo territory into InfluxDB or a data folder. 写入演示历史。

    Run it again to bring the week up to now: what is there already stays as it is.
    """
    from hub.case_points import Influx
    from hub.simulation.history import History, Span
    from hub.territory.demo_territory import demo_documents, demo_territory
    from hub.territory.registry_files import load_registry

    if bool(url) == (data is not None):
        raise HubError("give either --url (InfluxDB) or --data (a data folder of `smarthub up`)")
    now = int(time.time() * 1000)
    territory = demo_territory(detectors=detectors)
    week = History(territory, Span(now - days * DAY_MS, now), seed=seed)
    registry = load_registry(demo_documents(detectors=detectors))
    if data is not None:
        _seed_folder(week, data / "hub" / "readings")
    else:
        influx = Influx(url.rstrip("/"), bucket, os.environ.get(token_env, ""), org)
        _seed_influx(week, influx, registry)


def _seed_folder(week: "History", folder: Path) -> None:
    from hub.reading_store.embedded import EmbeddedStore

    store = EmbeddedStore(folder)
    try:
        count = _write_readings(week, store)
        store.sync()
    finally:
        store.close()
    typer.echo(
        f"{count:,} Readings in {folder}; no cases: their history is proof of what people did, "
        "so it is never made up 仅写入读数,不伪造案件"
    )


def _seed_influx(week: "History", influx: "Influx", registry: "Registry") -> None:
    from hub.installation import SITE
    from hub.reading_store.influx import InfluxStore
    from hub.reading_store.line_protocol import LineEncoder

    store = InfluxStore(
        influx.url,
        token=influx.token,
        org=influx.org,
        bucket=influx.bucket,
        encoder=LineEncoder(lambda: registry, SITE),
    )
    try:
        count = _write_readings(week, store)
    finally:
        store.close()
    points = _write_cases(week.case_lines(registry, SITE), influx, cases=len(week.stories))
    typer.echo(
        f"{count:,} Readings and {points:,} points of {len(week.stories)} made-up cases in "
        f"{influx.url} {influx.bucket}; the hub does not know those cases (ids demo-…)"
    )


def _write_readings(week: "History", store: "ReadingStore") -> int:
    """Write everything with a progress bar; raises HubError when the store refuses or stays away."""
    from rich.progress import track

    written = 0
    batch: list[Reading] = []
    for said in track(week.readings(), "Readings 读数", total=week.speakers):
        batch += said
        if len(batch) >= LINES_A_WRITE:
            written += _store(store, batch)
            batch = []
    return written + _store(store, batch)


def _store(store: "ReadingStore", batch: "list[Reading]") -> int:
    for attempt in range(TRIES):
        try:
            rejected = store.write(batch)
        except Transient as error:
            if attempt == TRIES - 1:
                raise HubError(str(error).removesuffix("; Readings wait in the log")) from error
            time.sleep(1)
            continue
        if rejected:
            raise HubError(f"the store refused {rejected[0][0].device}: {rejected[0][1]}")
        return len(batch)
    return 0


def _write_cases(lines: Iterator[str], influx: "Influx", *, cases: int) -> int:
    from rich.progress import Progress

    from hub.case_points import LineWriter

    writer = LineWriter(influx)
    written = 0
    batch: list[str] = []
    with Progress() as progress:
        bar = progress.add_task(f"{cases} cases 案件", total=None)
        try:
            for line in lines:
                batch.append(line)
                if len(batch) >= LINES_A_WRITE:
                    written += _post(writer, batch)
                    batch = []
                    progress.update(bar, completed=written)
            written += _post(writer, batch)
            progress.update(bar, completed=written, total=written)
        finally:
            writer.close()
    return written


def _post(writer: "LineWriter", batch: list[str]) -> int:
    if batch and (complaint := writer.write(batch)):
        raise HubError(f"InfluxDB refused case points: {complaint}")
    return len(batch)
