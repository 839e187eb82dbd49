"""One frame with everything that several observations want of it, each made once and only if asked."""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from .contract import Box, Detected, Frame, Picture
from .detail import Detail, measured

SMALL_WIDTH = 320
GATE_HEIGHT = 100
PERSON = "person"
EVERYWHERE = Box(0, 0, 1, 1)


class Motion(NamedTuple):
    """What moved since the background: boxes in parts of the picture, the moving part of it (0-1).

    `settled` is False while the gate learns the scene anew (start, light switched, camera moved): then
    nothing is motion. `mask` is GATE_HEIGHT high, 255 where something moves.
    """

    fraction: float
    boxes: tuple[Box, ...]
    mask: NDArray[np.uint8]
    settled: bool = True


UNSETTLED = Motion(0.0, (), np.zeros((GATE_HEIGHT, 1), np.uint8), settled=False)
"""Before any gate has looked."""


class View:
    """A frame (masks already blank) and what was made of it."""

    def __init__(
        self,
        frame: Frame,
        motion: Motion,
        *,
        visible: NDArray[np.uint8] | None = None,
        objects: Sequence[Detected] | None = None,
    ) -> None:
        """`objects` None: no detector looked at this frame; `visible` is 255 where no mask lies.

        `looked` is where the detector looked (parts of the picture): elsewhere it says nothing.
        """
        self.at = frame.at
        self.picture = frame.picture
        self.motion = motion
        self.objects = objects
        self.looked: Sequence[Box] = () if objects is None else (EVERYWHERE,)
        self._visible = visible

    def persons(self) -> list[Box] | None:
        """Return where persons are; None when no detector looked."""
        if self.objects is None:
            return None
        return [thing.box for thing in self.objects if thing.label == PERSON]

    def looked_everywhere(self) -> bool:
        """Whether the detector looked everywhere, so that where it named nothing there is nothing."""
        return self.objects is not None and EVERYWHERE in self.looked

    @cached_property
    def grey(self) -> Picture:
        """The picture in grey, full size."""
        return grey_of(self.picture)

    @cached_property
    def small(self) -> Picture:
        """The picture in colour, 320 wide (or less)."""
        return shrunk(self.picture)

    @cached_property
    def small_grey(self) -> Picture:
        """The picture in grey, in the size of `small`; a third of the work of making that first."""
        return shrunk(self.grey)

    @cached_property
    def detail(self) -> Detail | None:
        """How much there is to see and where; None when the picture is too small or all masked."""
        return measured(
            self.picture, self.small_grey, None if self._visible is None else self.visible
        )

    @cached_property
    def visible(self) -> NDArray[np.uint8]:
        """255 where nothing is masked, in the size of `small`."""
        height, width = self.small_grey.shape[:2]
        if self._visible is None:
            return np.full((height, width), 255, np.uint8)
        return _picture(cv2.resize(self._visible, (width, height), interpolation=cv2.INTER_NEAREST))


def grey_of(picture: Picture) -> Picture:
    """Return the picture in grey; a grey one as it is."""
    if picture.ndim == 2:  # noqa: PLR2004 - no colour channels
        return picture
    return _picture(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))


def shrunk(picture: Picture, width: int = SMALL_WIDTH) -> Picture:
    """Return the picture at most `width` wide, each pixel the mean of those it stands for."""
    tall, wide = picture.shape[:2]
    if wide <= width:
        return picture
    return _picture(
        cv2.resize(
            picture, (width, max(1, round(tall * width / wide))), interpolation=cv2.INTER_AREA
        )
    )


def _picture(made: object) -> Picture:
    return np.asarray(made, np.uint8)
