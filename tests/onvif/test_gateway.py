"""A contact on a simulated camera, through the gateway's own configuration, intake and outbox."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gateway.config import GatewayConfig, check
from gateway.crash import crash_points
from gateway.intake import Intake
from gateway.outbox import Outbox, OutboxRow
from gateway.sources import Sources
from hub.simulation.onvif_device import OnvifDevice
from hub.simulation.onvif_faults import Faults
from model.anomaly import Phase
from model.codec import decode_readings
from model.errors import ConfigError
from model.place import Registry
from model.reading import Event, Lane, Mode, Reading
from rules.engine import Engine
from tests.rules.town import library

from .listening import PASSWORD, WITHIN_S, running


def config_of(device: OnvifDevice, folder: Path, *, login: str = "") -> GatewayConfig:
    """Return a checked gateway file with the device as its only source."""
    login = login or f"{{user: admin, password_file: {folder / 'camera-password'}}}"
    (folder / "camera-password").write_text(f"{PASSWORD}\n")
    return check(
        f"""
site: s
gateway: g
data: {folder}
uplink: {{}}
sources:
  - adapter: onvif
    host: 127.0.0.1
    port: {device.port}
    login: {login}
    camera: cam-1
    pull_s: 1
    inputs: {{AlarmIn_1: {{means: fire_alarm, device: panel-1}}}}
""",
        "gateway.yaml",
    )


class Gateway:
    """What a gateway's outbox was given."""

    def __init__(self, intake: Intake, sources: Sources) -> None:
        self.intake, self.sources = intake, sources
        self.rows: list[OutboxRow] = []

    def words(self, device: str, *, lane: Lane = Lane.ALARM) -> list[Event]:
        """Return the alarm words of a device that are on disk, in order."""
        return [
            reading.event
            for found, reading in self.readings()
            if reading.device == device and found is lane and reading.event
        ]

    def readings(self) -> list[tuple[Lane, Reading]]:
        """Return everything that is on disk, in the gateway's order."""
        said = [
            (row.lane, reading)
            for row in self.rows
            for reading in decode_readings(row.payload, "g", "e")
        ]
        return sorted(said, key=lambda found: found[1].order)

    def anomalies(self) -> list[tuple[str, str]]:
        """Return what the ready-made rules make of it: rule and phase, without what only goes on."""
        engine = Engine(Registry(), library())
        found = [
            anomaly
            for lane, reading in self.readings()
            for anomaly in engine.observe([reading], lane, reading.received_at)
        ]
        assert not engine.failures, engine.last_failure
        return [
            (anomaly.rule, anomaly.phase.value)
            for anomaly in found
            if anomaly.phase is not Phase.CONTINUED
        ]

    async def until(self, what: Callable[[], object]) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + WITHIN_S
        while not what():
            assert time.monotonic() < deadline, (self.sources.warnings(), self.intake.counters)
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def gateway_on(device: OnvifDevice, folder: Path) -> AsyncIterator[Gateway]:
    """Run outbox, intake and sources, as the gateway's process does."""
    rows: list[OutboxRow] = []
    outbox = Outbox(folder / "outbox.db")
    intake = Intake(
        outbox,
        gateway="g",
        mode=Mode.REAL,
        max_bytes=1 << 30,
        stored=lambda stored, _durable: rows.extend(stored),
        crash=crash_points({}),
    )
    task = asyncio.create_task(intake.run())
    sources = Sources()
    gateway = Gateway(intake, sources)
    gateway.rows = rows
    try:
        await sources.start(config_of(device, folder), intake)
        yield gateway
    finally:
        await sources.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        outbox.close()


async def test_a_fire_is_one_alarm_and_one_end_over_a_reboot(tmp_path: Path) -> None:
    """In the alarm lane of the outbox, on disk, whatever the device repeats in between."""
    async with running(Faults(down_s=0.5)) as device, gateway_on(device, tmp_path) as gateway:
        counters = gateway.intake.counters
        await gateway.until(lambda: counters["onvif_subscriptions"] == 1)
        device.set_input("AlarmIn_1", active=True)
        await gateway.until(lambda: gateway.words("panel-1") == [Event.FIRE_ALARM])
        await device.reboot()
        await gateway.until(lambda: counters["onvif_subscriptions"] == 2)
        await asyncio.sleep(1.5)
        device.set_input("AlarmIn_1", active=False)
        await gateway.until(
            lambda: gateway.words("panel-1") == [Event.FIRE_ALARM, Event.FIRE_CLEARED]
        )
        await gateway.until(lambda: gateway.sources.warnings() == [])
        assert gateway.anomalies() == [("fire-alarm", "started"), ("fire-alarm", "ended")]


async def test_a_fire_that_burns_when_the_gateway_starts_is_news(tmp_path: Path) -> None:
    """Each process says it once: who was not there must hear of it; the desk knows its open case."""
    async with running(Faults()) as device:
        device.set_input("AlarmIn_1", active=True)
        for _ in range(2):
            async with gateway_on(device, tmp_path) as gateway:
                await gateway.until(lambda: gateway.words("panel-1") == [Event.FIRE_ALARM])


async def test_a_device_that_is_away_is_a_warning_of_the_gateway(tmp_path: Path) -> None:
    """It names camera and address, for the heartbeat; other sources are not held up."""
    async with running(Faults()) as device, gateway_on(device, tmp_path) as gateway:
        await gateway.until(lambda: gateway.intake.counters["onvif_subscriptions"] == 1)
        await device.stop()
        await gateway.until(gateway.sources.warnings)
        [text] = gateway.sources.warnings()
        assert f"camera cam-1 at 127.0.0.1:{device.port}" in text
        assert PASSWORD not in text


async def test_a_password_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    """With the file's name and the key."""
    async with running(Faults()) as device:
        config = config_of(device, tmp_path, login="{user: admin, password_file: /no/such}")
        sources = Sources()
        with pytest.raises(ConfigError, match=r"/no/such .*cannot be read"):
            await sources.start(config, _nobody())


def _nobody() -> Intake:
    """Return an intake that is never reached."""
    return Intake.__new__(Intake)
