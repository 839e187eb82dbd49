"""`smarthub doctor`: what an installation stands on, what is wrong with it, and what to do."""

from pathlib import Path
from typing import Annotated

import typer

EXIT_BAD = 1


def doctor(
    data: Annotated[Path, typer.Option(help="data folder of `smarthub up` 数据目录")] = Path(
        "data"
    ),
) -> None:
    """Look at clock, disk, files, broker, hub, gateways and stores. 体检。

    Exit code 1 when something is bad. Changes nothing; safe beside a running hub.
    """
    from rich.console import Console

    from hub.doctor import State, examine

    console = Console()
    marks = {
        State.GOOD: "[green]✓ 正常[/]",
        State.DOUBT: "[yellow]? 存疑[/]",
        State.BAD: "[red]✗ 异常[/]",
    }
    bad = 0
    for finding in examine(data):
        bad += finding.state is State.BAD
        console.print(f"{marks[finding.state]}", end=" ")
        console.print(f"{finding.what}: {finding.said}", markup=False, soft_wrap=True)
        if finding.state is not State.GOOD and finding.remedy:
            console.print(f"         → {finding.remedy}", markup=False, soft_wrap=True)
    if bad:
        raise typer.Exit(EXIT_BAD)
