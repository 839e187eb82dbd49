"""Chooses what part of a picture a detector looks at, and puts it into its square."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from video.contract import Box, Detected, Picture

LEAST_CROP = 320  # pixels; a smaller part enlarged shows nothing new and things larger than life
AROUND = 1.6  # a thing that fills its crop is found badly
MOST_CROPS = 2  # more of them cost more than the whole picture
WHOLE_FROM = 0.6  # of the picture: so large a crop gains nothing
SAME = 0.5  # overlap (intersection over union) of two boxes that are one thing
GREY = 114  # around a picture that is not square


class Crop(NamedTuple):
    """A part of a picture in pixels."""

    left: int
    top: int
    right: int
    bottom: int


def crops(regions: Sequence[Box], width: int, height: int) -> list[Crop]:
    """Return the parts to look at: few, not too small, without much overlap, all regions inside."""
    whole = Crop(0, 0, width, height)
    found: list[Crop] = []
    for region in regions:
        found = _merged(found, _around(region, width, height))
    too_large = any(_area(crop) >= WHOLE_FROM * _area(whole) for crop in found)
    return [whole] if too_large or len(found) > MOST_CROPS else found


def letterboxed(picture: Picture, crop: Crop, side: int) -> tuple[Picture, float]:
    """Return the crop in RGB inside a side x side square (top left), and how much it was scaled."""
    part = picture[crop.top : crop.bottom, crop.left : crop.right]
    scale = side / max(part.shape[:2])
    size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
    shrinks = scale < 1
    fitted = cv2.resize(part, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    square = np.full((side, side, 3), GREY, np.uint8)
    square[: size[1], : size[0]] = fitted[:, :, ::-1]
    return square, scale


def distinct(found: Iterable[Detected]) -> list[Detected]:
    """Return the surest of boxes with one label that lie on each other, surest first."""
    kept: list[Detected] = []
    for one in sorted(found, key=lambda thing: (-thing.confidence, thing.label, thing.box)):
        if not any(
            one.label == other.label and overlap(one.box, other.box) > SAME for other in kept
        ):
            kept.append(one)
    return kept


def overlap(one: Box, other: Box) -> float:
    """Return intersection over union, 0-1."""
    shared = Box(
        max(one.left, other.left), max(one.top, other.top),
        min(one.right, other.right), min(one.bottom, other.bottom),
    ).area  # fmt: skip
    return shared / max(1e-9, one.area + other.area - shared)


def _around(region: Box, width: int, height: int) -> Crop:
    wide, high = (region.right - region.left) * width, (region.bottom - region.top) * height
    side = max(LEAST_CROP, AROUND * max(wide, high))
    left, right = _span((region.left + region.right) / 2 * width, side, width)
    top, bottom = _span((region.top + region.bottom) / 2 * height, side, height)
    return Crop(left, top, right, bottom)


def _span(middle: float, side: float, most: int) -> tuple[int, int]:
    """Return where a length begins and ends around a middle, pushed inside 0 to most."""
    length = min(most, round(side))
    begin = min(max(0, round(middle - length / 2)), most - length)
    return begin, begin + length


def _merged(found: Sequence[Crop], new: Crop) -> list[Crop]:
    """Add a crop; those that share a good part with it become one with it."""
    apart: list[Crop] = []
    for one in found:
        shared = _area(
            Crop(
                max(one.left, new.left), max(one.top, new.top),
                min(one.right, new.right), min(one.bottom, new.bottom),
            )
        )  # fmt: skip
        if shared > 0.25 * min(_area(one), _area(new)):
            return _merged(
                [other for other in found if other is not one],
                Crop(
                    min(one.left, new.left), min(one.top, new.top),
                    max(one.right, new.right), max(one.bottom, new.bottom),
                ),
            )  # fmt: skip
        apart.append(one)
    return [*apart, new]


def _area(crop: Crop) -> int:
    return max(0, crop.right - crop.left) * max(0, crop.bottom - crop.top)
