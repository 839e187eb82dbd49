"""`python -m hub.simulation.camera_clips FOLDER`: draws the clips of the demo's cameras, once.

A process of its own that gives way to everything else; it says how far it is, a number from 0 to 1 a line.
"""

import contextlib
import os
import sys
from pathlib import Path

import av

from .camera_scenes import FPS, HEIGHT, LENGTH_S, WIDTH, Scene, frames, scenes

BITS_S = 400_000


def clip_path(folder: Path, camera: str) -> Path:
    """Name the clip of a camera."""
    return folder / f"{camera}.mp4"


def main() -> None:
    """Draw what is not there yet."""
    with contextlib.suppress(OSError):
        os.nice(19)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    every = scenes()
    for place, scene in enumerate(every):
        if not clip_path(folder, scene.camera).exists():
            draw(folder, scene, place / len(every), 1 / len(every))
    _say(1.0)


def draw(folder: Path, scene: Scene, done: float, part: float, *, seconds: int = LENGTH_S) -> None:
    """Draw one clip; it is there whole or not at all."""
    path = clip_path(folder, scene.camera)
    half = path.with_suffix(".part")
    total = seconds * FPS
    with av.open(str(half), "w", format="mp4") as file:
        stream = file.add_stream("mpeg4", rate=FPS)
        stream.bit_rate = BITS_S
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number, picture in enumerate(frames(scene, seconds=seconds)):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "bgr24")))
            if number % 24 == 0:
                _say(done + part * number / total)
        file.mux(stream.encode())
    half.replace(path)


def _say(done: float) -> None:
    sys.stdout.write(f"{done:.3f}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
