"""A gateway's connections to the hub's broker: one for each purpose, all made alike."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import aiomqtt

from .config import Broker

Hear = Callable[[aiomqtt.Client], Coroutine[Any, Any, None]]


def client_of(broker: Broker, name: str, will: aiomqtt.Will | None = None) -> aiomqtt.Client:
    """Return a client that connects when it is entered; raises ConfigError without its password.

    It asks for no session of its own: what must not be lost is sent again until the hub has it.
    """
    return aiomqtt.Client(
        broker.host,
        broker.port,
        username=broker.user or None,
        password=broker.password() or None,
        identifier=name,
        clean_session=True,
        keepalive=20,
        timeout=10,
        will=will,
    )


async def may_read(client: aiomqtt.Client, topic: str) -> bool:
    """Subscribe; return whether the broker lets this user read the topic."""
    granted = await client.subscribe(topic, qos=0)
    return not any(code.is_failure for code in granted if not isinstance(code, int))


@contextlib.asynccontextmanager
async def hearing(client: aiomqtt.Client, hear: Hear, *, name: str) -> AsyncIterator["asyncio.Task[None]"]:  # fmt: skip
    """Hear in a task while the block runs."""
    task = asyncio.create_task(hear(client), name=name)
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, aiomqtt.MqttError):
            await task
