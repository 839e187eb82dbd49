"""Looks at a clip with two settings and says what differs: a process of its own, which may be ended.

A clip comes from people, and a decoder is a large target: what breaks here costs one trial. It takes one
line of JSON and says lines of JSON: how far it is, and at last what it found or why not.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from model.errors import ConfigError, HubError

from .trial_child import orders, say
from .trial_process import Json

if TYPE_CHECKING:
    from video.contract import Frame
    from video.episodes import Episode
    from video.settings import CameraSettings
    from video.trial import Outcome

CPU_S = 300
STEP = 0.01


def main() -> None:
    """Take the orders, and say what came of them."""
    given = orders(cpu_s=CPU_S)
    try:
        say(result=tried(Path(str(given["clip"])), given["before"], given["after"], _progress))
    except HubError as error:
        say(error=str(error).replace(str(given["clip"]), "clip"))
    except MemoryError:
        say(error="the clip needs too much memory; give a smaller picture")


def tried(clip: Path, before: object, after: object, progress: Callable[[float], None]) -> Json:
    """Return what a clip shows under both settings; raises ConfigError for what is no clip."""
    from video.settings import CameraSettings  # noqa: PLC0415 - needs OpenCV
    from video.trial import compare, sign  # noqa: PLC0415

    try:
        old, new = CameraSettings.model_validate(before), CameraSettings.model_validate(after)
    except ValidationError as error:
        raise ConfigError(f"these settings cannot be tried here: {error}") from error
    first = _look(clip, old, lambda done: progress(done / 2))
    second = _look(clip, new, lambda done: progress(0.5 + done / 2))
    pairs = [
        {"sign": sign(one, other), "before": _episode(one), "after": _episode(other)}
        for one, other in compare(first, second).pairs
    ]
    return {
        "pairs": pairs,
        "frames": second.frames,
        "length_ms": second.length_ms,
        "not_looked": {
            "before": [list(item) for item in first.not_looked],
            "after": [list(item) for item in second.not_looked],
        },
    }


def _look(clip: Path, settings: "CameraSettings", progress: Callable[[float], None]) -> "Outcome":
    from video.sources.recorded import frames_of  # noqa: PLC0415
    from video.trial import look_at  # noqa: PLC0415

    def frames() -> "Iterator[Frame]":
        for item in frames_of(clip, fps=settings.fps):
            progress(item.done)
            yield item.frame

    return look_at(frames(), settings)


def _episode(episode: "Episode | None") -> Json | None:
    if episode is None:
        return None
    return {
        "observation": episode.observation, "zone": episode.zone,
        "started_at": episode.started_at, "ended_at": episode.ended_at,
        "confidence": round(episode.confidence, 2),
    }  # fmt: skip


_said = [-1.0]


def _progress(done: float) -> None:
    if done - _said[0] >= STEP:
        _said[0] = done
        say(done=round(done, 3))


if __name__ == "__main__":
    main()
