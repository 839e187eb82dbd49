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
    relative_address: Annotated[
        bool, typer.Option(help="subscription's address is a path 相对订阅地址")
    ] = False,
    reference_parameters: Annotated[
        bool, typer.Option(help="subscription told by a header 订阅靠报文头")
    ] = False,
    instant_empty: Annotated[
        bool, typer.Option(help="empty pulls answered at once 空拉取立即返回")
    ] = False,
    wrong_host: Annotated[bool, typer.Option(help="names another host 自称其他地址")] = False,
    no_time: Annotated[bool, typer.Option(help="tells no time 不报时间")] = False,
    zero_time: Annotated[bool, typer.Option(help="events of 0000-00-00 事件时间为零")] = False,
    refuse_renew: Annotated[bool, typer.Option(help="Renew is refused 拒绝续订")] = False,
    odd_prefixes: Annotated[bool, typer.Option(help="other XML prefixes 命名空间前缀不同")] = False,
    http_digest: Annotated[bool, typer.Option(help="login by HTTP digest 只认 HTTP 摘要")] = False,
    old_firmware: Annotated[bool, typer.Option(help="old device 旧固件")] = False,
    sub_profile_fault: Annotated[bool, typer.Option(help="sub-stream refused 子码流报错")] = False,
    clock_skew: Annotated[float, typer.Option(help="s, its clock minus ours 时钟偏差")] = 0.0,
    silent_after: Annotated[
        float, typer.Option(min=0, help="s until a subscription dies silently 订阅静默失效")
    ] = 0.0,
    hold_longer: Annotated[
        float, typer.Option(min=0, help="s late 应答延迟; 0: never 不发生")
    ] = 0.0,
    reboot_every: Annotated[
        float, typer.Option(min=0, help="s 每隔多久重启; 0: never 不发生")
    ] = 0.0,
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
            hold_longer_s=hold_longer,
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
            old_firmware=old_firmware,
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
