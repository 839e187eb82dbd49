"""Smoke: real smoke laid over other scenes, and what pales, dims or moves without any."""

from collections.abc import Iterable, Iterator, Sequence

from benchmarks import fire_effects as fire
from benchmarks import video_clips as clips
from benchmarks.trial import Span, Trial
from video.contract import Frame, Picture

BEGINS_S = 8.0
STREET = 35  # the picture of the clip with houses and a fence


def trials() -> Iterator[Trial]:
    """Yield the trials."""
    for name, pictures in smoking():
        end = round(len(pictures) * 1000 / clips.FPS)
        yield _trial(name, pictures, (Span(round(BEGINS_S * 1000), end, 20.0),))
    for name, pictures in calm():
        yield _trial(name, pictures, ())


def smoking() -> Iterator[tuple[str, Sequence[Picture]]]:
    """Yield scenes with smoke from the eighth second on."""
    street = [clips.read(clips.BIKES)[STREET]] * 200
    hall, table = clips.read(clips.FLOOR), clips.read(clips.BOTTLE)

    def over(pictures: Sequence[Picture], corner: tuple[float, float], grey: int) -> list[Picture]:
        return list(fire.with_smoke(pictures, corner=corner, begins_s=BEGINS_S, grey=grey))

    yield "over a street", over(street, (0.2, 0.1), 205)
    yield "grey, over a street", over(street, (0.3, 0.2), 150)
    yield "over a wooden floor with persons", over(hall, (0.2, 0.5), 205)
    yield "before a plain wall", over(table, (0.1, 0.3), 205)


def calm() -> Iterator[tuple[str, Sequence[Picture]]]:
    """Yield scenes without smoke."""
    hall, table = clips.read(clips.FLOOR), clips.read(clips.BOTTLE)
    yield "persons", hall
    yield "hands and bottles", table
    yield "cuts", clips.read(clips.BIKES)
    yield "a cloud's shadow", list(fire.shadowed(hall))
    yield "fog over everything", list(fire.in_fog(hall))
    yield "headlights", list(fire.with_headlights(hall))
    yield "a lamp that turns", list(fire.with_lamp(table, 1.1, beacon=True))
    yield "sunset", list(fire.at_sunset(hall))
    yield "a camera in the wind", list(fire.shaken(hall))


def _trial(name: str, pictures: Sequence[Picture], truth: tuple[Span, ...]) -> Trial:
    def frames() -> Iterable[Frame]:
        return clips.timed(pictures)

    return Trial(f"smoke: {name}", frames, {"smoke": truth}, quick=name in QUICK)


QUICK = frozenset({"over a street", "a cloud's shadow"})
