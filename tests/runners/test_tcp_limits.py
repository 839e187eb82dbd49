"""Slow, silent, dirty and too many connections cost little and disturb nobody."""

import asyncio

from adapters.gb26875.frame import Command
from adapters.runners.tcp import serve_tcp
from tests.adapters.gb26875.frames import BAD_SUM, FIRE, HEARTBEAT, panels

from .tcp_device import MemorySink, device, listening, until


async def test_an_oversized_frame_is_denied_at_its_header() -> None:
    """27 bytes are answered; no body is waited for."""
    sink = MemorySink()
    async with listening(sink) as source, device(source) as panel:
        await panel.send(FIRE[:24] + b"\x01\x04\x02")
        assert await panel.told() == (Command.DENY, 1)
    assert [reason for _, reason, _ in sink.rejected] == ["oversize"]


async def test_a_silent_connection_is_closed() -> None:
    """A half-open connection does not hold its place."""
    sink = MemorySink()
    async with listening(sink, idle_timeout_s=0.05) as source, device(source) as panel:
        assert await panel.rest() == b""
    assert sink.counts["closed_idle"] == 1


async def test_broken_frames_do_not_keep_a_connection_open() -> None:
    """Only good frames count as signs of life."""
    sink = MemorySink()
    async with listening(sink, idle_timeout_s=0.1) as source, device(source) as panel:

        async def send_on() -> None:
            while True:
                await panel.send(BAD_SUM)
                await asyncio.sleep(0.01)

        sending = asyncio.create_task(send_on())
        await until(lambda: sink.counts["closed_idle"] == 1)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def test_a_false_start_delays_a_fire_by_the_frame_timeout_only() -> None:
    """A header that claims 1 KiB is given up; the fire behind it is stored and acknowledged."""
    sink = MemorySink()
    async with listening(sink, frame_timeout_s=0.05) as source, device(source) as panel:
        await panel.send(HEARTBEAT[:24] + b"\x00\x04" + FIRE)
        assert await panel.told() == (Command.DENY, 0)
        assert await panel.told() == (Command.CONFIRM, 1)
    assert [reason for _, reason, _ in sink.rejected] == ["incomplete"]


async def test_a_last_frame_cut_off_by_the_end_is_a_dead_letter() -> None:
    """What came before the end is stored and acknowledged, the torn rest is kept."""
    sink = MemorySink()
    async with listening(sink) as source, device(source) as panel:
        await panel.send(FIRE + HEARTBEAT[:20])
        panel.writer.write_eof()
        assert await panel.told() == (Command.CONFIRM, 1)
        await panel.rest()
    ((sender, reason, torn),) = sink.rejected
    assert sender.startswith("gb26875 127.0.0.1:")
    assert (reason, torn) == ("incomplete", HEARTBEAT[:20])


async def test_connections_beyond_the_limit_are_refused() -> None:
    """The limit holds, those inside are served, and a freed place can be taken."""
    sink = MemorySink()
    async with listening(sink, max_connections=1) as source:
        async with device(source) as panel:
            await panel.send(HEARTBEAT)
            await panel.told()
            async with device(source) as other:
                assert await other.rest() == b""
            await panel.send(HEARTBEAT)
            assert await panel.told() == (Command.CONFIRM, 0)
        await until(lambda: not source._connections)
        async with device(source) as late:
            await late.send(HEARTBEAT)
            assert await late.told() == (Command.CONFIRM, 0)
    assert (sink.counts["connections"], sink.counts["refused_connections"]) == (2, 1)


async def test_a_peer_that_never_reads_is_dropped() -> None:
    """Answers pile up in the kernel, not in our memory; then the peer is let go."""
    sink = MemorySink()
    async with listening(sink, frame_timeout_s=0.1) as source, device(source) as panel:
        panel.stop_reading()

        async def flood() -> None:
            while True:
                await panel.send(HEARTBEAT * 500)

        flooding = asyncio.create_task(flood())
        async with asyncio.timeout(20):
            while not sink.counts["closed_slow"]:
                await asyncio.sleep(0.01)
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)
        await until(lambda: not source._connections)


async def test_closing_ends_connections_and_frees_the_port() -> None:
    """After close nobody is served, and the port can be listened on again."""
    sink = MemorySink()
    source = await serve_tcp(panels(), sink, host="127.0.0.1", port=0)
    port = source.port
    async with device(source) as panel:
        await panel.send(HEARTBEAT)
        await panel.told()
        await source.close()
        assert await panel.rest() == b""
    assert source.port == 0
    again = await serve_tcp(panels(), sink, host="127.0.0.1", port=port)
    assert again.port == port
    await again.close()


async def test_closing_does_not_undo_a_commit_under_way() -> None:
    """What a device sent before the stop is stored after it; its repeat will be acknowledged."""
    sink = MemorySink()
    sink.disk.clear()
    source = await serve_tcp(panels(), sink, host="127.0.0.1", port=0)
    async with device(source) as panel:
        await panel.send(FIRE)
        await until(lambda: sink.counts["received"] == 1)
        await source.close()
        assert await panel.rest() == b""
    sink.disk.set()
    await until(lambda: len(sink.readings) == 1)
