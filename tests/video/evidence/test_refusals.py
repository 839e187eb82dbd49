"""What disk and encoder refuse costs pictures and nothing else, and leaves the alarms their room."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from model.footage import decode_footage
from tests.video.evidence.test_keeper import BEGAN, Watch, camera, episode, start
from video.camera import Camera
from video.contract import Frame
from video.evidence.folder import EvidenceFolder
from video.evidence.keeper import EvidenceKeeper
from video.settings import EvidenceSettings
from video.worker.pictures import PictureFile

MIB = 1 << 20


@contextmanager
def no_room(most: int = 0) -> Iterator[None]:
    """Let the system refuse every file of more than so many bytes, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_stops_no_camera_and_what_was_left_is_completed_later(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    first = Watch(folder, EvidenceSettings(), camera())
    first.looks(3)
    left = episode(first.at)
    first.keeper.news([start(left)])
    first.keeper.drain()  # and dies here
    with no_room(), capture_logs():  # the log of a test is a file too
        again = Watch(folder, EvidenceSettings(), camera())
        again.keeper.drain()
        assert any("could not be written" in text for text in again.keeper.warnings())
    assert not decode_footage((folder / f"{left.id}.json").read_bytes()).complete
    again.at = first.at + 60_000
    again.looks(3)
    began = episode(again.at)
    again.keeper.news([start(began)])
    again.looks(12)
    assert again.manifest(began).complete
    assert decode_footage((folder / f"{left.id}.json").read_bytes()).complete
    for keeper in (first.keeper, again.keeper):
        keeper.close()


def test_a_folder_that_cannot_be_made_costs_evidence_only(tmp_path: Path) -> None:
    """The data disk is another one today, and a file stands where the folder should be."""
    (tmp_path / "evidence").write_bytes(b"")
    made = Watch(tmp_path / "evidence", EvidenceSettings(), camera())
    made.looks(1)
    made.keeper.news([start(episode(made.at))])
    made.keeper.close()
    assert made.keeper.warnings()
    looking, frame = Camera(camera()), Frame(BEGAN, np.zeros((90, 160, 3), np.uint8))
    assert not PictureFile(tmp_path / "evidence" / "x", camera()).offer(frame, looking.see(frame), looking)  # fmt: skip


def test_a_picture_that_no_encoder_takes_is_counted_and_said(tmp_path: Path) -> None:
    """JPEG ends at 65,500 pixels a side; a camera with an odd head sent more."""
    keeper = EvidenceKeeper(tmp_path, EvidenceSettings(), camera(masks=()))
    frame = Frame(BEGAN, np.zeros((70_000, 100, 3), np.uint8))
    keeper.frame(frame)
    assert keeper.counters["evidence_not_kept.failed"] == 1
    assert "100x70000" in keeper.warnings()[0]
    keeper.frame(Frame(BEGAN + 1_000, np.zeros((90, 160, 3), np.uint8)))
    assert keeper.warnings() == []
    looking = Camera(camera(masks=()))
    assert not PictureFile(tmp_path, camera()).offer(frame, looking.see(frame), looking)
    keeper.close()


def test_what_could_not_be_written_leaves_nothing(tmp_path: Path) -> None:
    """A draft counts nowhere: enough of them would fill the disk."""
    folder = EvidenceFolder(tmp_path)
    with no_room(1_000), pytest.raises(OSError, match="too large"):
        folder.write("a.jpg", bytes(5_000), owner="me")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("whole_mb", "kept_mb"), [(100_000, 256), (1_000, 50)], ids=["a large disk", "a small one"]
)
def test_a_part_of_the_disk_is_left_to_alarms(tmp_path: Path, whole_mb: int, kept_mb: int) -> None:
    """The oldest that the hub has goes for it; what the hub has not stays, and nothing new is kept."""
    used = 0

    def disk(_: Path) -> tuple[int, int, int]:
        files = sum(path.stat().st_size for path in tmp_path.iterdir())
        free = whole_mb * MIB - used - files
        return whole_mb * MIB, used + files, free

    folder = EvidenceFolder(tmp_path, disk=disk)
    for name in "ab":
        for ending in ("mp4", "json"):
            (tmp_path / f"{name}.{ending}").write_bytes(bytes(MIB))
    folder.mark_done("a")
    used = (whole_mb - kept_mb - 5) * MIB
    assert folder.make_room(MIB)
    assert not folder.make_room(4 * MIB)
    assert folder.disk_short
    assert [item.episode for item in folder.stored()] == ["b"]
    used += 2 * MIB
    assert not folder.make_room(2 * MIB)
    assert folder.make_room(MIB)
