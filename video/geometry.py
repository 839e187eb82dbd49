"""Polygons over a picture: zones that say where, and masks that hide for good."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from .contract import WHOLE, Picture, Point

Polygon = Sequence[Point]


def drawn(polygons: Sequence[Polygon], height: int, width: int) -> NDArray[np.uint8]:
    """Return height x width, 255 in any of the polygons (each pixel they touch) and 0 elsewhere."""
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
    """Blanks what must not be seen, before anything looks at a picture or keeps it."""

    def __init__(self, polygons: Sequence[Polygon]) -> None:
        self._polygons = polygons
        self._area: NDArray[np.uint8] | None = None

    def blank(self, picture: Picture) -> Picture:
        """Return the picture with masked pixels black; the given one is changed if writable."""
        if not self._polygons:
            return picture
        if self._area is None or self._area.shape != picture.shape[:2]:
            self._area = drawn(self._polygons, *picture.shape[:2])
        if not picture.flags.writeable:
            picture = picture.copy()
        picture[self._area > 0] = 0
        return picture

    def visible(self, height: int, width: int) -> NDArray[np.uint8]:
        """Return 255 where the picture may be looked at; masked pixels must not count in averages."""
        return cv2.bitwise_not(drawn(self._polygons, height, width)).astype(np.uint8)
