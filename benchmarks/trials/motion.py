"""Motion in a zone: persons one at a time on real footage, and what changes where nothing moves."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks import video_clips as clips
from benchmarks import video_effects as fx
from benchmarks import video_weather as weather
from benchmarks.trial import Span, Trial
from video.contract import Frame

ZONE: Mapping[str, Any] = {
    "settings": {"motion": {"zones": ["floor"], "off_delay_s": 3}},
    "zones": {"floor": ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0))},
}
LONG_S = 60.0


def trials() -> Iterator[Trial]:
    """Yield persons who come and go, and innocent films."""
    # Read off the clip by eye: the floor is empty until the first person's feet are in the zone.
    yield Trial(
        "motion: the first person on the floor",
        lambda: clips.timed(clips.read(clips.FLOOR)[: 12 * clips.FPS]),
        {"motion": (Span(5_000, 12_000, 3, "floor"),)}, **ZONE,
    )  # fmt: skip
    for scene in ("street", "facade", "house"):
        yield Trial(
            f"motion: a lorry, {scene}", _film(scene, [weather.lorry(20, 6)]),
            {"motion": (Span(20_000, 40_000, 3, "floor"),)}, **ZONE,
        )  # fmt: skip
    for scene in ("floor", "bottles", "street", "facade", "house"):
        for name, optics in _innocent().items():
            yield Trial(
                f"motion: {name}, {scene}", _film(scene, optics()), {"motion": ()},
                quick=scene == "street", **ZONE,
            )  # fmt: skip


def _innocent() -> Mapping[str, Callable[[], Sequence[fx.Effect]]]:
    return {
        "nothing": list,
        "dusk": lambda: [weather.dusk(5, 55)],
        "exposure": lambda: [weather.exposure()],
        "infrared and back": lambda: [weather.infrared(20, 40)],
    }


def _film(scene: str, optics: Sequence[fx.Effect]) -> Callable[[], Iterator[Frame]]:
    """Return the scene with nobody in it: its first picture, with noise."""
    return lambda: fx.film(clips.scene(scene)[:1], LONG_S, optics=optics, noise=2.5)
