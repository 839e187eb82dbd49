"""The life of a simulated ONVIF device: it answers, is found, and something happens from time to time."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from model.errors import Refused

from .onvif_device import DeviceSettings, OnvifDevice
from .onvif_probe import answer_probes


@dataclass(frozen=True, kw_only=True)
class OnvifLife:
    """What happens: every so many seconds (0: never), for so long."""

    device: DeviceSettings
    motion_every_s: float = 0.0
    motion_s: float = 5.0
    fire_every_s: float = 0.0
    fire_s: float = 20.0
    probe_port: int = 3702  # 0: not found by discovery
    duration_s: float | None = None


async def live(life: OnvifLife, say: Callable[[str], None]) -> None:
    """Run until cancelled, or for the given time; raises Refused when a port cannot be had."""
    device = OnvifDevice(life.device)
    settings = life.device
    tasks: list[asyncio.Task[None]] = []
    probes: list[asyncio.DatagramTransport] = []
    try:
        await device.start()
        if life.probe_port:
            probes = await answer_probes(
                host=settings.host,
                port=life.probe_port,
                address=lambda: f"{device.base}/onvif/device_service",
                scopes=device.scopes,
            )
        say(device.line())
        tasks = _happenings(life, device)
        async with asyncio.timeout(life.duration_s):
            await asyncio.gather(*tasks, asyncio.Event().wait())
    except OSError as error:
        if isinstance(error, TimeoutError):
            return
        raise Refused(
            f"cannot listen on {settings.host}:{settings.port}, or on UDP {life.probe_port}:"
            f" {error.strerror or error}; choose other ports"
        ) from error
    finally:
        for probe in probes:
            probe.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await device.stop()


def _happenings(life: OnvifLife, device: OnvifDevice) -> list[asyncio.Task[None]]:
    async def motion(*, holds: bool) -> None:
        device.set_motion(seen=holds)

    async def fire(*, holds: bool) -> None:
        if life.device.inputs:
            device.set_input(life.device.inputs[0], active=holds)

    faults = life.device.faults
    tasks = [
        asyncio.create_task(_again(every_s, for_s, what), name=f"onvif-{what.__name__}")
        for every_s, for_s, what in (
            (life.motion_every_s, life.motion_s, motion),
            (life.fire_every_s, life.fire_s, fire),
        )
        if every_s
    ]
    if faults.reboot_every_s:
        tasks.append(asyncio.create_task(_reboots(device, faults.reboot_every_s), name="reboots"))
    return tasks


async def _again(every_s: float, for_s: float, what: Callable[..., Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(every_s)
        await what(holds=True)
        await asyncio.sleep(for_s)
        await what(holds=False)


async def _reboots(device: OnvifDevice, every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        with contextlib.suppress(OSError):  # somebody took the port meanwhile: tried again
            await device.reboot()
