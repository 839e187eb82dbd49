"""A camera's story holds together whatever a single observation does."""

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest

from model.reading import Reading
from video.camera import Camera, plain
from video.contract import Box, Detected, Frame, Picture, Sighting
from video.discovery import observations
from video.episodes import News, Stage
from video.kept import Kept
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


HOUR_MS = 3_600_000
T0 = 1_800_000_000_000
NOISE = np.random.default_rng(7)


def scene(seed: int) -> Picture:
    """Return a picture full of edges; each seed is another view."""
    drawn = np.random.default_rng(seed)
    picture = np.full((180, 320, 3), 110, np.uint8)
    for _ in range(60):
        x, y = drawn.integers(0, 300), drawn.integers(0, 165)
        wide, high = drawn.integers(10, 60), drawn.integers(10, 45)
        picture[y : y + high, x : x + wide] = drawn.integers(0, 255, 3)
    return picture


def shown(
    a_camera: Camera, picture: Picture, at: int, seconds: float, *, mover: bool = False
) -> list[News]:
    """Show a view with a sensor's noise five times a second, or somebody who walks through it."""
    news: list[News] = []
    for number in range(int(seconds * 5)):
        now = np.clip(picture + NOISE.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)
        if mover:
            left = 20 + number * 6 % 250
            now[60:140, left : left + 30] = 250
        news += a_camera.see(Frame(at + number * 200, now)).news
    return news


def told(news: Sequence[News], observation: str) -> list[str]:
    return [
        item.episode.ended_by or item.stage.value
        for item in news
        if item.episode.observation == observation and item.stage is not Stage.UPDATE
    ]


@pytest.mark.parametrize("step_ms", [-24 * HOUR_MS, -HOUR_MS, HOUR_MS, 24 * HOUR_MS])
def test_a_clock_that_is_set_blinds_nobody(step_ms: int) -> None:
    """Neither what had begun nor what begins afterwards; it once took as long as the clock went back."""
    a_camera = camera("motion")
    at = T0
    assert told(shown(a_camera, scene(1), at, 4), "motion") == []
    assert told(shown(a_camera, scene(1), at + 4_000, 4, mover=True), "motion") == ["start"]
    at += 8_000 + step_ms
    after = told(shown(a_camera, scene(1), at, 20), "motion")
    assert after == (["blind", "unseen"] if step_ms < 0 else ["unseen"])
    assert told(shown(a_camera, scene(1), at + 20_000, 4, mover=True), "motion") == ["start"]
    assert told(shown(a_camera, scene(1), at + 24_000, 20), "motion") == ["unseen"]


class Person:
    """A detector that sees one person, always at the same place."""

    def detect(self, _picture: Picture, _regions: Sequence[Box]) -> list[Detected]:
        """Return the person."""
        return [Detected("person", 0.9, Box(0.4, 0.3, 0.5, 0.8))]


def where_somebody_stands() -> Camera:
    settings = CameraSettings.model_validate(
        {"camera": "c", "source": {"file": "x"}, "observations": {"loitering": {"seconds": 30}}}
    )
    return Camera(settings, Person())


@pytest.mark.parametrize("step_ms", [-HOUR_MS, HOUR_MS])
def test_a_clock_that_is_set_makes_nobody_loiter(step_ms: int) -> None:
    a_camera = where_somebody_stands()
    assert told(shown(a_camera, scene(1), T0, 10), "loitering") == []
    assert told(shown(a_camera, scene(1), T0 + 10_000 + step_ms, 10), "loitering") == []
    assert told(shown(a_camera, scene(1), T0 + 20_000 + step_ms, 25), "loitering") == ["start"]


def test_who_loitered_before_the_picture_was_lost_begins_anew() -> None:
    a_camera = where_somebody_stands()
    shown(a_camera, scene(1), T0, 20)
    a_camera.blind(T0 + 20_000)
    assert told(shown(a_camera, scene(1), T0 + 22_000, 20), "loitering") == []


def test_a_camera_that_was_turned_is_not_right_because_its_process_was_started_anew() -> None:
    """What it learns then is the wrong view. Its episode goes on until it sees a change or a person looked."""
    first = camera()
    news = shown(first, scene(1), T0, 30) + shown(first, scene(2), T0 + 30_000, 30)
    assert told(news, "moved") == ["start"]
    kept = first.kept()
    assert [one.episode.observation for one in kept] == ["moved"]

    second = camera()
    assert told(second.restore(kept, T0 + 70_000), "moved") == ["blind"]
    assert told(shown(second, scene(2), T0 + 70_000, 40), "moved") == []
    assert second.kept()[0].episode.id == kept[0].episode.id
    (beat,) = second.heartbeat({}, T0 + 110_000)
    assert "moved" not in beat.values, "nobody knows"
    assert beat.values["black"] is False

    looked = Camera(
        CameraSettings.model_validate(
            {"camera": "c", "source": {"file": "x"}, "observations": {"moved": {"least": 0.05}}}
        )
    )
    (end,) = looked.readings(looked.restore(second.kept(), T0 + 120_000))
    assert (end.values["moved"], end.values["ended_by"]) == (False, "settings")
    assert looked.kept() == []


def test_what_nobody_asks_for_any_more_ends_with_its_state() -> None:
    """It once stayed true for ever: the zone or the observation is gone from the file."""
    wanted: dict[str, object] = {
        "camera": "c", "source": {"file": "x"}, "zones": {"yard": [[0, 0], [1, 0], [1, 1], [0, 1]]},
        "observations": {"motion": {"zones": ["yard"]}},
    }  # fmt: skip
    first = Camera(CameraSettings.model_validate(wanted))
    shown(first, scene(1), T0, 4)
    shown(first, scene(1), T0 + 4_000, 2, mover=True)
    kept: list[Kept] = first.kept()
    others: list[dict[str, object]] = [{}, {"motion": {}}, {"motion": {"enabled": False}}]
    for other in others:
        without = Camera(CameraSettings.model_validate(wanted | {"observations": other}))
        (end,) = without.readings(without.restore(kept, T0 + 60_000))
        assert (end.device, end.values["motion"]) == ("c/yard", False)
        assert end.values["ended_by"] == "settings"
    still = Camera(CameraSettings.model_validate(wanted))
    still.restore(kept, T0 + 60_000)
    assert told(shown(still, scene(1), T0 + 60_000, 10), "motion") == ["unseen"]


def test_an_observation_that_breaks_while_something_is_wrong_does_not_hold_it_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is blind; when it can look again it says what it sees, and is no longer named."""
    a_camera = camera("motion")
    shown(a_camera, scene(1), T0, 4)
    shown(a_camera, scene(1), T0 + 4_000, 2, mover=True)
    assert [one.observation for one in a_camera.open()] == ["motion"]

    def breaks(_self: object, _view: View) -> Sequence[Sighting]:
        raise ZeroDivisionError("a defect")

    with monkeypatch.context() as broken:
        broken.setattr(observations()["motion"], "look", breaks)
        assert told(shown(a_camera, scene(1), T0 + 6_000, 2), "motion") == ["blind"]
        assert set(a_camera.broken) == {"motion"}
        (beat,) = a_camera.heartbeat({}, T0 + 8_000)
        assert "motion" not in beat.values
    assert told(shown(a_camera, scene(1), T0 + 8_000, 10), "motion") == ["unseen"]
    assert a_camera.broken == {}


def test_what_can_no_longer_be_told_is_no_longer_said() -> None:
    """Two minutes in the dark: covered and moved cannot tell, black can."""
    a_camera = camera()
    shown(a_camera, scene(1), T0, 20)
    (beat,) = a_camera.heartbeat({}, T0 + 20_000)
    assert (beat.values["covered"], beat.values["moved"]) == (False, False)
    shown(a_camera, np.full((180, 320, 3), 12, np.uint8), T0 + 20_000, 25)
    (beat,) = a_camera.heartbeat({}, T0 + 45_000)
    assert {"covered", "moved"} & set(beat.values) == set()
    assert [one.observation for one in a_camera.open()] == ["black"]


def test_a_light_that_flickers_for_a_minute_is_said() -> None:
    a_camera = camera("motion")
    for number in range(70):
        picture = np.full((180, 320, 3), 220 if number % 2 else 30, np.uint8)
        a_camera.see(Frame(T0 + number * 1_000, picture))
    assert a_camera.unsettled
    shown(a_camera, scene(1), T0 + 70_000, 3)
    assert not a_camera.unsettled
