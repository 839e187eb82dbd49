"""A camera's own health: each fault on several scenes, and as many films in which nothing is wrong.

All five observations are judged on every film, so each fault is a negative for the other four.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from benchmarks import video_clips as clips
from benchmarks import video_effects as fx
from benchmarks import video_weather as weather
from benchmarks.trial import Span, Trial
from video.contract import Frame, Picture

HEALTH = ("covered", "black", "defocused", "moved", "frozen")
BEGIN_S, LONG_S = 36.0, 60.0  # the fault begins when all of them have learnt
NOISE = 2.0
LATE_S = {"covered": 10.0, "black": 8.0, "defocused": 15.0, "moved": 15.0, "frozen": 20.0}
_Make = Callable[[], Sequence[fx.Effect]]


def trials() -> Iterator[Trial]:
    """Yield every fault and every innocent film."""
    yield from _faults()
    yield from _innocent()
    yield from _unknowable()


def _faults() -> Iterator[Trial]:
    for number, scene in enumerate(clips.SCENES):
        for name, (observation, make) in _lens_faults(scene).items():
            yield _fault(
                f"{name}, {scene}", scene, observation, optics=make, quick=number in {0, 3}
            )
        for name, make_stream in _stream_faults().items():
            yield _fault(f"{name}, {scene}", scene, "frozen", stream=make_stream, quick=number == 0)


def _lens_faults(scene: str) -> Mapping[str, tuple[str, _Make]]:
    other = clips.scene("house" if scene != "house" else "street")
    at = BEGIN_S
    return {
        "hand 60 %": ("covered", lambda: [fx.hand(at, 0.65)]),
        "hand all": ("covered", lambda: [fx.hand(at, 1.15)]),
        "tape 70 %": ("covered", lambda: [fx.tape(at, 0.7)]),
        "tape all": ("covered", lambda: [fx.tape(at, 1.1, level=90)]),
        "spray": ("covered", lambda: [fx.spray(at)]),
        "blur 3": ("defocused", lambda: [fx.defocus(at, 3)]),
        "blur 6": ("defocused", lambda: [fx.defocus(at, 6)]),
        "blur 5 within 20 s": ("defocused", lambda: [fx.defocus(at - 10, 5, over_s=20)]),
        "shift 5 %": ("moved", lambda: [fx.turned(at, right=0.05)]),
        "shift 15 %": ("moved", lambda: [fx.turned(at, right=-0.1, down=0.12)]),
        "turned 8°": ("moved", lambda: [fx.turned(at, degrees=8)]),
        "zoom 1.3": ("moved", lambda: [fx.turned(at, zoom=1.3)]),
        "elsewhere": ("moved", lambda: [fx.elsewhere(at, other)]),
        "cap": ("black", lambda: [fx.black(at)]),
        "cap, clipped": ("black", lambda: [fx.black(at, 0.0)]),
    }


def _stream_faults() -> Mapping[str, _Make]:
    at = BEGIN_S
    return {
        "frozen": lambda: [weather.freeze(at)],
        "frozen, clock goes on": lambda: [weather.freeze(at), weather.clock()],
        "frozen, encoded anew": lambda: [weather.freeze(at), weather.compressed(60)],
        "frozen, sparing encoder": lambda: [weather.skipped_blocks(), weather.freeze(at)],
    }


def _innocent() -> Iterator[Trial]:
    for number, scene in enumerate(clips.SCENES):
        for name, (optics, stream, noise) in _weathers().items():
            yield _innocent_film(
                f"{name}, {scene}", scene, optics=optics, stream=stream, noise=noise,
                quick=number in {0, 2},
            )  # fmt: skip


_Weather = tuple[_Make, _Make, float | Callable[[float], float]]


def _weathers() -> Mapping[str, _Weather]:
    def nothing() -> Sequence[fx.Effect]:
        return []

    def night(second: float) -> float:
        return NOISE + 5 * (1 - weather.ramp(second, 15, 75, 0.12))

    return {
        "untouched": (nothing, nothing, NOISE),
        "dusk": (lambda: [weather.dusk(15, 75)], nothing, night),
        "infrared": (lambda: [weather.infrared(36, 66)], nothing, NOISE),
        "exposure": (lambda: [weather.exposure()], nothing, NOISE),
        "headlights at dusk": (
            lambda: [weather.dusk(0, 1, 0.3), weather.headlights()], nothing, 4.0,
        ),
        "rain": (lambda: [weather.rain()], nothing, NOISE),
        "branches": (lambda: [weather.sway(0.55, 0.95)], nothing, NOISE),
        "lorry for 12 s": (lambda: [weather.lorry(36, 12)], nothing, NOISE),
        "hand for 3 s": (lambda: [fx.hand(36, 0.8, 39)], nothing, NOISE),
        "autofocus hunts": (lambda: [fx.defocus(36, 4, over_s=1, end=40)], nothing, NOISE),
        "coarse compression": (nothing, lambda: [weather.compressed()], NOISE),
        "sparing encoder, clock": (
            nothing, lambda: [weather.skipped_blocks(), weather.clock()], 1.0,
        ),
    }  # fmt: skip


def _unknowable() -> Iterator[Trial]:
    wall = clips.scene("bottles")[0][40:80, 40:111]  # bare wall
    plain = clips.resized(wall)

    def shown(*optics: fx.Effect) -> Callable[[], Iterator[Frame]]:
        return lambda: fx.film([plain], LONG_S, optics=optics, noise=NOISE)

    blind = frozenset({"covered", "defocused", "moved"})
    yield Trial("bare wall", shown(), {"black": (), "frozen": ()}, unknown=blind)
    yield Trial(
        "bare wall, covered", shown(fx.hand(BEGIN_S, 1.15)),
        {"black": (), "frozen": ()}, unknown=blind - {"covered"},
    )  # fmt: skip
    yield Trial(
        "a stream that always repeats",
        lambda: fx.film([clips.scene("street")[0]], LONG_S, noise=0.0),
        {"covered": (), "black": (), "defocused": (), "moved": ()},
        unknown=frozenset({"frozen"}),
    )


def _fault(
    name: str, scene: str, observation: str, *,
    optics: _Make = list, stream: _Make = list, quick: bool,
) -> Trial:  # fmt: skip
    truth: dict[str, tuple[Span, ...]] = dict.fromkeys(HEALTH, ())
    truth[observation] = (
        Span(int((BEGIN_S - 10) * 1000), int(LONG_S * 1000), LATE_S[observation] + 10),
    ) if "within" in name else (
        Span(int(BEGIN_S * 1000), int(LONG_S * 1000), LATE_S[observation]),
    )  # fmt: skip
    return Trial(name, _film(scene, LONG_S, optics, stream, NOISE), truth, quick=quick)


def _innocent_film(
    name: str, scene: str, *, optics: _Make, stream: _Make,
    noise: float | Callable[[float], float], quick: bool,
) -> Trial:  # fmt: skip
    frames = _film(scene, 80.0, optics, stream, noise)
    return Trial(name, frames, dict.fromkeys(HEALTH, ()), quick=quick)


def _film(
    scene: str, seconds: float, optics: _Make, stream: _Make,
    noise: float | Callable[[float], float],
) -> Callable[[], Iterator[Frame]]:  # fmt: skip
    def frames() -> Iterator[Frame]:
        pictures: Sequence[Picture] = clips.scene(scene)
        return fx.film(pictures, seconds, optics=optics(), stream=stream(), noise=noise)

    return frames
