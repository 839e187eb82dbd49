"""Polygons over a picture: zones that say where, and masks that hide for good."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from .contract import WHOLE, Picture, Point, Size

Polygon = Sequence[Point]
SAME_SHAPE = 0.02
"""Width by height may differ by so much (1088 lines for 1080) and be the same part of the world."""


def drawn(polygons: Sequence[Polygon], height: int, width: int) -> NDArray[np.uint8]:
    """Return height x width, 255 in any of the polygons and 0 elsewhere; right to a pixel."""
    area: NDArray[np.uint8] = np.zeros((height, width), np.uint8)
    for polygon in polygons:
        corners = np.array([(p.x * width, p.y * height) for p in polygon])
        # Outwards: a mask that leaves half a pixel open hides nothing.
        cv2.fillPoly(area, [np.floor(corners).astype(np.int32)], 255)
        cv2.fillPoly(area, [np.ceil(corners).astype(np.int32)], 255)
    return area


class CameraZones:
    """The zones of one camera for one observation; `wanted` empty is the whole picture."""

    def __init__(self, zones: Mapping[str, Polygon], wanted: Sequence[str] = ()) -> None:
        """Raise KeyError for a wanted zone that is not drawn; settings have checked before."""
        self._polygons = {name: zones[name] for name in wanted}
        self._outlines = {
            name: np.array([(p.x, p.y) for p in polygon], np.float32)
            for name, polygon in self._polygons.items()
        }
        self._masks: dict[tuple[str, int, int], NDArray[np.uint8]] = {}

    def names(self) -> tuple[str, ...]:
        """Return the zones looked at."""
        return tuple(self._polygons) or (WHOLE,)

    def holds(self, zone: str, point: Point) -> bool:
        """Return whether the point is in the zone."""
        if zone == WHOLE:
            return True
        return (
            cv2.pointPolygonTest(self._outlines[zone], (point.x, point.y), measureDist=False) >= 0
        )

    def mask(self, zone: str, height: int, width: int) -> NDArray[np.uint8]:
        """Return the zone as a picture of that size; kept, so do not write into it."""
        key = (zone, height, width)
        if key not in self._masks:
            if len(self._masks) > 64:  # noqa: PLR2004 - a camera that changes its size all day
                self._masks.clear()
            whole = np.full((height, width), 255, np.uint8)
            self._masks[key] = (
                whole if zone == WHOLE else drawn([self._polygons[zone]], height, width)
            )
        return self._masks[key]


class PrivacyMask:
    """Blanks what must not be seen, before anything looks at a picture or keeps it.

    Corners are parts of the picture, so they follow its size but not its shape: a camera set from 4:3 to
    16:9 shows another part of the world. Then nobody knows where the masks lie, and all is blank.
    """

    def __init__(self, polygons: Sequence[Polygon], drawn_on: Size | None = None) -> None:
        """`drawn_on` None: nobody knows yet, and the first picture counts. One of 0 x 0 fits no picture."""
        self._polygons = polygons
        self._area: NDArray[np.uint8] | None = None
        self.drawn_on = drawn_on
        self.misfit = ""
        """Why all is blank, for people; empty while the masks fit."""

    def blank(self, picture: Picture) -> Picture:
        """Return the picture with masked pixels black; the given one is changed if writable."""
        if not self._polygons:
            return picture
        if self._area is None or self._area.shape != picture.shape[:2]:
            self._area = self._over(*picture.shape[:2])
        if not picture.flags.writeable:
            picture = picture.copy()
        picture[self._area > 0] = 0
        return picture

    def visible(self, height: int, width: int) -> NDArray[np.uint8]:
        """Return 255 where the picture may be looked at; masked pixels must not count in averages."""
        return cv2.bitwise_not(self._over(height, width)).astype(np.uint8)

    def _over(self, height: int, width: int) -> NDArray[np.uint8]:
        """Return 255 in each pixel that a mask touches."""
        self.drawn_on = self.drawn_on or Size(width, height)
        wide, tall = self.drawn_on
        self.misfit = ""
        if not wide or abs(width * tall / (height * wide) - 1) > SAME_SHAPE:
            was = f"was {wide}x{tall}" if wide else "nobody knows what it was"
            self.misfit = (
                f"its picture is {width}x{height} and {was} when its masks were drawn: they may lie elsewhere,"
                f" so all is blank; set the camera back, or write `masks_drawn_on: {width}x{height}` beside the"
                " masks, start the gateway anew, and draw them anew on the page"
            )
            return np.full((height, width), 255, np.uint8)
        # Lines are drawn through rounded pixels: one more on each side is touched, or nearly.
        touched = cv2.dilate(drawn(self._polygons, height, width), np.ones((3, 3), np.uint8))
        return np.asarray(touched, np.uint8)
