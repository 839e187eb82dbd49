"""Trials of settings with a clip: bounded, one at a time, and nobody tries another one's clip."""

import asyncio
import itertools
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub import camera_trials
from hub.camera_settings import checked
from hub.camera_trials import Trials
from hub.scratch import ROOM_BYTES
from hub.simulation.camera_clips import draw
from hub.simulation.camera_scenes import scenes
from model.errors import ConfigError, Refused, Transient
from model.yamlfile import ConfigErrors

SETTINGS: dict[str, object] = {
    "camera": "c", "source": {"file": "clip"}, "fps": 2,
    "observations": {"motion": {"after_s": 1, "off_delay_s": 4}},
}  # fmt: skip


async def pieces(data: bytes, times: int = 1) -> AsyncIterator[bytes]:
    """Yield a body as it comes from a connection."""
    for _ in range(times):
        yield data


async def over(trials: Trials, trial: str, seconds: float = 60) -> dict[str, object]:
    """Wait until a trial has ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        state = trials.state("li", trial)
        assert state is not None
        if state["state"] != "running":
            return state
        await asyncio.sleep(0.05)
    raise AssertionError("it goes on")


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
    for before, name in itertools.pairwise("abcdefgh")
)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (BOMB, "1: holds an anchor"),
        ("fps: 5\nzones: *a\n", "2: holds an anchor or alias"),
        ("masks: [" + "[]," * 12_000 + "]", "more than 6000 values"),
        ("masks:\n" + "".join(" " * n + "- \n" for n in range(150)), "within each other"),
        ("#" * 48_001, "more than 48000 bytes"),
        ("#" + "东" * 16_000, "more than 48000 bytes"),
    ],
)
def test_a_few_bytes_of_settings_cost_the_hub_no_minutes(text: str, why: str) -> None:
    """300 bytes that stand for 43 million values are refused before anything is expanded."""
    began = time.process_time()
    with pytest.raises(ConfigError, match=why):
        checked(text, "c")
    assert time.process_time() - began < 5


async def test_two_settings_are_compared_on_a_clip(tmp_path: Path) -> None:
    """Motion that the new settings do not count is gone; only its owner knows of it."""
    draw(tmp_path, scenes()[0], 0, 1, seconds=60)
    (clip,) = tmp_path.glob("*.mp4")
    trials = Trials(tmp_path / "clips")
    name = await trials.keep("li", pieces(clip.read_bytes()))
    with pytest.raises(LookupError):
        trials.clip("wang", name)
    after = SETTINGS | {"observations": {"motion": {"least": 0.9}}}
    trial = trials.start("li", trials.clip("li", name), SETTINGS, after)
    assert trials.state("wang", trial) is None
    with pytest.raises(Refused):
        trials.start("li", clip, SETTINGS, after)
    state = await over(trials, trial)
    assert state["state"] == "done", state
    result = state["result"]
    assert isinstance(result, dict)
    gone = [pair for pair in result["pairs"] if pair["before"]["observation"] == "motion"]
    assert [pair["sign"] for pair in gone] == ["-"]
    assert 11_000 <= gone[0]["before"]["started_at"] <= 14_000
    assert ["crowd", "off"] in result["not_looked"]["after"]


async def test_what_is_too_large_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also without a declared length; of several clips the newest are kept, and none after a restart."""
    monkeypatch.setattr(camera_trials, "CLIP_BYTES", 1_000)
    trials = Trials(tmp_path / "clips")
    with pytest.raises(Refused, match="cut the clip"):
        await trials.keep("li", pieces(bytes(300), times=4))
    assert list((tmp_path / "clips").iterdir()) == []
    names = [await trials.keep("li", pieces(bytes(900))) for _ in range(5)]
    assert len(list((tmp_path / "clips").iterdir())) == 3
    with pytest.raises(LookupError):
        trials.clip("li", names[0])
    again = Trials(tmp_path / "clips")
    await again.keep("li", pieces(b"x"))
    assert len(list((tmp_path / "clips").iterdir())) == 1


async def test_one_clip_of_a_person_comes_at_a_time_and_no_longer_than_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many connections of one person fill no disk, and neither does one that never ends."""
    trials, opened = Trials(tmp_path / "clips"), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"x"
        await opened.wait()

    coming = [asyncio.create_task(trials.keep("li", slow())) for _ in range(5)]
    await asyncio.sleep(0.2)
    assert len(list((tmp_path / "clips").iterdir())) == 1
    await trials.keep("wang", pieces(b"x"))
    opened.set()
    results = await asyncio.gather(*coming, return_exceptions=True)
    assert [isinstance(result, Transient) for result in results] == [False] + [True] * 4
    opened.clear()
    monkeypatch.setattr(camera_trials, "BRING_S", 0.05)
    with pytest.raises(Transient, match="not here after"):
        await trials.keep("li", slow())
    assert len(list((tmp_path / "clips").iterdir())) == 2


async def test_room_is_kept_for_all_clips_that_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each may become as large as a clip may be; the log of alarms keeps its room."""
    trials, opened = Trials(tmp_path / "clips"), asyncio.Event()
    free = shutil.disk_usage(tmp_path).free
    monkeypatch.setattr(camera_trials, "CLIP_BYTES", (free - ROOM_BYTES) * 2 // 3)

    async def slow() -> AsyncIterator[bytes]:
        yield b"x"
        await opened.wait()

    first = asyncio.create_task(trials.keep("li", slow()))
    await asyncio.sleep(0.2)
    with pytest.raises(Transient, match="nearly full"):
        await trials.keep("wang", pieces(b"x"))
    opened.set()
    assert await first


async def test_a_trial_that_takes_too_long_is_ended_with_its_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one may be stopped; the next one runs."""
    draw(tmp_path, scenes()[0], 0, 1, seconds=60)
    (clip,) = tmp_path.glob("*.mp4")
    trials = Trials(tmp_path / "clips")
    monkeypatch.setattr(camera_trials, "LIMIT_S", 0.05)
    state = await over(trials, trials.start("li", clip, SETTINGS, SETTINGS))
    assert state["state"] == "failed"
    assert "not done after" in str(state["error"])
    monkeypatch.setattr(camera_trials, "LIMIT_S", 60)
    trial = trials.start("li", clip, SETTINGS, SETTINGS)
    await asyncio.sleep(0.1)
    trials.stop("wang", trial)
    trials.stop("li", trial)
    assert "stopped" in str((await over(trials, trial))["error"])


async def test_what_is_no_clip_is_said(tmp_path: Path) -> None:
    """Without a path of this machine."""
    (tmp_path / "no.clip").write_bytes(b"<svg onload=x>")
    trials = Trials(tmp_path / "clips")
    state = await over(trials, trials.start("li", tmp_path / "no.clip", SETTINGS, SETTINGS))
    assert "cannot be read as video" in str(state["error"])
    assert str(tmp_path) not in str(state["error"])


async def test_a_clip_that_is_a_list_of_files_is_none(tmp_path: Path) -> None:
    """FFmpeg's scripts and playlists name other files of this machine; only containers are read."""
    draw(tmp_path, scenes()[0], 0, 1, seconds=10)
    (clip,) = tmp_path.glob("*.mp4")
    clip.rename(tmp_path / "other.mp4")
    (tmp_path / "list.clip").write_text("ffconcat version 1.0\nfile other.mp4\n")
    trials = Trials(tmp_path / "clips")
    state = await over(trials, trials.start("li", tmp_path / "list.clip", SETTINGS, SETTINGS))
    assert "cannot be read as video" in str(state.get("error")), state


def test_where_a_trial_reads_from_is_not_taken_from_the_text() -> None:
    """Whoever writes zones does not choose an address that the hub opens."""
    text = "source: {snapshot: 'http://192.0.2.1/latest'}\n"
    assert checked(text, "c").source == checked("", "c").source


def test_settings_are_checked_as_the_gateway_would() -> None:
    """Every problem at once, with line and key; where it is read from is not asked for."""
    good = "zones:\n  a: [[0, 0], [1, 0], [1, 1]]\nobservations:\n  motion: {zones: [a]}\n"
    assert checked(good, "c").zones.keys() == {"a"}
    assert checked("", "c").camera == "c"
    with pytest.raises(ConfigErrors) as found:
        checked("zones:\n  A: [[0, 0], [1, 0], [1, 1]]\nmask: []\nfps: 99\n", "c")
    said = str(found.value)
    assert "zones" in said
    assert "mask: unknown key" in said
    assert "fps" in said
    for wrong in ("- a list", "a: [", "x" * 50_000, "[" * 300):
        with pytest.raises(ConfigError):
            checked(wrong, "c")
