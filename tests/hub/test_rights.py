"""Who may do what at the broker: the embedded one and Mosquitto with the shipped configuration."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest

from hub.installation import GATEWAY, SITE
from model.topics import CameraTopics, GatewayTopics
from tests.trust.stack import Stack

OWN = GatewayTopics.of(SITE, GATEWAY)
OTHER = GatewayTopics.of(SITE, "gw-02")
CAMERA, OTHERS = CameraTopics.of(SITE, GATEWAY, "东门.1"), CameraTopics.of(SITE, "gw-02", "c")


@asynccontextmanager
async def broker(folder: Path, *, mosquitto: bool) -> AsyncIterator[Stack]:
    """Run only the broker of a stack."""
    stack = Stack(folder, mosquitto=mosquitto)
    stack.start("broker")
    try:
        for _ in range(100):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", stack.ports.mqtt)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                break
        yield stack
    finally:
        stack.stop()


def client(stack: Stack, user: str | None) -> aiomqtt.Client:
    """Connect as a user, or as nobody."""
    password = stack.installation.passwords[user] if user else None
    return aiomqtt.Client(
        "127.0.0.1", stack.ports.mqtt, username=user, password=password, timeout=5
    )


async def arrives(stack: Stack, user: str, topic: str, listener: str) -> bool:
    """Whether what `user` publishes on `topic` reaches `listener`."""
    async with client(stack, listener) as hearing, client(stack, user) as saying:
        granted = await hearing.subscribe(topic, qos=1)
        assert not any(code.is_failure for code in granted if not isinstance(code, int))
        await saying.publish(topic, b"x", qos=1)
        try:
            async with asyncio.timeout(0.7):
                async for _ in hearing.messages:
                    return True
        except TimeoutError:
            return False
    return False


@pytest.mark.real
@pytest.mark.parametrize("mosquitto", [False, True], ids=["embedded", "mosquitto"])
async def test_a_gateway_writes_only_its_own_topics(tmp_path: Path, *, mosquitto: bool) -> None:
    """Its own messages arrive, those in another's name do not, and a device is no gateway."""
    async with broker(tmp_path, mosquitto=mosquitto) as stack:
        assert await arrives(stack, GATEWAY, OWN.alarm, "hub")
        assert not await arrives(stack, GATEWAY, OTHER.alarm, "hub")
        assert not await arrives(stack, "device", OWN.alarm, "hub")
        assert await arrives(stack, "device", "iot/hbw-01/nb/1/up", GATEWAY)
        assert not await arrives(stack, "device", "zigbee2mqtt/door", GATEWAY)
        assert await arrives(stack, "bridge", "zigbee2mqtt/门厅", GATEWAY)
        assert await arrives(stack, GATEWAY, OWN.evidence, "hub")
        assert not await arrives(stack, GATEWAY, OTHER.evidence, "hub")
        assert not await arrives(stack, "device", OWN.evidence, "hub")
        assert await arrives(stack, "hub", OWN.evidence_receipt, GATEWAY)
        assert await arrives(stack, "hub", OWN.receipt, GATEWAY)
        assert await arrives(stack, "hub", OWN.ask, GATEWAY)
        assert not await arrives(stack, GATEWAY, OWN.receipt, GATEWAY)
        assert await arrives(stack, GATEWAY, CAMERA.picture, "hub")
        assert await arrives(stack, "hub", CAMERA.looked, GATEWAY)
        assert not await arrives(stack, GATEWAY, OTHERS.picture, "hub")
        assert not await arrives(stack, "device", CAMERA.settings, "hub")


@pytest.mark.real
@pytest.mark.parametrize("mosquitto", [False, True], ids=["embedded", "mosquitto"])
async def test_anonymous_and_wrong_passwords_are_refused(
    tmp_path: Path, *, mosquitto: bool
) -> None:
    """Nobody connects without a password of their own."""
    async with broker(tmp_path, mosquitto=mosquitto) as stack:
        with pytest.raises(aiomqtt.MqttError):
            async with client(stack, None):
                pass
        stack.installation.passwords["device"] = "wrong"
        with pytest.raises(aiomqtt.MqttError):
            async with client(stack, "device"):
                pass


@pytest.mark.parametrize(
    ("user", "topic"),
    [
        (GATEWAY, OTHER.receipt), (GATEWAY, OTHER.ask), (GATEWAY, CAMERA.picture), (GATEWAY, OTHERS.looked), (GATEWAY, OWN.alarm),
        (GATEWAY, OWN.evidence), (GATEWAY, OTHER.evidence_receipt), ("bridge", OWN.evidence),
        ("device", OWN.alarm), ("device", "#"),
        ("device", "iot/#"), ("bridge", "iot/#"), ("bridge", "smarthub/#"), ("capture", "smarthub/#"),
        ("hub", "iot/#"),
    ],
)  # fmt: skip
async def test_nobody_reads_more_than_their_own(tmp_path: Path, user: str, topic: str) -> None:
    """The embedded broker refuses the subscription itself; a device may read nothing at all."""
    async with broker(tmp_path, mosquitto=False) as stack, client(stack, user) as reader:
        granted = await reader.subscribe(topic, qos=1)
        assert all(code.is_failure for code in granted if not isinstance(code, int))


async def test_capture_hears_devices_and_says_nothing(tmp_path: Path) -> None:
    """The user for recordings has no voice."""
    async with broker(tmp_path, mosquitto=False) as stack:
        assert await arrives(stack, "device", "iot/hbw-01/nb/1/up", "capture")
        assert not await arrives(stack, "capture", "iot/hbw-01/nb/1/up", GATEWAY)
