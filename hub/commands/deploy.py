"""`smarthub deploy init`: what has to be there before `docker compose up`."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Several machines or containers. 部署。")


@app.callback()
def deploy() -> None:
    """Prepare a deployment with docker-compose. 部署准备。"""


@app.command()
def init(
    project: Annotated[Path, typer.Argument(help="folder of docker-compose.yml")] = Path(),
    *,
    demo: Annotated[bool, typer.Option("--demo", help="with simulated devices 模拟设备")] = False,
    gateway: Annotated[
        list[str] | None, typer.Option(help="add a gateway; may be repeated 增加网关")
    ] = None,
    mqtt_listen: Annotated[
        str, typer.Option(help="where Mosquitto listens; to be changed without containers only")
    ] = "0.0.0.0:1883",
) -> None:
    """Draw all passwords, once; write the broker's rights and .env. 生成密码与配置。"""
    from hub.deployment import prepare
    from model.errors import ConfigError

    host, _, port = mqtt_listen.rpartition(":")
    if not host or not port.isdecimal():
        raise ConfigError(f"{mqtt_listen!r} is not host:port", key="--mqtt-listen")
    made = prepare(project, demo=demo, gateways=gateway or (), listen=(host, int(port)))
    typer.echo(f"{made.secrets}: {len(made.fresh)} secrets drawn, mode 600, kept out of git")
    typer.echo(f"  gateways 网关: {', '.join(made.gateways)}; devices 设备: {made.mode}")
    typer.echo(f"  the page's user admin: password in {made.secrets / 'hub-admin'}")
    typer.echo("  start 启动: docker compose up -d")
