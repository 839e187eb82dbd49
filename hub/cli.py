"""The command line: `smarthub up`, `gateway`, `hub`, `check`, `cases`, `rules` and the rest.

Every command imports what it needs when it runs: a gateway carries no web server in its memory.
"""

import asyncio
import gc
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer

from model.errors import ConfigError, HubError

from .commands import cases as cases_commands
from .commands import demo as demo_commands
from .commands import deploy as deploy_commands
from .commands import discover as discover_commands
from .commands import doctor as doctor_commands
from .commands import grafana as grafana_commands
from .commands import registry as registry_commands
from .commands import rules as rules_commands
from .commands import simulation as simulation_commands
from .commands import users as users_commands
from .commands import video as video_commands

EXIT_REFUSED = 2
app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="smarthub: from a device's frame to a case that ends with proof. 从设备报文到有据可销的网格事件。",
)


@app.command()
def up(
    *,
    demo: Annotated[bool, typer.Option(help="simulate eight compounds 模拟八个小区")] = False,
    data: Annotated[Path, typer.Option(help="data folder 数据目录")] = Path("data"),
    http_port: Annotated[int, typer.Option(help="API port")] = 8080,
    mqtt_port: Annotated[int, typer.Option(help="MQTT port")] = 1883,
    fire_port: Annotated[int, typer.Option(help="GB/T 26875.3 TCP port")] = 26875,
    speed: Annotated[
        float, typer.Option(min=0.1, max=600, help="time-lapse of the demo 演示倍速")
    ] = 1.0,
) -> None:
    """Start everything on this machine: broker, hub, gateway. 一键启动。"""
    from .installation import Ports
    from .up import up as run

    ports = Ports(http_port, mqtt_port, fire_port)
    _run(lambda: run(data, ports, demo_speed=speed if demo else None))


@app.command()
def gateway(config: Annotated[Path, typer.Argument(help="gateway.yaml")]) -> None:
    """Run an edge gateway. 启动边缘网关。"""
    from gateway.agent import run
    from gateway.config import load

    _run(lambda: run(load(config)))


@app.command()
def hub(
    config: Annotated[Path, typer.Argument(help="hub.yaml")],
    *,
    say_cases: Annotated[bool, typer.Option(help="print each new case 打印新案件")] = False,
) -> None:
    """Run the hub. 启动中枢。"""
    from .config import load
    from .run import run

    def started(password: str | None) -> None:
        if password:
            typer.echo(
                f"  administrator 管理员: user admin, password (shown once 仅显示一次): {password}"
            )

    def said(line: str) -> None:
        # On a terminal the status line of `up` may stand there: take its place.
        typer.echo(f"\r\x1b[K{line}" if sys.stdout.isatty() else line)

    _run(lambda: run(load(config), started, said if say_cases else None))


@app.command()
def check(
    files: Annotated[
        list[Path], typer.Argument(help="gateway, hub and rule files, a registry folder")
    ],
) -> None:
    """Check configuration files, also against each other; names file, line and key. 检查配置。

    Exit code 2 for what is wrong; a warning, of a file that is not there for example, is told only.
    """
    from .commands.check import checked, summary

    problems, warnings = checked(files)
    for problem in problems:
        typer.echo(str(problem), err=True)
    for warning in warnings:
        typer.echo(f"warning 提醒: {warning}", err=True)
    if problems:
        raise typer.Exit(EXIT_REFUSED)
    typer.echo(summary(len(files), len(warnings)))


app.command()(doctor_commands.doctor)
app.add_typer(discover_commands.app, name="discover")
app.add_typer(rules_commands.app, name="rules")
app.add_typer(cases_commands.app, name="cases")
app.add_typer(cases_commands.letters, name="deadletter")
app.add_typer(registry_commands.app, name="registry")
app.add_typer(demo_commands.app, name="demo")
app.add_typer(grafana_commands.app, name="grafana")
app.add_typer(deploy_commands.app, name="deploy")
app.add_typer(users_commands.app, name="users")
app.add_typer(video_commands.app, name="video")
simulation_commands.mount(app)


def main() -> None:
    """Run the command line; a configuration error is one clear line and exit code 2."""
    # The processes that we start must not take a folder of the user, `rules/` perhaps, for our code.
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    try:
        app()
    except ConfigError as error:
        typer.echo(str(error), err=True)
        sys.exit(EXIT_REFUSED)
    except HubError as error:
        typer.echo(str(error), err=True)
        sys.exit(1)


def _run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    # Readings are trees: looking for cycles among them every 700 objects cost a fifth of the CPU.
    gc.set_threshold(50_000, 20, 50)
    if sys.platform == "win32":
        asyncio.run(work())
    else:
        import uvloop

        uvloop.run(work())


if __name__ == "__main__":
    main()
