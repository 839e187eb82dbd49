"""Runs a simulated device and the gateway's runner beside it, and waits for what must come."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from adapters.onvif.adapter import Onvif
from adapters.onvif.settings import InputSettings, Login, OnvifSettings
from adapters.runners.onvif import OnvifSource
from hub.simulation.onvif_device import DeviceSettings, OnvifDevice
from hub.simulation.onvif_faults import Faults
from model.reading import Event, Reading
from tests.runners.memory_sink import MemorySink

PASSWORD = "s3cret-of-camera"
WITHIN_S = 15.0


class Listening(NamedTuple):
    """A device, its source, and where its Readings go."""

    device: OnvifDevice
    source: OnvifSource
    sink: MemorySink

    def said(self, event: Event) -> list[Reading]:
        """Return the Readings with that word."""
        return [reading for reading in self.sink.readings if reading.event is event]

    def states(self, name: str) -> list[object]:
        """Return what a state was said to be, in order."""
        return [reading.values[name] for reading in self.sink.readings if name in reading.values]

    async def until(self, what: Callable[[], object]) -> None:
        """Wait until something is so; fails with what is known when it does not come."""
        deadline = time.monotonic() + WITHIN_S
        while not what():
            assert time.monotonic() < deadline, (
                self.source.trouble, self.device.asked[-9:], self.sink.readings[-5:],
            )  # fmt: skip
            await asyncio.sleep(0.01)

    async def until_subscribed(self, times: int = 1) -> None:
        """Wait for the so-manieth subscription, and its first answer."""
        await self.until(lambda: self.sink.counters["onvif_subscriptions"] >= times)
        await self.until(lambda: self.source.connected)


def settings_of(device: OnvifDevice, *, proof_s: float = 300.0) -> OnvifSettings:
    """Return a source's settings for the simulated device."""
    return OnvifSettings(
        host="127.0.0.1",
        port=device.port,
        login=Login(user="admin"),
        camera="cam-1",
        compound="c1",
        inputs={"AlarmIn_1": InputSettings(means="fire_alarm", device="panel-1")},
        pull_s=1,
        subscription_s=20,
        proof_s=proof_s,
    )


@contextlib.asynccontextmanager
async def running(faults: Faults, *, granted_s: float = 60.0) -> AsyncIterator[OnvifDevice]:
    """Run a device that wants a login."""
    device = OnvifDevice(DeviceSettings(password=PASSWORD, faults=faults, granted_s=granted_s))
    await device.start()
    try:
        yield device
    finally:
        await device.stop()


@contextlib.asynccontextmanager
async def listening(
    faults: Faults | None = None,
    *,
    password: str = PASSWORD,
    granted_s: float = 60.0,
    proof_s: float = 300.0,
) -> AsyncIterator[Listening]:
    """Run both."""
    async with running(faults or Faults(), granted_s=granted_s) as device:
        sink = MemorySink()
        adapter = Onvif(settings_of(device, proof_s=proof_s), bytes(32))
        source = OnvifSource(adapter, sink, password=password)
        try:
            yield Listening(device, source, sink)
        finally:
            await source.close()
