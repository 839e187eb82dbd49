"""What alarms do not wait for may break: it begins anew, and nothing else ends with it."""

import asyncio
import contextlib

from hub.lasting import lasting


async def test_work_that_breaks_begins_anew_and_costs_its_neighbours_nothing() -> None:
    """Any error of the work, also one of a group of tasks; an end without error begins anew too."""
    begun: list[None] = []
    beats: list[int] = []

    async def breaks() -> None:
        begun.append(None)
        if len(begun) == 1:
            raise KeyError("a defect")
        if len(begun) == 2:
            async with asyncio.TaskGroup() as group:
                group.create_task(breaks_inside())

    async def breaks_inside() -> None:
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "a defect inside")

    async def alarms() -> None:
        while True:
            beats.append(len(begun))
            await asyncio.sleep(0.01)

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1), asyncio.TaskGroup() as group:
            group.create_task(lasting("pictures", breaks, again_s=0.02))
            group.create_task(alarms())
    assert len(begun) > 3
    assert beats[-1] > 3
