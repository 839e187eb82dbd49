"""Devices over real sockets: acknowledged when on disk, denied when broken, never both."""

import asyncio

from adapters.gb26875.frame import Command, parse
from model.reading import Event
from tests.adapters.gb26875.frames import BAD_SUM, FIRE, HEARTBEAT, component, framed

from .tcp_device import MemorySink, device, listening, until


async def test_a_fire_is_stored_and_then_acknowledged_with_its_serial_number() -> None:
    """The answer is command 3 from the addressed centre, stamped with the gateway's local time."""
    sink = MemorySink()
    async with listening(sink) as source, device(source) as panel:
        await panel.send(FIRE)
        answer = await panel.answer()
    assert (answer.command, answer.serial) == (Command.CONFIRM, 1)
    assert (answer.source, answer.destination) == (88888, 889)
    assert answer.label == bytes((10, 0, 9, 2, 7, 21))
    assert [reading.event for reading in sink.readings] == [Event.FIRE_ALARM]
    assert sink.counts == {"connections": 1, "received": 1}


async def test_nothing_is_acknowledged_before_it_is_on_disk() -> None:
    """While the disk is busy the device waits; it hears only of what is durable."""
    sink = MemorySink()
    sink.disk.clear()
    async with listening(sink) as source, device(source) as panel:
        await panel.send(FIRE)
        answer = asyncio.create_task(panel.told())
        await until(lambda: sink.counts["received"] == 1)
        done, _ = await asyncio.wait({answer}, timeout=0.05)
        assert not done
        sink.disk.set()
        assert await answer == (Command.CONFIRM, 1)


async def test_what_cannot_be_stored_is_not_acknowledged_and_may_come_again() -> None:
    """A full disk: no answer; when it has room, the repeat is stored and acknowledged."""
    sink = MemorySink()
    sink.durable = False
    async with listening(sink) as source, device(source) as panel:
        await panel.send(FIRE + BAD_SUM)
        assert await panel.told() == (Command.DENY, 1)  # the one answer: to the broken frame
        sink.durable = True
        await panel.send(FIRE)
        assert await panel.told() == (Command.CONFIRM, 1)
    assert len(sink.readings) == 1
    assert sink.counts["repeats"] == 0


async def test_a_repeat_is_acknowledged_again_and_stored_once() -> None:
    """The same frame later, on another connection, and twice in one segment."""
    sink = MemorySink()
    async with listening(sink) as source:
        for _ in range(2):
            async with device(source) as panel:
                await panel.send(FIRE + FIRE)
                assert [await panel.told(), await panel.told()] == [(Command.CONFIRM, 1)] * 2
    assert len(sink.readings) == 1
    assert sink.counts["repeats"] == 3


async def test_a_repeat_is_not_acknowledged_before_its_first_copy_is_on_disk() -> None:
    """A device that reconnects while the disk is busy hears nothing until the commit."""
    sink = MemorySink()
    sink.disk.clear()
    async with listening(sink) as source, device(source) as first, device(source) as second:
        await first.send(FIRE)
        await until(lambda: sink.counts["received"] == 1)
        await second.send(FIRE)
        answer = asyncio.create_task(second.told())
        await until(lambda: sink.counts["repeats"] == 1)
        done, _ = await asyncio.wait({answer}, timeout=0.05)
        assert not done
        sink.disk.set()
        assert await answer == (Command.CONFIRM, 1)
    assert len(sink.readings) == 1


async def test_a_repeat_of_what_failed_to_store_is_not_acknowledged() -> None:
    """The second copy shares the fate of the first."""
    sink = MemorySink()
    sink.durable = False
    sink.disk.clear()
    async with listening(sink) as source, device(source) as first, device(source) as second:
        await first.send(FIRE)
        await until(lambda: sink.counts["received"] == 1)
        await second.send(FIRE + BAD_SUM)
        await until(lambda: sink.counts["repeats"] == 1)
        sink.disk.set()
        assert await second.told() == (Command.DENY, 1)


async def test_a_connection_that_dies_does_not_take_anothers_commit_with_it() -> None:
    """The first device hangs up while the disk is busy; the commit goes on for the second."""
    sink = MemorySink()
    sink.disk.clear()
    async with listening(sink) as source, device(source) as second:
        async with device(source) as first:
            await first.send(FIRE)
            await until(lambda: sink.counts["received"] == 1)
            first.writer.transport.abort()
        await second.send(FIRE)
        await until(lambda: sink.counts["repeats"] == 1)
        sink.disk.set()
        assert await second.told() == (Command.CONFIRM, 1)
    assert len(sink.readings) == 1


async def test_a_wrong_checksum_is_denied_and_kept_as_a_dead_letter() -> None:
    """Command 6 with the same serial number; nothing stored; the next frame is fine."""
    sink = MemorySink()
    async with listening(sink) as source, device(source) as panel:
        await panel.send(BAD_SUM)
        answer = await panel.answer()
        assert (answer.command, answer.serial, answer.destination) == (Command.DENY, 1, 889)
        await panel.send(FIRE)
        assert await panel.told() == (Command.CONFIRM, 1)
    assert sink.rejected == [("gb-889", "bad_checksum", BAD_SUM)]


async def test_a_heartbeat_is_acknowledged_each_time() -> None:
    """The same heartbeat twice is twice a sign of life."""
    sink = MemorySink()
    async with listening(sink) as source, device(source) as panel:
        for _ in range(2):
            await panel.send(HEARTBEAT)
            assert await panel.told() == (Command.CONFIRM, 0)
    assert [reading.event for reading in sink.readings] == [Event.HEARTBEAT] * 2


async def test_frames_of_one_segment_are_one_commit_answered_in_order() -> None:
    """Good, broken, good: three answers in the order of the frames, one commit."""
    sink = MemorySink()
    async with listening(sink) as source, device(source) as panel:
        first, last = framed(component(3), serial=10), framed(component(1), serial=12)
        await panel.send(first + BAD_SUM + last)
        answers = [await panel.told() for _ in range(3)]
    assert answers == [(Command.CONFIRM, 10), (Command.DENY, 1), (Command.CONFIRM, 12)]
    assert [len(commit) for commit in sink.commits] == [2]


async def test_a_frame_in_single_bytes_is_one_frame() -> None:
    """Slow lines split where they like."""
    sink = MemorySink()
    async with listening(sink) as source, device(source) as panel:
        for byte in FIRE:
            await panel.send(bytes((byte,)))
        assert await panel.told() == (Command.CONFIRM, 1)
    assert len(sink.readings) == 1


async def test_a_devices_answers_are_not_answered() -> None:
    """Confirmation and denial from a device store nothing and are met with silence."""
    sink = MemorySink()
    async with listening(sink) as source, device(source) as panel:
        await panel.send(framed(b"", command=3) + framed(b"", command=6) + HEARTBEAT)
        assert await panel.told() == (Command.CONFIRM, 0)
    assert sink.counts["silent"] == 2
    assert len(sink.readings) == 1


async def test_an_answer_to_a_request_is_stored_without_acknowledgement() -> None:
    """Command 5 needs no command 3."""
    sink = MemorySink()
    async with listening(sink) as source, device(source) as panel:
        await panel.send(framed("150108040009020715", command=5) + HEARTBEAT)
        assert await panel.told() == (Command.CONFIRM, 0)
    assert [reading.event for reading in sink.readings] == [Event.MAINS_FAULT, Event.HEARTBEAT]


async def test_received_is_the_sum_of_what_became_of_it() -> None:
    """Every piece is stored, a repeat, silent or rejected."""
    sink = MemorySink()
    async with listening(sink) as source, device(source) as panel:
        await panel.send(b"\x00" + FIRE + FIRE + BAD_SUM + framed(b"", command=3) + HEARTBEAT)
        while (await panel.told())[1] != parse(HEARTBEAT).serial:
            pass
    explained = len(sink.readings) + len(sink.rejected)
    explained += sink.counts["repeats"] + sink.counts["silent"]
    assert sink.counts["received"] == explained == 6
