"""Picture frozen 画面冻结: pictures keep coming, and they are always the same one."""

import math
from collections.abc import Sequence
from typing import ClassVar

import cv2
import numpy as np
from pydantic import Field

from video.contract import ObservationSettings, Picture, Sighting, Zones
from video.detail import Detail, Flags, Floats, by_tile
from video.observations._health import MOST_STEP_S, ZoneTiles
from video.view import View

LEARN_MS = 30_000
ALIVE = 0.06  # part of the tiles that must stir; a burnt-in clock stirs less
STILL = 0.02  # mean grey levels a tile may differ by and still be the same
STILL_TIMES = 0.15  # or so many times what it usually does: a frozen picture may be encoded anew
LEAST_MS = 1_000
LEAST_PAIRS = 2
TIMES_LONGEST = 3.0  # frozen is what stands still so many times longer than the stream ever did
TELLS_MS = 60_000  # a stream that needs longer to say so is one where nobody can tell
FROZE_MS = 300_000  # who stood still so long was frozen: nothing to learn from
HALF_S = 86_400.0  # in which what was learnt of still stretches halves
CLIPPED = (3.0, 252.0)  # grey levels: beyond, even a good sensor shows no noise
LEAST_TILES = 0.2


class FrozenSettings(ObservationSettings):
    """For how long a picture must stand still."""

    after_s: float = Field(
        default=5.0, ge=0, le=86_400, description="seconds seen before it counts"
    )


class _Stillness:
    """How one zone stirs: since when it does not, and how long that lasts in normal times."""

    def __init__(self) -> None:
        self.usual = 0.0  # mean grey levels the middle tile differs by between frames
        self.longest_ms = 0.0
        self.alive_at: int | None = None
        self.pairs = 0
        self.learnt_ms = 0.0

    @property
    def needed_ms(self) -> float:
        return max(LEAST_MS, TIMES_LONGEST * self.longest_ms)

    def stirs(self, tiles: Floats, at: int, passed: float) -> bool:
        """Take the differences of the tiles since the last frame; return whether it lives."""
        limit = max(STILL, STILL_TIMES * self.usual)
        alive = float(np.count_nonzero(tiles > limit) / tiles.size) >= ALIVE
        self.learnt_ms += passed * 1000
        self.longest_ms *= 0.5 ** (passed / HALF_S)
        if not alive:
            self.pairs += 1
            return False
        if self.alive_at is not None:
            stood = at - self.alive_at - passed * 1000
            if stood < FROZE_MS:
                self.longest_ms = max(self.longest_ms, stood)
        self.alive_at, self.pairs = at, 0
        share = 1.0 if self.usual == 0 else 1 - math.exp(-passed / 60)
        self.usual += share * (float(np.median(tiles)) - self.usual)
        return True


class Frozen:
    """Notices an encoder, a recorder or a camera that repeats one picture."""

    name: ClassVar[str] = "frozen"
    settings: ClassVar[type[ObservationSettings]] = FrozenSettings
    needs_objects: ClassVar[bool] = False
    needs_detector: ClassVar[bool] = False
    always: ClassVar[bool] = True
    learns: ClassVar[bool] = False
    quantities: ClassVar[frozenset[str]] = frozenset({"still_s"})
    measures: ClassVar[frozenset[str]] = frozenset()
    title: ClassVar[tuple[str, str]] = ("画面冻结", "picture frozen")
    limits: ClassVar[tuple[str, str]] = (
        "看不出循环播放的录像；编码本身常长时间重复画面时无法判断",
        "cannot see a recording played in a loop; cannot tell where the encoding itself repeats pictures for long",
    )

    def __init__(self, settings: ObservationSettings, zones: Zones) -> None:
        """Take nothing but when it counts."""
        if not isinstance(settings, FrozenSettings):
            raise TypeError(f"frozen takes FrozenSettings, not {type(settings).__name__}")
        self._tiles = ZoneTiles(zones)
        self._zones = {zone: _Stillness() for zone in self._tiles.names()}
        self._last: Picture | None = None
        self._at = 0

    def look(self, view: View) -> Sequence[Sighting]:
        """Return whether each zone stands still; unknown for a still picture while it learns."""
        detail, last = view.detail, self._last
        passed = (view.at - self._at) / 1000
        self._last, self._at = view.small_grey, view.at
        if detail is None or last is None or last.shape != view.small_grey.shape or passed <= 0:
            return [Sighting(zone, None) for zone in self._zones]
        apart = by_tile(np.asarray(cv2.absdiff(view.small_grey, last), np.float32))
        tells = _tells(detail)
        return [
            self._in_zone(zone, apart, tells & self._tiles.of(zone), view.at, passed)
            for zone in self._zones
        ]

    def _in_zone(self, zone: str, apart: Floats, here: Flags, at: int, passed: float) -> Sighting:
        watch = self._zones[zone]
        if np.count_nonzero(here) < LEAST_TILES * np.count_nonzero(self._tiles.of(zone)):
            watch.alive_at = None
            return Sighting(zone, None)
        if watch.stirs(apart[here], at, min(MOST_STEP_S, passed)):
            return Sighting(zone, seen=False, values={"still_s": 0.0})
        if watch.alive_at is None or watch.learnt_ms < LEARN_MS or watch.needed_ms > TELLS_MS:
            return Sighting(zone, None)
        still_ms = at - watch.alive_at
        if still_ms < watch.needed_ms or watch.pairs < LEAST_PAIRS:
            return Sighting(zone, None)
        return Sighting(
            zone, seen=True, confidence=1.0, values={"still_s": round(still_ms / 1000, 1)}
        )


def _tells(detail: Detail) -> Flags:
    """Return the tiles in which a sensor's noise would show."""
    low, high = CLIPPED
    return np.asarray(detail.usable & (detail.levels > low) & (detail.levels < high), np.bool_)


OBSERVATION = Frozen
