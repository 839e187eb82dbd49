"""Flame: the FURG fire changed and pasted elsewhere, and what has its colour or its flicker but does not burn."""

from collections.abc import Iterable, Iterator, Sequence

from benchmarks import fire_effects as fire
from benchmarks import video_clips as clips
from benchmarks.trial import Span, Trial
from video.contract import Frame, Picture

LATE_S = 15.0  # small at first: some variants have a flame of the least size only after 6 s
KEY_FRAMES = 2  # seconds between them


def trials() -> Iterator[Trial]:
    """Yield the trials."""
    for name, pictures in burning():
        yield _trial(name, pictures, (Span(0, 24_000, LATE_S),))
    for name, pictures in calm():
        yield _trial(name, pictures, ())
    yield Trial(
        "flame: at key-frame rate nothing is known",
        lambda: clips.timed(fire.burning()[:: KEY_FRAMES * clips.FPS], fps=1 / KEY_FRAMES),
        {}, unknown=frozenset({"flame"}),
    )  # fmt: skip


def burning() -> Iterator[tuple[str, Sequence[Picture]]]:
    """Yield the fires; the truth is 24 s of burning."""
    house = fire.burning()
    yield "the house", house
    yield "mirrored", [picture[:, ::-1].copy() for picture in house]
    yield "dark", list(fire.lit(house, 0.5))
    yield "over-exposed", list(fire.lit(house, 2.5))
    yield "half as large, in a corner", list(fire.framed(house, 0.5, (0.9, 0.9)))
    yield "poorly compressed", list(fire.compressed(house))
    hall, table = clips.read(clips.FLOOR)[30:150], clips.read(clips.BOTTLE)[:120]
    yield "before a white wall", list(fire.with_fire(hall, foot=(0.7, 0.4)))
    yield "on an orange floor", list(fire.with_fire(hall, foot=(0.1, 0.9), scale=1.3))
    yield "on a table", list(fire.with_fire(table, foot=(0.35, 0.6)))


def calm() -> Iterator[tuple[str, Sequence[Picture]]]:
    """Yield what does not burn."""
    hall, table = clips.read(clips.FLOOR), clips.read(clips.BOTTLE)
    yield "persons on an orange floor", hall
    yield "hands and bottles", table
    yield "cuts", clips.read(clips.BIKES)
    yield "orange clothes", list(fire.in_orange(hall))
    yield "orange clothes that rock", list(fire.in_orange(clips.to_and_fro(hall[235:247], 40)))
    yield "a lamp that blinks at 1 Hz", list(fire.with_lamp(hall[:200], 1))
    yield "a lamp that blinks at 2 Hz", list(fire.with_lamp(hall[:200], 2))
    yield "a lamp that turns", list(fire.with_lamp(table, 1.1, beacon=True))
    yield "headlights", list(fire.with_headlights(hall))
    yield "sunset", list(fire.at_sunset(hall))
    yield "a camera in the wind", list(fire.shaken(hall))
    yield "a screen", list(fire.on_a_screen(table, clips.read(clips.BIKES)))


def _trial(name: str, pictures: Sequence[Picture], truth: tuple[Span, ...]) -> Trial:
    def frames() -> Iterable[Frame]:
        return clips.timed(pictures)

    return Trial(f"flame: {name}", frames, {"flame": truth}, quick=name in QUICK)


QUICK = frozenset({"the house", "on a table", "orange clothes that rock", "a lamp that turns"})
