"""Keeps work going that alarms do not wait for: what breaks is said and begun anew."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger()
AGAIN_S = 5.0


async def lasting(
    name: str, work: Callable[[], Awaitable[None]], *, again_s: float = AGAIN_S
) -> None:
    """Do work until cancelled, however often it breaks; alarms go on meanwhile."""
    while True:
        try:
            await work()
        except Exception as error:
            log.exception("work_broke", work=name, why=repr(error))
        await asyncio.sleep(again_s)
