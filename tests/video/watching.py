"""Shows films to a whole camera and returns what it told of one observation."""

from collections.abc import Iterable, Mapping

import pytest

from benchmarks import video_clips as clips
from benchmarks.trial import Trial
from benchmarks.video_judge import Told, shown
from tests.shared_data import shared
from video.contract import Frame, Picture
from video.settings import Corners

BEGIN_S = 15.0
"""When faults begin in these films: after ten seconds everything but `frozen` has learnt."""


def scene(name: str) -> tuple[Picture, ...]:
    """Return a real view; skips the test where the shared clips are not there."""
    for clip in (clips.FLOOR, clips.BOTTLE, clips.FIRE, clips.BIKES):
        shared(f"data/video/{clip}")
    return clips.scene(name)[: 30 * clips.FPS]


def told(
    observation: str,
    frames: Iterable[Frame],
    settings: Mapping[str, object] | None = None,
    *,
    zones: Mapping[str, Corners] | None = None,
    masks: tuple[Corners, ...] = (),
) -> list[Told]:
    """Return the episodes of one observation; times are of the film."""
    trial = Trial(
        "test", lambda: frames, {observation: ()}, settings={observation: settings or {}},
        zones=zones or {}, masks=masks,
    )  # fmt: skip
    return list(shown(trial)[0].get(observation, []))


def told_once(found: list[Told], *, begin_s: float, within_s: float) -> None:
    """Fail unless there is one episode, begun and told in time."""
    assert len(found) == 1, found
    assert found[0].episode.started_at == pytest.approx(begin_s * 1000, abs=2_500)
    assert found[0].at <= (begin_s + within_s) * 1000
