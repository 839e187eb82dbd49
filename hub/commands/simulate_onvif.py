"""`smarthub simulate onvif`: a camera that does not exist, with the faults of real ones."""

import asyncio
import inspect
import os
from collections.abc import Callable
from dataclasses import Field, fields
from functools import wraps
from pathlib import Path
from typing import Annotated, get_args, get_type_hints

import typer

from hub.simulation.onvif_faults import Faults
from model.errors import HubError

_PASSWORD_VARIABLE = "SMARTHUB_CAMERA_PASSWORD"  # noqa: S105 - the variable's name
_WRONG = 2

Port = Annotated[int, typer.Option(min=0, max=65535, help="TCP port; 0: any free one 端口")]
Inputs = Annotated[
    list[str] | None, typer.Option("--input", help="contact's token; repeatable 报警输入")
]
Password = Annotated[
    Path | None,
    typer.Option("--password-file", help=f"else {_PASSWORD_VARIABLE}; none: no login 密码文件"),
]


def _with_faults(command: Callable[..., None]) -> Callable[..., None]:
    """Offer each fault of a simulated device as an option, and hand over those that are wanted."""
    known = get_type_hints(Faults, include_extras=True)
    options = [_option(field, known[field.name]) for field in fields(Faults)]

    @wraps(command)
    def offered(**given: object) -> None:
        wanted = {field.name: given.pop(_said(field.name)) for field in fields(Faults)}
        command(**given, faults=Faults(**wanted))  # type: ignore[arg-type] # checked by the options

    own = inspect.signature(command, eval_str=True)
    kept = [parameter for name, parameter in own.parameters.items() if name != "faults"]
    offered.__signature__ = own.replace(parameters=[*kept, *options])  # type: ignore[attr-defined]
    return offered


def _option(field: "Field[object]", hint: object) -> inspect.Parameter:
    kind, about, *least = get_args(hint)
    option = typer.Option(min=least[0] if least else None, help=about)
    return inspect.Parameter(
        _said(field.name),
        inspect.Parameter.KEYWORD_ONLY,
        default=field.default,
        annotation=Annotated[kind, option],
    )


def _said(name: str) -> str:
    return name.removesuffix("_s")  # its unit is in the help


@_with_faults
def simulate_onvif(
    *,
    host: Annotated[str, typer.Option(help="address to listen on 监听地址")] = "127.0.0.1",
    port: Port = 8899,
    user: str = "admin",
    password_file: Password = None,
    name: str = "simulated",
    stream: Annotated[str, typer.Option(help="RTSP address it gives 主码流")] = "",
    sub_stream: Annotated[str, typer.Option(help="RTSP, sub-stream 子码流")] = "",
    token: Inputs = None,
    motion_every: Annotated[
        float, typer.Option(min=0, help="s; motion 移动侦测; 0: never 不发生")
    ] = 20.0,
    fire_every: Annotated[float, typer.Option(min=0, help="s; first input 首个输入报火警")] = 0.0,
    probe_port: Annotated[int, typer.Option(min=0, max=65535, help="UDP; 0: off")] = 3702,
    duration: Annotated[float | None, typer.Option(min=0, help="stop after so many s")] = None,
    granted: Annotated[float, typer.Option(min=1, help="s, longest subscription")] = 60.0,
    faults: Faults,
) -> None:
    """Simulate an ONVIF camera with contacts, and with the faults that real ones have. 模拟 ONVIF 摄像机。

    What happens is by schedule, or ordered by HTTP: POST /simulate/input/TOKEN/true, /simulate/motion/true,
    /simulate/notify, /simulate/forget, /simulate/reboot.
    """
    from hub.simulation.onvif_device import DeviceSettings
    from hub.simulation.onvif_life import OnvifLife, live

    settings = DeviceSettings(
        host=host,
        port=port,
        user=user,
        password=_password(password_file),
        name=name,
        stream=stream or f"rtsp://{host}:8554/main",
        sub_stream=sub_stream or f"rtsp://{host}:8554/sub",
        inputs=tuple(token or ("AlarmIn_1", "AlarmIn_2")),
        granted_s=granted,
        faults=faults,
    )
    life = OnvifLife(
        device=settings,
        motion_every_s=motion_every,
        fire_every_s=fire_every,
        probe_port=probe_port,
        duration_s=duration,
    )
    try:
        asyncio.run(live(life, typer.echo))
    except KeyboardInterrupt:
        return
    except HubError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(_WRONG) from error


def _password(file: Path | None) -> str:
    if file is None:
        return os.environ.get(_PASSWORD_VARIABLE, "")
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        typer.echo(f"{file}: {error.strerror}", err=True)
        raise typer.Exit(_WRONG) from error
