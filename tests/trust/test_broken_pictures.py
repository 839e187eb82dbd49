"""A gateway that sends broken pictures, by mistake or taken over, costs the hub nothing else."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.installation import GATEWAY, SITE
from model.camera_messages import CameraShown, PictureSent, encode_picture, encode_shown
from model.topics import CameraTopics
from tests.hub.test_rights import client

from .stack import Stack

TOPICS = CameraTopics.of(SITE, GATEWAY, "c")
BROKEN = b'{"camera":"c","host":"\xff\xfe"}'
JPEG = encode_picture(PictureSent(0, b"\xff\xd8\xff"))


async def say(stack: Stack, topic: str, payload: bytes, *, retain: bool = False) -> None:
    """Publish as the gateway."""
    async with client(stack, GATEWAY) as gateway:
        await gateway.publish(topic, payload, qos=1, retain=retain)


def until(stack: Stack, check: Callable[[], bool], seconds: float = 30.0) -> None:
    """Return when something is so; fails with the logs' ends when it does not come."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, stack.tails()
        time.sleep(0.1)


def start_hub(stack: Stack) -> None:
    """Start the hub and wait until it hears pictures."""
    stack.start("hub")
    until(stack, lambda: bool(stack.state().get("ready")), 40)

    def heard() -> bool:
        asyncio.run(say(stack, TOPICS.settings, encode_shown(CameraShown("c"))))
        return count(stack, "settings") > 0

    until(stack, heard)


def count(stack: Stack, name: str) -> int:
    """Return what the hub counted of cameras; fails when it is gone."""
    return int(stack.get("/api/v1/counters").get(f"cameras.{name}", 0))


@pytest.mark.real
@pytest.mark.parametrize("mosquitto", [False, True], ids=["embedded", "mosquitto"])
def test_a_broken_message_of_a_camera_ends_nothing_now_or_at_the_next_start(
    tmp_path: Path, *, mosquitto: bool
) -> None:
    """Also one that the broker keeps; a kept picture is not shown, for nothing tells how old it is."""
    stack = Stack(tmp_path, mosquitto=mosquitto)
    try:
        stack.start("broker")
        start_hub(stack)
        asyncio.run(say(stack, TOPICS.settings, BROKEN, retain=True))
        asyncio.run(say(stack, TOPICS.picture, JPEG, retain=True))
        until(stack, lambda: count(stack, "pictures") == 1)
        assert count(stack, "refused.content") == 1
        stack.kill("hub")
        start_hub(stack)
        assert count(stack, "refused.content") == 0
        assert count(stack, "pictures") == 0
        assert stack.state()["ready"]
    finally:
        stack.stop()
