"""From a camera's pictures to one case with its evidence, through every process and nothing planted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from tests.shared_data import shared
from video.contract import Picture
from video.sources.recorded import frames_of

from .stack import Stack, eventually
from .test_evidence import bytes_of, shown

pytestmark = [pytest.mark.trust, pytest.mark.timeout(300)]
WIDTH, HEIGHT, FPS = 640, 360, 10
WINDOW = (0.0, 0.0, 0.2, 0.3)  # a neighbour's window: left, top, right, bottom
STILL_S, WALK_S, AFTER_S = 14, 8, 16
COMES_S = 5  # second of the real clip after which somebody comes into the empty scene (looked at)
BLACK = 24  # of 255: what H.264 may make of black beside something bright

VIDEO = """
video:
  evidence: {{before_s: 10, after_s: 10}}
  cameras:
    - camera: cam-yard
      compound: c1
      source: {{file: "{clip}"}}
      fps: 5
      heartbeat_s: 2
      masks: [[[0.0, 0.0], [0.2, 0.0], [0.2, 0.3], [0.0, 0.3]]]
      zones: {{yard: [[0.25, 0.05], [0.98, 0.05], [0.98, 0.98], [0.25, 0.98]]}}
      observations:
        intrusion: {{zones: [yard]}}
"""


def walks(path: Path) -> None:
    """Write a clip: nobody, then one real person crosses, then nobody; a bright window flickers."""
    footage = [
        np.asarray(cv2.resize(item.frame.picture, (WIDTH, HEIGHT)), np.uint8)
        for item in frames_of(shared("data/video/intel_one_by_one_person.mp4"), fps=FPS)
    ]
    start = COMES_S * FPS
    empty, walking = footage[start], footage[start : start + WALK_S * FPS]
    noise = np.random.default_rng(7)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "20"}
        for picture in [empty] * (STILL_S * FPS) + walking + [empty] * (AFTER_S * FPS):
            grainy = np.clip(picture + noise.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)
            grainy[: int(HEIGHT * WINDOW[3]), : int(WIDTH * WINDOW[2])] = noise.integers(180, 255)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(grainy, format="bgr24")))
        out.mux(stream.encode(None))


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    clip = tmp_path / "yard.mp4"
    walks(clip)
    found = Stack(tmp_path / "data")
    gateway = found.files[0]
    gateway.write_text(gateway.read_text() + VIDEO.format(clip=clip))
    try:
        for name in ("broker", "hub", "gateway"):
            found.start(name)
        found.wait_ready()
        yield found
    finally:
        found.stop()


def pictures_in(content: bytes, folder: Path) -> list[Picture]:
    """Decode a picture or a clip."""
    still = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if still is not None:
        return [np.asarray(still, np.uint8)]
    path = folder / "decoded.mp4"
    path.write_bytes(content)
    with av.open(str(path)) as container:
        return [
            np.asarray(f.to_ndarray(format="bgr24"), np.uint8) for f in container.decode(video=0)
        ]


def check_masked(picture: Picture) -> None:
    """What lies under the mask is black, and the rest is a picture."""
    height, width = picture.shape[:2]
    hidden = picture[: int(height * WINDOW[3]) - 2, : int(width * WINDOW[2]) - 2]
    assert hidden.max() <= BLACK
    assert picture[int(height * 0.4) :].mean() > BLACK


async def test_a_walk_through_a_zone_is_one_case_with_picture_and_clip(
    stack: Stack, tmp_path: Path
) -> None:
    cases = await eventually(lambda: stack.cases(category="intrusion"), 60)
    assert len(cases) == 1, stack.tails()
    case = cases[0]
    assert (case["subject"], case["class"]) == ("cam-yard/yard", "emergency"), case
    episode: dict[str, Any] = await eventually(lambda: shown(stack, case["id"]), 90)
    assert episode, stack.tails()
    assert (episode["state"], episode["masks"], episode["observation"]) == ("here", 1, "intrusion")
    files = {file["kind"]: file["url"] for file in episode["files"]}
    status, clip = bytes_of(stack, f"{files['clip']}&purpose=verify")
    assert status == 200
    assert len(pictures_in(clip, tmp_path)) > 60, "ten seconds before and after, five a second"
    status, still = bytes_of(stack, f"{files['snapshot']}&purpose=verify")
    assert status == 200
    for content in (clip, still):
        for picture in pictures_in(content, tmp_path):
            check_masked(picture)
    stored = [p for p in stack.folder.rglob("*") if p.suffix in {".jpg", ".mp4"}]
    assert len(stored) >= 4, "evidence at gateway and hub, the newest picture"
    for path in stored:
        for picture in pictures_in(path.read_bytes(), tmp_path):
            check_masked(picture)
    assert len(stack.cases(category="intrusion")) == 1, "a case per episode, not per frame"
