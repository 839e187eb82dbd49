"""The detector: what it says of a wrong model, and what it finds in real footage."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from benchmarks import video_clips as clips
from model.errors import ConfigError
from tests.shared_data import shared
from tests.video.given_model import MODEL, detector, model_settings
from video.camera import Camera
from video.contract import Box, Detected, Frame, Picture
from video.detectors import known, load
from video.detectors._crops import overlap
from video.episodes import Stage
from video.settings import CameraSettings, DetectorSettings

WHOLE = Box(0, 0, 1, 1)
STANDING = 24.0  # s into the clip: one person stands at the table
EMPTY = 21.0  # nobody
FROM = 16  # s; the first stands there already
PERSONS = [(16.0, 19.8), (22.7, 44.9)]  # s; first and last sign of each, by looking at the frames


def _picture(second: float) -> Picture:
    shared(f"data/video/{clips.FLOOR}")
    return clips.read(clips.FLOOR)[round(second * clips.FPS)]


def _persons(found: list[Detected]) -> list[Detected]:
    return [one for one in found if one.label == "person"]


def test_an_unknown_type_names_those_that_are_known(tmp_path: Path) -> None:
    """A mistyped type says what could have been written."""
    with pytest.raises(ConfigError, match=r"'yolo' is none of centernet"):
        load(DetectorSettings(type="yolo", model=tmp_path / "m.onnx", sha256="0" * 64))
    assert known() == ["centernet"]


def test_a_missing_model_stops_the_start_with_its_path_and_what_to_do(tmp_path: Path) -> None:
    """The error is enough to go on without reading code."""
    absent = tmp_path / "absent.onnx"
    with pytest.raises(ConfigError, match=r"absent\.onnx: video\.detector\.model.*make model"):
        load(DetectorSettings(model=absent, sha256="0" * 64))


def test_a_model_that_somebody_changed_is_not_loaded() -> None:
    """The sum in the settings guards what runs in our process."""
    settings = model_settings(sha256="0" * 64)
    with pytest.raises(ConfigError, match=r"video\.detector\.sha256: has the SHA-256 [0-9a-f]{64}"):
        load(settings)


def test_a_file_that_is_no_model_stops_the_start(tmp_path: Path) -> None:
    """Its sum may be right and its content wrong."""
    text = tmp_path / "notes.onnx"
    text.write_bytes(b"not a model")
    digest = sha256(b"not a model").hexdigest()
    with pytest.raises(ConfigError, match=r"notes\.onnx: video\.detector\.model: does not load"):
        load(DetectorSettings(model=text, sha256=digest))


def test_a_person_is_found_where_he_stands_and_nobody_on_the_empty_floor() -> None:
    """Real footage: a man at a table, then the empty room."""
    (person,) = _persons(detector().detect(_picture(STANDING), [WHOLE]))
    assert person.confidence > 0.6
    assert overlap(person.box, Box(0.5, 0.0, 0.7, 0.9)) > 0.4
    assert not _persons(detector().detect(_picture(EMPTY), [WHOLE]))


def test_a_region_shows_the_same_person_as_the_whole_picture() -> None:
    """Boxes are in parts of the whole picture wherever it looked."""
    picture = _picture(STANDING)
    (whole,) = _persons(detector().detect(picture, [WHOLE]))
    (part,) = _persons(detector().detect(picture, [Box(0.5, 0.3, 0.62, 0.6)]))
    assert overlap(whole.box, part.box) > 0.6


def test_two_regions_over_one_person_are_one_person() -> None:
    """Head and feet moved apart; nobody is counted twice."""
    upper, lower = Box(0.52, 0.05, 0.6, 0.3), Box(0.52, 0.5, 0.6, 0.85)
    assert len(_persons(detector().detect(_picture(STANDING), [upper, lower]))) == 1


def test_the_same_picture_gives_the_same_answer() -> None:
    """Nothing is kept from picture to picture."""
    picture = _picture(STANDING)
    assert detector().detect(picture, [WHOLE]) == detector().detect(picture, [WHOLE])


@pytest.mark.parametrize("size", [(1, 1), (2, 700), (700, 2), (360, 640)])
def test_pictures_of_any_shape_and_noise_are_answered(size: tuple[int, int]) -> None:
    """No picture makes it fail, and no box leaves the picture."""
    noise = np.random.default_rng(1).integers(0, 256, (*size, 3), np.uint8)
    for found in detector().detect(noise, [WHOLE, Box(0.9, 0.9, 1.0, 1.0)]):
        assert 0 <= found.box.left < found.box.right <= 1
        assert 0 <= found.box.top < found.box.bottom <= 1


def test_the_notice_beside_the_model_says_that_its_author_states_no_licence() -> None:
    """Whoever uses the model is told before."""
    model_settings()
    notice = (MODEL.parent / "NOTICE").read_text(encoding="utf-8")
    assert "states NO LICENCE" in notice
    assert "MIT License" in notice


def test_two_persons_who_come_one_after_the_other_are_two_intrusions() -> None:
    """Real footage at 5/3 frames a second through the whole camera; benchmarks have all six persons."""
    shared(f"data/video/{clips.FLOOR}")
    camera = Camera(
        CameraSettings.model_validate(
            {
                "camera": "lobby",
                "source": {"url": "rtsp://clip"},
                "zones": {"floor": [[0, 0.45], [1, 0.45], [1, 1], [0, 1]]},
                "observations": {
                    "intrusion": {"zones": ["floor"], "off_delay_s": 1.5},
                    "crowd": {"zones": ["floor"]},
                },
            }
        ),
        detector(),
    )
    found: list[tuple[float, float]] = []
    for number, picture in enumerate(clips.read(clips.FLOOR, most_s=48)[FROM * clips.FPS :: 3]):
        for news in camera.see(
            Frame(clips.BEGIN + FROM * 1000 + 600 * number, picture.copy())
        ).news:
            if news.stage is Stage.END:
                episode = news.episode
                assert episode.values["by"] == "detector"
                found.append(
                    tuple((at - clips.BEGIN) / 1000 for at in (episode.started_at, news.at))  # type: ignore[arg-type]
                )
        if number == 23:  # 30 s: one stands at the table
            zone = {reading.device: reading for reading in camera.heartbeat({}, 0)}["lobby/floor"]
            assert zone.values["people_count"] == 1
    assert len(found) == len(PERSONS)
    for (begin, end), (came, left) in zip(found, PERSONS, strict=True):
        assert came - 0.1 <= begin <= came + 3
        assert left - 2 <= end <= left + 5
