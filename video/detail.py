"""How much there is to see in a picture and where, measured once for all that watch a camera's health.

Everything is held over a grid of ROWS x COLUMNS tiles. Slopes are grey levels a pixel of a picture TINY_WIDTH
wide: there a structure is large enough to survive noise, compression and a mast that shakes.
"""

from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from .contract import Picture

TINY_WIDTH = 80
ROWS, COLUMNS = 9, 16
SLOW_PIXELS = 4.0  # of the tiny picture: what changes over more is shading
LEAST_WIDTH, LEAST_HEIGHT = 64, 36  # pixels; in less nobody can tell anything

Floats: TypeAlias = NDArray[np.float32]
Flags: TypeAlias = NDArray[np.bool_]


class Detail(NamedTuple):
    """One picture in figures; grids are ROWS x COLUMNS, levels 0-255."""

    level: float  # mean grey
    contrast: float  # standard deviation of the tiny picture
    colour: float  # mean of max - min of the three channels
    tiny: Floats  # the picture TINY_WIDTH wide, grey
    across: Floats  # its slopes
    down: Floats
    levels: Floats  # mean grey by tile
    broad: Floats  # slope energy at half the width of `tiny`, by tile: what blur leaves
    coarse: Floats  # slope energy of `tiny`, by tile
    fine: Floats  # slope energy of the small picture, by tile: what blur takes first
    usable: Flags  # tiles that no privacy mask touches


def measured(picture: Picture, small_grey: Picture, visible: Picture | None) -> Detail | None:
    """Return the figures of a picture; None for one too small, or hidden by masks altogether."""
    height, width = small_grey.shape[:2]
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return None
    size = (TINY_WIDTH, max(ROWS, round(height * TINY_WIDTH / width)))
    tiny = _floats(cv2.resize(small_grey, size, interpolation=cv2.INTER_AREA))
    usable = _usable(visible)
    if not usable.any():
        return None
    # Slow gradients are light, not structure: a hand before the lens has them too.
    structure = _floats(cv2.subtract(tiny, cv2.GaussianBlur(tiny, (0, 0), SLOW_PIXELS)))
    across, down = slopes(structure)
    half = (TINY_WIDTH // 2, max(ROWS, size[1] // 2))
    broad = slopes(_floats(cv2.resize(structure, half, interpolation=cv2.INTER_AREA)))
    levels = by_tile(tiny)
    return Detail(
        level=float(levels[usable].mean()),
        contrast=_contrast(tiny, usable),
        colour=_colour(picture),
        tiny=tiny,
        across=across,
        down=down,
        levels=levels,
        broad=by_tile(broad[0] ** 2 + broad[1] ** 2),
        coarse=by_tile(across * across + down * down),
        fine=_fine(small_grey),
        usable=usable,
    )


def slopes(grey: Floats) -> tuple[Floats, Floats]:
    """Return how the grey level changes across and down, in levels a pixel (Sobel)."""
    return (
        _floats(cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=1 / 8)),
        _floats(cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=1 / 8)),
    )


def by_tile(values: NDArray[np.float32] | Picture) -> Floats:
    """Return the mean of each tile."""
    return _floats(cv2.resize(values, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA))


def _fine(small_grey: Picture) -> Floats:
    across = cv2.Sobel(small_grey, cv2.CV_16S, 1, 0)
    down = cv2.Sobel(small_grey, cv2.CV_16S, 0, 1)
    energy = cv2.magnitude(_floats(across), _floats(down))
    return by_tile(_floats(cv2.multiply(energy, energy, scale=1 / 64)))


def _usable(visible: Picture | None) -> Flags:
    if visible is None:
        return np.ones((ROWS, COLUMNS), np.bool_)
    return np.asarray(by_tile(_floats(visible)) > 254.5, np.bool_)  # noqa: PLR2004 - all of 255


def _contrast(tiny: Floats, usable: Flags) -> float:
    if usable.all():
        return float(tiny.std())
    size = (tiny.shape[1], tiny.shape[0])
    shown = cv2.resize(usable.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    return float(tiny[shown > 0].std())


def _colour(picture: Picture) -> float:
    if picture.ndim == 2:  # noqa: PLR2004 - grey has no colour
        return 0.0
    step = max(1, picture.shape[1] // TINY_WIDTH)
    few = np.ascontiguousarray(picture[::step, ::step])
    blue, green, red = cv2.split(few)
    most = cv2.max(cv2.max(blue, green), red)
    least = cv2.min(cv2.min(blue, green), red)
    return float(np.mean(cv2.subtract(most, least)))


def _floats(made: object) -> Floats:
    return np.asarray(made, np.float32)
