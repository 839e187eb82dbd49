"""Recorded frames go through the real port; the shared ones are acknowledged, the faulty denied."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.gb26875.adapter import FirePanels, FirePanelSettings
from adapters.runners.tcp import TcpSource
from hub.simulation.capture import Capture, capture
from hub.simulation.fire_panel import Centre
from hub.simulation.recording import Record, read_recording
from hub.simulation.replay import Result, Target, replay
from hub.simulation.replay_table import table_of
from model.errors import ConfigError, Transient
from model.reading import Event, Reading
from tests.shared_data import shared

from .centre import always, eventually, listening

FIRE = (
    "404001000101203A091A090C790300000000385B0100000030000202010101280A000200020020202020202020"
    "202020202020202020202020202020202020202020202000023A091A090C462323"
)


class MemorySink:
    """Keeps Readings in memory and calls them durable; knows repeats."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.rejected: list[str] = []
        self._seen: set[str] = set()

    def now(self) -> int:
        """Return the time."""
        return time.time_ns() // 1_000_000

    async def store(self, readings: Sequence[Reading], *, fingerprints: Sequence[str] = ()) -> bool:
        """Keep Readings."""
        self.readings += readings
        self._seen.update(fingerprints)
        return True

    def seen(self, fingerprint: str) -> bool:
        """Return whether it was stored."""
        return fingerprint in self._seen

    def reject(self, source: str, reason: str, payload: bytes, detail: str) -> None:
        """Note a reason."""
        del source, payload, detail
        self.rejected.append(reason)

    def count(self, name: str, n: int = 1) -> None:
        """Count nothing."""


@asynccontextmanager
async def gateway() -> AsyncIterator[tuple[MemorySink, Centre]]:
    """Run the real adapter behind the real TCP runner."""
    sink = MemorySink()
    panels = FirePanels(FirePanelSettings(frame_timeout_s=0.3), bytes(32))
    server = TcpSource(panels, sink)
    await server.listen(host="127.0.0.1", port=0)
    try:
        yield sink, Centre(host="127.0.0.1", port=server.port)
    finally:
        await server.close()


async def replayed(records: Sequence[Record], centre: Centre) -> dict[str, Result]:
    """Replay fast; return results by record id."""
    results = await replay(records, Target(centre, answer_within_s=2))
    return {result.record.id: result for result in results}


async def test_the_shared_frames_are_answered_as_the_standard_asks() -> None:
    """Uploads are acknowledged, faulty frames denied; answers of a centre are not sent."""
    records = read_recording(shared("data/gb26875_frames.json"))
    async with gateway() as (sink, centre):
        results = await replayed(records, centre)
    wrong = {name: result.answer for name, result in results.items() if not result.as_expected}
    assert not wrong
    assert results["al-fire"].answer == "ack"
    assert results["guofengzh-dummy"].answer == "deny"
    assert results["d-bad-end"].answer == results["d-len-1025"].answer == "deny"
    assert results["al-centre-ack"].answer == "not sent"
    fires = [reading for reading in sink.readings if reading.event is Event.FIRE_ALARM]
    assert {reading.device for reading in fires} == {"gb-889-1-1-0a000200"}
    assert "bad_checksum" in sink.rejected


async def test_a_centre_that_answers_wrongly_is_found_out() -> None:
    """A port that acknowledges everything fails the replay on each faulty frame."""
    records = [
        Record(id="good", via="tcp", pieces=(bytes.fromhex(FIRE),), expected="ack"),
        Record(id="bad", via="tcp", pieces=(bytes.fromhex(FIRE),), expected="deny"),
    ]
    async with listening(always) as centre:
        results = await replayed(records, Centre(host="127.0.0.1", port=centre.port))
    assert results["good"].as_expected
    assert not results["bad"].as_expected
    assert table_of(list(results.values())).row_count == 2


async def test_a_capture_replays_as_it_was_recorded(tmp_path: Path) -> None:
    """Frames and garbage pass the proxy untouched, are recorded, and are answered alike again."""
    out = tmp_path / "day.jsonl"
    said: list[str] = []
    async with listening(always) as centre:
        order = Capture(
            out=out,
            centre=Centre(host="127.0.0.1", port=centre.port),
            listen=("127.0.0.1", 0),
            duration_s=0.5,
        )
        recording = asyncio.create_task(capture(order, say=said.append))
        await eventually(lambda: bool(said))
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", int(said[0].split(":")[1].split(";")[0])
        )
        damaged = bytearray(bytes.fromhex(FIRE))
        damaged[30] ^= 1
        writer.write(bytes.fromhex(FIRE)[:10])
        await writer.drain()
        writer.write(bytes.fromhex(FIRE)[10:] + bytes(damaged))
        answer = await reader.readexactly(30)
        assert answer[26] == 3
        await recording
        writer.close()
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [line["via"] for line in lines] == ["tcp", "tcp"]
    assert lines[0]["hex"] == FIRE.lower()
    async with gateway() as (sink, real):
        results = await replayed(read_recording(out), real)
    assert [results["1"].answer, results["2"].answer] == ["ack", "deny"]
    assert [reading.event for reading in sink.readings] == [Event.FIRE_ALARM]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", r"bad\.jsonl:2: not a line of a capture"),
        ('{"t":1,"via":"smoke","hex":"00"}', r"bad\.jsonl:2: not a line"),
        ('{"t":1,"via":"tcp","hex":"0"}', r"bad\.jsonl:2: not a line"),
        ('{"t":1,"via":"mqtt","hex":"00"}', r"bad\.jsonl:2: topic: an MQTT message needs"),
    ],
)
def test_a_damaged_recording_is_refused_with_its_line(tmp_path: Path, line: str, why: str) -> None:
    """Nothing of a recording with a broken line is sent."""
    path = tmp_path / "bad.jsonl"
    path.write_text(f'{{"t":1,"via":"tcp","hex":"{FIRE}"}}\n{line}\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=why):
        read_recording(path)


async def test_a_closed_port_is_one_clear_line() -> None:
    """Without a gateway the replay says which port did not answer."""
    record = Record(id="1", via="tcp", pieces=(b"x",))
    with pytest.raises(Transient, match=r"fire port 127\.0\.0\.1:1:"):
        await replay([record], Target(Centre(host="127.0.0.1", port=1)))
