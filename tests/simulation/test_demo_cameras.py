"""The demo's cameras: drawn, marked, and seen by the same algorithms that look at real ones."""

from pathlib import Path

import numpy as np
import pytest

from hub.simulation.camera_clips import clip_path, draw
from hub.simulation.camera_scenes import FPS, frames, scenes
from hub.simulation.demo_cameras import FOLDER, LANE, YARD, gateway_lines, with_cameras
from hub.territory.demo_territory import demo_documents
from hub.territory.registry_files import load_registry
from model.yamlfile import YamlText
from video.settings import CameraSettings, VideoSettings
from video.sources.recorded import frames_of
from video.trial import look_at


def settings(folder: Path) -> dict[str, CameraSettings]:
    """Return the demo's cameras as the gateway's file has them."""
    written = YamlText(gateway_lines(folder), "gateway.yaml").plain()
    assert isinstance(written, dict)
    return {one.camera: one for one in VideoSettings.model_validate(written["video"]).cameras}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw both clips whole."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / FOLDER).mkdir()
    for scene in scenes():
        draw(folder / FOLDER, scene, 0, 1)
    return folder


def test_the_clips_show_walkers_a_parked_car_and_a_covered_camera(drawn: Path) -> None:
    """Nothing else is noticed in the courtyard; the file is where the gateway's file says."""
    found = {}
    for name, camera in settings(drawn).items():
        path = camera.source.file
        assert path == clip_path(drawn / FOLDER, name)
        outcome = look_at((item.frame for item in frames_of(path, fps=camera.fps)), camera)
        assert outcome.frames == 240 * FPS
        found[name] = [(one.observation, one.zone, one.started_at // 1000) for one in outcome.episodes]  # fmt: skip
    assert [(what, zone) for what, zone, _ in found[YARD]] == [("motion", "path")] * 3
    assert [(what, zone) for what, zone, _ in found[LANE]] == [
        ("lane_occupied", "lane"),
        ("covered", ""),
    ]
    lane, covered = (at for _, _, at in found[LANE])
    assert 60 <= lane <= 90
    assert 185 <= covered <= 195


def test_every_picture_says_that_it_is_simulated() -> None:
    """White letters on black stand in the corner of each, also while the camera is covered."""
    for scene in scenes():
        for number, picture in enumerate(frames(scene, seconds=200)):
            if number % 50 == 0 or number == 399:
                corner = picture[:26, :262]
                assert np.count_nonzero(corner.min(axis=2) > 200) > 150
                assert np.median(corner) < 10


def test_the_cameras_are_registered_in_the_demo_and_not_in_the_map_of_deployments() -> None:
    """A deployment's demo has no clips: cameras that are never heard would stand there for ever."""
    documents = demo_documents(detectors=5, panels=1, doors=1)
    assert YARD not in documents["devices.csv"]
    registry = load_registry(documents | {"devices.csv": with_cameras(documents["devices.csv"])})
    assert registry.devices[LANE].kind == "camera"
    assert registry.devices[f"{LANE}/lane"].role == "fire_lane"
    place = registry.place_of(f"{YARD}/path")
    assert place is not None
    assert place.compound == settings(Path("x"))[YARD].compound
