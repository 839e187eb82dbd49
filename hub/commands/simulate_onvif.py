"""`smarthub simulate onvif`: a camera that does not exist, with the faults of real ones."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

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
Switch = Annotated[bool, typer.Option()]
Seconds = Annotated[float, typer.Option(min=0, help="s; 0: never 秒，0 为从不")]


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
    motion_every: Seconds = 20.0,
    fire_every: Annotated[float, typer.Option(min=0, help="s; first input 首个输入报火警")] = 0.0,
    probe_port: Annotated[int, typer.Option(min=0, max=65535, help="UDP; 0: off")] = 3702,
    duration: Annotated[float | None, typer.Option(min=0, help="stop after so many s")] = None,
    relative_address: Switch = False,
    reference_parameters: Switch = False,
    instant_empty: Switch = False,
    wrong_host: Switch = False,
    no_time: Switch = False,
    zero_time: Switch = False,
    refuse_renew: Switch = False,
    odd_prefixes: Switch = False,
    http_digest: Switch = False,
    sub_profile_fault: Switch = False,
    clock_skew: Annotated[float, typer.Option(help="s, its clock minus ours 时钟偏差")] = 0.0,
    silent_after: Annotated[
        float, typer.Option(min=0, help="s until a subscription dies silently 订阅静默失效")
    ] = 0.0,
    reboot_every: Seconds = 0.0,
    down: Annotated[float, typer.Option(min=0.2, help="s a reboot takes 重启耗时")] = 5.0,
    granted: Annotated[float, typer.Option(min=1, help="s, longest subscription")] = 60.0,
) -> None:
    """Simulate an ONVIF camera with contacts, and with the faults that real ones have. 模拟 ONVIF 摄像机。

    What happens is by schedule, or ordered by HTTP: POST /simulate/input/TOKEN/true, /simulate/motion/true,
    /simulate/notify, /simulate/forget, /simulate/reboot.
    """
    from hub.simulation.onvif_device import DeviceSettings, Faults
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
        faults=Faults(
            relative_address=relative_address,
            reference_parameters=reference_parameters,
            instant_empty=instant_empty,
            wrong_host=wrong_host,
            clock_skew_s=clock_skew,
            no_time=no_time,
            zero_time=zero_time,
            refuse_renew=refuse_renew,
            silent_after_s=silent_after,
            odd_prefixes=odd_prefixes,
            reboot_every_s=reboot_every,
            down_s=down,
            http_digest=http_digest,
            sub_profile_fault=sub_profile_fault,
        ),
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
