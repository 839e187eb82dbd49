"""Motion in a zone: persons one at a time on real footage, and light that changes where nothing moves."""

from collections.abc import Iterator

from benchmarks import video_clips as clips
from benchmarks.trial import Trial
from video.contract import Frame

LOWER_HALF = ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0))


def trials() -> Iterator[Trial]:
    """Yield the trials."""

    def bottles() -> Iterator[Frame]:
        return clips.timed([clips.read(clips.BOTTLE)[0]] * 100)

    yield Trial(
        "motion: a still picture", bottles, {"motion": ()},
        settings={"motion": {"zones": ["floor"]}}, zones={"floor": LOWER_HALF},
    )  # fmt: skip
