"""Tells a thing from light on the ground and from the ghost of what left; each looks at one small part.

`now` is that part of the picture, `empty` the same part of the empty scene, `mask` 255 where they differ.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.uint8]

TEXTURE = 4.0  # grey levels: ground with less has no texture that could show through
SHINES_THROUGH = 0.7  # correlation of the textures inside
SHINES_AROUND = 0.85  # the same with some pixels around
EVEN = 0.05  # spread of the logarithm of brightness: light changes a plain ground evenly
LEAST_EVEN = 300  # pixels; so small an even patch is rather a thing
LEFT = 0.95  # edges and contrast now against before; less: something left
_BAND = np.ones((5, 5), np.uint8)


def likeness(one: Floats, other: Floats) -> float:
    """Return the correlation of two pictures (1 the same, 0 unrelated), whatever their brightness."""
    a, b = one - one.mean(), other - other.mean()
    spread = float(np.sqrt((a * a).sum() * (b * b).sum()))
    if spread < one.size:  # nothing to see in at least one of them
        return 1.0 if abs(float(one.mean() - other.mean())) < TEXTURE * 2 else 0.0
    return float((a * b).sum() / spread)


def is_light(now: Floats, empty: Floats, mask: Mask) -> bool:
    """Return whether the ground is the same as before, only lighter or darker."""
    around = np.ones(mask.shape, bool)
    if _shines(_texture(empty), _texture(now), around, SHINES_AROUND):
        return True
    inside = cv2.erode(mask, np.ones((3, 3), np.uint8)) > 0
    if np.count_nonzero(inside) < 12:  # noqa: PLR2004 - nothing inside its own edge
        inside = mask > 0
    if float(_texture(empty)[inside].std()) > TEXTURE:
        return _shines(_texture(empty), _texture(now), inside, SHINES_THROUGH)
    ratio = np.log((now[inside] + 1) / (empty[inside] + 1))
    return int(np.count_nonzero(inside)) >= LEAST_EVEN and float(ratio.std()) < EVEN


def is_ghost(now: Floats, empty: Floats, mask: Mask) -> bool:
    """Return whether the edge around the place was there before and is not now: something left.

    A thing that came brings an outline and stands out from the ground around it; where one left, the
    outline is in the memory and the ground now goes on through the place.
    """
    band = (cv2.dilate(mask, _BAND) > 0) & ~(cv2.erode(mask, _BAND) > 0)
    edge_now, edge_before = _edges(now), _edges(empty)
    came = float(np.maximum(edge_now - edge_before, 0)[band].sum())
    left = float(np.maximum(edge_before - edge_now, 0)[band].sum())
    outside = mask == 0
    if not outside.any():
        return came < left
    stands_out_now = _stands_out(now, mask > 0, outside)
    stood_out = _stands_out(empty, mask > 0, outside)
    return (came + 1) * (stands_out_now + 1) < LEFT * (left + 1) * (stood_out + 1)


def _shines(before: Floats, after: Floats, where: NDArray[np.bool_], least: float) -> bool:
    one, other = before[where], after[where]
    spread = float(one.std() * other.std())
    textured = min(float(one.std()), float(other.std())) > TEXTURE
    return textured and float(((one - one.mean()) * (other - other.mean())).mean()) > least * spread


def _texture(picture: Floats) -> Floats:
    return picture - cv2.GaussianBlur(picture, (0, 0), 3)


def _edges(picture: Floats) -> Floats:
    across = cv2.Sobel(picture, cv2.CV_32F, 1, 0)
    along = cv2.Sobel(picture, cv2.CV_32F, 0, 1)
    return np.asarray(cv2.magnitude(across, along), np.float32)


def _stands_out(picture: Floats, inside: NDArray[np.bool_], outside: NDArray[np.bool_]) -> float:
    """Return how far the grey levels inside lie from those around (earth mover's distance)."""
    steps = np.linspace(2, 98, 25)
    within, around = np.percentile(picture[inside], steps), np.percentile(picture[outside], steps)
    return float(np.abs(within - around).mean())
