"""The file of open episodes: whole after a power cut, and cheap to lose."""

import asyncio
import os
import stat
from pathlib import Path

import pytest

from gateway.agent import running
from gateway.config import GatewayConfig, GatewayFile
from hub.camera_episodes import episodes_of
from model.anomaly import Phase
from model.codec import decode_readings
from model.place import Registry
from model.reading import Lane, Reading
from rules.engine import Engine
from tests.brokers import free_port
from tests.rules.town import library
from tests.video.test_group import Several
from video.episodes import Episode
from video.kept import Kept
from video.worker.kept_file import KeptFile, forgotten


@pytest.mark.parametrize(
    "damaged",
    [b"", b'{"camera":"a","comp', bytes(200), b'{"camera":"\xff\xfe"}', b"[" * 100_000, b'{"camera":"a"}'],
    ids=["empty", "half", "zeros", "no-text", "deep", "lacking"],
)  # fmt: skip
def test_a_damaged_file_costs_that_cameras_kept_episodes_and_says_so(
    tmp_path: Path, damaged: bytes
) -> None:
    """As a power cut on a cheap card leaves it; the neighbours go on, and the next episode is kept."""
    first = Several(tmp_path)
    first.play(4)
    first.play(1, spot=True)
    path = tmp_path / "video" / "state" / "a.json"
    path.write_bytes(damaged)
    again = Several(tmp_path)
    assert [(r.device, r.values["ended_by"]) for r in again.said] == [("b", "blind"), ("c", "blind")]  # fmt: skip
    warnings = [text for text in again.group.warnings() if "cannot be read" in text]
    assert len(warnings) == 1
    assert warnings[0].startswith("camera a: ")
    again.play(4)
    assert any(r.device == "a" for r in again.play(1, spot=True) if r.values.get("motion"))
    third = Several(tmp_path)
    assert {r.device for r in third.said} == set("abc")
    assert not any("cannot be read" in text for text in third.group.warnings())


def test_a_damaged_file_of_a_camera_that_is_no_more_is_told_once(tmp_path: Path) -> None:
    """The others that are no more end all the same."""
    first = Several(tmp_path)
    first.play(4)
    first.play(1, spot=True)
    folder = tmp_path / "video" / "state"
    (folder / "a.json").write_bytes(b"[" * 100_000)
    assert [r.device for r in forgotten(tmp_path, ["c"], 5)] == ["b"]
    assert [path.name for path in folder.iterdir()] == ["c.json"]


def test_kept_episodes_are_on_disk_before_they_have_their_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a power cut leaves an empty file under the right name."""
    done: list[str] = []
    sync, replace = os.fsync, Path.replace

    def noted_sync(number: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(number).st_mode) else "file")
        sync(number)

    def noted_replace(path: Path, target: Path) -> Path:
        done.append("rename")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    KeptFile(tmp_path, "a").write([Kept(Episode("e", "motion", "", 1, 2, 0.5, None, {}), "s")])
    assert done == ["file", "rename", "folder"]


def kept(data: Path, *cameras: str) -> None:
    """Leave what cameras that see somebody leave when they are killed."""
    for camera in cameras:
        episode = Episode(
            f"e-{camera}", "intrusion", "yard", 1_000, 2_000, 0.5, None, {"people": 1.0}
        )
        KeptFile(data, camera, "c1").write([Kept(episode, "s")])


def test_a_camera_that_left_the_file_ends_its_episodes_and_clears_no_case(tmp_path: Path) -> None:
    """Somebody may still be there, and now nobody looks."""
    kept(tmp_path, "gone", "stays")
    (end,) = forgotten(tmp_path, ["stays"], 9_000)
    assert (end.device, end.source, end.compound, end.received_at) == (
        "gone/yard",
        "gone",
        "c1",
        9_000,
    )
    assert (end.values["ended_by"], end.values["observation"]) == ("removed", "intrusion")
    assert not {"intrusion", "people"} & end.values.keys()
    start = Reading(
        "gone/yard",
        "camera_zone",
        1_000,
        values={"intrusion": True, "episode": "e-gone"},
        source="gone",
    )
    engine = Engine(Registry(), library())
    said = [a for r in (start, end) for a in engine.observe([r], Lane.ALARM, r.received_at)]
    assert [(a.rule, a.phase) for a in said] == [("camera-intrusion", Phase.STARTED)]
    (one,) = episodes_of([start, end], "gone")
    assert (one.ended_at, one.ended_by) == (9_000, "removed")
    assert forgotten(tmp_path, ["stays"], 9_999) == []


async def test_a_gateway_without_cameras_ends_what_its_former_ones_had_seen(tmp_path: Path) -> None:
    """The block `video:` is gone; their last pictures go from the disk, too."""
    kept(tmp_path, "a", "b")
    picture = tmp_path / "video" / "pictures" / "a.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"x")
    file = GatewayFile.model_validate(
        {"site": "s", "gateway": "g", "data": str(tmp_path), "uplink": {"port": free_port()}}
    )
    async with running(GatewayConfig(file, ())) as parts, asyncio.timeout(20):
        while not (rows := parts.outbox.rows(Lane.TELEMETRY, after=0, limit=10)):
            await asyncio.sleep(0.02)
        said = [reading for row in rows for reading in decode_readings(row.payload, "g", "e")]
    assert [(r.device, r.values["ended_by"]) for r in said] == [
        ("a/yard", "removed"),
        ("b/yard", "removed"),
    ]
    assert not picture.exists()
    assert list((tmp_path / "video" / "state").iterdir()) == []
