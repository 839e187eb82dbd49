"""Looks at a clip with two settings and says what differs: a process of its own, which may be ended.

A clip comes from people, and a decoder is a large target: what breaks here costs one trial. It takes one
line of JSON and says lines of JSON: how far it is, and at last what it found or why not.
"""

import contextlib
import json
import os
import resource
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from model.errors import ConfigError, HubError

if TYPE_CHECKING:
    from video.contract import Frame
    from video.episodes import Episode
    from video.settings import CameraSettings
    from video.trial import Outcome

Json = dict[str, object]
CPU_S = 300
MEMORY_BYTES = 4 << 30
STEP = 0.01


def main() -> None:
    """Take the orders, and say what came of them."""
    with contextlib.suppress(OSError, ValueError):
        os.nice(10)
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    orders = json.loads(sys.stdin.readline())
    try:
        _say(result=tried(Path(orders["clip"]), orders["before"], orders["after"], _progress))
    except HubError as error:
        _say(error=str(error).replace(str(orders["clip"]), "clip"))
    except MemoryError:
        _say(error="the clip needs too much memory; give a smaller picture")


def tried(clip: Path, before: Json, after: Json, progress: Callable[[float], None]) -> Json:
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
        _say(done=round(done, 3))


def _say(**said: object) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
