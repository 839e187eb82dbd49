"""A camera's story holds together whatever a single observation does."""

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest

from model.reading import Reading
from video.camera import Camera, plain
from video.contract import Box, Frame, Sighting
from video.discovery import observations
from video.settings import CameraSettings
from video.view import View


def camera(*wanted: str) -> Camera:
    return Camera(
        CameraSettings.model_validate(
            {"camera": "c", "source": {"file": "x"}, "observations": {name: {} for name in wanted}}
        )
    )


def frames(seconds: float) -> list[Frame]:
    noise = np.random.default_rng(3)
    made = []
    for number in range(int(seconds * 5)):
        picture = np.full((180, 320, 3), 90, np.uint8)
        picture[60:120, 20 + number * 3 : 60 + number * 3] = (0, 140, 250)
        made.append(
            Frame(
                number * 200,
                np.clip(picture + noise.normal(0, 3, picture.shape), 0, 255).astype(np.uint8),
            )
        )
    return made


def test_numbers_of_numpy_become_pythons_own() -> None:
    """They once ended a camera's process: no message takes them."""
    made = plain(
        Sighting(
            "z", np.bool_(1), np.float64(0.5), Box(*np.zeros(4, np.float32)),  # type: ignore[arg-type]
            {"a": np.float32(1.5), "b": np.int64(3), "c": np.bool_(0), "d": "word"},  # type: ignore[dict-item]
        )
    )  # fmt: skip
    types = [
        type(value)
        for value in (made.seen, made.confidence, *(made.box or ()), *made.values.values())
    ]
    assert types == [bool, float, float, float, float, float, float, float, bool, str]


def test_everything_that_any_observation_says_can_be_sent() -> None:
    """All of them at once, with no zone drawn."""
    every = camera(*observations())
    said: list[Reading] = []
    for frame in frames(12):
        said += every.readings(every.see(frame).news)
    said += every.heartbeat({"online": True}, 12_000)
    assert every.broken == {}
    assert msgspec.json.decode(msgspec.json.encode(said), type=list[Reading]) == said


def test_an_observation_that_breaks_costs_the_others_nothing_and_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def breaks(_self: object, _view: View) -> Sequence[Sighting]:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(observations()["covered"], "look", breaks)
    looking = camera("motion")
    news = [item for frame in frames(8) for item in looking.see(frame).news]
    assert [item.episode.observation for item in news][:1] == ["motion"]
    assert looking.broken == {"covered": "ZeroDivisionError: a defect"}
