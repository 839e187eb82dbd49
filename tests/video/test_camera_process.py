"""Cameras in processes of their own: what breaks there is said, mended, and costs nothing else."""

import asyncio
import os
import queue
import resource
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from gateway.cameras import CLOSE_S, Cameras
from model.reading import Reading
from tests.runners.memory_sink import MemorySink
from tests.shared_data import shared
from video.settings import VideoSettings
from video.worker.__main__ import speak
from video.worker.group import Group
from video.worker.protocol import Orders, decode_said, encode

WAIT_S = 40.0


@asynccontextmanager
async def looking(
    tmp_path: Path, *sources: dict[str, object], a_process: int = 8
) -> AsyncIterator[tuple[Cameras, MemorySink]]:
    """Run cameras cam-0, cam-1 … over files, noticing motion."""
    settings = VideoSettings.model_validate(
        {
            "cameras_a_process": a_process,
            "cameras": [
                {
                    "camera": f"cam-{number}", "compound": "c1", "source": source,
                    "observations": {"motion": {}}, "heartbeat_s": 1,
                }
                for number, source in enumerate(sources)
            ],
        }
    )  # fmt: skip
    sink = MemorySink()
    cameras = Cameras(settings, tmp_path, sink)
    try:
        yield cameras, sink
    finally:
        await cameras.close()


async def told(sink: MemorySink, wanted: Callable[[Reading], bool], *, after: int = 0) -> Reading:
    """Wait for a Reading."""
    async with asyncio.timeout(WAIT_S):
        while True:
            for reading in sink.readings[after:]:
                if wanted(reading):
                    return reading
            await asyncio.sleep(0.05)


def walk() -> dict[str, object]:
    return {
        "file": str(shared("data/video/intel_one_by_one_person.mp4")),
        "repeat": True,
        "speed": 4,
    }


async def test_what_a_camera_sees_becomes_readings(tmp_path: Path) -> None:
    async with looking(tmp_path, walk()) as (_, sink):
        seen = await told(sink, lambda reading: reading.values.get("motion") is True)
        assert (seen.device, seen.kind, seen.compound) == ("cam-0", "camera", "c1")
        beat = await told(sink, lambda reading: reading.values.get("online") is True)
        assert set(beat.values) >= {"fps", "cpu_pct", "frames_skipped", "reconnects"}


async def test_a_killed_process_is_said_and_started_anew_and_others_go_on(tmp_path: Path) -> None:
    async with looking(tmp_path, walk(), walk(), a_process=1) as (cameras, sink):
        await told(sink, lambda r: r.device == "cam-0" and r.values.get("online") is True)
        await told(sink, lambda r: r.device == "cam-1" and r.values.get("online") is True)
        pids = [process.pid for process in cameras.processes]
        before = len(sink.readings)
        os.kill(pids[0] or 0, signal.SIGKILL)
        lost = await told(sink, lambda r: r.values.get("online") is False, after=before)
        assert (lost.device, lost.values["offline_reason"]) == ("cam-0", "process")
        assert "ended with code -9" in cameras.warnings()[0]
        again = len(sink.readings)
        await told(
            sink, lambda r: r.device == "cam-0" and r.values.get("online") is True, after=again
        )
        assert cameras.processes[0].pid not in {None, pids[0]}
        assert cameras.processes[1].pid == pids[1]
        assert not [
            r for r in sink.readings if r.device == "cam-1" and r.values.get("online") is False
        ]


async def test_a_process_that_breaks_again_and_again_is_not_online_between_two_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A case for 60 s offline would never come; one break alone is mended at once."""
    monkeypatch.setattr("gateway.cameras.HOLD_S", 8.0)
    async with looking(tmp_path, walk()) as (cameras, sink):
        for _ in range(2):
            before = len(sink.readings)
            await told(sink, lambda r: r.values.get("online") is True, after=before)
            os.kill(cameras.processes[0].pid or 0, signal.SIGKILL)
            await told(sink, lambda r: r.values.get("offline_reason") == "process", after=before)
        before, broke = len(sink.readings), time.monotonic()
        await told(sink, lambda r: r.values.get("online") is True, after=before)
        assert time.monotonic() - broke > 8
        beats = [r.values for r in sink.readings[before:-1] if "fps" in r.values]
        held = [beat for beat in beats if not beat["online"]]
        assert held
        assert {beat["offline_reason"] for beat in held} == {"process"}
        assert any(r.values.get("motion") for r in sink.readings[before:]), "what it sees is told"


async def test_what_a_camera_saw_that_is_no_longer_in_the_file_ends_and_clears_nothing(
    tmp_path: Path,
) -> None:
    """Its process was killed while it saw somebody; then people took it out of the file."""
    async with looking(tmp_path, walk(), walk()) as (cameras, sink):
        await told(sink, lambda r: r.device == "cam-1" and r.values.get("motion") is True)
        os.kill(cameras.processes[0].pid or 0, signal.SIGKILL)
        state = tmp_path / "video" / "state" / "cam-1.json"
        assert b"motion" in state.read_bytes()
    async with looking(tmp_path, walk()) as (_, sink):
        over = await told(sink, lambda r: r.values.get("ended_by") == "removed")
        assert (over.device, over.values["observation"], over.compound) == ("cam-1", "motion", "c1")
        assert "motion" not in over.values
        assert not state.exists()


async def test_a_stopped_process_is_found_out_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.cameras.SILENT_S", 6.0)
    async with looking(tmp_path, walk()) as (cameras, sink):
        await told(sink, lambda r: r.values.get("online") is True)
        pid = cameras.processes[0].pid or 0
        before = len(sink.readings)
        os.kill(pid, signal.SIGSTOP)
        await told(sink, lambda r: r.values.get("offline_reason") == "process", after=before)
        assert "said nothing for 6 s" in cameras.warnings()[0]
        assert not psutil.pid_exists(pid)


async def test_no_process_outlives_its_gateway_and_episodes_end(tmp_path: Path) -> None:
    async with looking(tmp_path, walk()) as (cameras, sink):
        await told(sink, lambda r: r.values.get("motion") is True)
        pid = cameras.processes[0].pid or 0
    assert not psutil.pid_exists(pid)
    news = [r for r in sink.readings if "episode" in r.values]
    assert "ended_by" in news[-1].values


async def test_a_file_that_is_none_says_so(tmp_path: Path) -> None:
    async with looking(tmp_path, {"file": str(tmp_path / "nothing.mp4")}) as (cameras, sink):
        lost = await told(sink, lambda r: r.values.get("online") is False)
        assert lost.values["offline_reason"] == "not_found"
        async with asyncio.timeout(WAIT_S):
            while not cameras.warnings():
                await asyncio.sleep(0.05)
        assert "cam-0" in cameras.warnings()[0]


async def test_a_password_that_is_away_for_a_moment_costs_that_moment_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.cameras.HOLD_S", 1.0)
    secret = tmp_path / "password"
    secret.write_text("pw")
    source = {**walk(), "login": {"user": "u", "password_file": str(secret)}}
    async with looking(tmp_path, source) as (cameras, sink):
        await told(sink, lambda r: r.values.get("online") is True)
        secret.unlink()
        before = len(sink.readings)
        os.kill(cameras.processes[0].pid or 0, signal.SIGKILL)
        await warned(cameras, "cannot be read")
        secret.write_text("pw")
        await told(sink, lambda r: r.values.get("online") is True, after=before)


async def test_a_machine_that_starts_no_process_for_a_moment_costs_that_moment_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.cameras.HOLD_S", 1.0)
    async with looking(tmp_path, walk()) as (cameras, sink):
        await told(sink, lambda r: r.values.get("online") is True)
        before = len(sink.readings)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (psutil.Process().num_fds(), hard))
            os.kill(cameras.processes[0].pid or 0, signal.SIGKILL)
            await warned(cameras, "could not be run")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        await told(sink, lambda r: r.values.get("online") is True, after=before)


async def test_a_group_that_breaks_again_and_again_is_taken_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one camera that breaks a process then costs itself only; the other is looked at."""
    monkeypatch.setattr("gateway.cameras.HOLD_S", 1.0)
    async with looking(tmp_path, walk(), walk()) as (cameras, sink):
        killed: set[int | None] = {None}
        async with asyncio.timeout(WAIT_S):
            while len(cameras.processes) == 1:
                pid = cameras.processes[0].pid
                if pid not in killed:
                    killed.add(pid)
                    os.kill(pid or 0, signal.SIGKILL)
                await asyncio.sleep(0.05)
        assert len(killed) >= 4  # three times, and None
        before = len(sink.readings)
        for name in ("cam-0", "cam-1"):
            await told(
                sink, lambda r, n=name: (r.device, r.values.get("online")) == (n, True), after=before  # type: ignore[misc]
            )  # fmt: skip
        assert len({process.pid for process in cameras.processes}) == 2
        assert "a process of its own" in cameras.warnings()[0]


async def test_what_a_process_counts_reaches_the_gateway(tmp_path: Path) -> None:
    folder = tmp_path / "upload"
    folder.mkdir()
    rubbish = folder / "a.jpg"
    rubbish.write_bytes(b"no picture")
    os.utime(rubbish, (1, 1))
    async with looking(tmp_path / "data", walk(), {"folder": str(folder)}) as (_, sink):
        await told(sink, lambda r: r.values.get("motion") is True)
    assert sink.counters["evidence_snapshots"] >= 1
    assert sink.counters["evidence_clips"] >= 1
    assert sink.counters["pictures_unreadable"] == 1


async def warned(cameras: Cameras, what: str) -> None:
    """Wait until the cameras warn of something."""
    async with asyncio.timeout(WAIT_S):
        while not any(what in text for text in cameras.warnings()):
            await asyncio.sleep(0.05)


async def test_a_process_that_is_told_to_stop_ends_in_order_and_in_time(tmp_path: Path) -> None:
    """Six cameras at full speed: code 0 and no core file, all last words said within the gateway's patience."""
    cameras = [
        {"camera": f"cam-{number}", "source": walk(), "observations": {"motion": {}}}
        for number in range(6)
    ]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "video.worker", stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, limit=1 << 22,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(encode(Orders({"cameras": cameras}, str(tmp_path))))
    await process.stdin.drain()
    moving: set[str] = set()
    async with asyncio.timeout(WAIT_S):
        while len(moving) < len(cameras):
            said = decode_said(await process.stdout.readline())
            moving |= {r.device for r in said.readings if r.values.get("motion") is True}
    assert psutil.Process(process.pid).rlimit(psutil.RLIMIT_CORE) == (0, 0)
    began = time.monotonic()
    process.stdin.close()
    last = [decode_said(line) for line in (await process.stdout.read()).splitlines()]
    assert await process.wait() == 0
    assert time.monotonic() - began < CLOSE_S
    assert [r for said in last for r in said.readings if r.values.get("ended_by") == "blind"]


def test_what_was_counted_is_said_once(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Differences, to the last: what evidence could not keep reaches the gateway's counters."""

    class Counting(Group):
        def counters(self) -> Counter[str]:
            self.turns += 1
            return Counter({"not_kept.disk": self.turns // 2, "never": 0})

    group = Counting([], lambda _readings: None, clock=time.time)
    looking = threading.Thread(target=time.sleep, args=(0.5,))
    looking.start()
    said: queue.SimpleQueue[list[Reading]] = queue.SimpleQueue()
    for number in range(20):
        said.put([Reading("c", "camera", number)])
    speak(group, said, looking, threading.Event())
    lines = [decode_said(line) for line in capfdbinary.readouterr().out.splitlines()]
    counted = [line.counters for line in lines if line.counters]
    assert sum(one["not_kept.disk"] for one in counted) == group.turns // 2 > 0
    assert {name for one in counted for name in one} == {"not_kept.disk"}
