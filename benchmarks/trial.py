"""What video is tried on: clips, each with the truth beside it.

A module of `benchmarks/trials/` exports `trials()`, which yields Trials; it is found by itself. A Trial
judges the observations its `truth` names and no others: an empty tuple there says "nothing of this kind
happens here", so one clip can be a positive for one observation and a negative for five.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from video.contract import WHOLE, Detector, Frame
from video.settings import CameraSettings, Corners, SourceSettings


class Span(NamedTuple):
    """When something is so, in ms of the clip's own time; an episode may be told up to `late_s` late.

    `late_s` counts from `begin` and includes the observation's own `after_s`.
    """

    begin: int
    end: int
    late_s: float = 10.0
    zone: str = WHOLE


class Trial(NamedTuple):
    """One clip, how the camera is set up for it, and what is true of it.

    `frames` begins the clip anew each time it is called; pictures are 640x360 at 5 fps unless the trial
    is about something else. `settings` are those of each observation as a person would write them in the
    gateway's file. `unknown` names observations that must answer "cannot tell" on every frame of it.
    """

    name: str
    frames: Callable[[], Iterable[Frame]]
    truth: Mapping[str, tuple[Span, ...]]
    settings: Mapping[str, Mapping[str, object]] = {}
    zones: Mapping[str, Corners] = {}
    masks: tuple[Corners, ...] = ()
    detector: Callable[[], Detector | None] | None = None
    unknown: frozenset[str] = frozenset()
    quick: bool = True  # part of --quick

    def camera(self) -> CameraSettings:
        """Return a camera that looks for what is judged and for nothing else."""
        off = {name: {"enabled": False} for name in always_on() if name not in self.judged()}
        wanted = {name: dict(self.settings.get(name, {})) for name in sorted(self.judged())}
        return CameraSettings(
            camera="bench",
            source=SourceSettings(url="rtsp://clip"),
            zones=dict(self.zones),
            masks=self.masks,
            observations={**off, **wanted},
        )

    def judged(self) -> frozenset[str]:
        """Return the observations this clip says something about."""
        return frozenset(self.truth) | self.unknown


def always_on() -> list[str]:
    """Return the observations that a camera has without being asked."""
    from video.discovery import observations  # noqa: PLC0415 - loads every observation

    return [name for name, kind in observations().items() if kind.always]


def found() -> Iterator[Trial]:
    """Yield the trials of every module of `benchmarks/trials/`, in the order of their names."""
    root = importlib.import_module("benchmarks.trials")
    for entry in sorted(pkgutil.iter_modules(root.__path__), key=lambda entry: entry.name):
        if not entry.name.startswith("_"):
            yield from importlib.import_module(f"benchmarks.trials.{entry.name}").trials()
