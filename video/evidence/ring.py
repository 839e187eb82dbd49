"""The last seconds of a camera in memory, as JPEG, so that a clip can begin before its episode.

Only pictures whose masks are blank already come here: what is hidden is in no byte of them.
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from video.contract import Box, Frame, Picture

QUALITY = 85
BLOCKS = 8
"""A pixelated person is so many blocks across its shorter side: a figure, no face."""

MARGIN = 0.1
"""A box is widened by this part of itself: detectors cut heads off."""

HELD_MS = 2_500
"""Where persons were seen so long ago, they are still taken to be (the detector looks each 2 s)."""


class Kept(NamedTuple):
    """One picture as JPEG; `at` in ms, gateway's clock."""

    at: int
    jpeg: bytes


class Ring:
    """The newest pictures: at most `seconds` old, at most `most_bytes` together."""

    def __init__(self, *, seconds: float, most_bytes: int) -> None:
        self.bytes = 0
        self._ms = seconds * 1000
        self._most = most_bytes
        self._kept: deque[Kept] = deque()

    def put(self, kept: Kept) -> None:
        """Add the newest picture and forget what is too old or too much."""
        self._kept.append(kept)
        self.bytes += len(kept.jpeg)
        while len(self._kept) > 1 and (
            self.bytes > self._most or kept.at - self._kept[0].at > self._ms
        ):
            self.bytes -= len(self._kept.popleft().jpeg)

    def since(self, at: int) -> list[Kept]:
        """Return the pictures from a time (ms) on, oldest first."""
        return [kept for kept in self._kept if kept.at >= at]

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self.bytes = 0

    def newest(self) -> Kept | None:
        """Return the last picture, None before the first."""
        return self._kept[-1] if self._kept else None


class Pixelation:
    """Hides persons in what is stored; where nobody knows whether there are some, it hides all."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, Sequence[Box]]] = deque()
        self._whole_at: int | None = None

    def see(self, at: int, persons: Sequence[Box] | None, *, whole: bool) -> None:
        """Take what the detector saw at a time (ms); None: it did not look.

        Boxes are kept for HELD_MS, since it looks at some regions of some frames only; `whole` says
        that it looked everywhere, so that who is in no box is not there.
        """
        if self._seen and at < self._seen[-1][0]:  # the clock went back: nothing is known any more
            self._seen.clear()
            self._whole_at = None
        if persons is None:
            return
        self._seen.append((at, tuple(persons)))
        if whole:
            self._whole_at = at

    def apply(self, frame: Frame) -> Picture:
        """Return the picture without recognisable persons."""
        # What a clock that was set back left in the future is as old.
        while self._seen and not 0 <= frame.at - self._seen[0][0] <= HELD_MS:
            self._seen.popleft()
        if self._whole_at is None or not 0 <= frame.at - self._whole_at <= HELD_MS:
            return pixelated(frame.picture, [Box(0, 0, 1, 1)], blocks=24)
        boxes = [box for _, found in self._seen for box in found]
        return pixelated(frame.picture, [_wider(box) for box in boxes])


def pixelated(picture: Picture, boxes: Sequence[Box], *, blocks: int = BLOCKS) -> Picture:
    """Return a copy in which each box is made of a few blocks of one colour each."""
    if not boxes:
        return picture
    made = picture.copy()
    tall, wide = made.shape[:2]
    for box in boxes:
        left, right = (round(min(1, max(0, x)) * wide) for x in (box.left, box.right))
        top, bottom = (round(min(1, max(0, y)) * tall) for y in (box.top, box.bottom))
        if right <= left or bottom <= top:
            continue
        part = made[top:bottom, left:right]
        size = max(1, min(right - left, bottom - top) / blocks)
        few = (max(1, int((right - left) / size)), max(1, int((bottom - top) / size)))
        small = cv2.resize(part, few, interpolation=cv2.INTER_AREA)
        made[top:bottom, left:right] = cv2.resize(
            small, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST
        )
    return made


def as_jpeg(picture: Picture, *, width: int) -> bytes:
    """Return the picture at most `width` pixels wide as JPEG: an image and nothing else, no EXIF."""
    tall, wide = picture.shape[:2]
    if wide > width:
        size = (width, max(1, round(tall * width / wide)))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise ValueError(f"a picture of {wide}x{tall} cannot be written as JPEG")
    return data.tobytes()


def _wider(box: Box) -> Box:
    across, down = (box.right - box.left) * MARGIN, (box.bottom - box.top) * MARGIN
    return Box(box.left - across, box.top - down, box.right + across, box.bottom + down)
