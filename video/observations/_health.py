"""What a camera usually sees, learnt from its own pictures: by day and by night apart.

Structure is compared by slopes, not by brightness: how much of each tile's learnt slopes is in the picture
(`kept`, 1 = all) does not change its order when dusk or the exposure scales the whole picture, and noise averages out.
"""

import math
from typing import NamedTuple

import cv2
import numpy as np

from video.contract import WHOLE, Zones
from video.detail import COLUMNS, ROWS, Detail, Flags, Floats, by_tile

LEARN_MS = 10_000
LEARN_FRAMES = 4
SLOW_S = 300.0  # time constant with which a normal scene is followed
MOST_STEP_S = 5.0
TEXTURE = 2.0  # grey levels a tiny pixel: less slope is no structure to compare
LEAST_TEXTURED = 0.12  # part of the tiles; with less there is no telling
DARK = 25.0  # grey levels: a tile as dark tells nothing
FLAT = 4.0  # contrast of a picture in which nothing can be made out
COLOURLESS = 3.0  # mean colour of a picture that is grey
SETTLE_MS = 3_000  # the exposure hunts so long after an infrared switch
SWITCH_MS = 1_000  # in which an infrared switch may show nothing at all


class Likeness(NamedTuple):
    """A picture beside the learnt scene, by tile."""

    kept: Floats  # how much of the learnt structure is there: 1 all, 0 none
    energy: Floats  # slope energy, times the learnt
    textured: Flags  # tiles that have structure to compare and are not dark now
    gain: float  # how much contrast the picture has of the learnt


class Scene:
    """The learnt structure of a scene in one light."""

    def __init__(self) -> None:
        self.frames = 0
        self.learnt_ms = 0.0
        self.tiny = self.across = self.down = self.power = np.zeros((0, 0), np.float32)
        self._at: int | None = None

    @property
    def known(self) -> bool:
        """Return whether it was learnt for long enough."""
        return self.learnt_ms >= LEARN_MS and self.frames >= LEARN_FRAMES

    def learn(self, detail: Detail, at: int) -> None:
        """Follow the scene; the first seconds count alike, later ones little."""
        passed = 0.0 if self._at is None else min(MOST_STEP_S, max(0.0, (at - self._at) / 1000))
        self._at = at
        if self.frames == 0 or self.tiny.shape != detail.tiny.shape:
            self.tiny, self.across, self.down = (
                detail.tiny.copy(), detail.across.copy(), detail.down.copy(),
            )  # fmt: skip
            self.frames, self.learnt_ms = 1, 0.0
        else:
            self.frames += 1
            self.learnt_ms += passed * 1000
            share = 1 - math.exp(-passed / SLOW_S) if self.known else 1 / self.frames
            for old, new in (
                (self.tiny, detail.tiny), (self.across, detail.across), (self.down, detail.down),
            ):  # fmt: skip
                cv2.accumulateWeighted(new, old, share)
        self.power = by_tile(self.across * self.across + self.down * self.down)

    def skip(self, at: int) -> None:
        """Let time pass without learning: something is wrong with the picture."""
        self._at = at

    def compared(self, detail: Detail) -> Likeness | None:
        """Return the likeness; None for a picture of another shape."""
        if self.tiny.shape != detail.tiny.shape:
            return None
        own = np.maximum(self.power, 1e-3)
        kept = by_tile(detail.across * self.across + detail.down * self.down) / own
        textured = detail.usable & (self.power >= TEXTURE**2)
        gain = float(np.percentile(kept[textured], 80)) if textured.any() else 1.0
        return Likeness(
            kept.astype(np.float32),
            (detail.coarse / own).astype(np.float32),
            textured & (detail.levels >= DARK),
            min(1.0, max(0.25, gain)),
        )


class Light:
    """Says whether a camera sees by colour or by infrared, so that each light has a scene of its own.

    The colour goes at once when the infrared filter switches. A cover may be colourless too, so a switch
    is believed only while there still is structure to see, and taken back if that goes within seconds.
    """

    def __init__(self) -> None:
        self.grey = False
        self.mistaken = False  # it just took back that it was grey
        self._colour: float | None = None
        self._textured = 0
        self._at: int | None = None
        self._switched_at: int | None = None

    def see(self, detail: Detail, at: int) -> bool:
        """Take a picture; return False while a switch settles."""
        textured = int(np.count_nonzero(detail.usable & (detail.coarse >= TEXTURE**2)))
        if self._colour is None:
            self.grey = detail.colour < COLOURLESS
            self._colour, self._textured = detail.colour, textured
        passed = 0.0 if self._at is None else min(MOST_STEP_S, max(0.0, (at - self._at) / 1000))
        self._at = at
        enough = textured >= 0.4 * self._textured and textured > 0
        self.mistaken = self._new_to_grey(at) and not enough
        if self.mistaken:
            self.grey, self._switched_at = False, None
        elif enough and self._other(detail, self._colour):
            self.grey = not self.grey
            self._switched_at = at
            if not self.grey:
                self._colour = detail.colour
        elif not self.grey and detail.colour > 0.6 * self._colour:
            self._colour += (detail.colour - self._colour) * (1 - math.exp(-passed / 60))
            self._textured += round((textured - self._textured) * (1 - math.exp(-passed / 60)))
        return self._switched_at is None or abs(at - self._switched_at) >= SETTLE_MS

    def _new_to_grey(self, at: int) -> bool:
        if not self.grey or self._switched_at is None:
            return False
        # Two pictures in the dark belong to the switch itself.
        return SWITCH_MS <= at - self._switched_at < SETTLE_MS + LEARN_MS

    def _other(self, detail: Detail, colour: float) -> bool:
        if self.grey:
            return detail.colour >= max(2 * COLOURLESS, 0.5 * colour)
        return detail.colour < min(COLOURLESS, 0.3 * colour)


class Scenes:
    """The scene by colour and the scene by infrared, and which of them it is now."""

    def __init__(self) -> None:
        self._light = Light()
        self._scenes = {False: Scene(), True: Scene()}

    def now(self, detail: Detail, at: int) -> Scene | None:
        """Return the scene to compare with; None while an infrared switch settles."""
        steady = self._light.see(detail, at)
        if self._light.mistaken and not self._scenes[True].known:
            self._scenes[True] = Scene()
        scene = self._scenes[self._light.grey]
        if steady:
            return scene
        scene.skip(at)
        return None

    def forget(self) -> None:
        """Learn the present light anew."""
        self._scenes[self._light.grey] = Scene()


def dark(detail: Detail) -> bool:
    """Return whether nothing can be made out for darkness."""
    return detail.level < DARK and detail.contrast < FLAT


class ZoneTiles:
    """Which tiles belong to each zone: those that lie in it by half."""

    def __init__(self, zones: Zones) -> None:
        self._zones = zones
        self._tiles: dict[str, Flags] = {}

    def names(self) -> tuple[str, ...]:
        """Return the zones looked at."""
        return self._zones.names()

    def of(self, zone: str) -> Flags:
        """Return the zone's tiles."""
        if zone not in self._tiles:
            whole = np.ones((ROWS, COLUMNS), np.bool_)
            mask = self._zones.mask(zone, ROWS * 10, COLUMNS * 10)
            self._tiles[zone] = whole if zone == WHOLE else by_tile(mask) >= 127  # noqa: PLR2004
        return self._tiles[zone]
