"""What goes wrong around the chain, one thing at a time; every alarm still becomes one case."""

import asyncio
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import aiomqtt
import psutil
import pytest

from hub.installation import GATEWAY
from tests.influxd import Influxd, influxd_or_skip

from .devices import Panel, component_state, nb_payload, publish
from .stack import Stack, Up, eventually, running
from .test_kill import fires, subjects

pytestmark = [pytest.mark.trust, pytest.mark.timeout(400)]
CI = os.environ.get("CI") == "true"


def nb(imei: int, *, alarm: int = 0) -> tuple[str, bytes]:
    """A detector's message, as topic and payload."""
    name = f"86{imei:013d}"
    return f"iot/hbw-01/nb/{name}/up", nb_payload(name, alarm=alarm, at=time.time())


def device_password(stack: Stack) -> str:
    """Return the password of user `device`."""
    return stack.installation.passwords["device"]


async def test_one_poisoned_message_among_ten_thousand_costs_one_dead_letter(
    tmp_path: Path,
) -> None:
    """9,999 are recorded; the bad one is counted and visible with its reason."""
    messages = [nb(n) for n in range(9_999)]
    messages.insert(5_000, ("iot/hbw-01/nb/860000000005000/up", b'{"imei": NaN, "alarm'))
    with running(tmp_path) as stack:
        parts = [messages[start::8] for start in range(8)]
        password = device_password(stack)
        await asyncio.gather(*(publish(stack.ports.mqtt, password, part) for part in parts))
        await publish(stack.ports.mqtt, password, [nb(77_777, alarm=1)])
        assert await eventually(lambda: fires(stack), 60), stack.tails()

        def recorded() -> bool:
            counters = stack.get("/api/v1/counters")
            return bool(counters.get("recorder.recorded", 0) >= 10_000)

        assert await eventually(recorded, 60), stack.get("/api/v1/counters")
        letters = stack.get("/api/v1/deadletters")["items"]
        assert [(letter["reason"], letter["count"]) for letter in letters] == [("json", 1)]
        assert stack.get("/api/v1/counters")["recorder.recorded"] == 10_000


async def test_retained_messages_open_nothing_when_they_come_again(tmp_path: Path) -> None:
    """A retained fire is state: after a re-subscription there is still one case."""
    with running(tmp_path) as stack:
        password = stack.installation.passwords["bridge"]
        async with aiomqtt.Client(
            "127.0.0.1", stack.ports.mqtt, username="bridge", password=password
        ) as bridge:
            payload = json.dumps({"smoke": True, "battery": 80}).encode()
            await bridge.publish("zigbee2mqtt/厨房", payload, qos=1, retain=True)
        assert await eventually(lambda: fires(stack), 20)
        for _ in range(3):
            stack.kill("gateway")
            stack.start("gateway")
            await asyncio.to_thread(stack.wait_ready)
            await asyncio.sleep(1.5)
        assert len(fires(stack)) == 1


async def test_a_broker_away_loses_nothing_and_alarms_come_first(tmp_path: Path) -> None:
    """Panels go on being acknowledged by the outbox; their cases appear when the broker is back."""
    away_s = 60 if CI else 8
    with running(tmp_path) as stack:
        stack.kill("broker")
        panels = [Panel(stack.ports.fire, 3000 + n) for n in range(20)]

        async def talk(panel: Panel) -> None:
            until = time.monotonic() + away_s
            await panel.fire(panel.source)
            while time.monotonic() < until:
                # An empty unit is the vendors' heartbeat: telemetry beside the alarms.
                assert await panel.send(panel.frame(b"", time.time())) == 3
                await asyncio.sleep(0.02)

        await asyncio.gather(*(talk(panel) for panel in panels))
        began = time.monotonic()
        stack.start("broker")
        assert await eventually(lambda: len(fires(stack)) == len(panels), 60), stack.tails()
        assert time.monotonic() - began < 30

        def caught_up() -> bool:
            gateways = stack.get("/api/v1/gateways")["items"]
            return bool(gateways and sum(gateways[0]["depth"].values()) == 0)

        assert await eventually(caught_up, 60)


async def test_a_reinstalled_gateway_is_not_taken_for_a_repeat(tmp_path: Path) -> None:
    """Its numbers start at 1 again under a new epoch: every new alarm is a case."""
    with running(tmp_path) as stack:
        await Panel(stack.ports.fire, 1).fire(1)
        assert await eventually(lambda: len(fires(stack)) == 1)
        stack.kill("gateway")
        shutil.rmtree(stack.folder / GATEWAY)
        stack.start("gateway")
        await asyncio.to_thread(stack.wait_ready)
        await Panel(stack.ports.fire, 2).fire(2)
        assert await eventually(lambda: len(fires(stack)) == 2)


async def test_a_cloned_card_loses_no_alarm_of_either_gateway(tmp_path: Path) -> None:
    """Two gateways with one epoch and the same numbers: both alarms become cases."""
    with running(tmp_path) as stack:
        await Panel(stack.ports.fire, 1).fire(1)
        assert await eventually(lambda: len(fires(stack)) == 1)
        stack.kill("gateway")
        original = stack.folder / GATEWAY
        image = stack.folder / "image"
        shutil.copytree(original, image)
        for source in (2, 3):
            shutil.rmtree(original)
            shutil.copytree(image, original)
            stack.start("gateway")
            await asyncio.to_thread(stack.wait_ready)
            await Panel(stack.ports.fire, source).fire(source)
            assert await eventually(lambda n=source: len(fires(stack)) == n), stack.tails()
            stack.kill("gateway")
        assert stack.get("/api/v1/counters")["intake.rows_conflicting"] >= 1


def full_stack(folder: Path, influxd: Influxd) -> Stack:
    """Return a stack whose hub records into a real InfluxDB."""
    stack = Stack(folder)
    file = stack.files[1]
    token = folder / "influx.token"
    token.write_text(influxd.token)
    file.write_text(
        file.read_text()
        + f"readings:\n  store: influxdb\n  url: {influxd.url}\n"
        + f"  bucket: {influxd.bucket}\n  token_file: {token}\n"
    )
    return stack


@pytest.mark.real
async def test_influxdb_away_delays_no_case_and_misses_no_point(tmp_path: Path) -> None:
    """The alarm is a case at once; the backlog is replayed with its own times."""
    influxd = Influxd(influxd_or_skip(), tmp_path / "influx")
    with influxd:
        pass  # it knows user and database now, and is away
    stack = full_stack(tmp_path / "stack", influxd)
    try:
        for name in ("broker", "hub", "gateway"):
            stack.start(name)
        stack.wait_ready()
        password = device_password(stack)
        await publish(stack.ports.mqtt, password, [nb(n) for n in range(300)])
        began = time.monotonic()
        await publish(stack.ports.mqtt, password, [nb(301, alarm=1)])
        assert await eventually(lambda: fires(stack), 10)
        assert time.monotonic() - began < 5
        assert stack.get("/readyz")["reading_store"] != "ok"
        await asyncio.to_thread(influxd.start)

        assert await eventually(lambda: influxd.count("battery_pct") == 301, 60)
        assert await eventually(lambda: stack.get("/readyz")["reading_store"] == "ok", 20)
    finally:
        stack.stop()
        influxd.stop()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 40 MiB; needs root, skipped loudly without it and never in CI."""
    mount = tmp_path / "disk"
    mount.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(mount)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if mounted.returncode:
        message = f"cannot mount a tmpfs: {mounted.stderr.strip()}"
        if CI:
            pytest.fail(message)
        pytest.skip(message)
    try:
        yield mount
    finally:
        subprocess.run(["umount", "-l", str(mount)], check=False)


def fill(folder: Path) -> Path:
    """Write until the disk is full."""
    path = folder / "ballast"
    with path.open("wb", buffering=0) as ballast:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    ballast.write(b"\0" * size)
            except OSError:
                continue
    return path


async def test_a_full_disk_acknowledges_nothing_shows_the_alarm_and_recovers(
    small_disk: Path,
) -> None:
    """No crash, no receipt for what is not durable; with room again everything goes on by itself."""
    with Up(small_disk / "data") as up:
        await Panel(up.ports.fire, 1).fire(1)
        assert await eventually(lambda: len(fires(up)) == 1)
        children = psutil.Process(up.process.pid).children()
        ballast = fill(small_disk)
        await asyncio.sleep(3)
        panel = Panel(up.ports.fire, 2)
        at = time.time()
        frame = panel.frame(component_state(2, 3, at), at)
        assert await panel.send(frame, give_up_s=6) == 0, "acknowledged what is not on disk"
        shown = await eventually(lambda: up.state().get("alarms_in_memory_only"), 10)
        assert shown, "the alarm is not shown from memory"
        assert all(child.is_running() for child in children), "a process died"
        ballast.unlink()
        assert await panel.send(frame, give_up_s=30) == 3
        assert await eventually(lambda: len(fires(up)) == 2, 30), up.tails()
        assert await eventually(lambda: up.state().get("ready"), 20)
        expected = {f"gb-{n}-1-1-{n.to_bytes(4, 'little').hex()}" for n in (1, 2)}
        assert expected == subjects(fires(up))
        assert await eventually(lambda: up.state()["alarms_in_memory_only"] == 0, 20)
        # The broker, too, takes what devices publish again.
        password = (up.folder / "device.password").read_text()

        async def heard() -> bool:
            try:
                async with asyncio.timeout(5):
                    await publish(up.ports.mqtt, password, [nb(5, alarm=1)])
            except (aiomqtt.MqttError, TimeoutError):
                return False
            return True

        until = time.monotonic() + 40
        while not await heard():
            assert time.monotonic() < until, "the broker takes nothing any more"
            await asyncio.sleep(1)
        assert await eventually(lambda: len(fires(up)) == 3, 20), up.tails()


async def test_an_abandoned_session_that_fills_the_brokers_store_stops_no_alarm(
    tmp_path: Path,
) -> None:
    """Alarms over TCP are acknowledged from the outbox, and the broker's level is watched."""
    from hub.broker import EmbeddedBroker

    stack = Stack(tmp_path)
    server = EmbeddedBroker(
        tmp_path / "broker", host="127.0.0.1", port=stack.ports.mqtt,
        users=stack.installation.users(), store_bytes=4 << 20,
    )  # fmt: skip
    await server.start()
    try:
        for name in ("hub", "gateway"):
            stack.start(name)
        await asyncio.to_thread(stack.wait_ready)
        abandoned = aiomqtt.Client(
            "127.0.0.1", stack.ports.mqtt, username="capture", clean_session=False,
            identifier="abandoned", password=stack.installation.passwords["capture"],
        )  # fmt: skip
        async with abandoned:
            await abandoned.subscribe("iot/#", qos=1)
        filler = [("iot/hbw-01/nb/1/other", b"x" * 60_000)] * 100
        try:
            async with asyncio.timeout(30):
                await publish(stack.ports.mqtt, device_password(stack), filler)
        except (aiomqtt.MqttError, TimeoutError):
            pass  # a broker whose store is full no longer acknowledges
        assert server.store_level() > 0.8
        panel = Panel(stack.ports.fire, 9)
        await panel.fire(9)
        assert panel.acknowledged, "the outbox acknowledges whatever the broker does"
        found = await eventually(lambda: fires(stack), 20)
        if not found:
            warned = stack.tails()
            assert "uplink_lost" in warned or "uplink_stuck" in warned, warned
    finally:
        stack.stop()
        await server.stop()
