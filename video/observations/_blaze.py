"""One spot that may burn, followed from frame to frame: what it did over the last seconds."""

from collections import deque
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LATELY_MS = 4_000
KEEP_MS = 30_000
KEEP = 320  # looks: 30 s at ten a second
GONE_MS = 1_000
LEAST_WARM = 3  # pixels; fewer have no spread

# Set on the FURG clip and its variants against persons, cloth, lamps, headlights and screens: our assumption.
TOGETHER = 0.66  # a lamp changes all at once, a flame every which way
SPREAD = 0.055  # of green to red: a flame has red and yellow, cloth one colour lighter and darker
YELLOW = 0.60  # green to red in its yellowest part
LIT = 0.80  # share of the looks with something alight: a lamp that blinks goes out
STAYS = 0.66  # how long the heart of the spot flickers in one place; what passes does not
FILLED = 0.53  # of what has the colour of fire there, so much flickers; cloth moves at its rim

Place = tuple[int, int, int, int]


class Spot(NamedTuple):
    """A flickering spot of one picture: where it is, and its pixels' levels as flat arrays."""

    place: Place  # left, top, wide, high in pixels of the small picture
    pixels: NDArray[np.bool_]  # within `place`
    green: NDArray[np.float32]
    red: NDArray[np.float32]
    was: NDArray[np.float32]  # green, one look before
    tinted: NDArray[np.bool_]
    stay: NDArray[np.float32]  # share of the last seconds in which a pixel was in a spot
    filled: float  # part of what has the colour of fire there that flickers


class Traits(NamedTuple):
    """What a spot was like over the last seconds, means of its looks."""

    together: float
    spread: float
    yellow: float
    lit: float
    stays: float
    filled: float

    @property
    def fiery(self) -> bool:
        """Return whether a flame looks like this."""
        return (
            self.together < TOGETHER
            and self.spread > SPREAD
            and self.yellow > YELLOW
            and self.lit > LIT
            and self.stays > STAYS
            and self.filled > FILLED
        )

    @property
    def likeness(self) -> float:
        """Return how far it lies from the limits, 0-1."""
        parts = (
            (TOGETHER - self.together) / 0.4,
            (self.spread - SPREAD) / 0.06,
            (self.stays - STAYS) / 0.3,
            (self.filled - FILLED) / 0.4,
        )
        return sum(min(1.0, max(0.0, part)) for part in parts) / len(parts)


class _Look(NamedTuple):
    at: int
    area: int
    lit: int
    together: float
    spread: float
    yellow: float
    stay: float
    filled: float


class Blaze:
    """A spot over time; all times in ms."""

    def __init__(self, at: int) -> None:
        self.place: Place = (0, 0, 0, 0)
        self.area = 0
        self._pixels: NDArray[np.bool_] = np.zeros((0, 0), bool)
        self._since = self._seen_at = at
        self._looks: deque[_Look] = deque(maxlen=KEEP)

    def meets(self, place: Place) -> bool:
        """Return whether a spot found now is this one: their rectangles touch."""
        left, top, wide, high = place
        own_left, own_top, own_wide, own_high = self.place
        return (
            left <= own_left + own_wide
            and own_left <= left + wide
            and top <= own_top + own_high
            and own_top <= top + high
        )

    def take(self, at: int, spot: Spot) -> None:
        """Remember how the spot looks now; a second one of the same picture is left to the first."""
        if self._looks and self._looks[-1].at == at:
            return
        self.place, self.area = spot.place, len(spot.green)
        self._pixels, self._seen_at = spot.pixels, at
        steps = spot.green - spot.was
        ratio = spot.green / np.maximum(spot.red, 1)
        warm = ratio[spot.tinted].astype(np.float32)
        enough = warm.size >= LEAST_WARM
        glaring = (spot.green > 150) & (spot.red > 150)  # noqa: PLR2004 - an over-exposed core
        self._looks.append(
            _Look(
                at,
                self.area,
                int(np.count_nonzero(spot.tinted | glaring)),
                abs(float(steps.mean())) / (float(np.abs(steps).mean()) + 1e-3),
                float(warm.std()) if enough else 0.0,
                _high(warm, 0.9) if enough else 0.0,
                _high(spot.stay, 0.7),
                spot.filled,
            )
        )
        while self._looks[0].at < at - KEEP_MS:
            self._looks.popleft()

    def out(self, at: int) -> bool:
        """Return whether it has not been seen for a while."""
        return at - self._seen_at > GONE_MS

    def steady(self, at: int, seconds: float) -> bool:
        """Return whether it has lasted so long and is still there."""
        return at - self._since >= seconds * 1000 and not self.out(at)

    def inside(self, area: NDArray[np.uint8]) -> int:
        """Return how many of its pixels lie in a zone's mask."""
        left, top, wide, high = self.place
        return int(
            np.count_nonzero(self._pixels & (area[top : top + high, left : left + wide] > 0))
        )

    def traits(self) -> Traits:
        """Return what it was like lately."""
        looks = self._lately()
        n = len(looks)
        size = sorted(look.area for look in looks)[n // 2]
        yellow = sorted(look.yellow for look in looks)
        return Traits(
            sum(look.together for look in looks) / n,
            sum(look.spread for look in looks) / n,
            yellow[int(0.8 * (n - 1))],
            sum(look.lit > 0.2 * size for look in looks) / n,
            looks[-1].stay,
            sorted(look.filled for look in looks)[n // 2],
        )

    def flicker_hz(self) -> float:
        """Return how often its lit part swings about its mean, a second.

        At f pictures a second nothing above f/2 can be seen: of a flame's 1-13 Hz this is what is left.
        """
        looks = self._lately()
        mean = sum(look.lit for look in looks) / len(looks)
        above = [look.lit > mean for look in looks]
        swings = sum(a != b for a, b in pairwise(above))
        seconds = (looks[-1].at - looks[0].at) / 1000
        return round(swings / 2 / seconds, 2) if seconds > 0 else 0.0

    def growth(self) -> float:
        """Return its size now by its size at first (30 s ago at most); 1 is no growth."""
        newest = self._looks[-1].at
        now = [look.area for look in self._looks if newest - look.at <= LATELY_MS]
        oldest = self._looks[0].at
        then = [look.area for look in self._looks if look.at - oldest <= LATELY_MS]
        return round(sum(now) / len(now) / (sum(then) / len(then)), 2)

    def _lately(self) -> list[_Look]:
        newest = self._looks[-1].at
        return [look for look in self._looks if newest - look.at <= LATELY_MS]


def _high(levels: NDArray[np.float32], share: float) -> float:
    """Return the level that so large a share lies below; np.percentile is much dearer."""
    k = int(share * (levels.size - 1))
    return float(np.partition(levels, k)[k])
