"""`smarthub discover`: finds devices on the network and writes what the gateway's file needs."""

import asyncio
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hub.onvif_discovery import FoundDevice

app = typer.Typer(no_args_is_help=True, help="Find devices on the network. 发现设备。")
EXIT_NOTHING = 1


@app.callback()
def _group() -> None:
    """Find devices on the network. 发现设备。"""


@app.command("onvif")
def onvif(
    *,
    interface: Annotated[str, typer.Option(help="own address to send from 本机网卡地址")] = "",
    address: Annotated[
        list[str] | None, typer.Option(help="also ask this host; repeatable 另外询问的主机")
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=0.5, max=60, help="s to wait for answers 等待秒数")
    ] = 3.0,
    port: Annotated[int, typer.Option(min=1, max=65535, help="UDP port 端口")] = 3702,
    multicast: Annotated[bool, typer.Option(help="ask the whole network 组播")] = True,
) -> None:
    """Find ONVIF cameras and door controllers; prints a block for the gateway's file. 发现 ONVIF 设备。

    Exit code 1 when none answered.
    """
    from rich.console import Console

    from hub.onvif_discovery import discover

    found = asyncio.run(
        discover(
            interface=interface,
            hosts=address or (),
            within_s=timeout,
            port=port,
            multicast=multicast,
        )
    )
    if not found:
        typer.echo(
            "no ONVIF device answered: is ONVIF enabled on it, and is it in this network? Name it by"
            " --address HOST. 没有 ONVIF 设备应答：请确认设备已启用 ONVIF 且在同一网段，或用 --address 指定。",
            err=True,
        )
        raise typer.Exit(EXIT_NOTHING)
    console = Console(stderr=True)
    console.print(_table(found))
    typer.echo(yaml_block(found))


def _table(found: "Sequence[FoundDevice]") -> object:
    from rich.markup import escape
    from rich.table import Table

    table = Table("host 主机", "port 端口", "name 名称", "model 型号", "note 备注")
    for device in found:
        note = f"names {device.addresses[0]} 自称地址不同" if device.foreign else ""
        cells = (device.host, str(device.port), device.name, device.model, note)
        table.add_row(*map(escape, cells))
    return table


def yaml_block(found: "Sequence[FoundDevice]") -> str:
    """Return entries for `sources:` of a gateway's file; names become camera ids, each once."""
    lines = ["sources:  # into the gateway's file 粘贴到网关文件"]
    taken: set[str] = set()
    for device in found:
        camera = camera_id(device, taken)
        taken.add(camera)
        about = " ".join(part for part in (device.name, device.model) if part)
        lines += [
            f"  - adapter: onvif{f'  # {about}' if about else ''}",
            f"    host: {device.host}",
            f"    port: {device.port}",
            f"    camera: {camera}",
            "    login: {user: admin, password_file: /etc/smarthub/camera-password}  # yours 按实际填写",
        ]
    return "\n".join(lines)


def camera_id(device: "FoundDevice", taken: set[str]) -> str:
    """Return a device id made of its name, or of its address; a number tells equal names apart."""
    words = re.sub(r"[^\w.-]+", "-", device.name or "").strip("-.").lower()
    stem = f"cam-{words or device.host.replace('.', '-')}"[:56]
    if stem not in taken:
        return stem
    return next(f"{stem}-{n}" for n in range(2, 10_000) if f"{stem}-{n}" not in taken)
